"""Scalar code for kernels, written by calling it: `Value` records what is done to a number as LLVM
instructions, which LLVM then vectorises in the kernel's loop.

Each instruction rounds once and `fma` is the only fused one, so a value has the same bits in a
vector, in the rest of a row that fills none, and in NumPy's pass for each operation.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .jit import Helper, target

Number: TypeAlias = Any  # a Value, or a Python number of the type of what it meets


class Value:
    """A number of a kernel at run time: ``float``, ``double``, ``i1`` (a condition), ``i32``..."""

    __slots__ = ("builder", "ir")

    def __init__(self, builder: Any, ir: Any) -> None:
        self.builder, self.ir = builder, ir

    @property
    def type(self) -> str:
        return str(self.ir.type)

    @property
    def is_float(self) -> bool:
        return self.type in ("float", "double")

    @property
    def bits(self) -> int:
        """How many bits it has."""
        return {"float": 32, "double": 64}.get(self.type) or int(self.type[1:])

    def like(self, x: Number) -> Value:
        """`x` as a number of this one's type."""
        if isinstance(x, Value):
            return x
        return Value(self.builder, self.ir.type(float(x) if self.is_float else int(x)))

    def _do(self, floats: str, ints: str, other: Number) -> Value:
        name = floats if self.is_float else ints
        return Value(self.builder, getattr(self.builder, name)(self.ir, self.like(other).ir))

    def __add__(self, x: Number) -> Value:
        return self._do("fadd", "add", x)

    def __sub__(self, x: Number) -> Value:
        return self._do("fsub", "sub", x)

    def __mul__(self, x: Number) -> Value:
        return self._do("fmul", "mul", x)

    def __truediv__(self, x: Number) -> Value:
        return self._do("fdiv", "", x)

    def __radd__(self, x: Number) -> Value:
        return self.like(x) + self

    def __rsub__(self, x: Number) -> Value:
        return self.like(x) - self

    def __rmul__(self, x: Number) -> Value:
        return self.like(x) * self

    def __rtruediv__(self, x: Number) -> Value:
        return self.like(x) / self

    def __and__(self, x: Number) -> Value:
        return self._do("", "and_", x)

    def __or__(self, x: Number) -> Value:
        return self._do("", "or_", x)

    def __xor__(self, x: Number) -> Value:
        return self._do("", "xor", x)

    def __lshift__(self, x: Number) -> Value:
        return self._do("", "shl", x)

    def __rshift__(self, x: Number) -> Value:
        return self._do("", "ashr", x)

    def __neg__(self) -> Value:
        ir = self.builder.fneg(self.ir) if self.is_float else self.builder.neg(self.ir)
        return Value(self.builder, ir)

    def __invert__(self) -> Value:
        return Value(self.builder, self.builder.not_(self.ir))

    def _compare(self, sign: str, x: Number) -> Value:
        if not self.is_float:
            return Value(self.builder, self.builder.icmp_signed(sign, self.ir, self.like(x).ir))
        build = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
        return Value(self.builder, build(sign, self.ir, self.like(x).ir))

    def __lt__(self, x: Number) -> Value:
        return self._compare("<", x)

    def __le__(self, x: Number) -> Value:
        return self._compare("<=", x)

    def __gt__(self, x: Number) -> Value:
        return self._compare(">", x)

    def __ge__(self, x: Number) -> Value:
        return self._compare(">=", x)

    def __eq__(self, x: Number) -> Value:  # type: ignore[override]
        return self._compare("==", x)

    def __ne__(self, x: Number) -> Value:  # type: ignore[override]
        return self._compare("!=", x)

    __hash__ = None  # type: ignore[assignment]

    def call(self, name: str, *others: Number) -> Value:
        """LLVM's function ``llvm.<name>`` of this number and others of its type."""
        kind, values = self.ir.type, [self.ir, *[self.like(x).ir for x in others]]
        function = _ir().FunctionType(kind, [kind] * len(values))
        suffix = f"f{self.bits}" if self.is_float else self.type
        declared = _cgutils().get_or_insert_function(
            self.builder.module, function, f"llvm.{name}.{suffix}"
        )
        return Value(self.builder, self.builder.call(declared, values))

    def cast(self, operation: str, kind: str) -> Value:
        """This number converted by one of LLVM's conversions."""
        ir = _ir()
        kinds = {"float": ir.FloatType(), "double": ir.DoubleType()}
        to = kinds.get(kind) or ir.IntType(int(kind[1:]))
        return Value(self.builder, getattr(self.builder, operation)(self.ir, to))


def select(condition: Value, x: Number, y: Number) -> Value:
    """`x` where the condition holds, else `y`; both are computed. One must be a `Value`."""
    x, y = (x, x.like(y)) if isinstance(x, Value) else (y.like(x), y)
    return Value(x.builder, x.builder.select(condition.ir, x.ir, y.ir))


def fma(x: Number, y: Number, z: Number) -> Value:
    """x y + z, rounded once where the machine can. Elsewhere LLVM would call libm, slowly."""
    model = next(v for v in (x, y, z) if isinstance(v, Value))
    x, y, z = map(model.like, (x, y, z))
    return x.call("fma", y, z) if has_fma() else x * y + z


@functools.cache
def has_fma() -> bool:
    """Whether the CPU multiplies and adds in one rounding."""
    triple, _, features = target()
    return "+fma" in features.split(",") or triple.startswith(("aarch64", "arm64"))


