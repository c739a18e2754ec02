"""Convolution. Letters: N batch, C channels, (D) H W image, O output channels, K kernel sizes.

The family {conv, its gradient in the input, its gradient in the weight} is closed under
differentiation: each is linear in each of its two inputs, and the other two are its adjoints. The
transposed convolution is the gradient in the input. A sequence is an image of height 1.

Outputs are stored channels-last (NHWC) behind their NCHW shape, as the kernels want their input: a
network converts once, at its first convolution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .constant_pad import pad as pad_
from .layer_arguments import (
    batched,
    channels_last,
    layer_function,
    need_float_or_int64,
    numbers,
    positive,
    same_dtype,
    span,
    unbatched,
)
from .shape import reshape, unsqueeze

__all__ = ["conv1d", "conv2d", "conv3d"]

Pair = tuple[int, int]
Sizes = int | tuple[int, ...]


def pair(value: Any, name: str, op: str) -> Pair:
    """``(h, w)`` of a number or a pair."""
    found = numbers(value, 2, name, op)
    return found[0], found[1]


class Family(NamedTuple):
    """A convolution and its two adjoints; the two of images also with a bias a channel."""

    conv: Primitive
    input_grad: Primitive
    weight_grad: Primitive
    conv_bias: Primitive
    input_grad_bias: Primitive


def _family(name: str, room: str) -> Family:
    """The records of a convolution, whose kernels are ``<room>.<name>`` and kin.

    The output's shape is given: a transposed convolution's input may be smaller than its output
    has room for (`output_padding`).
    """

    def image(x: Any, other: Any, *, out_shape: Shape, **settings: Any) -> Spec:
        return Spec(out_shape, x.dtype, channels_last(len(out_shape)))

    conv: Primitive = Primitive(
        name,
        lambda x, weight, *, out_shape, **settings: image(x, weight, out_shape=out_shape),
        kernel=f"{room}.{name}",
        vjps=(
            lambda g, weight, x_shape, stride, padding, dilation, groups: apply(
                input_grad, g, weight, out_shape=x_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
            lambda g, x, weight_shape, stride, padding, dilation, groups: apply(
                weight_grad, x, g, out_shape=weight_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
        ),
        formula="y[n, o, i, j] = sum over c, k, l of w[o, c, k, l] x[n, c, s i + d k - p, ...]",
    )  # fmt: skip
    input_grad: Primitive = Primitive(
        f"{name}_input_grad",
        lambda g_out, weight, *, out_shape, **settings: image(g_out, weight, out_shape=out_shape),
        kernel=f"{room}.{name}_input_grad",
        vjps=(
            lambda g, weight, g_out_shape, stride, padding, dilation, groups: apply(
                conv, g, weight, out_shape=g_out_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
            lambda g, g_out, weight_shape, stride, padding, dilation, groups: apply(
                weight_grad, g, g_out, out_shape=weight_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
        ),
    )  # fmt: skip
    weight_grad: Primitive = Primitive(
        f"{name}_weight_grad",
        lambda x, g_out, *, out_shape, **settings: Spec(out_shape, x.dtype),
        kernel=f"{room}.{name}_weight_grad",
        vjps=(
            lambda g, g_out, x_shape, stride, padding, dilation, groups: apply(
                input_grad, g_out, g, out_shape=x_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
            lambda g, x, g_out_shape, stride, padding, dilation, groups: apply(
                conv, x, g, out_shape=g_out_shape,
                stride=stride, padding=padding, dilation=dilation, groups=groups,
            ),
        ),
    )  # fmt: skip
    conv_bias = _with_bias(
        conv, lambda x, weight, bias, *, out_shape, **settings: image(x, None, out_shape=out_shape)
    )
    input_grad_bias = _with_bias(
        input_grad,
        lambda g_out, weight, bias, *, out_shape, **settings: image(
            g_out, None, out_shape=out_shape
        ),
    )
    return Family(conv, input_grad, weight_grad, conv_bias, input_grad_bias)


def _with_bias(prim: Primitive, spec: Callable[..., Spec]) -> Primitive:
    """`prim` with a bias: its kernel adds it to sums that it has at hand."""
    return Primitive(
        f"{prim.name}_bias",
        spec,
        kernel=prim.kernel,
        vjps=(*prim.vjps, lambda g: g.sum((0, *range(2, g.ndim)))),
        formula=prim.formula and f"{prim.formula} + b[o]",
    )


FAMILIES = {2: _family("conv2d", "conv"), 3: _family("conv3d", "conv3d")}


def run(
    prim: str, a: Tensor, b: Tensor, bias: Tensor | None, *, out_shape: Shape, **settings: Any
) -> Tensor:
    """The member `prim` of the family on (N, C, ...) inputs; a sequence as an image of height 1."""
    prim, more = (prim, ()) if bias is None else (f"{prim}_bias", (bias,))
    if len(out_shape) > 3:
        family = FAMILIES[len(out_shape) - 2]
        return apply(getattr(family, prim), a, b, *more, out_shape=out_shape, **settings)
    for name, flat in (("stride", 1), ("padding", 0), ("dilation", 1)):
        settings[name] = (flat, *settings[name])
    tall = (*out_shape[:2], 1, *out_shape[2:])
    inputs = unsqueeze(a, 2), unsqueeze(b, 2), *more
    out = apply(getattr(FAMILIES[2], prim), *inputs, out_shape=tall, **settings)
    return reshape(out, out_shape)


@layer_function
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution (cross-correlation) of sequences, (N, C, L) or (C, L), with filters
    (O, C / groups, K); arguments and output as for `conv2d`."""
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@layer_function
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """2-D convolution (cross-correlation) of images with filters.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        weight: (O, C / groups, KH, KW).
        bias: (O,).
        padding: zeros added on each side, ``"valid"`` for none, ``"same"`` for an output of the
            input's size (stride 1).

    Returns: (N, O, OH, OW) with ``OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1``.
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@layer_function
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution (cross-correlation) of volumes, (N, C, D, H, W) or (C, D, H, W), with filters
    (O, C / groups, KD, KH, KW); arguments and output as for `conv2d`."""
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    op: str, spatial: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any,
    padding: Any, dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    s, d = numbers(stride, spatial, "stride", op), numbers(dilation, spatial, "dilation", op)
    positive(op, stride=s, dilation=d, groups=(groups,))
    check_layer(op, spatial, input, weight, bias)
    x, single = batched(input, spatial, op)
    if isinstance(padding, str):
        x, p = _named_padding(op, x, weight.shape[2:], padding, s, d)
    else:
        p = numbers(padding, spatial, "padding", op)
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ShapeError(
            f"{op}: the input has {x.shape[1]} channels (shape {input.shape}); weight "
            f"{weight.shape} with groups={groups} takes {weight.shape[1] * groups}, and its "
            f"{weight.shape[0]} filters must divide into the groups"
        )
    check_bias(op, bias, weight.shape[0])
    shape = (x.shape[0], weight.shape[0], *_windows(op, x.shape, weight.shape, s, p, d))
    out = run(
        "conv", x, weight, bias, out_shape=shape, stride=s, padding=p, dilation=d, groups=groups
    )
    return unbatched(out, single)


