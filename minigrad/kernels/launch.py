"""Running an operation on arrays: shape rule, allocation, kernel.

Everything here sees arrays and Python numbers only. Kernels fill outputs that are allocated
first; NumPy's floating-point warnings are off while they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context import state
from ..device import Array, device_of, empty, namespace_of
from ..dtypes import (
    CATEGORY,
    COMPLEX,
    COMPLEXES,
    FLOAT,
    INT,
    NUMBERS,
    STORAGE_ONLY,
    bool_,
    float32,
    get_default_dtype,
    real_of,
    result_dtype,
)
from ..errors import DTypeError, ShapeError
from ..ir import Elementwise, Primitive, Shape, Spec
from ..memory import SMALLEST
from .lookup import find_kernel

# From this many elements on, kernels of one NumPy ufunc are loops on several threads.
LARGE = 1 << 16
# Attributes that only shape rules read; kernels see them on their output.
_FOR_SPECS = frozenset(("out_shape", "out_dtype", "device"))
# The letters of `Elementwise.takes`, by category.
_KINDS = "bifc"
_KIND_NAMES = {"b": "bools", "i": "integers", "f": "floats"}
_INSTEAD = {
    "sub": "; of bools the difference is x ^ y, or logical_xor",
    "neg": "; of bools the opposite is ~x, or logical_not",
}


def launch(prim: Primitive, operands: list[Any], attrs: dict[str, Any]) -> Any:
    """The output array of `prim`, or the tuple of them."""
    if prim.kind == "view":
        return prim.view(operands[0], **attrs)
    array_type = type(operands[0]) if operands else namespace_of(attrs["device"]).ndarray
    kernel = prim.kernels.get(array_type) or find_kernel(prim, array_type)
    if prim.kind == "data":
        return state.run_quietly(kernel, *operands, **attrs)
    return _launch_compute(prim, kernel, operands, attrs)


def _launch_compute(prim: Primitive, kernel: Any, operands: list[Any], attrs: dict) -> Any:
    specs = prim.spec(*operands, **attrs)
    place = device_of(operands[0]) if operands else attrs["device"]
    if "out_shape" in attrs:
        attrs = {name: value for name, value in attrs.items() if name not in _FOR_SPECS}
    several = not isinstance(specs, Spec)
    specs = specs if several else (specs,)
    if not prim.complex:
        _refuse_complex(prim, operands)
    # A cast is the one kernel that must see 16-bit floats as they are stored.
    if prim.name != "cast" and _has_storage_only(operands, specs):
        outs = _launch_in_float32(kernel, operands, specs, place, attrs)
    else:
        outs = tuple([empty(spec.shape, spec.dtype, place, spec.order) for spec in specs])
        state.run_quietly(kernel, *outs, *operands, **attrs)
    return outs if several else outs[0]


def _refuse_complex(prim: Primitive, operands: list[Any]) -> None:
    for x in operands:
        if getattr(x, "dtype", None) in COMPLEXES or type(x) is complex:
            raise DTypeError(f"{prim.name}: not implemented for complex tensors")


def _has_storage_only(operands: list[Any], specs: tuple[Spec, ...]) -> bool:
    return any([getattr(x, "dtype", None) in STORAGE_ONLY for x in (*operands, *specs)])


def _widened(x: Any) -> Any:
    return x.astype(float32) if getattr(x, "dtype", None) in STORAGE_ONLY else x


def _launch_in_float32(
    kernel: Any, operands: list[Any], specs: tuple[Spec, ...], place: Any, attrs: dict
) -> tuple[Array, ...]:
    """16-bit floats are storage: load to float32, compute, round once."""
    wide = [_widened(x) for x in operands]
    dtypes = [float32 if s.dtype in STORAGE_ONLY else s.dtype for s in specs]
    outs = [empty(s.shape, d, place, s.order) for s, d in zip(specs, dtypes, strict=True)]
    state.run_quietly(kernel, *outs, *wide, **attrs)
    return tuple(
        [
            out if out.dtype == s.dtype else state.run_quietly(out.astype, s.dtype)
            for out, s in zip(outs, specs, strict=True)
        ]
    )


# Elementwise operations: the hot path of small tensors, so dtypes are planned once and cached.


def launch_elementwise(prim: Elementwise, operands: list[Any], out: Array | None = None) -> Array:
    """`prim` on every element of the broadcast operands; into `out` if given."""
    if len(operands) == 2:  # written out: a comprehension costs a third of the addition itself
        a, b = operands
        key: Any = (
            a.dtype.num if type(a) is np.ndarray else _kind(a),
            b.dtype.num if type(b) is np.ndarray else _kind(b),
        )
    else:
        key = tuple([x.dtype.num if type(x) is np.ndarray else _kind(x) for x in operands])
    plan = prim.plans.get(key)
    if plan is None:
        plan = _plan(prim, operands, key)
        if plan is None:
            return _launch_mixed(prim, operands, out)
    kernel, allocates, dtype, loop = plan
    if loop is not None and _is_large(operands):
        kernel, allocates = loop, False
    if out is None and allocates:
        try:
            result = state.run_quietly(kernel, *operands)
        except ValueError:
            broadcast_shape([x.shape for x in operands if hasattr(x, "shape")], prim.name)
            raise
        return result if type(result) is np.ndarray else np.asarray(result)
    if out is None:
        out = _allocate(prim, operands, _array_among(prim, operands), dtype)
    state.run_quietly(kernel, *operands, out)
    return out


def _kind(x: Any) -> Any:
    """What a plan depends on, of an operand that is no NumPy array."""
    return type(x) if type(x) in NUMBERS else (type(x), x.dtype.num)


def _array_among(prim: Elementwise, operands: list[Any]) -> Array:
    """The first array operand; its kernel is ready afterwards."""
    array = next(x for x in operands if type(x) not in NUMBERS)
    if type(array) not in prim.kernels:
        find_kernel(prim, type(array))
    return array


def _plan(
    prim: Elementwise, operands: list[Any], key: tuple[Any, ...]
) -> tuple[Any, bool, np.dtype, Any] | None:
    """(kernel, whether it allocates as we would, result's dtype, the kernel of large operands or
    None); None where a cast comes first.

    Cached if the operands have one dtype: otherwise it depends on which of them are 0-d.
    """
    compute, result = _dtypes(prim, operands)
    dtypes = {x.dtype for x in operands[prim.conditions :] if hasattr(x, "dtype")}
    if dtypes != {compute} or compute in STORAGE_ONLY:
        return None
    kernel = prim.kernels[type(_array_among(prim, operands))]
    if CATEGORY[compute] == INT and int in [type(x) for x in operands]:
        kernel = _wrapping(kernel, compute, prim.name)
    # A NumPy ufunc keeps its operands' layout, and allocates faster than we could.
    small = getattr(kernel, "plain", kernel)
    is_ufunc = type(small) is np.ufunc and getattr(kernel, "exact", True)
    large = kernel if is_ufunc and kernel is not small else None
    plan = prim.plans[key] = (small if is_ufunc else kernel, is_ufunc, result, large)
    return plan


def _is_large(operands: list[Any]) -> bool:
    return any([type(x) is np.ndarray and x.size >= LARGE for x in operands])


def _dtypes(prim: Elementwise, operands: list[Any]) -> tuple[np.dtype, np.dtype]:
    values = operands[prim.conditions :]
    compute = result_dtype(*values)
    if prim.takes != "bif" or prim.refuses:
        _check_kinds(prim, compute, values)
    if prim.result == "float" and CATEGORY[compute] < FLOAT:
        compute = get_default_dtype()
    if compute in COMPLEXES:
        if not prim.complex:
            _refuse_complex(prim, operands)
        if prim.result == "real":
            return compute, real_of(compute)
    return compute, bool_ if prim.result == "bool" else compute


def _check_kinds(prim: Elementwise, compute: np.dtype, values: list[Any]) -> None:
    """DTypeError unless `prim` takes inputs of these kinds, which promote to `compute`."""
    kinds = [_KINDS[CATEGORY[result_dtype(x)]] for x in values]
    fits = _KINDS[CATEGORY[compute]] in prim.takes or CATEGORY[compute] == COMPLEX
    if fits and not set(kinds) & set(prim.refuses):
        return
    shown = " and ".join([str(getattr(x, "dtype", repr(x))) for x in values])
    takes = [_KIND_NAMES[kind] for kind in prim.takes if kind not in prim.refuses]
    raise DTypeError(
        f"{prim.name}: not defined for {shown}; it takes {' and '.join(takes)}"
        + _INSTEAD.get(prim.name, f": convert first, x.{'float' if 'f' in prim.takes else 'int'}()")
    )


def _wrapping(kernel: Any, dtype: np.dtype, op: str) -> Any:
    """`kernel`, whose Python integers wrap around in `dtype`."""

    def wrapped(*operands: Any) -> Any:
        return kernel(*[wrap(x, dtype, op) if type(x) is int else x for x in operands])

    return wrapped


def wrap(number: int, dtype: np.dtype, op: str) -> int:
    """`number` modulo the range of the integers of `dtype`, as PyTorch takes it."""
    info = np.iinfo(dtype)
    if info.min <= number <= info.max:
        return number
    if not -(2**63) <= number < 2**64:
        raise OverflowError(f"{op}: {number} is too large for an integer of 64 bits")
    return (number - int(info.min)) % 2**info.bits + int(info.min)


def _launch_mixed(prim: Elementwise, operands: list[Any], out: Array | None) -> Array:
    """Operands of several dtypes, or of 16-bit floats: cast, compute, round once."""
    compute, result = _dtypes(prim, operands)
    wide = float32 if compute in STORAGE_ONLY else compute
    ready = list(operands)
    for i in range(prim.conditions, len(operands)):
        if hasattr(ready[i], "dtype") and ready[i].dtype != wide:
            ready[i] = state.run_quietly(ready[i].astype, wide)
        elif type(ready[i]) is int and CATEGORY[wide] >= FLOAT:
            ready[i] = float(ready[i])
        elif type(ready[i]) is int and CATEGORY[wide] == INT:
            ready[i] = wrap(ready[i], wide, prim.name)
    array = _array_among(prim, ready)
    computed = _allocate(prim, ready, array, wide if result == compute else result)
    state.run_quietly(prim.kernels[type(array)], *ready, computed)
    if out is not None:
        state.run_quietly(out.__setitem__, ..., computed)
        return out
    return computed if computed.dtype == result else state.run_quietly(computed.astype, result)


def _allocate(prim: Primitive, operands: list[Any], array: Array, dtype: np.dtype) -> Array:
    """The output of an elementwise operation, in the layout of its largest operand."""
    shape = array.shape
    xp = np if type(array) is np.ndarray else None
    same = True
    for x in operands:
        if x is not array and hasattr(x, "shape") and x.shape != shape:
            same = False
            break
    if same:
        like = array
    else:
        shape = broadcast_shape([x.shape for x in operands if hasattr(x, "shape")], prim.name)
        like = next((x for x in operands if getattr(x, "shape", None) == shape), None)
    if like is not None and xp is not None and like.size * dtype.itemsize < SMALLEST:
        return np.empty_like(like, dtype)
    if like is not None:
        return empty(shape, dtype, device_of(array), memory_order(like))
    return empty(shape, dtype, device_of(array))


def broadcast_shape(shapes: list[Shape], op: str) -> Shape:
    """The shape that `shapes` broadcast to; `ShapeError` shows those that do not fit."""
    width = max([len(shape) for shape in shapes])
    result = [1] * width
    for shape in shapes:
        for axis, size in enumerate(shape, start=width - len(shape)):
            if size != 1 and result[axis] == 1:
                result[axis] = size
            elif size not in (1, result[axis]):
                listed = " and ".join([str(s) for s in shapes])
                raise ShapeError(
                    f"{op}: shapes {listed} do not broadcast: at dimension {axis - width} sizes "
                    f"are {result[axis]} and {size}. Sizes must be equal or 1, aligned at the "
                    "right; use reshape or unsqueeze to line them up."
                )
    return tuple(result)


def memory_order(x: Any) -> tuple[int, ...] | None:
    """The layout of an array: its axes from outermost to innermost; None for C order."""
    strides = x.strides
    order = sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))
    return None if order == list(range(len(order))) else tuple(order)


def _any_complex(operands: list[Any]) -> bool:
    for x in operands:  # the kind, as hashing a dtype takes longer than the check
        if type(x) is complex or (type(x) not in NUMBERS and x.dtype.kind == "c"):
            return True
    return False


def check_writable_as(out: Array, prim: Elementwise, operands: list[Any]) -> None:
    """Whether an in-place `prim` fits its target, as PyTorch demands."""
    shape = out.shape
    if any([type(x) not in NUMBERS and x.shape != shape for x in operands]):
        shape = broadcast_shape([x.shape for x in operands if type(x) not in NUMBERS], prim.name)
    if shape != out.shape:
        raise ShapeError(
            f"{prim.name}_: the result has shape {shape}, which does not fit the target's "
            f"{out.shape}: an in-place operation cannot grow its target"
        )
    if prim.result == "real" and out.dtype in COMPLEXES:
        raise DTypeError(f"{prim.name}_: real numbers do not replace complex ones in place")
    if CATEGORY[out.dtype] == FLOAT and not _any_complex(operands):
        return  # which stores a result of any other dtype
    result = _dtypes(prim, operands)[1]
    if CATEGORY[result] > CATEGORY[out.dtype]:
        raise DTypeError(
            f"{prim.name}_: the result has dtype {result}, which cannot be stored in the target's "
            f"{out.dtype}: convert the target first, x = x.to({result})"
        )
