"""One row of a table describes an operation; `check_op` tests the row everywhere.

>>> cube = Op("cube", lambda x: x**3, lambda x: x**3, (sample(Draw((2, 3))),))
>>> check_op(cube)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ml_dtypes
import numpy as np

from .. import dtypes
from ..autograd import grad
from ..device import ARRAY_TYPES, Array, empty, namespace_of, to_device, to_numpy
from ..device import device as Device
from ..dtypes import STORAGE_ONLY, float32, float64, int64, is_complex, is_differentiable
from ..kernels import launch
from ..tensor import Tensor
from .op import Case, Op

_DTYPES = {
    "f": (float64, float32, dtypes.float16, dtypes.bfloat16),
    "i": (int64, dtypes.int32, dtypes.uint8),
    "b": (dtypes.bool_,),
    "c": (dtypes.complex128, dtypes.complex64),
    "d": (float64, float32),
}
_STEP = 1e-5  # of central differences, in float64


def check_op(op: Op, device: str = "cpu") -> None:
    """Test one operation on one device.

    For every sample: the value in each dtype against the oracle; result dtype and array type;
    inputs left as they were; every element of the outputs written; no copy to or from a GPU, no
    NumPy warning; first and second derivatives against differences, along random directions;
    transposed, sliced, reversed and expanded inputs against contiguous ones.

    Raises: AssertionError with the operation, the sample and both values.
    """
    for case in op.cases(device):
        check_case(case)


def check_case(case: Case) -> None:
    """Test one sample of an operation."""
    with warnings.catch_warnings(), _poisoned_memory():
        warnings.simplefilter("error")
        check_values(case)
        check_derivatives(case)
        check_layouts(case)


@contextmanager
def _poisoned_memory() -> Iterator[None]:
    """New outputs are full of NaN, or of an unlikely integer: what no kernel wrote shows."""

    def poisoned(*args: Any) -> Array:
        out = empty(*args)
        out[...] = np.nan if is_differentiable(out.dtype) else 77
        return out

    launch.empty = poisoned  # type: ignore[assignment]
    try:
        yield
    finally:
        launch.empty = empty


# Values --------------------------------------------------------------------------------------


def check_values(case: Case) -> None:
    """Each dtype against the oracle; 16-bit floats against float32, rounded."""
    for dtype in [d for kind in case.op.kinds for d in _DTYPES[kind]]:
        if is_complex(dtype) and not case.sample.smooth:
            continue  # infinities and zeros of complex numbers have no one right answer
        what = f"{case} of {dtype}"
        arrays = case.arrays(dtype)
        outs = _run_watched(case, arrays)
        _equal(f"dtypes of {what}", [out.dtype for out in outs], _dtypes(case.op, dtype, len(outs)))
        if dtype in STORAGE_ONLY:
            wide = [x.astype(float32) if d else x for x, d in zip(arrays, case.drawn)]
            with np.errstate(all="ignore"):
                exact = case(case.tensors(wide))
                expected = [to_numpy(x.array).astype(o.dtype) for x, o in zip(exact, outs)]
            tolerance = 0.0 if case.op.rounds_once else 16 * float(ml_dtypes.finfo(dtype).eps)
        else:
            expected = case.expected(arrays)
            tolerance = 1e-11 if dtype in (float64, dtypes.complex128) else 2e-5
        _compare(f"value of {what}", outs, expected, tolerance)


def _dtypes(op: Op, dtype: np.dtype, count: int) -> list[np.dtype]:
    """The dtypes of the outputs for inputs of `dtype`."""
    kept = {"same": dtype, "real": dtypes.real_of(dtype), "complex": dtypes.complex_of(dtype)}
    kept["float"] = dtype if is_differentiable(dtype) else float32
    kept["wide"] = dtype if is_differentiable(dtype) else int64
    kept["truth"] = dtype if dtype == dtypes.uint8 else dtypes.bool_
    results = op.result if isinstance(op.result, tuple) else (op.result,) * count
    return [kept[r] if isinstance(r, str) and r in kept else np.dtype(r) for r in results]


def _run_watched(case: Case, arrays: list[np.ndarray]) -> list[Tensor]:
    """The outputs, after checks on what happened on the way forward and backward."""
    tensors = case.tensors(arrays)
    before = [to_numpy(x.array).tobytes() for x in tensors]
    ones = _ones(case.floats(tensors))
    copies = _Copies(case.place)
    outs = case(tensors)
    gradients = _gradients([out for out in outs if is_differentiable(out.dtype)], tensors, ones)
    if not case.op.transfers:
        _equal(f"copies between host and device by {case}", copies.count(), 0)
    changed = [to_numpy(x.array).tobytes() != held for x, held in zip(tensors, before)]
    _equal(f"whether {case} changed its inputs", any(changed), False)
    for x in (*outs, *[g for g in gradients if g is not None]):
        _equal(f"device of {case}", ARRAY_TYPES.get(type(x.array)), case.place.type)
    flows = case.op.differentiable and any([x.requires_grad for x in tensors])
    _equal(f"whether {case} requires grad", any([out.requires_grad for out in outs]), flows)
    return outs


class _Copies:
    """Counts copies between host and device, where the stand-in for CuPy does."""

    def __init__(self, place: Device) -> None:
        self.counter = getattr(namespace_of(place), "transfers", None)
        self.before = self._total()

    def _total(self) -> int:
        return self.counter.to_host + self.counter.to_device if self.counter else 0

    def count(self) -> int:
        """How many since it was made."""
        return self._total() - self.before


# Derivatives ---------------------------------------------------------------------------------


def check_derivatives(case: Case) -> None:
    """First and second derivatives against central differences, in float64 or complex128."""
    if not case.op.differentiable or not case.sample.smooth:
        return
    for kind, dtype in (("f", float64), ("d", float64), ("c", dtypes.complex128)):
        if kind in case.op.kinds:
            check_first_derivative(case, dtype)
            check_second_derivative(case, dtype)


def check_first_derivative(case: Case, dtype: np.dtype = float64) -> None:
    """The gradient, without and with a graph of it: a fused operation has two ways there."""
    for create_graph in (False, True):
        what = f"gradient of {case} of {dtype}, create_graph={create_graph}"
        arrays = case.arrays(dtype)
        _check_slopes(what, case.random, case.tensors, case.floats, arrays, create_graph)


def check_second_derivative(case: Case, dtype: np.dtype = float64) -> None:
    """The gradient of the gradient, in the inputs and in the cotangents."""
    arrays = case.arrays(dtype)
    count = len(arrays)
    outs = case.floats(case.tensors(arrays))
    cotangents = [_normal(case.random, out) for out in outs]

    def tensors(values: list[np.ndarray]) -> list[Tensor]:
        moved = [Tensor(to_device(x, case.place)).requires_grad_() for x in values[count:]]
        return case.tensors(values[:count]) + moved

    def gradients(values: list[Tensor]) -> list[Tensor]:
        found = _gradients(case.floats(values[:count]), values[:count], values[count:], True)
        return [g for g in found if g is not None]

    what = f"second derivative of {case} of {dtype}"
    _check_slopes(what, case.random, tensors, gradients, arrays + cotangents, False)


def _check_slopes(
    what: str,
    random: np.random.Generator,
    tensors: Callable[[list[np.ndarray]], list[Tensor]],
    function: Callable[[list[Tensor]], list[Tensor]],
    arrays: list[np.ndarray],
    create_graph: bool,
) -> None:
    """Along a random direction in each input, the gradient's slope against a difference."""
    inputs = tensors(arrays)
    outs = function(inputs)
    weights = [_normal(random, out) for out in outs]
    cotangents = [Tensor(to_device(np.asarray(w), x.device)) for w, x in zip(weights, outs)]
    found = _gradients(outs, inputs, cotangents, create_graph)

    def value(i: int, moved: np.ndarray) -> float:
        results = function(tensors([*arrays[:i], moved, *arrays[i + 1 :]]))
        return sum([_inner(out, w) for out, w in zip(results, weights)])

    for i, (x, g) in enumerate(zip(inputs, found)):
        if x.requires_grad:
            direction = _normal(random, x)
            slope = 0.0 if g is None else _inner(g, direction)
            step = _STEP * np.asarray(direction)
            difference = (value(i, arrays[i] + step) - value(i, arrays[i] - step)) / (2 * _STEP)
            assert abs(slope - difference) <= 1e-6 * (1 + abs(difference)), (
                f"{what}: the slope along a direction of input {i} is {slope}, by differences "
                f"{difference}"
            )


