"""Norms of vectors and matrices.

At zero, where a norm has a kink, the gradient is 0, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import CATEGORY, STORAGE_ONLY, as_dtype, float32, is_complex, real_of
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .complex import sgn
from .eigen import singular_values
from .elementwise import over_slope
from .extreme import SAME, need_elements
from .matrices import floats
from .operands import axes_of, axis_of, need_float
from .reduce import finish, spread, sum, without
from .shape import cast, permute, reshape

# The record of vector norms ------------------------------------------------------------------


def _norm_vjp(
    g: Tensor, x: Tensor, y: Tensor, x_shape: Any, axes: tuple[int, ...], p: float
) -> Tensor:
    """Where the norm is 0 it has no slope, and the gradient is 0, as in PyTorch."""
    g, y = spread(g, x_shape, axes), spread(y, x_shape, axes)
    if p == 0:
        return x * 0
    if p == 1:
        return g * sgn(x)
    if math.isinf(p):
        chosen = cast(apply(SAME, x.abs(), y), g.dtype)
        return g * (chosen / sum(chosen, axes, keepdim=True)) * sgn(x)
    if p == 2:
        return where(y == 0, 0.0, x * over_slope(g, y))
    scale = where(y == 0, 0.0, over_slope(g, y ** (p - 1)))
    if p < 2:
        return where(x == 0, 0.0, sgn(x) * x.abs() ** (p - 1)) * scale
    return x * x.abs() ** (p - 2) * scale


NORM = Primitive(
    "vector_norm",
    lambda x, *, axes, p: Spec(without(x.shape, axes), real_of(x.dtype)),
    kernel="reduce.norm",
    vjps=(_norm_vjp,),
    formula="sum(|x|^p)^(1/p); p = inf: max |x|, -inf: min |x|, 0: how many are not zero",
    complex=True,
)


def p_norm(input: Tensor, p: float, axes: tuple[int, ...], keepdim: bool, op: str) -> Tensor:
    """The `p`-norm over `axes`, checked."""
    need_float(input, op, complex=True)
    if math.isinf(p) or p < 0:
        need_elements(input, axes, op)
    return finish(apply(NORM, input, axes=axes, p=float(p)), input, axes, keepdim)


# The public functions ------------------------------------------------------------------------


def _as(op: str, x: Any, dtype: Any) -> tuple[Tensor, Any]:
    """`x` in the dtype to compute in, and the dtype of the result."""
    found = floats(op, x, low_precision=True)
    result = real_of(found.dtype)
    if dtype is not None:
        dtype = as_dtype(dtype)
        if is_complex(dtype) != is_complex(found.dtype) or dtype.itemsize < found.dtype.itemsize:
            raise DTypeError(f"{op}: dtype {dtype} does not hold the input's {found.dtype}")
        if CATEGORY[dtype] < CATEGORY[found.dtype]:
            raise DTypeError(f"{op}: dtype must be floating-point or complex, got {dtype}")
        found, result = cast(found, dtype), real_of(dtype)
    return (cast(found, float32) if found.dtype in STORAGE_ONLY else found), result


@public
def vector_norm(
    input: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """``sum(|x|^ord)^(1/ord)`` over `dim`, all dimensions if None; ord inf and -inf are the largest
    and the smallest |x|, 0 the count of non-zeros. `dtype`, at least the input's, is computed in.
    """
    op = "linalg.vector_norm"
    if isinstance(ord, str) or not isinstance(ord, (int, float)):
        raise DTypeError(f"{op}: ord must be a number, got {ord!r}")
    found, result = _as(op, input, dtype)
    return cast(p_norm(found, ord, axes_of(dim, found.ndim, op), keepdim, op), result)


def _squeezed(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return reshape(x, tuple([n for i, n in enumerate(x.shape) if i not in axes]))


# Matrices --------------------------------------------------------------------------------------


def _matrix_axes(op: str, x: Tensor, dim: Any) -> tuple[int, int]:
    if x.ndim < 2:
        raise ShapeError(f"{op}: A must have at least 2 dimensions, got shape {x.shape}")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise ArgumentError(f"{op}: dim must be two dimensions, got {dim}")
    rows, columns = [axis_of(d, x.ndim, op) for d in dim]
    if rows == columns:
        raise ArgumentError(f"{op}: dim must be two different dimensions, got {tuple(dim)}")
    return rows, columns


def _by_singular_values(x: Tensor, ord: Any, rows: int, columns: int) -> Tensor:
    others = [i for i in range(x.ndim) if i not in (rows, columns)]
    s = singular_values("linalg.matrix_norm", permute(x, (*others, rows, columns)))
    if ord == "nuc" or s.shape[-1] == 0:
        out = sum(s, -1)
    else:
        out = s.amax(-1) if ord > 0 else s.amin(-1)
    return reshape(out, tuple([1 if i in (rows, columns) else n for i, n in enumerate(x.shape)]))


def _by_sums(x: Tensor, ord: float, rows: int, columns: int) -> Tensor:
    """The largest (smallest) sum of a column's sizes for 1, of a row's for inf."""
    summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = sum(x.abs(), summed, keepdim=True)
    if sums.shape[chosen] == 0 and ord > 0:
        return sum(sums, chosen, keepdim=True)
    return sums.amax(chosen, keepdim=True) if ord > 0 else sums.amin(chosen, keepdim=True)


@public
def matrix_norm(
    input: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """A norm of matrices: 'fro' (Frobenius), 'nuc' (sum of singular values), 2 and -2 (largest and
    smallest of them), 1 and -1 (largest and smallest sum of a column's sizes), inf and -inf (of a
    row's)."""
    op = "linalg.matrix_norm"
    x, result = _as(op, input, dtype)
    rows, columns = _matrix_axes(op, x, dim)
    if ord == "fro":
        out = p_norm(x, 2, (rows, columns), True, op)
    elif ord in ("nuc", 2, -2):
        floats(op, input)  # no decomposition of 16-bit floats
        out = _by_singular_values(x, ord, rows, columns)
    elif ord in (1, -1, math.inf, -math.inf):
        out = _by_sums(x, ord, rows, columns)
    else:
        raise ArgumentError(f"{op}: order {ord!r} is not supported")
    return cast(out if keepdim else _squeezed(out, (rows, columns)), result)


@public
def norm(
    input: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """`vector_norm` or `matrix_norm`: of a matrix where `dim` is two dimensions, or the tensor has
    two, and `ord` is given. Without `ord`, the root of the sum of squares over `dim`."""
    op = "linalg.norm"
    x = floats(op, input, low_precision=True)
    if isinstance(ord, str) or (ord is not None and dim is None and x.ndim == 2):
        if dim is None and x.ndim > 2:
            raise ShapeError(f"{op}: give dim: the input has {x.ndim} dimensions, a matrix has 2")
        return matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    if isinstance(dim, (tuple, list)) and len(dim) == 2:
        return matrix_norm(x, ord, dim, keepdim, dtype=dtype)
    if dim is None and x.ndim != 1:
        raise ShapeError(f"{op}: give dim, or an input of 1 or 2 dimensions, not {x.ndim}")
    return vector_norm(x, ord, dim, keepdim, dtype=dtype)


@public
def torch_norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The root of the sum of squares over `dim`, or the norm of order `p` of vectors; 'nuc' of
    matrices. The older form of `linalg.norm`: here a matrix is a long vector."""
    if p == "nuc":
        dims = tuple(range(input.ndim))[-2:] if dim is None else dim
        return matrix_norm(input, "nuc", dims, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise ArgumentError(f"norm: p must be a number, 'fro' or 'nuc', got {p!r}")
    order = 2 if p is None or p == "fro" else p
    return vector_norm(input, order, dim, keepdim, dtype=dtype)
