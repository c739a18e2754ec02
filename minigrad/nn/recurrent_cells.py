"""Single steps of recurrent layers. Letters: B batch, I input features, H hidden units, G gates."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError
from ..ops.creation import empty, zeros
from ..ops.recurrent import recurrent_layer
from ..ops.shape import squeeze, unsqueeze
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells share: parameters, shapes, checks.

    Args:
        input_size, hidden_size: I and H.
        bias: whether there are `bias_ih` and `bias_hh`.
        num_chunks: G.

    Shapes: `weight_ih` (G H, I), `weight_hh` (G H, H), `bias_ih` and `bias_hh` (G H,). All start
        uniform within ``1 / sqrt(H)``.
    """

    nonlinearity: str
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if input_size < 0 or hidden_size < 0:
            raise ArgumentError(
                f"{type(self).__name__}: input_size={input_size} and hidden_size={hidden_size} "
                "must not be negative"
            )
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        GH = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(GH, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(GH, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            offset = Parameter(empty(GH, device=device, dtype=dtype)) if bias else None
            self.register_parameter(name, offset)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        parts = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            parts += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            parts += f", nonlinearity={self.nonlinearity}"
        return parts

    def _step(self, mode: str, input: Tensor, hx: Any) -> tuple[Tensor, ...]:
        """The new states, in the form of the input."""
        x = self._checked("input", input, self.input_size)
        single, count = x.ndim == 1, 2 if mode == "LSTM" else 1
        x = unsqueeze(x, 0) if single else x
        if hx is None:
            state = [zeros((x.shape[0], self.hidden_size), dtype=x.dtype, device=x.device)] * count
        else:
            state = self._checked_state(input, hx, count)
            state = [unsqueeze(h, 0) for h in state] if single else state
        _, news, _ = recurrent_layer(
            mode, x, tuple(state), self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh,
            sizes=(x.shape[0],),
        )  # fmt: skip
        return tuple([squeeze(h, 0) for h in news]) if single else news

    def _checked_state(self, input: Tensor, hx: Any, count: int) -> list[Tensor]:
        title = self._title()
        if count == 2 and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            got = len(hx) if isinstance(hx, (tuple, list)) else type(hx).__name__
            raise DTypeError(f"{title}: expected hx to be a pair (h, c), got {got}")
        given = [hx] if count == 1 else list(hx)
        state = [self._checked(f"hidden{k}", h, self.hidden_size) for k, h in enumerate(given)]
        for k, h in enumerate(state):
            if h.shape[:-1] != input.shape[:-1]:
                raise ShapeError(
                    f"{title}: the input of shape {input.shape} doesn't match hidden{k} of shape "
                    f"{h.shape}: it must be {(*input.shape[:-1], self.hidden_size)}"
                )
        return state

    def _checked(self, what: str, x: Any, size: int) -> Tensor:
        title = self._title()
        if not isinstance(x, Tensor):
            raise DTypeError(f"{title}: {what} must be a Tensor, got {type(x).__name__}")
        if x.ndim not in (1, 2):
            raise ArgumentError(f"{title}: Expected {what} to be 1D or 2D, got shape {x.shape}")
        if x.shape[-1] != size:
            raise ShapeError(
                f"{title}: {what} must be (B, {size}) or ({size},), got shape {x.shape}"
            )
        if x.dtype != self.weight_ih.dtype:
            raise DTypeError(
                f"{title}: {what} has dtype {x.dtype}, the weights {self.weight_ih.dtype}; convert "
                f"one of them, {what}.to({self.weight_ih.dtype})"
            )
        return x

    def _title(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"


class RNNCell(RNNCellBase):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    Args:
        input_size, hidden_size, bias: as `RNNCellBase`.
        nonlinearity: ``"tanh"`` or ``"relu"``.

    Shapes: input (B, I) or (I,), hidden and output (B, H) or (H,).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state, from `hx` or zeros."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"RNNCell: Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, hx)[0]


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`: ``c' = f c + i g`` and ``h' = o tanh(c')``.

    Args:
        input_size, hidden_size, bias: as `RNNCellBase`.

    Shapes: input (B, I) or (I,), each of the pair of states (B, H) or (H,).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The next (h, c), from `hx` or zeros."""
        h, c = self._step("LSTM", input, hx)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a `GRU`: ``h' = (1 - z) n + z h``.

    Args:
        input_size, hidden_size, bias: as `RNNCellBase`.

    Shapes: input (B, I) or (I,), hidden and output (B, H) or (H,).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state, from `hx` or zeros."""
        return self._step("GRU", input, hx)[0]
