"""Convolution layers: filters moved over sequences, images and volumes.

Letters: N batch, C channels, (D) H W image, O filters, K kernel sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import ArgumentError, ShapeError
from ..ir import Shape
from ..ops.conv import Sizes
from ..ops.creation import empty
from ..ops.layer_arguments import numbers, span
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
_SIZES = {1: "L", 2: "H, W", 3: "D, H, W"}


class ConvNd(Module):
    """What convolutions and transposed convolutions of every dimension share."""

    weight: Parameter
    bias: Parameter | None
    kernel_size: Shape
    stride: Shape
    padding: Shape | str
    dilation: Shape
    output_padding: Shape
    spatial: ClassVar[int]  # how many dimensions the filters move along
    transposed: ClassVar[bool] = False

    def _set(
        self, in_channels: int, out_channels: int, kernel_size: Any, groups: int, bias: bool,
        padding_mode: str, device: Any, dtype: Any, **settings: Any,
    ) -> None:  # fmt: skip
        """Check and keep the settings, and make the parameters."""
        layer, counts = type(self).__name__, (in_channels, out_channels)
        if out_channels < 1:
            raise ArgumentError(f"{layer}: out_channels={out_channels} must be at least 1")
        if groups < 1 or any([n % groups for n in counts]):
            raise ArgumentError(
                f"{layer}: {in_channels} input and {out_channels} output channels must divide into "
                f"groups={groups}"
            )
        if padding_mode not in PADDING_MODES[: 1 if self.transposed else None]:
            known = "'zeros'" if self.transposed else f"one of {', '.join(PADDING_MODES)}"
            raise ArgumentError(f"{layer}: padding_mode={padding_mode!r} must be {known}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.padding_mode = padding_mode
        for name, value in {"kernel_size": kernel_size, **settings}.items():
            if not (name == "padding" and isinstance(value, str)) or self.transposed:
                # a kernel of (3,) would be another's weight
                spread = name != "kernel_size"
                value = numbers(value, self.spatial, name, layer, spread=spread)
            setattr(self, name, value)
        first, second = counts if self.transposed else counts[::-1]
        shape = (first, second // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        offset = empty(out_channels, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", None if offset is None else Parameter(offset))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.linear_defaults_(self.weight, self.bias)

    def _check(self, shape: Shape) -> None:
        """ShapeError unless `shape` is (N, C, ...) or (C, ...)."""
        lead = len(shape) - self.spatial
        if not (lead == 2 or lead == 1) or shape[lead - 1] != self.in_channels:
            raise ShapeError(self._misfit(shape))

    def _misfit(self, shape: Shape) -> str:
        name, D, C = type(self).__name__, self.spatial, self.in_channels
        layer = f"{name}({C}, {self.out_channels}, kernel_size={self.kernel_size})"
        batch, lone = f"(N, C, {_SIZES[D]})", f"(C, {_SIZES[D]})"
        if len(shape) not in (D + 1, D + 2):
            return f"{layer} takes {batch} or {lone}, got the input shape {shape}"
        channels = shape[-1 - D]
        remedy = f"set in_channels={channels}, or reshape the input to {batch}"
        if shape[-1] == C and len(shape) == D + 2:
            order = ", ".join(map(str, (0, D + 1, *range(1, D + 1))))
            remedy = f"if its channels are last, x.permute({order}) puts them second"
        elif len(shape) == D + 1 and C == 1:
            remedy = f"if it is a batch (N, {_SIZES[D]}), x.unsqueeze(1) adds the channel"
        return f"{layer} got {channels} channels (input shape {shape}): {remedy}"

    def extra_repr(self) -> str:
        zeros = (0,) * self.spatial
        parts = [str(self.in_channels), str(self.out_channels)]
        parts += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        if self.padding != zeros:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.spatial:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != zeros:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Convolution(ConvNd):
    """The body of `Conv1d`, `Conv2d` and `Conv3d`."""

    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        layer = type(self).__name__
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ArgumentError(f"{layer}: padding={padding!r} must be 'same', 'valid' or numbers")
        self._set(
            in_channels, out_channels, kernel_size, groups, bias, padding_mode, device, dtype,
            stride=stride, padding=padding, dilation=dilation, output_padding=0,
        )  # fmt: skip
        if padding == "same" and max(self.stride) > 1:
            raise ArgumentError(f"{layer}: padding='same' needs stride 1")

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, O, OH, OW), or one image (C, H, W) -> (O, OH, OW)."""
        self._check(input.shape)
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The layer with other weights; under PyTorch's name, for layers made from this one."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._border(), self.padding_mode), 0
        return self.function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def _border(self) -> list[int]:
        """The padding as `pad` takes it: (before, after), the last dimension first."""
        if self.padding == "same":
            totals = [span(k, d) - 1 for k, d in zip(self.kernel_size, self.dilation, strict=True)]
            return [n for total in totals[::-1] for n in (total // 2, total - total // 2)]
        sizes: Any = (0,) * self.spatial if isinstance(self.padding, str) else self.padding
        return [n for n in sizes[::-1] for _ in range(2)]


class Conv1d(Convolution):
    """`Conv2d` of sequences: input (N, C, L) or (C, L), `weight` (O, C / groups, K)."""

    spatial = 1
    function = staticmethod(F.conv1d)


class Conv2d(Convolution):
    """Each output pixel is a filter's inner product with the patch of the input around it.

    ``y[n, o, i, j] = bias[o] + sum over c, k, l of w[o, c, k, l] x[n, c, s i + d k - p, ...]``

    Args:
        in_channels, out_channels: C and O.
        kernel_size: (KH, KW), or one number for both, as in `stride`, `padding` and `dilation`.
        stride: pixels from one patch to the next, s.
        padding: how wide the border on each side is, p; ``"valid"`` for none, ``"same"`` for an
            output of the input's size.
        dilation: pixels from one tap of the filter to the next, d.
        groups: into how many groups the channels are split; each filter sees one.
        bias: whether a number is added to each output channel.
        padding_mode: what the border is: ``"zeros"``, ``"reflect"`` (the image mirrored),
            ``"replicate"`` (its edge repeated) or ``"circular"`` (its other side).

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

    spatial = 2
    function = staticmethod(F.conv2d)


class Conv3d(Convolution):
    """`Conv2d` of volumes: input (N, C, D, H, W) or (C, D, H, W), `weight`
    (O, C / groups, KD, KH, KW)."""

    spatial = 3
    function = staticmethod(F.conv3d)