def _gradients(
    outs: list[Tensor], inputs: list[Tensor], cotangents: list[Tensor], create_graph: bool = False
) -> list[Tensor | None]:
    """The gradient in each input; None for those without one."""
    roots = [(out, g) for out, g in zip(outs, cotangents) if out.requires_grad]
    wanted = [x for x in inputs if x.requires_grad]
    if not roots or not wanted:
        return [None] * len(inputs)
    ends, starts = zip(*roots)
    found = iter(grad(ends, wanted, starts, create_graph=create_graph, allow_unused=True))
    return [next(found) if x.requires_grad else None for x in inputs]


def _ones(outs: list[Tensor]) -> list[Tensor]:
    return [Tensor(namespace_of(out.device).ones_like(out.array)) for out in outs]


def _normal(random: np.random.Generator, like: Tensor) -> Any:
    """Normal numbers in the shape of `like`, complex ones if it is complex."""
    drawn = random.standard_normal(like.shape)
    return drawn + 1j * random.standard_normal(like.shape) if is_complex(like.dtype) else drawn


def _inner(x: Tensor, weights: Any) -> float:
    """The real inner product: complex numbers count as pairs of real ones."""
    return float(np.vdot(to_numpy(x.array), weights).real)


# Layouts -------------------------------------------------------------------------------------


