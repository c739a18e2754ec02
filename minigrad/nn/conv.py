"""Conv2d: filters moved over images. Letters: N batch, C channels, H W image, O filters."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..ops.conv import Pair, pair
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Conv2d"]


class Conv2d(Module):
    """Each output pixel is a filter's inner product with the patch of the input around it.

    Args:
        in_channels, out_channels: C and O.
        kernel_size: (KH, KW), or one number for both, as in `stride`, `padding` and `dilation`.
        stride: pixels from one patch to the next.
        padding: zeros on each side, ``"valid"`` for none, ``"same"`` for an output of the input's
            size.
        dilation: pixels from one tap of the filter to the next.
        groups: into how many groups the channels are split; each filter sees one.
        bias: whether a number is added to each output channel.
        padding_mode: only ``"zeros"``.

    Shapes: input (N, C, H, W) or (C, H, W); output (N, O, OH, OW) with
        ``OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1``; `weight`
        (O, C / groups, KH, KW) and `bias` (O,), uniform within ``1 / sqrt(C KH KW / groups)``.

    Raises:
        ArgumentError: a setting out of its range.
        ShapeError: the input has other channels, or is smaller than the kernel.

    Example:
        >>> Conv2d(1, 32, 3)(mg.zeros(8, 1, 28, 28)).shape
        (8, 32, 26, 26)
    """

    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair | str = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ArgumentError(f"Conv2d: padding_mode={padding_mode!r}: only 'zeros' is offered")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"Conv2d: {in_channels} input and {out_channels} output channels must divide into "
                f"groups={groups}"
            )
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ArgumentError(f"Conv2d: padding={padding!r} must be 'same', 'valid' or numbers")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = pair(kernel_size, "kernel_size", "Conv2d")
        self.stride = pair(stride, "stride", "Conv2d")
        self.dilation = pair(dilation, "dilation", "Conv2d")
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", "Conv2d")
        if self.padding == "same" and self.stride != (1, 1):
            raise ArgumentError("Conv2d: padding='same' needs stride 1")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        offset = empty(out_channels, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", None if offset is None else Parameter(offset))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.linear_defaults_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, O, OH, OW), or one image (C, H, W) -> (O, OH, OW)."""
        shape = input.shape
        if len(shape) not in (3, 4) or shape[-3] != self.in_channels:
            raise ShapeError(self._misfit(shape))
        return F.conv2d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def _misfit(self, shape: tuple[int, ...]) -> str:
        layer = f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size})"
        if len(shape) not in (3, 4):
            return f"{layer} takes (N, C, H, W) or (C, H, W), got the input shape {shape}"
        remedy = f"set in_channels={shape[-3]}, or reshape the input to (N, C, H, W)"
        if shape[-1] == self.in_channels and len(shape) == 4:
            remedy = "if its channels are last, x.permute(0, 3, 1, 2) puts them second"
        elif len(shape) == 3 and self.in_channels == 1:
            remedy = "if it is a batch (N, H, W), x.unsqueeze(1) adds the channel"
        return f"{layer} got {shape[-3]} channels (input shape {shape}): {remedy}"

    def extra_repr(self) -> str:
        parts = [str(self.in_channels), str(self.out_channels)]
        parts += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
