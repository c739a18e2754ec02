"""Cumulative sums, products and extremes along a dimension.

Gradients of products go through a linear recurrence, y[i] = b[i] + a[i] y[i - 1]: it needs no
division, so it is right at zeros, and its own gradients are recurrences again.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import CATEGORY, FLOAT, int64
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import of_tensor
from .choice import where
from .complex import conj
from .constant_pad import PAD
from .elementwise import exp
from .gather import SCATTER_ADD
from .operands import axis_of, need_float
from .shape import cast, reshape

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]


def along(input: Tensor, axis: int, cut: slice) -> Tensor:
    """`input` cut along `axis`: a view."""
    return input[(slice(None),) * axis + (cut,)]


def shifted(input: Tensor, axis: int, value: float, back: bool = False) -> Tensor:
    """Element i - 1 at i (with `back`, i + 1), and `value` where there is none."""
    if input.shape[axis] == 0:
        return input
    rest = along(input, axis, slice(1, None) if back else slice(None, -1))
    width = (0, 1) if back else (1, 0)
    widths = tuple([width if i == axis else (0, 0) for i in range(input.ndim)])
    return apply(PAD, rest, widths=widths, value=value)


def _scan_spec(x: Any, *, axis: int) -> Spec:
    return Spec(x.shape, x.dtype if CATEGORY[x.dtype] >= FLOAT else int64)


def _recurrence_vjp(
    needs: Any, g: Tensor, a: Tensor, y: Tensor, axis: int, back: bool
) -> tuple[Tensor | None, Tensor]:
    towards_b = recurrence(conj(shifted(a, axis, 0.0, not back)), g, axis, not back)
    return towards_b * conj(shifted(y, axis, 0.0, back)) if needs[0] else None, towards_b


RECURRENCE: Primitive = Primitive(
    "recurrence",
    lambda a, b, *, axis, back: Spec(b.shape, b.dtype),
    kernel="cumulative.recurrence",
    vjp=_recurrence_vjp,
    formula="y[i] = b[i] + a[i] y[i - 1], from 0; with back, y[i + 1]",
    complex=True,
)
CUMSUM: Primitive = Primitive(
    "cumsum",
    lambda x, *, axis, back: _scan_spec(x, axis=axis),
    kernel="cumulative.cumsum",
    vjps=(lambda g, axis, back: apply(CUMSUM, g, axis=axis, back=not back),),
    formula="y[i] = x[0] + ... + x[i]; with back, x[i] + ... + x[n - 1]",
    complex=True,
)


def _cumprod_vjp(g: Tensor, x: Tensor, y: Tensor, axis: int) -> Tensor:
    # dy[k] / dx[i] = (x[0] ... x[i - 1]) (x[i + 1] ... x[k])
    after = recurrence(conj(shifted(x, axis, 0.0, True)), g, axis, True)
    return conj(shifted(y, axis, 1.0)) * after


CUMPROD: Primitive = Primitive(
    "cumprod",
    _scan_spec,
    kernel="cumulative.cumprod",
    vjps=(_cumprod_vjp,),
    formula="y[i] = x[0] x[1] ... x[i]",
    complex=True,
)


def _logcumsumexp_vjp(g: Tensor, x: Tensor, y: Tensor, axis: int) -> Tensor:
    # dy[k] / dx[i] = exp(x[i] - y[i]) exp(y[i] - y[i + 1]) ... exp(y[k - 1] - y[k]), each at most 1
    ratios = exp(_finite_difference(y, shifted(y, axis, float("inf"), True)))
    return conj(exp(_finite_difference(x, y))) * recurrence(conj(ratios), g, axis, True)


def _finite_difference(a: Tensor, b: Tensor) -> Tensor:
    """a - b, where equal infinities are equal."""
    return where(a == b, 0.0, a - b)


LOGCUMSUMEXP: Primitive = Primitive(
    "logcumsumexp",
    _scan_spec,
    kernel="cumulative.logcumsumexp",
    vjps=(_logcumsumexp_vjp,),
    formula="y[i] = log(exp(x[0]) + ... + exp(x[i]))",
    complex=True,
)


def _extreme_vjp(
    needs: Any, g_values: Any, g_indices: Any, indices: Tensor, x_shape: Any, axis: int
) -> tuple[Tensor]:
    return (apply(SCATTER_ADD, g_values, indices, dim=axis, out_shape=x_shape),)


CUMMAX, CUMMIN = [
    Primitive(
        name,
        lambda x, *, axis: (Spec(x.shape, x.dtype), Spec(x.shape, int64)),
        kernel=f"cumulative.{name}",
        vjp=_extreme_vjp,
        outputs=("values", "indices"),
    )
    for name in ("cummax", "cummin")
]


def recurrence(a: Tensor, b: Tensor, axis: int, back: bool = False) -> Tensor:
    """y with y[i] = b[i] + a[i] y[i - 1] along `axis`, from 0; with `back`, y[i + 1]."""
    return apply(RECURRENCE, a, b, axis=axis, back=back)


def products_without(x: Tensor, axis: int) -> Tensor:
    """For each element the product of all others along `axis`."""
    before = shifted(apply(CUMPROD, x, axis=axis), axis, 1.0)
    turned = along(x, axis, slice(None, None, -1))
    after = shifted(apply(CUMPROD, turned, axis=axis), axis, 1.0)
    return before * along(after, axis, slice(None, None, -1))


def _scan(prim: Primitive, input: Tensor, dim: Any, op: str, **attrs: Any) -> Any:
    """`prim` along `dim`; a 0-d tensor counts as one element."""
    axis = axis_of(dim, input.ndim, op)
    out = apply(prim, reshape(input, 1) if input.ndim == 0 else input, axis=axis, **attrs)
    if input.ndim:
        return out
    return tuple([reshape(x, ()) for x in out]) if type(out) is tuple else reshape(out, ())


def _in_dtype(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else cast(input, dtype)


@of_tensor
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """``y[i] = x[0] + ... + x[i]`` along `dim`. Integers and bools sum as int64."""
    out = _scan(CUMSUM, _in_dtype(input, dtype), dim, "cumsum", back=False)
    return _in_dtype(out, dtype)


@of_tensor
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """``y[i] = x[0] x[1] ... x[i]`` along `dim`; its gradient is right at zeros too."""
    out = _scan(CUMPROD, _in_dtype(input, dtype), dim, "cumprod")
    return _in_dtype(out, dtype)


@of_tensor
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """``y[i] = log(exp(x[0]) + ... + exp(x[i]))`` along `dim`, without overflow."""
    need_float(input, "logcumsumexp", complex=True)
    return _scan(LOGCUMSUMEXP, input, dim, "logcumsumexp")


@of_tensor
def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along `dim`, and its index (the latest of equals); NaN stays."""
    return return_types.cummax(*_scan(CUMMAX, input, dim, "cummax"))


@of_tensor
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along `dim`, and its index (the latest of equals); NaN stays."""
    return return_types.cummin(*_scan(CUMMIN, input, dim, "cummin"))