def check_layer(op: str, spatial: int, x: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """What every convolution asks of its tensors."""
    need_float_or_int64(x, op)
    same_dtype(op, input=x, weight=weight, bias=bias)
    if weight.ndim != spatial + 2:
        raise ShapeError(
            f"{op}: expected a weight of {spatial + 2} dimensions, (channels, channels / groups, "
            f"{spatial} sizes), got the shape {weight.shape}"
        )
    if min(weight.shape[2:]) < 1:
        raise ShapeError(f"{op}: the kernel of weight {weight.shape} has no elements")


def check_bias(op: str, bias: Tensor | None, channels: int) -> None:
    """ShapeError unless `bias` has one number an output channel."""
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(f"{op}: bias has shape {bias.shape}, expected ({channels},)")


def _named_padding(
    op: str, x: Tensor, kernel: Shape, name: str, stride: Shape, dilation: Shape
) -> tuple[Tensor, Shape]:
    """The padding that ``"same"`` or ``"valid"`` stands for; an odd pixel is added at the end."""
    if name == "valid":
        return x, (0,) * len(kernel)
    if name != "same" or max(stride) > 1:
        raise ArgumentError(
            f"{op}: padding={name!r} with stride {stride}: give 'valid', or 'same' with stride 1"
        )
    totals = [span(k, d) - 1 for k, d in zip(kernel, dilation, strict=True)]
    if any([total % 2 for total in totals]):
        x = pad_(x, [n for total in totals[::-1] for n in (0, total % 2)])
    return x, tuple([total // 2 for total in totals])


def _windows(op: str, x: Shape, weight: Shape, stride: Shape, pad: Shape, dilation: Shape) -> Shape:
    """The output's spatial sizes."""
    if min(pad) < 0:
        raise ArgumentError(f"{op}: padding {pad} must not be negative")
    sizes = []
    for n, k, s, p, d in zip(x[2:], weight[2:], stride, pad, dilation, strict=True):
        if n + 2 * p < span(k, d):
            raise ShapeError(
                f"{op}: a kernel spanning {span(k, d)} does not fit a size of {n} with padding {p} "
                f"(input {x}, weight {weight})"
            )
        sizes.append((n + 2 * p - span(k, d)) // s + 1)
    return tuple(sizes)
