"""Elementwise operations in one loop over memory, compiled from their expression.

NumPy passes over memory once for each operation of ``select(b <= 0, 0, a)``, on one core. Here
large arrays are passed over once, on all of them. Whatever NumPy rounds correctly has NumPy's bits,
so size may decide which of the two serves; the functions of `math` are not NumPy's, and an
expression that calls one is always computed here: the result for a number depends on it alone.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...device import Array
from ...expr import traced, vocabulary
from ...ir import Shape
from . import functions, scalar
from .jit import Helper, Kernel, launch
from .math import FUNCTIONS
from .scalar import Value

# From how many elements on a loop beats NumPy: of one operation, and of several.
ONE, SEVERAL = 1 << 16, 1 << 12
_SHORT = 512  # elements of a row, of which several are better taken as one
_PLANS = 1000  # that a loop remembers
_LAUNCH = 5000.0  # nanoseconds of work that may be worth a thread's
PIECE = 4096  # elements of a row that a thread takes at once
_NANOSECONDS = 0.08  # an element and array: reading or writing it

_CHEAP: dict[str, Callable[..., Value]] = {
    "abs": scalar.absolute,
    "ceil": lambda x: x.call("ceil"),
    "copysign": scalar.copysign,
    "floor": scalar.floor,
    "isfinite": lambda x: abs_below(x, np.inf),
    "isinf": lambda x: scalar.absolute(x) == np.inf,
    "isnan": lambda x: x != x,
    "maximum": lambda x, y: scalar.maximum(*alike(x, y)),
    "minimum": lambda x, y: scalar.minimum(*alike(x, y)),
    "rint": scalar.rint,
    "select": scalar.select,
    "sign": lambda x: scalar.select(
        x > 0, 1, scalar.select(x < 0, -1, scalar.select(x == x, 0, x))
    ),
    "sqrt": scalar.sqrt,
    "trunc": lambda x: x.call("trunc"),
}
_SLOW = {"select", "maximum", "minimum", "sign"}  # in NumPy, even alone
_OF_FLOATS = frozenset("ceil copysign floor isfinite isinf isnan rint sqrt trunc".split())


def abs_below(x: Value, limit: float) -> Value:
    return scalar.absolute(x) < limit


def alike(x: Any, y: Any) -> tuple[Value, Value]:
    """Two operands, one of which may be a number."""
    return (x, x.like(y)) if isinstance(x, Value) else (y.like(x), y)


def faster(expr: str, inputs: tuple[str, ...], plain: Callable[..., Any]) -> Callable[..., Any]:
    """`plain`, the array code of `expr`, or a loop that takes its place for large arrays."""
    words, operations = vocabulary(expr)
    if not words <= _CHEAP.keys() | FUNCTIONS.keys() or not operations:
        return plain
    return Loop(expr, inputs, plain)


class Loop:
    """The kernel of an elementwise operation: ``loop(*operands, out)``."""

    def __init__(self, expr: str, inputs: tuple[str, ...], plain: Callable[..., Any]) -> None:
        self.expr, self.inputs, self.plain = expr, inputs, plain
        words, operations = vocabulary(expr)
        several = operations > 1 or bool(words & _SLOW)
        self.smallest = SEVERAL if several else ONE
        self.exact = words <= _CHEAP.keys()  # the bits are NumPy's
        self.floats_only = bool(words & _OF_FLOATS) or not self.exact or "/" in expr
        called = [FUNCTIONS[word] for word in words - _CHEAP.keys()]
        self.nanoseconds = _NANOSECONDS * (len(inputs) + 1) + sum([f.nanoseconds for f in called])
        self.dtypes = "fdil" if not self.floats_only else "fd"
        self.dtypes = min([self.dtypes, *[f.dtypes for f in called]], key=len)
        self.plans: dict[Any, Any] = {}  # kinds and layouts of operands and output -> `_Plan`

    def __call__(self, *operands_and_out: Any) -> None:
        out = operands_and_out[-1]
        if self.exact and out.size < self.smallest:
            self.plain(*operands_and_out)
            return
        key = tuple(
            [
                (x.dtype.num, x.shape, x.strides) if type(x) is np.ndarray else type(x)
                for x in operands_and_out
            ]
        )
        try:
            plan = self.plans[key]
        except KeyError:
            if len(self.plans) > _PLANS:
                self.plans.clear()
            plan = self.plans[key] = _plan(self, operands_and_out[:-1], out)
        if plan is None:
            self.plain(*operands_and_out)
        elif isinstance(plan, _Plan) and not any([_clash(x, out) for x in operands_and_out[:-1]]):
            plan.run(operands_and_out)
        elif self.exact:
            self.plain(*operands_and_out)
        else:
            self._run_on_copies(operands_and_out[:-1], out)

    def _run_on_copies(self, operands: tuple[Any, ...], out: Array) -> None:
        """For functions that are not NumPy's, in layouts that no loop has."""
        copies = [
            np.array(np.broadcast_to(x, out.shape), order="C") if type(x) is np.ndarray else x
            for x in operands
        ]
        result = np.empty(out.shape, out.dtype)
        self(*copies, result)
        out[...] = result


