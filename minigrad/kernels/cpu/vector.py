"""Vectors as values in kernels, where a loop is not one that LLVM vectorises by itself.

A vector V holds `lanes` numbers of the kernel's dtype, a vector P as many int32, a mask M as many
bools. Addresses are int64, of bytes. Lanes outside the mask of a load or store are not touched.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .jit import Helper
from .tile import _Emitter, vector_bytes


class _Kinds:
    """The types of vectors of one dtype: Numba's, with their form in LLVM."""

    def __init__(self, dtype: np.dtype) -> None:
        self.ir = importlib.import_module("llvmlite.ir")
        self.numba = importlib.import_module("numba")
        self.dtype = dtype
        self.lanes = vector_bytes() // dtype.itemsize
        i32, i1 = self.ir.IntType(32), self.ir.IntType(1)
        number = self.ir.FloatType() if dtype.itemsize == 4 else self.ir.DoubleType()
        self.by_letter = {
            "a": self.numba.types.int64,
            "T": self.numba.from_dtype(dtype),
            "V": self._vector("V", number),
            "P": self._vector("P", i32),
            "M": self._vector("M", i1),
            "-": self.numba.types.void,
        }

    def _vector(self, letter: str, element: Any) -> Any:
        form = self.ir.VectorType(element, self.lanes)
        models = importlib.import_module("numba.core.datamodel.models")

        class Model(models.PrimitiveModel):  # type: ignore[name-defined]
            def __init__(self, manager: Any, kind: Any) -> None:
                super().__init__(manager, kind, form)

        cls = type(letter, (self.numba.types.Type,), {})
        self.numba.extending.register_model(cls)(Model)
        kind = cls(name=f"{letter}({self.lanes} of {self.dtype})")
        kind.form = form
        return kind

    def splat(self, builder: Any, scalar: Any) -> Any:
        """A vector full of `scalar`."""
        nothing = self.ir.Constant(self.ir.VectorType(scalar.type, self.lanes), self.ir.Undefined)
        one = builder.insert_element(nothing, scalar, self.ir.IntType(32)(0))
        everywhere = self.ir.VectorType(self.ir.IntType(32), self.lanes)([0] * self.lanes)
        return builder.shuffle_vector(one, nothing, everywhere)

    def call(self, builder: Any, name: str, result: Any, args: list[Any]) -> Any:
        """A call of LLVM's function `name`."""
        insert = importlib.import_module("numba.core.cgutils").get_or_insert_function
        kind = self.ir.FunctionType(result, [arg.type for arg in args])
        return builder.call(insert(builder.module, kind, name), args)

    def masked(self, builder: Any, verb: str, form: Any, args: list[Any]) -> Any:
        """LLVM's masked load or store of a vector of this form."""
        bits = 32 if isinstance(form.element, self.ir.IntType) else 8 * self.dtype.itemsize
        letter = "i" if isinstance(form.element, self.ir.IntType) else "f"
        name = f"llvm.masked.{verb}.v{self.lanes}{letter}{bits}.p0"
        return self.call(builder, name, form if verb == "load" else self.ir.VoidType(), args)


_kinds = functools.cache(_Kinds)


def _intrinsic(inputs: str, output: str, emit: Callable[..., Any]) -> Any:
    """What kernels call: takes the types named by letter; ``emit(kinds, builder, *args)``."""

    def build(dtype: np.dtype) -> Any:
        kinds = _kinds(dtype)
        types = [kinds.by_letter[letter] for letter in inputs]
        signature = kinds.by_letter[output](*types)

        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            result = emit(kinds, builder, *args)
            return context.get_dummy_value() if output == "-" else result

        numbered = _OF_COUNT[len(inputs)](signature, generate)
        return kinds.numba.extending.intrinsic(numbered)

    return Helper(build)


# Numba reads how many arguments there are from a function's parameters.
_OF_COUNT: dict[int, Callable[..., Any]] = {
    1: lambda signature, emit: lambda _context, a: (signature, emit),
    2: lambda signature, emit: lambda _context, a, b: (signature, emit),
    3: lambda signature, emit: lambda _context, a, b, c: (signature, emit),
}


def _first(kinds: _Kinds, builder: Any, count: Any) -> Any:
    i32 = kinds.ir.IntType(32)
    numbers = kinds.ir.VectorType(i32, kinds.lanes)(list(range(kinds.lanes)))
    top = kinds.ir.IntType(64)(kinds.lanes)
    some = builder.select(builder.icmp_signed("<", count, top), count, top)
    return builder.icmp_signed("<", numbers, kinds.splat(builder, builder.trunc(some, i32)))


def _load(letter: str) -> Callable[..., Any]:
    def emit(kinds: _Kinds, builder: Any, address: Any, mask: Any) -> Any:
        form = kinds.by_letter[letter].form
        pointer = builder.inttoptr(address, form.as_pointer())
        align = kinds.ir.IntType(32)(4 if letter == "P" else kinds.dtype.itemsize)
        return kinds.masked(builder, "load", form, [pointer, align, mask, form(None)])

    return emit


def _store(kinds: _Kinds, builder: Any, address: Any, value: Any, mask: Any) -> None:
    pointer = builder.inttoptr(address, value.type.as_pointer())
    integers = isinstance(value.type.element, kinds.ir.IntType)
    align = kinds.ir.IntType(32)(4 if integers else kinds.dtype.itemsize)
    kinds.masked(builder, "store", value.type, [value, pointer, align, mask])


def _wins(kinds: _Kinds, builder: Any, value: Any, best: Any) -> Any:
    larger = builder.fcmp_ordered(">", value, best)
    return builder.or_(larger, builder.fcmp_unordered("uno", value, value))


def _int32(kinds: _Kinds, builder: Any, number: Any) -> Any:
    return kinds.splat(builder, builder.trunc(number, kinds.ir.IntType(32)))


def _same(kinds: _Kinds, builder: Any, places: Any, number: Any) -> Any:
    return builder.icmp_signed("==", places, _int32(kinds, builder, number))


lanes: Any = Helper(lambda dtype: vector_bytes() // dtype.itemsize)
# The mask of the first `count` lanes; all of them, if there are no more.
first_lanes = _intrinsic("a", "M", _first)
load = _intrinsic("aM", "V", _load("V"))
load_places = _intrinsic("aM", "P", _load("P"))
store = _intrinsic("aVM", "-", _store)
store_places = _intrinsic("aPM", "-", _store)
splat = _intrinsic("T", "V", _Kinds.splat)
splat_place = _intrinsic("a", "P", _int32)
add = _intrinsic("VV", "V", lambda kinds, builder, x, y: builder.fadd(x, y))
divide = _intrinsic("VV", "V", lambda kinds, builder, x, y: builder.fdiv(x, y))
multiply_add = _intrinsic(
    "VVV", "V", lambda kinds, builder, *xyz: _Emitter(builder, kinds.dtype).multiply_add(*xyz)
)
# Where a value is larger than the best before it, or NaN.
wins = _intrinsic("VV", "M", _wins)
choose = _intrinsic("MVV", "V", lambda kinds, builder, *args: builder.select(*args))
choose_place = _intrinsic("MPP", "P", lambda kinds, builder, *args: builder.select(*args))
is_place = _intrinsic("Pa", "M", _same)