def _transposed(xp: Any, x: Array) -> Array:
    return _holding(x, xp.empty(x.shape[::-1], x.dtype).transpose())


def _sliced(xp: Any, x: Array) -> Array:
    wider = xp.empty(tuple([2 * n + 1 for n in x.shape]), x.dtype)
    return _holding(x, wider[(..., *[slice(1, None, 2)] * x.ndim)])


def _reversed(xp: Any, x: Array) -> Array:
    return _holding(x, xp.empty(x.shape, x.dtype)[(..., *[slice(None, None, -1)] * x.ndim)])


def _expanded(xp: Any, x: Array) -> Array:
    return xp.broadcast_to(x[(..., *[slice(1)] * min(x.ndim, 1))], x.shape)


def _holding(x: Array, view: Array) -> Array:
    view[...] = x
    return view


def check_layouts(case: Case) -> None:
    """Values and gradients where inputs and cotangents have other strides, against dense copies."""
    arrays = case.arrays(_DTYPES[case.op.kinds[0]][0])
    floats = case.floats(case.tensors(arrays))
    weights = [_normal(case.random, out) for out in floats]
    for layout in (_transposed, _sliced, _reversed, _expanded):
        strided = case.tensors(arrays, layout)
        cotangents = [
            Tensor(layout(namespace_of(case.place), to_device(np.asarray(w, x.dtype), case.place)))
            for w, x in zip(weights, floats)
        ]
        found = _values_and_gradients(case, strided, cotangents)
        dense = case.tensors([to_numpy(x.array) for x in strided])
        expected = _values_and_gradients(case, dense, [_dense(x) for x in cotangents])
        what = f"values and gradients of {case}, {layout.__name__[1:]} inputs"
        _compare(what, found, [to_numpy(x.array) for x in expected], 1e-11)


def _dense(x: Tensor) -> Tensor:
    return Tensor(x.array.copy(order="C"))


def _values_and_gradients(
    case: Case, tensors: list[Tensor], cotangents: list[Tensor]
) -> list[Tensor]:
    outs = case(tensors)
    found = _gradients([out for out in outs if is_differentiable(out.dtype)], tensors, cotangents)
    return outs + [g for g in found if g is not None]


# Comparing -----------------------------------------------------------------------------------


def _equal(what: str, found: Any, expected: Any) -> None:
    assert found == expected, f"{what}: {found}, expected {expected}"


def _compare(what: str, found: list[Tensor], expected: list[np.ndarray], tolerance: float) -> None:
    """Equal shapes, and values within `tolerance` of the largest; NaN and infinities in place."""
    _equal(f"outputs, {what}", len(found), len(expected))
    for k, (x, theirs) in enumerate(zip(found, expected)):
        ours = to_numpy(x.array)
        _equal(f"shape of output {k}, {what}", ours.shape, theirs.shape)
        if not is_differentiable(ours.dtype):
            theirs = theirs.astype(ours.dtype)  # integers wrap around
        wide = dtypes.complex128 if is_complex(ours.dtype) else float64
        a, b = ours.astype(wide), theirs.astype(wide)
        largest = np.abs(b[np.isfinite(b)]).max(initial=0.0)
        close = np.isclose(a, b, rtol=tolerance, atol=tolerance * largest, equal_nan=True)
        assert close.all(), f"{what}, output {k}: {a[~close][0]}, expected {b[~close][0]}\n{ours}"