class _Plan:
    """How a loop runs on operands of certain kinds and layouts."""

    def __init__(
        self, kernel: Kernel, dtype: np.dtype, ways: list[Any], count: int, nanoseconds: float
    ) -> None:
        self.kernel, self.ways, self.count, self.nanoseconds = kernel, ways, count, nanoseconds
        self.compiled = kernel.specialise(dtype)

    def run(self, operands_and_out: tuple[Any, ...]) -> None:
        arguments = [
            operands_and_out[i] if way is None else way(operands_and_out[i]) for i, way in self.ways
        ]
        if self.nanoseconds < _LAUNCH:
            self.compiled(*arguments, PIECE, 0, self.count)
        else:
            launch(self.kernel, self.count, *arguments, PIECE, nanoseconds=self.nanoseconds)


def _plan(loop: Loop, operands: tuple[Any, ...], out: Array) -> Any:
    """The plan for such operands; None to leave them to NumPy, "copies" where only the layout
    is in the way."""
    dtype = _compute_dtype(loop, operands, out)
    if dtype is None or not out.size:
        return None
    arrays = [i for i, x in enumerate(operands) if type(x) is np.ndarray]
    layouts = [(x.shape, x.strides, x.itemsize) for x in (out, *[operands[i] for i in arrays])]
    rows = _rows(layouts)
    if rows is None:
        return "copies"
    ways, is_vector, shape = rows
    way_of = dict(zip([len(operands), *arrays], ways, strict=True))
    letters = ["n"] * len(operands)
    for i, vector in zip(arrays, is_vector[1:], strict=True):
        letter = "v" if vector else "s"
        letters[i] = letter.upper() if operands[i].dtype.char == "?" else letter
    lead = next(i for i, letter in enumerate(letters) if letter in "vs")
    order = [lead, len(operands), *[i for i in range(len(operands)) if i != lead]]
    kernel = _loop(loop.expr, loop.inputs, "".join(letters), out.dtype.char == "?", dtype)
    count = shape[0] * shape[1] * -(-shape[2] // PIECE)
    nanoseconds = loop.nanoseconds * out.size + 5.0 * count
    return _Plan(kernel, dtype, [(i, way_of.get(i)) for i in order], count, nanoseconds)


def _compute_dtype(loop: Loop, operands: tuple[Any, ...], out: Array) -> np.dtype | None:
    """What to compute in; None where that is left to NumPy."""
    dtypes = {x.dtype for x in operands if type(x) is np.ndarray and x.dtype.char != "?"}
    if len(dtypes) != 1:
        return None
    (dtype,) = dtypes
    numbers = [x for x in operands if type(x) is not np.ndarray]
    if dtype.kind == "i":
        fits = all([type(x) is int for x in numbers])
    else:
        plain = (float, int, bool)
        fits = all([type(x) in plain or getattr(x, "dtype", None) == dtype for x in numbers])
    known = dtype.char in loop.dtypes and dtype.isnative and out.dtype.char in (dtype.char, "?")
    aligned = all([x.flags.aligned for x in (*operands, out) if type(x) is np.ndarray])
    return dtype if fits and known and aligned else None


def _clash(x: Any, out: Array) -> bool:
    """Whether writing `out` changes elements of `x` that are read later."""
    if type(x) is not np.ndarray or x is out or (x.base is None and out.base is None):
        return False
    if not np.may_share_memory(x, out):
        return False
    same = x.__array_interface__["data"] == out.__array_interface__["data"]
    return not (same and x.shape == out.shape and x.strides == out.strides)


def _rows(layouts: list[Any]) -> Any:
    """How to see arrays that broadcast to the first as three nested loops, the last contiguous.

    Gives for each array a function to that view of it, whether its last axis is a vector (or one
    number for the whole row), and the shape of the whole; None if there is no such view.
    """
    shape = layouts[0][0]
    ndim = len(shape)
    sizes = [(1,) * (ndim - len(own)) + own for own, _, _ in layouts]
    steps = []
    for own, strides, unit in layouts:
        spread = [0 if n == 1 else s / unit for n, s in zip(own, strides, strict=True)]
        steps.append([0.0] * (ndim - len(own)) + spread)
    axes = [axis for axis in range(ndim) if shape[axis] != 1]
    axes.sort(key=lambda axis: -abs(steps[0][axis]))
    groups: list[list[int]] = []
    for axis in axes:
        if groups and all([s[groups[-1][-1]] == s[axis] * shape[axis] for s in steps]):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    inner = [s[groups[-1][-1]] if groups else 1 for s in steps]
    if len(groups) > 3 or inner[0] != 1 or not set(inner) <= {0, 1}:
        return None
    groups = [[]] * (3 - len(groups)) + groups
    shapes = [tuple([math.prod([n[axis] for axis in group]) for group in groups]) for n in sizes]
    order = None
    if axes != sorted(axes):
        order = (*[axis for axis in range(ndim) if shape[axis] == 1], *axes)
    repeats = _repeats(shapes, inner)
    ways = [_way(n, order, s, repeats) for n, s in zip(sizes, shapes, strict=True)]
    rows, columns = shapes[0][1] // repeats, shapes[0][2] * repeats
    return ways, [step == 1 for step in inner], (shapes[0][0], rows, columns)


def _repeats(shapes: list[Shape], inner: list[float]) -> int:
    """How many short rows to take as one, for which what is broadcast along them is repeated."""
    _, rows, columns = shapes[0]
    if columns >= _SHORT or rows == 1 or 0 in inner:
        return 1
    divisor = rows & -rows  # the largest power of two in it
    return min(divisor, 1 << (_SHORT // columns).bit_length())


def _way(
    padded: Shape, order: tuple[int, ...] | None, shape: Shape, repeats: int
) -> Callable[[Array], Array]:
    """A function that gives an array three axes."""
    outer, rows, columns = shape
    if repeats > 1 and rows == 1:

        def repeated(x: Array) -> Array:
            many = np.empty((outer, 1, repeats, columns), x.dtype)
            many[...] = x.reshape(outer, 1, 1, columns)
            return many.reshape(outer, 1, repeats * columns)

        return repeated
    final = (outer, rows // repeats, columns * repeats)
    if order is None:
        return lambda x: x.reshape(final)
    return lambda x: x.reshape(padded).transpose(order).reshape(final)


# --- from an expression to a kernel -------------------------------------------------------------

_SOURCE = """
def {name}({parameters}, piece, first, last):
    n1, n2 = out.shape[1], out.shape[2]
    pieces = (n2 + piece - 1) // piece
    row, part = first // pieces, first % pieces
    i, j = row // n1, row % n1
    {numbers}
    for _ in range(first, last):
        low = part * piece
        high = min(low + piece, n2)
        out_p = address(out, i, j)
        {addresses}
{fill}
        part += 1
        if part == pieces:
            part = 0
            j += 1
            if j == n1:
                j = 0
                i += 1
"""

_FILL = """        for k in range(low, high):
            store(out_p, k, body({values}))"""
# Where an argument of sin or cos is too large for them, libm serves, which bars vectors.
_FILL_ANYWHERE = """        far = 0
        for k in range(low, high):
            far |= is_far({values})
        if far:
            for k in range(low, high):
                store(out_p, k, anywhere({values}))
        else:
            for k in range(low, high):
                store(out_p, k, body({values}))"""


@functools.cache
def _loop(
    expr: str, inputs: tuple[str, ...], letters: str, is_bool: bool, dtype: np.dtype
) -> Kernel:
    """The kernel of `expr`; a letter for each operand: v a vector, s one number a row, V and S the
    same of conditions, n a number. The first vector leads, as its dtype is the kernel's."""
    lead = next(i for i, letter in enumerate(letters) if letter in "vs")
    names = [f"in{i}" for i in range(len(inputs))]
    parameters = [names[lead], "out", *[x for x in names if x != names[lead]]]
    types = {"V": "const(boolean[:, :, :])", "S": "const(boolean[:, :, :])"}
    types["v"] = types["s"] = "const(T[:, :, :])"
    types["n"] = "float64" if dtype.kind == "f" else "int64"
    signature = [types[letters[lead]], "boolean[:, :, :]" if is_bool else "T[:, :, :]"]
    signature += [types[x] for i, x in enumerate(letters) if i != lead] + ["int64"] * 3
    operands = list(zip(names, letters, strict=True))
    numbers = [f"{x}_ = T({x})" for x, letter in operands if letter == "n"]
    addresses = [f"{x}_p = address({x}, i, j)" for x, letter in operands if letter != "n"]
    loads = [f"{x}_ = load({x}_p, 0)" for x, letter in operands if letter in "sS"]
    values = [f"load({x}_p, k)" if letter in "vV" else f"{x}_" for x, letter in operands]
    turns = any([FUNCTIONS[word].anywhere for word in vocabulary(expr)[0] & FUNCTIONS.keys()])
    key = repr((expr, inputs, letters, is_bool))
    name = f"elementwise_{hashlib.sha256(key.encode()).hexdigest()[:16]}"  # the disk cache's key
    source = _SOURCE.format(
        name=name, parameters=", ".join(parameters), numbers="\n    ".join(numbers or ["pass"]),
        addresses="\n        ".join(addresses + loads),
        fill=(_FILL_ANYWHERE if turns else _FILL).format(values=", ".join(values)),
    )  # fmt: skip
    scope: dict[str, Any] = {
        "address": scalar.address, "load": scalar.load, "store": scalar.store,
        "T": Helper(lambda dtype: dtype.type), "__name__": __name__,
        **_bodies(expr, inputs, lead, "boolean" if is_bool else lead),
    }  # fmt: skip
    exec(compile(source, f"<loop {expr}>", "exec"), scope)
    return Kernel(scope[name], ", ".join(signature), frozenset())


def _bodies(expr: str, inputs: tuple[str, ...], lead: int, result: str | int) -> dict[str, Any]:
    """What kernels call an element: `body`, its value; `is_far`, whether that is not right; and
    `anywhere`, a value that always is."""
    words = _CHEAP | {name: f.scalar for name, f in FUNCTIONS.items()}
    value_of = traced(expr, words)
    turning = {name: f for name, f in FUNCTIONS.items() if f.anywhere}

    def body(*operands: Value, **others: Any) -> Value:
        def select(condition: Value, x: Any, y: Any) -> Value:  # x and y may both be numbers
            x = x if isinstance(y, Value) else operands[lead].like(x)
            return scalar.select(condition, x, y)

        return value_of(select=select, **others, **dict(zip(inputs, operands, strict=True)))

    def anywhere(*operands: Value) -> Value:
        return body(*operands, **{name: f.anywhere for name, f in turning.items()})

    def is_far(*operands: Value) -> Value:
        seen: list[Value] = []

        def noting(function: Any) -> Any:
            def noted(x: Value) -> Value:
                seen.append(functions.is_far(x))
                return function(x)

            return noted

        body(*operands, **{name: noting(f.scalar) for name, f in turning.items()})
        return functools.reduce(lambda a, b: a | b, seen).cast("zext", "i32")

    count = len(inputs)
    return {
        "body": scalar.callable_by_kernels(body, count, result),
        "anywhere": scalar.callable_by_kernels(anywhere, count, result),
        "is_far": scalar.callable_by_kernels(is_far, count, "int32"),
    }
