"""What RNN, LSTM and GRU share: parameters, layers and directions, packed sequences.

Letters: T steps, B sequences, I input features, H hidden units, P = H or the projected ones, D
directions (1 or 2), L layers, G gates.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError
from ..ops.creation import empty, zeros
from ..ops.join import cat, stack
from ..ops.recurrent import GATES, recurrent_layer
from ..ops.shape import reshape, squeeze, transpose, unsqueeze
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence, pad_packed_sequence

__all__ = ["RNNBase"]


class RNNBase(Module):
    """What RNN, LSTM and GRU share: parameters, layers and directions, packed sequences.

    Args:
        mode: ``"RNN_TANH"``, ``"RNN_RELU"``, ``"LSTM"`` or ``"GRU"``.
        input_size, hidden_size: I and H.
        num_layers: L; each layer above the first takes the outputs of the one below.
        bias: whether there are `b_ih` and `b_hh`.
        batch_first: input and output are (B, T, ...) instead of (T, B, ...); states are not.
        dropout: of the outputs of every layer but the last, while training.
        bidirectional: a second set of weights runs from the end to the start; outputs stand side
            by side.
        proj_size: P, of an LSTM.

    Shapes: `weight_ih_l0` (G H, I), or (G H, D P) above the first layer; `weight_hh_l0` (G H, P);
        `bias_ih_l0` and `bias_hh_l0` (G H,); `weight_hr_l0` (P, H); with ``_reverse`` appended for
        the second direction. All start uniform within ``1 / sqrt(H)``.
    """

    nonlinearity: str

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = dropout, bidirectional, proj_size
        self._check_settings()
        self.dropout = float(dropout)
        D, P, GH = 1 + bool(bidirectional), proj_size or hidden_size, GATES[mode] * hidden_size
        self._names = [
            (f"l{layer}", f"l{layer}_reverse")[direction]
            for layer in range(num_layers)
            for direction in range(D)
        ]
        for number, name in enumerate(self._names):
            features = input_size if number < D else D * P
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (GH, features), "weight_hh": (GH, P)}
            if bias:
                shapes |= {"bias_ih": (GH,), "bias_hh": (GH,)}
            if proj_size:
                shapes["weight_hr"] = (P, hidden_size)
            for part, shape in shapes.items():
                weight = Parameter(empty(shape, device=device, dtype=dtype))
                setattr(self, f"{part}_{name}", weight)
        self.reset_parameters()

    def _check_settings(self) -> None:
        name = type(self).__name__
        kinds: dict[str, Any] = {"bias": bool, "batch_first": bool, "input_size": int}
        kinds |= dict.fromkeys(("hidden_size", "num_layers", "proj_size"), int)
        for setting, kind in kinds.items():
            value = getattr(self, setting)
            if not isinstance(value, kind):
                raise DTypeError(
                    f"{name}: {setting} should be of type {kind.__name__}, got: {value!r}"
                )
            if kind is int and value < (0 if setting == "proj_size" else 1):
                raise ArgumentError(f"{name}: {setting} must be greater than zero, got {value}")
        if self.mode not in GATES:
            raise ArgumentError(f"{name}: mode={self.mode!r} is none of {', '.join(GATES)}")
        rate = self.dropout
        if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not 0 <= rate <= 1:
            raise ArgumentError(
                f"{name}: dropout should be a number in range [0, 1], the probability of an "
                f"element to be zeroed, got {rate!r}"
            )
        if rate > 0 and self.num_layers == 1:
            warnings.warn(
                f"{name}: dropout={rate} is applied between layers, and there is one: set "
                "num_layers, or dropout=0",
                stacklevel=4,
            )
        if self.proj_size and self.mode != "LSTM":
            raise ArgumentError(f"{name}: proj_size is only supported for LSTM")
        if self.proj_size >= self.hidden_size:
            raise ArgumentError(
                f"{name}: proj_size={self.proj_size} has to be smaller than "
                f"hidden_size={self.hidden_size}"
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: PyTorch has it for cuDNN's sake."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[w for w in self._weights(name) if w is not None] for name in self._names]

    def _weights(self, name: str) -> list[Any]:
        """weight_ih, weight_hh, bias_ih, bias_hh, weight_hr; None for those there are not."""
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        return [getattr(self, f"{part}_{name}", None) for part in parts]

    # Running ---------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Outputs of every step, and the last states.

        Args:
            input: (T, B, I), or with `batch_first` (B, T, I); (T, I) of one sequence; or a
                `PackedSequence` of several lengths.
            hx: the first states (D L, B, P), or (D L, P) of one sequence; zeros if None. For an
                LSTM a pair: h so, and c (D L, B, H).

        Returns: outputs (T, B, D P) in the form of the input, and last states in that of `hx`;
            those of a packed sequence are each sequence's own last.
        """
        return self._run(input, hx)[:2]

    def _run(self, input: Any, hx: Any) -> tuple[Any, Any, list[Tensor]]:
        """`forward`, and the gates of each layer and direction, packed."""
        if isinstance(input, PackedSequence):
            x, state, sizes = self._packed(input, hx)
            x, state, gates = self._layers(x, state, sizes)
            back = input.unsorted_indices
            if back is not None:
                state = [s.index_select(1, back) for s in state]
            y: Any = PackedSequence(x, *input[1:])
        else:
            state, sizes = self._dense(input, hx)
            y, state, gates = self._layers(input, state, sizes)
            if input.ndim == 2:
                state = [squeeze(s, 1) for s in state]
        return y, tuple(state) if len(state) > 1 else state[0], gates

    def _layers(
        self, x: Tensor, state: list[Tensor] | None, sizes: tuple[int, ...]
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Outputs in the form of x, the last states, and gates, packed. `state` None is zeros."""
        D = 1 + self.bidirectional
        batch_first = self.batch_first and x.ndim == 3
        firsts = [zeros((sizes[0], w), dtype=x.dtype, device=x.device) for w in self._widths()]
        lasts, all_gates = [], []
        for number, name in enumerate(self._names):
            if number % D == 0:
                if number and self.dropout:
                    x = F.dropout(x, self.dropout, self.training)
                below, sides = x, []
            y, last, gates = recurrent_layer(
                self.mode, below, tuple([s[number] for s in state] if state else firsts),
                *self._weights(name), sizes=sizes, reverse=number % D == 1,
                batch_first=batch_first,
            )  # fmt: skip
            sides.append(y)
            x = y if D == 1 else cat(sides, -1)
            lasts.append(last)
            all_gates.append(gates)
        if len(lasts) == 1:
            return x, [unsqueeze(s, 0) for s in lasts[0]], all_gates
        return x, [stack(list(column)) for column in zip(*lasts, strict=True)], all_gates

    def _dense(self, x: Tensor, hx: Any) -> tuple[list[Tensor] | None, tuple[int, ...]]:
        """The first states for an ordinary input, and B at every step."""
        name = self._title()
        if not isinstance(x, Tensor):
            raise DTypeError(
                f"{name}: the input must be a Tensor or a PackedSequence, got {type(x).__name__}"
            )
        if x.ndim not in (2, 3):
            layout = "(B, T, I)" if self.batch_first else "(T, B, I)"
            raise ShapeError(
                f"{name}: Expected input to be 2D or 3D, {layout} or (T, I), got shape {x.shape}"
            )
        single = x.ndim == 2
        self._check_input(x)
        T, B = (x.shape[0], 1) if single else x.shape[:2]
        if self.batch_first and not single:
            T, B = B, T
        if T == 0:
            raise ShapeError(
                f"{name}: Expected sequence length to be larger than 0, got input shape {x.shape}"
            )
        return self._state(hx, x, B, single), (B,) * T

    def _packed(
        self, input: PackedSequence, hx: Any
    ) -> tuple[Tensor, list[Tensor] | None, tuple[int, ...]]:
        """A packed input, its first states in the order of its sequences, and its batch sizes."""
        name = self._title()
        data, batch_sizes, order, _ = input
        if data.ndim != 2:
            raise ShapeError(
                f"{name}: the data of a packed input must be (N, {self.input_size}), got shape "
                f"{data.shape}"
            )
        self._check_input(data)
        sizes = tuple([int(n) for n in batch_sizes.tolist()])
        if not sizes or sum(sizes) != data.shape[0] or list(sizes) != sorted(sizes)[::-1]:
            raise ShapeError(
                f"{name}: batch_sizes {sizes} of a packed input must not grow, and must sum to its "
                f"{data.shape[0]} rows; make one by pack_padded_sequence"
            )
        state = self._state(hx, data, sizes[0], False)
        if order is not None and state is not None:
            state = [s.index_select(1, order) for s in state]
        return data, state, sizes

    def _check_input(self, x: Tensor) -> None:
        name, weight = self._title(), getattr(self, f"weight_ih_{self._names[0]}")
        if x.dtype != weight.dtype:
            raise ArgumentError(
                f"{name}: input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            )
        if x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: the last dimension of the input "
                f"must be input_size={self.input_size}, got shape {x.shape}"
            )

    def _state(self, hx: Any, x: Tensor, B: int, single: bool) -> list[Tensor] | None:
        """The first states, (D L, B, P) and for an LSTM (D L, B, H); None if not given."""
        if hx is None:
            return None
        count, widths = len(self._names), self._widths()
        given = list(hx) if self.mode == "LSTM" and isinstance(hx, (tuple, list)) else [hx]
        shapes = [(count, w) if single else (count, B, w) for w in widths]
        if [getattr(h, "shape", None) for h in given] != shapes:
            got = [getattr(h, "shape", type(h).__name__) for h in given]
            what = "a pair (h, c) of shapes" if len(shapes) > 1 else "of shape"
            raise ShapeError(
                f"{self._title()}: expected hidden size, hx {what} "
                f"{' and '.join(map(str, shapes))}, got {' and '.join(map(str, got))}"
            )
        if any([h.dtype != x.dtype for h in given]):
            raise DTypeError(
                f"{self._title()}: hx must have the input's dtype {x.dtype}, got "
                f"{', '.join([str(h.dtype) for h in given])}"
            )
        return [unsqueeze(h, 1) for h in given] if single else given

    def _widths(self) -> list[int]:
        """Of the states."""
        wide = [self.hidden_size] if self.mode == "LSTM" else []
        return [self.proj_size or self.hidden_size, *wide]

    def _gates(self, input: Any, hx: Any) -> list[Tensor]:
        """What `LSTM.gates` and `GRU.gates` document."""
        gates = self._run(input, hx)[2]
        if isinstance(input, PackedSequence):
            packed = [PackedSequence(g, *input[1:]) for g in gates]
            gates = [pad_packed_sequence(g, self.batch_first)[0] for g in packed]
        elif input.ndim == 3:
            T, B = input.shape[:2][:: -1 if self.batch_first else 1]
            gates = [reshape(g, (T, B, g.shape[1])) for g in gates]
            gates = [transpose(g, 0, 1) for g in gates] if self.batch_first else gates
        return [reshape(g, (*g.shape[:-1], GATES[self.mode], self.hidden_size)) for g in gates]

    def _title(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        plain = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False,
                 "dropout": 0, "bidirectional": False}  # fmt: skip
        for setting, usual in plain.items():
            if getattr(self, setting) != usual:
                parts.append(f"{setting}={getattr(self, setting)}")
        return ", ".join(parts)
