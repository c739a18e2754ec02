"""Recurrent layers: RNN, LSTM, GRU.

Letters: T steps, B sequences, H hidden units.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor
from .recurrent_base import RNNBase

__all__ = ["GRU", "LSTM", "RNN"]


class RNN(RNNBase):
    """``h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)``, in layers. (Elman 1990.)

    Args:
        nonlinearity: ``"tanh"`` or ``"relu"``.

    The other arguments and all shapes are those of `RNNBase` and its `forward`.

    Example:
        >>> y, h = RNN(10, 20, num_layers=2)(mg.zeros(5, 3, 10))
        >>> y.shape, h.shape
        ((5, 3, 20), (2, 3, 20))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **unknown: Any,
    ) -> None:
        _refuse(type(self).__name__, unknown)
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(
                f"RNN: Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'."
            )
        self.nonlinearity = nonlinearity
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first,
            dropout, bidirectional, device=device, dtype=dtype,
        )  # fmt: skip


class LSTM(RNNBase):
    """Long short-term memory, in layers. (Hochreiter, Schmidhuber 1997; with forget gates, 2000.)

    With ``[i, f, g, o] = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh``, of which i, f, o pass through
    sigmoid and g through tanh: ``c_t = f c_{t-1} + i g`` and ``h_t = o tanh(c_t)``, or with
    `proj_size` ``h_t = W_hr (o tanh(c_t))``.

    All arguments and shapes are those of `RNNBase` and its `forward`.

    Example:
        >>> y, (h, c) = LSTM(10, 20, bidirectional=True)(mg.zeros(5, 3, 10))
        >>> y.shape, h.shape
        ((5, 3, 40), (2, 3, 20))
    """

    def __init__(
        self,
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
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            proj_size, device, dtype,
        )  # fmt: skip

    def gates(self, input: Any, hx: Any = None) -> list[Tensor]:
        """How open its gates were at every step, for pictures: i, f, g, o after their sigmoid or
        tanh.

        Args: as `forward`.

        Returns: for each layer and direction, in the order of ``h_n``, a constant (T, B, 4, H); or
            (B, T, 4, H) with `batch_first`, (T, 4, H) of one sequence. Packed sequences come
            padded with zeros.
        """
        return self._gates(input, hx)


class GRU(RNNBase):
    """Gated recurrent units, in layers. (Cho et al. 2014.)

    ``r = sigmoid(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)``, z likewise,
    ``n = tanh(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn))`` and
    ``h_t = (1 - z) n + z h_{t-1}``.

    All arguments and shapes are those of `RNNBase` and its `forward`.

    Example:
        >>> y, h = GRU(10, 20, batch_first=True)(mg.zeros(3, 5, 10))
        >>> y.shape, h.shape
        ((3, 5, 20), (1, 3, 20))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **unknown: Any,
    ) -> None:
        _refuse(type(self).__name__, unknown)
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device=device, dtype=dtype,
        )  # fmt: skip

    def gates(self, input: Any, hx: Any = None) -> list[Tensor]:
        """How open its gates were at every step, for pictures: r, z, n after their sigmoid or tanh.

        Args: as `forward`.

        Returns: for each layer and direction, in the order of ``h_n``, a constant (T, B, 3, H); or
            (B, T, 3, H) with `batch_first`, (T, 3, H) of one sequence. Packed sequences come
            padded with zeros.
        """
        return self._gates(input, hx)


def _refuse(name: str, unknown: dict[str, Any]) -> None:
    if "proj_size" in unknown:
        raise ArgumentError(f"proj_size argument is only supported for LSTM, not {name}")
    for argument in unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {argument!r}")
