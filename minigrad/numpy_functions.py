"""NumPy's functions on tensors: ``np.sin(x)``, ``np.concatenate([x, y])``, ``np.mean(x, axis=0)``.

Those in the tables below give Tensors and are recorded: each is NumPy's signature and meaning
(``np.std`` divides by n, ``np.median`` takes the mean of the two middle values) in minigrad's
functions. `interop` calls them, and decides about the rest: NumPy's other functions are given the
values of tensors that need no gradient, and refuse those that do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg

from .dtypes import result_dtype
from .interop import FUNCTIONS, UFUNCS
from .ops.operands import operand

# Ufuncs: those of the same name, then the others. ------------------------------------------------

_SAME = """
    abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_or
    bitwise_xor ceil conj copysign cos cosh deg2rad divide exp exp2 expm1 float_power floor
    floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot isfinite isinf
    isnan lcm ldexp less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and
    logical_not logical_or logical_xor matmul maximum minimum multiply negative nextafter
    not_equal positive rad2deg reciprocal remainder sign signbit sin sinh sqrt square subtract tan
    tanh true_divide trunc
""".split()
_OTHERS = {
    "eq": "equal",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "bitwise_not": "invert",
    "deg2rad": "radians",
    "pow": "power",
    "rad2deg": "degrees",
    "round": "rint",
}


def _ours(name: str) -> Callable[..., Any]:
    found: Any = mg
    for part in name.split("."):
        found = getattr(found, part)
    return found


# PyTorch's, and so ours, take no number in some places where NumPy does.
_TENSORS_ONLY = frozenset(
    """
    arctan2 copysign equal fmax fmin fmod gcd greater greater_equal heaviside hypot lcm ldexp less
    less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum nextafter
    not_equal
    """.split()
)


def _with_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of two tensors, of which one may be a number."""

    @functools.wraps(function)
    def call(a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = result_dtype(*[operand(x, function.__name__).array for x in (a, b)])
        place = next(x.device for x in (a, b) if isinstance(x, mg.Tensor))
        ready = [mg.tensor(x, dtype=dtype, device=place) if np.isscalar(x) else x for x in (a, b)]
        return function(*ready, *args, **kwargs)

    return call


for _name in _SAME:
    _function = _with_numbers(_ours(_name)) if _name in _TENSORS_ONLY else _ours(_name)
    UFUNCS[getattr(np, _name), "__call__"] = _function
for _name, _theirs in _OTHERS.items():
    _function = _with_numbers(_ours(_name)) if _theirs in _TENSORS_ONLY else _ours(_name)
    UFUNCS[getattr(np, _theirs), "__call__"] = _function

# Functions ---------------------------------------------------------------------------------------


def numpys(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as what NumPy's of these names do with tensors."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            found: Any = np
            for part in name.split("."):
                found = getattr(found, part)
            FUNCTIONS[found] = function
        return function

    return register


def _register_same(names: str, ours: str = "") -> None:
    for name in names.split():
        numpys(name)(_ours(ours or name))


def _over(a: Any, axis: Any) -> Any:
    """(`a`, the dimension): flattened where NumPy would work over all elements in order."""
    return (mg.ravel(a), 0) if axis is None else (a, axis)


def _reduction(name: str, ours: str, **fixed: Any) -> None:
    function = _ours(ours)

    def reduced(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        dims = tuple(range(a.ndim)) if axis is None else axis
        return function(a, dim=dims, keepdim=keepdims, **fixed) if a.ndim else function(a)

    numpys(name)(reduced)


def _typed_reduction(name: str, ours: str) -> None:
    function = _ours(ours)

    def reduced(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        dims = tuple(range(a.ndim)) if axis is None else axis
        return function(a, dim=dims, keepdim=keepdims, dtype=dtype)

    numpys(name)(reduced)


for _name in ("sum", "mean", "nansum", "nanmean"):
    _typed_reduction(_name, _name)
for _name, _theirs in {"max": "amax", "min": "amin", "amax": "amax", "amin": "amin"}.items():
    _reduction(_name, _theirs)
for _name in ("any", "all"):
    _reduction(_name, _name)
_register_same(
    "abs angle argwhere atleast_1d atleast_2d atleast_3d bincount broadcast_to "
    "conj count_nonzero diag diagflat einsum empty_like flip fliplr flipud full_like hstack "
    "imag inner isin isneginf isposinf kron moveaxis nan_to_num ones_like outer real roll "
    "rot90 sinc stack swapaxes tensordot tile tril triu unravel_index vdot vstack where zeros_like"
)

numpys("isclose")(_with_numbers(mg.isclose))
numpys("allclose")(_with_numbers(mg.allclose))


for _name in ("cholesky", "det", "inv", "matrix_power", "pinv", "slogdet", "solve", "eigh",
              "eigvalsh", "multi_dot", "cond", "matrix_rank", "qr"):  # fmt: skip
    numpys(f"linalg.{_name}")(_ours(f"linalg.{_name}"))


@numpys("prod")
def _prod(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    if axis is None:
        out = mg.prod(a, dtype=dtype)
        return out.reshape((1,) * a.ndim) if keepdims else out
    return mg.prod(a, axis, keepdim=keepdims, dtype=dtype)


def _spread(name: str) -> None:
    function = _ours(name)

    def spread(
        a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, correction: Any = None
    ) -> Any:
        wanted = ddof if correction is None else correction
        return function(a, axis, correction=wanted, keepdim=keepdims)

    numpys(name)(spread)


_spread("var")
_spread("std")


@numpys("quantile")
def _quantile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    q = mg.as_tensor(q, dtype=a.dtype)
    return mg.quantile(a, q, axis, keepdim=keepdims, interpolation=method)


@numpys("percentile")
def _percentile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    q = mg.as_tensor(q, dtype=a.dtype) / 100
    return mg.quantile(a, q, axis, keepdim=keepdims, interpolation=method)


@numpys("median")
def _median(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    # NumPy's median of an even number is the mean of the two in the middle, PyTorch's the lower.
    return mg.quantile(a, 0.5, axis, keepdim=keepdims)


def _place(name: str) -> None:
    function = _ours(name)

    def place(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return function(a, axis, keepdims)

    numpys(name)(place)


_place("argmax")
_place("argmin")


@numpys("cumsum")
def _cumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return mg.cumsum(*_over(a, axis), dtype=dtype)


@numpys("cumprod")
def _cumprod(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return mg.cumprod(*_over(a, axis), dtype=dtype)


@numpys("diff")
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    return mg.diff(a, n, axis, prepend, append)


@numpys("sort")
def _sort(a: Any, axis: Any = -1) -> Any:
    return mg.sort(*_over(a, axis))[0]


@numpys("argsort")
def _argsort(a: Any, axis: Any = -1) -> Any:
    return mg.argsort(*_over(a, axis), stable=True)


@numpys("searchsorted")
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    return mg.searchsorted(a, v, side=side, sorter=sorter)


@numpys("clip")
def _clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    return mg.clamp(a, a_min, a_max)


@numpys("round", "around")
def _round(a: Any, decimals: int = 0) -> Any:
    return mg.round(a, decimals=decimals)


@numpys("reshape")
def _reshape(a: Any, /, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise mg.ArgumentError(f"np.reshape of a tensor: order={order!r} is not available, only C")
    return a.reshape(shape)


@numpys("ravel")
def _ravel(a: Any) -> Any:
    return mg.ravel(a)


@numpys("transpose")
def _transpose(a: Any, axes: Any = None) -> Any:
    return a.permute(tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


@numpys("squeeze")
def _squeeze(a: Any, axis: Any = None) -> Any:
    return a.squeeze() if axis is None else a.squeeze(axis)


@numpys("expand_dims")
def _expand_dims(a: Any, axis: Any) -> Any:
    for position in sorted(np.atleast_1d(axis) % (a.ndim + np.size(axis))):
        a = a.unsqueeze(int(position))
    return a


@numpys("concatenate")
def _concatenate(arrays: Any, /, axis: Any = 0) -> Any:
    if axis is None:
        return mg.cat([mg.as_tensor(a).reshape(-1) for a in arrays])
    return mg.cat([mg.as_tensor(a) for a in arrays], axis)


@numpys("array_split")
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(mg.tensor_split(ary, indices_or_sections, axis))


@numpys("split")
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise mg.ShapeError("np.split: the parts are not of equal size; use np.array_split")
    return list(mg.tensor_split(ary, indices_or_sections, axis))


@numpys("repeat")
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    return mg.repeat_interleave(a, repeats, axis)


@numpys("take")
def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    flat, dim = _over(a, axis)
    indices = mg.as_tensor(indices)
    return flat[(slice(None),) * (dim % flat.ndim) + (indices,)]


@numpys("take_along_axis")
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    flat, dim = _over(arr, axis)
    return mg.take_along_dim(flat, indices, dim)


@numpys("nonzero")
def _nonzero(a: Any) -> Any:
    return mg.nonzero(a, as_tuple=True)


@numpys("dot")
def _dot(a: Any, b: Any) -> Any:
    a, b = mg.as_tensor(a), mg.as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    # Over the last dimension of a and the last but one of b.
    return mg.tensordot(a, b, dims=([a.ndim - 1], [max(b.ndim - 2, 0)]))


@numpys("trace")
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return mg.diagonal(a, offset, axis1, axis2).sum(-1)


@numpys("diagonal")
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return mg.diagonal(a, offset, axis1, axis2)


@numpys("linalg.norm")
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return mg.linalg.norm(x, ord, axis, keepdims)


@numpys("shape")
def _shape(a: Any) -> Any:
    return a.shape


@numpys("ndim")
def _ndim(a: Any) -> int:
    return a.ndim


@numpys("size")
def _size(a: Any, axis: Any = None) -> int:
    return a.numel() if axis is None else a.shape[axis]


def _register_transforms() -> None:
    for stem in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
        one = _ours(f"fft.{stem}")
        numpys(f"fft.{stem}")(lambda a, n=None, axis=-1, norm=None, one=one: one(a, n, axis, norm))
    for stem in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn"):
        many = _ours(f"fft.{stem}")
        default = (-2, -1) if stem.endswith("2") else None
        numpys(f"fft.{stem}")(
            lambda a, s=None, axes=default, norm=None, many=many: many(a, s, axes, norm)
        )
    for stem in ("fftshift", "ifftshift"):
        shift = _ours(f"fft.{stem}")
        numpys(f"fft.{stem}")(lambda x, axes=None, shift=shift: shift(x, axes))


_register_transforms()

# What ufuncs do along a dimension: np.add.reduce(x) is np.sum(x, axis=0). -------------------------

for _ufunc, _reduced in {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.logical_and: np.all, np.logical_or: np.any,
}.items():  # fmt: skip
    UFUNCS[_ufunc, "reduce"] = (
        lambda array, axis=0, dtype=None, keepdims=False, f=FUNCTIONS[_reduced]: f(
            array if dtype is None else array.to(dtype), axis, keepdims=keepdims
        )
    )
UFUNCS[np.add, "accumulate"] = lambda array, axis=0, dtype=None: _cumsum(array, axis, dtype)
UFUNCS[np.multiply, "accumulate"] = lambda array, axis=0, dtype=None: _cumprod(array, axis, dtype)
