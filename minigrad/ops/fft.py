"""Discrete Fourier transforms: three records, closed under differentiation, carry the namespace.

They are unscaled and know nothing of sizes; the public functions cut or pad, and scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..dtypes import (
    CATEGORY,
    COMPLEX,
    STORAGE_ONLY,
    complex_of,
    get_default_dtype,
    is_float,
    real_of,
)
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .calling import public
from .complex import conj, real
from .constant_pad import pad
from .creation import arange, ones
from .operands import axis_of
from .shape import cast, reshape

# The records ---------------------------------------------------------------------------------


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


COMPLEX_TO_COMPLEX: Primitive = Primitive(
    "fft_complex_to_complex",
    lambda x, *, axes, forward: Spec(x.shape, x.dtype),
    kernel="fft.complex_to_complex",
    vjps=(lambda g, axes, forward: apply(COMPLEX_TO_COMPLEX, g, axes=axes, forward=not forward),),
    complex=True,
    formula="y[k] = sum over j of x[j] exp(-2 pi i j k / n)",
)


def _half_vjp(g: Tensor, x_shape: Shape, axis: int) -> Tensor:
    """The adjoint of keeping half of the outputs: zeros for the others, then the way back."""
    g = _fitted(g, axis, x_shape[axis])
    return real(apply(COMPLEX_TO_COMPLEX, g, axes=(axis,), forward=False))


def _mirrored_vjp(g: Tensor, axis: int, n: int, x_shape: Shape) -> Tensor:
    """Each input but the first, and the middle one of an even n, stands for two."""
    half = n // 2 + 1
    twice = 2 * ones(half, dtype=g.dtype, device=g.device)
    twice[0] = 1
    if n % 2 == 0:
        twice[-1] = 1
    weight = reshape(twice, (-1,) + (1,) * (g.ndim - axis - 1))
    return apply(REAL_TO_COMPLEX, g, axis=axis) * weight


REAL_TO_COMPLEX: Primitive = Primitive(
    "fft_real_to_complex",
    lambda x, *, axis: Spec(_resized(x.shape, axis, x.shape[axis] // 2 + 1), complex_of(x.dtype)),
    kernel="fft.real_to_complex",
    vjps=(_half_vjp,),
)
COMPLEX_TO_REAL: Primitive = Primitive(
    "fft_complex_to_real",
    lambda x, *, axis, n: Spec(_resized(x.shape, axis, n), real_of(x.dtype)),
    kernel="fft.complex_to_real",
    vjps=(_mirrored_vjp,),
    complex=True,
)

# Arguments -----------------------------------------------------------------------------------

_NORMS = (None, "backward", "ortho", "forward")


def _scaled(out: Tensor, sizes: Sequence[int], norm: str | None, forward: bool, op: str) -> Tensor:
    """`out` of an unscaled transform over `sizes` points, by the factor that `norm` asks for."""
    if norm not in _NORMS:
        raise ArgumentError(f"{op}: norm={norm!r} must be 'forward', 'backward' or 'ortho'")
    if norm == "ortho":
        return out * (1 / math.sqrt(math.prod(sizes)))
    return out * (1 / math.prod(sizes)) if (norm == "forward") == forward else out


def _prepared(input: Any, op: str, as_complex: bool) -> Tensor:
    """The input as floats or complex numbers."""
    if not isinstance(input, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(input).__name__}")
    if input.dtype in STORAGE_ONLY:
        raise DTypeError(f"{op}: not implemented for {input.dtype}; use x.float()")
    if CATEGORY[input.dtype] == COMPLEX:
        if not as_complex:
            raise DTypeError(f"{op}: expects a real input, got {input.dtype}")
        return input
    x = input if is_float(input.dtype) else cast(input, get_default_dtype())
    return cast(x, complex_of(x.dtype)) if as_complex else x


def _fitted(x: Tensor, axis: int, n: int) -> Tensor:
    """`x` cut or filled with zeros to `n` points along `axis`."""
    extra = n - x.shape[axis]
    return x if extra == 0 else pad(x, [0, 0] * (x.ndim - 1 - axis) + [0, extra])


def _points(x: Tensor, n: int | None, axis: int, op: str) -> int:
    points = x.shape[axis] if n is None else int(n)
    if points < 1:
        raise ArgumentError(f"{op}: {points} points along dimension {axis} of shape {x.shape}")
    return points


def _axes_and_sizes(x: Tensor, s: Any, dim: Any, op: str) -> tuple[tuple[int, ...], list[Any]]:
    """The dimensions to transform, in the order given, and the points asked for along each."""
    sizes = None if s is None else [int(n) for n in ([s] if isinstance(s, int) else s)]
    if dim is not None:
        dims = [dim] if isinstance(dim, int) else list(dim)
    elif sizes is not None:
        if len(sizes) > x.ndim:
            raise ShapeError(f"{op}: {len(sizes)} sizes for {x.ndim} dimensions")
        dims = list(range(x.ndim - len(sizes), x.ndim))
    else:
        dims = list(range(x.ndim))
    axes = tuple([_axis(d, x, op) for d in dims])
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"{op}: dim {tuple(dims)} names a dimension twice")
    if sizes is None:
        sizes = [-1] * len(axes)
    if len(sizes) != len(axes):
        raise ShapeError(f"{op}: {len(sizes)} sizes s={s} for {len(axes)} dimensions dim={dim}")
    return axes, [None if n == -1 else n for n in sizes]


def _axis(dim: Any, x: Tensor, op: str) -> int:
    if x.ndim == 0:
        raise RangeError(f"{op}: a 0-d tensor has no dimension to transform")
    return axis_of(dim, x.ndim, op)


# Complex transforms ----------------------------------------------------------------------------


def _complex(input: Tensor, s: Any, dim: Any, norm: str | None, forward: bool, op: str) -> Tensor:
    x = _prepared(input, op, as_complex=True)
    axes, sizes = _axes_and_sizes(x, s, dim, op)
    points = []
    for axis, n in zip(axes, sizes):
        points.append(_points(x, n, axis, op))
        x = _fitted(x, axis, points[-1])
    if not axes:
        return x
    out = apply(COMPLEX_TO_COMPLEX, x, axes=axes, forward=forward)
    return _scaled(out, points, norm, forward, op)


def _from_real(input: Tensor, s: Any, dim: Any, norm: str | None, forward: bool, op: str) -> Tensor:
    """The last dimension from real numbers to half as many complex ones, then the others."""
    x = _prepared(input, op, as_complex=False)
    axes, sizes = _axes_and_sizes(x, s, dim, op)
    if not axes:
        raise ArgumentError(f"{op}: at least one dimension must be transformed")
    points = []
    for axis, n in zip(axes, sizes):
        points.append(_points(x, n, axis, op))
        x = _fitted(x, axis, points[-1])
    out = apply(REAL_TO_COMPLEX, x, axis=axes[-1])
    if not forward:
        out = conj(out)
    if len(axes) > 1:
        out = apply(COMPLEX_TO_COMPLEX, out, axes=axes[:-1], forward=forward)
    return _scaled(out, points, norm, forward, op)


def _to_real(input: Tensor, s: Any, dim: Any, norm: str | None, forward: bool, op: str) -> Tensor:
    """The other dimensions first, then the last from half of its complex numbers to real ones."""
    x = _prepared(input, op, as_complex=True)
    axes, sizes = _axes_and_sizes(x, s, dim, op)
    if not axes:
        raise ArgumentError(f"{op}: at least one dimension must be transformed")
    last = axes[-1]
    n = 2 * (x.shape[last] - 1) if sizes[-1] is None else sizes[-1]
    if n < 1:
        raise ArgumentError(f"{op}: {n} points along dimension {last} of shape {x.shape}")
    points = []
    for axis, size in zip(axes[:-1], sizes[:-1]):
        points.append(_points(x, size, axis, op))
        x = _fitted(x, axis, points[-1])
    x = _fitted(x, last, n // 2 + 1)
    if len(axes) > 1:
        x = apply(COMPLEX_TO_COMPLEX, x, axes=axes[:-1], forward=forward)
    out = apply(COMPLEX_TO_REAL, conj(x) if forward else x, axis=last, n=n)
    return _scaled(out, [*points, n], norm, forward, op)


def _one(transform: Any, forward: bool, name: str, meaning: str) -> Any:
    """The public function over one dimension."""

    def function(
        input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None
    ) -> Tensor:
        return transform(input, None if n is None else [n], [dim], norm, forward, name)

    return _documented(function, name, f"{meaning}, along `dim`, of `n` points (cut or padded).")


def _two(transform: Any, forward: bool, name: str, meaning: str) -> Any:
    """The public function over two dimensions."""

    def function(
        input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None
    ) -> Tensor:
        return transform(input, s, dim, norm, forward, name)

    return _documented(function, name, f"{meaning}, over two dimensions of sizes `s`.")


def _many(transform: Any, forward: bool, name: str, meaning: str) -> Any:
    """The public function over any dimensions."""

    def function(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
        return transform(input, s, dim, norm, forward, name)

    return _documented(function, name, f"{meaning}, over the dimensions `dim` of sizes `s`.")


def _documented(function: Any, name: str, meaning: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{meaning} `norm` is 'backward' (1/n on the inverse, the default), 'ortho' (1/sqrt(n) "
        "both ways) or 'forward' (1/n on the transform)."
    )
    return public(function)


def _family(stem: str, transform: Any, forward: bool, meaning: str) -> tuple[Any, Any, Any]:
    """The functions over one, two and any dimensions."""
    return (
        _one(transform, forward, stem, meaning),
        _two(transform, forward, f"{stem}2", meaning),
        _many(transform, forward, f"{stem}n", meaning),
    )


fft, fft2, fftn = _family("fft", _complex, True, "The Fourier transform")
ifft, ifft2, ifftn = _family("ifft", _complex, False, "The inverse Fourier transform")
rfft, rfft2, rfftn = _family(
    "rfft", _from_real, True, "The non-redundant half of the Fourier transform of real numbers"
)
irfft, irfft2, irfftn = _family("irfft", _to_real, False, "The inverse of rfft, real")
hfft, hfft2, hfftn = _family(
    "hfft", _to_real, True, "The real Fourier transform of half a Hermitian signal"
)
ihfft, ihfft2, ihfftn = _family("ihfft", _from_real, False, "The inverse of hfft")

# Frequencies and shifts ------------------------------------------------------------------------


def _frequencies(n: int, d: float, counts: Any, options: dict[str, Any]) -> Tensor:
    dtype = options.pop("dtype", None) or get_default_dtype()
    return (
        cast(counts, dtype)
        .mul(1 / (n * d) if n else 1.0)
        .requires_grad_(options.pop("requires_grad", False))
    )


@public
def fftfreq(n: int, d: float = 1.0, *, device: Any = None, **options: Any) -> Tensor:
    """The frequencies of `fft`'s `n` outputs, ``[0, 1, ..., -2, -1] / (n d)``, `d` the spacing."""
    counts = arange(n, device=device)
    return _frequencies(n, d, counts - n * (counts >= (n + 1) // 2), options)


@public
def rfftfreq(n: int, d: float = 1.0, *, device: Any = None, **options: Any) -> Tensor:
    """The frequencies of `rfft`'s outputs, ``[0, 1, ..., n // 2] / (n d)``."""
    return _frequencies(n, d, arange(n // 2 + 1, device=device), options)


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequencies reordered so that zero stands in the middle of each of `dim` (all by default)."""
    return _shifted(input, dim, lambda n: n // 2, "fftshift")


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted(input, dim, lambda n: (n + 1) // 2, "ifftshift")


def _shifted(input: Tensor, dim: Any, by: Any, op: str) -> Tensor:
    dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = [axis_of(d, input.ndim, op) for d in dims]
    return input.roll([by(input.shape[axis]) for axis in axes], axes)
