"""The register tile: the small matrix product that convolutions are loops around.

After Georganas et al., "High-Performance Deep Learning via a Single Building Block" (2019).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .jit import Helper, helper, target

ROWS = 6  # of the tile: 6 rows of 2 vectors keep 12 of AVX2's 16 registers busy


def vector_bytes() -> int:
    """Width of the vectors to compute with, by the features of the CPU."""
    features = target()[2].split(",")
    return 64 if "+avx512f" in features else 32 if "+avx" in features else 16


def panel(dtype: np.dtype) -> int:
    """Columns of the tile: two vectors."""
    return 2 * vector_bytes() // dtype.itemsize


class _Emitter:
    """Writes LLVM instructions on vectors of one dtype. Offsets count elements."""

    def __init__(self, builder: Any, dtype: np.dtype) -> None:
        self.ir = importlib.import_module("llvmlite.ir")
        self.insert = importlib.import_module("numba.core.cgutils").get_or_insert_function
        self.builder = builder
        self.itemsize = dtype.itemsize
        self.lanes = vector_bytes() // dtype.itemsize
        self.element = self.ir.FloatType() if dtype.itemsize == 4 else self.ir.DoubleType()
        self.vector = self.ir.VectorType(self.element, self.lanes)

    def address(self, base: Any, *offsets: Any) -> Any:
        for offset in offsets:
            scaled = self.builder.mul(offset, self.ir.IntType(64)(self.itemsize))
            base = self.builder.add(base, scaled)
        return base

    def load(self, base: Any, *offsets: Any) -> Any:
        pointer = self._pointer(self.vector, base, *offsets)
        return self.builder.load(pointer, align=self.itemsize)

    def store(self, value: Any, base: Any, *offsets: Any) -> None:
        pointer = self._pointer(self.vector, base, *offsets)
        self.builder.store(value, pointer, align=self.itemsize)

    def broadcast(self, base: Any, *offsets: Any) -> Any:
        """A vector full of the element that is there."""
        scalar = self.builder.load(self._pointer(self.element, base, *offsets))
        undefined = self.ir.Constant(self.vector, self.ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, self.ir.IntType(32)(0))
        everywhere = self.ir.VectorType(self.ir.IntType(32), self.lanes)([0] * self.lanes)
        return self.builder.shuffle_vector(one, undefined, everywhere)

    def multiply_add(self, x: Any, y: Any, total: Any) -> Any:
        triple, _, features = target()
        if "+fma" in features.split(",") or triple.startswith(("aarch64", "arm64")):
            kind = self.ir.FunctionType(self.vector, [self.vector] * 3)
            name = f"llvm.fma.v{self.lanes}f{8 * self.itemsize}"
            return self.builder.call(self.insert(self.builder.module, kind, name), [x, y, total])
        # Without the instruction, fma is a call to libm, a hundred times slower.
        return self.builder.fadd(self.builder.fmul(x, y), total)

    def _pointer(self, kind: Any, base: Any, *offsets: Any) -> Any:
        return self.builder.inttoptr(self.address(base, *offsets), kind.as_pointer())


def _emit(builder: Any, args: Any, rows: int, dtype: np.dtype) -> None:
    """The tile's instructions: `rows` rows of two vectors stay in registers until the end."""
    a, a_row, a_b, a_k, b, b_b, b_k, c, c_row, count_b, count_k, add = args
    cgutils = importlib.import_module("numba.core.cgutils")
    emit = _Emitter(builder, dtype)
    i64 = emit.ir.IntType(64)
    cells = [(i, j) for i in range(rows) for j in range(2)]
    # LLVM turns these variables into registers.
    totals = {cell: cgutils.alloca_once(builder, emit.vector) for cell in cells}
    for total in totals.values():
        builder.store(emit.ir.Constant(emit.vector, None), total)
    with (
        cgutils.for_range(builder, count_b) as over_b,
        cgutils.for_range(builder, count_k) as over_k,
    ):
        left = emit.address(a, builder.mul(over_b.index, a_b), builder.mul(over_k.index, a_k))
        right = emit.address(b, builder.mul(over_b.index, b_b), builder.mul(over_k.index, b_k))
        vectors = [emit.load(right, i64(j * emit.lanes)) for j in range(2)]
        for i in range(rows):
            scalar = emit.broadcast(left, builder.mul(a_row, i64(i)))
            for j in range(2):
                total = builder.load(totals[i, j])
                builder.store(emit.multiply_add(scalar, vectors[j], total), totals[i, j])
    adding = builder.icmp_signed("!=", add, i64(0))
    with builder.if_else(adding) as (then, otherwise):
        for branch, old in ((then, True), (otherwise, False)):
            with branch:
                for i, j in cells:
                    place = emit.address(c, builder.mul(c_row, i64(i)), i64(j * emit.lanes))
                    total = builder.load(totals[i, j])
                    emit.store(builder.fadd(total, emit.load(place)) if old else total, place)


def _intrinsic(rows: int, dtype: np.dtype) -> Any:
    """A Numba function for ``C[i, :] (+)= sum over b, k of A[i, b, k] * B[b, k, :]``.

    Arguments: the address of A and its strides (i, b, k), the address of B and its strides
    (b, k), the address of C and its stride (i), the counts of b and of k, and whether to add to C.
    Strides count elements; i has `rows` values, ``:`` has `panel` neighbours.
    """
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _emit(builder, args, rows, dtype)
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def tile(_context, a, a_i, a_b, a_k, b, b_b, b_k, c, c_i, count_b, count_k, add):  # type: ignore[no-untyped-def]
        return numba.types.void(*[numba.types.int64] * 12), emit

    return tile


def _tile_of(rows: int) -> Any:
    return Helper(lambda dtype: _intrinsic(rows, dtype))


tile1, tile2, tile3, tile4, tile5, tile6 = map(_tile_of, range(1, ROWS + 1))


@helper
def tile(rows: int, *args: int) -> None:
    """The tile of 1 to 6 rows; `_intrinsic` lists the arguments."""
    if rows == 6:
        tile6(*args)
    elif rows == 5:
        tile5(*args)
    elif rows == 4:
        tile4(*args)
    elif rows == 3:
        tile3(*args)
    elif rows == 2:
        tile2(*args)
    else:
        tile1(*args)


@helper
def spread(count: int) -> int:
    """Rows a tile to cover `count` evenly: 11 is 6 + 5, not 6 + 4 + 1."""
    tiles = (count + 5) // 6
    return (count + tiles - 1) // tiles