def polynomial(x: Value, *coefficients: float) -> Value:
    """The polynomial of these coefficients, that of the highest power first."""
    total: Any = x.like(coefficients[0])
    for c in coefficients[1:]:
        total = fma(total, x, c)
    return total


def rint(x: Value) -> Value:
    """The nearest integer, of two the even one."""
    return x.call("rint")


def floor(x: Value) -> Value:
    return x.call("floor")


def absolute(x: Value) -> Value:
    return x.call("fabs") if x.is_float else select(x < 0, -x, x)


def sqrt(x: Value) -> Value:
    return x.call("sqrt")


def copysign(x: Value, y: Number) -> Value:
    """`x` with the sign of `y`."""
    return x.call("copysign", y)


def maximum(x: Value, y: Number) -> Value:
    """The larger, or NaN if one is; of 0 and -0 the second."""
    return select((x > y) | (x != x), x, y) if x.is_float else select(x > y, x, y)


def minimum(x: Value, y: Number) -> Value:
    """The smaller, or NaN if one is; of 0 and -0 the second."""
    return select((x < y) | (x != x), x, y) if x.is_float else select(x < y, x, y)


def as_bits(x: Value) -> Value:
    """The bits of a float as an integer."""
    return x.cast("bitcast", f"i{x.bits}")


def from_bits(k: Value) -> Value:
    """The float of these bits."""
    return k.cast("bitcast", "float" if k.bits == 32 else "double")


def wide(x: Value) -> Value:
    """In float64."""
    return x if x.bits == 64 else x.cast("fpext", "double")


def narrow(x: Value, like: Value) -> Value:
    """Rounded to the type of `like`."""
    return x if like.bits == 64 else x.cast("fptrunc", "float")


def to_int(x: Value) -> Value:
    """The integer part, in as many bits. What does not fit is undefined."""
    return x.cast("fptosi", f"i{x.bits}")


def to_float(k: Value) -> Value:
    return k.cast("sitofp", "float" if k.bits == 32 else "double")


# --- for kernels --------------------------------------------------------------------------------


def callable_by_kernels(function: Callable[..., Value], arity: int, result: str | int = 0) -> Any:
    """`function` of Values as a function that kernels call.

    `result` is the result's type in Numba, or the argument that has the same type.
    """
    names = ", ".join("abcdefghijkl"[:arity])

    def build(_dtype: Any) -> Any:
        numba = importlib.import_module("numba")

        def typed(types: tuple[Any, ...]) -> Any:
            def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
                return function(*[Value(builder, x) for x in args]).ir

            given = [numba.types.unliteral(t) for t in types]
            kind = given[result] if isinstance(result, int) else getattr(numba.types, result)
            return kind(*given), emit

        typing = eval(f"lambda context, {names}: typed(({names},))", {"typed": typed})
        typing.__name__ = getattr(function, "__name__", "function")
        return numba.extending.intrinsic(typing)

    return Helper(build)


def _address(_dtype: np.dtype) -> Any:
    """address(array, i, j): a pointer to ``array[i, j, 0]``; an axis of size one is broadcast."""
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        i64 = _ir().IntType(64)
        place = builder.ptrtoint(array.data, i64)
        strides = _cgutils().unpack_tuple(builder, array.strides)
        sizes = _cgutils().unpack_tuple(builder, array.shape)
        for index, stride, size in zip(args[1:], strides, sizes, strict=False):
            step = builder.select(builder.icmp_signed("==", size, i64(1)), i64(0), stride)
            place = builder.add(place, builder.mul(index, step))
        return builder.inttoptr(place, array.data.type)

    @numba.extending.intrinsic
    def address(_context, array, i, j):  # type: ignore[no-untyped-def]
        return numba.types.CPointer(array.dtype)(array, numba.int64, numba.int64), emit

    return address


def _scope(module: Any) -> Any:
    """The mark of what is written; reads that name it are known to be of other elements.

    Each turn of a loop reads and writes its own element alone, so this holds of vectors of turns
    though an input be the output. Without it LLVM compares addresses at each row.
    """
    domain = module.add_metadata(["minigrad"])
    return module.add_metadata([module.add_metadata(["output", domain])])


def _load(_dtype: np.dtype) -> Any:
    """load(pointer, k): element k."""
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
        value.set_metadata("noalias", _scope(builder.module))
        return context.data_model_manager[signature.return_type].from_data(builder, value)

    @numba.extending.intrinsic
    def load(_context, pointer, k):  # type: ignore[no-untyped-def]
        return pointer.dtype(pointer, numba.int64), emit

    return load


def _store(_dtype: np.dtype) -> Any:
    """store(pointer, k, value)."""
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = context.data_model_manager[signature.args[2]].as_data(builder, args[2])
        stored = builder.store(value, builder.gep(args[0], [args[1]], inbounds=True))
        stored.set_metadata("alias.scope", _scope(builder.module))
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def store(_context, pointer, k, value):  # type: ignore[no-untyped-def]
        return numba.types.void(pointer, numba.int64, pointer.dtype), emit

    return store


address, load, store = Helper(_address), Helper(_load), Helper(_store)


def _ir() -> Any:
    return importlib.import_module("llvmlite.ir")


def _cgutils() -> Any:
    return importlib.import_module("numba.core.cgutils")
