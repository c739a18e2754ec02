"""The register tile: the small matrix product that products and convolutions are loops around.

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
    a, a_row, a_b, a_k, b, b_b, b_k, c, c_row, d, d_row, count_b, count_k = args
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
    adding = builder.icmp_signed("!=", d, i64(0))
    with builder.if_else(adding) as (then, otherwise):
        for branch, added in ((then, True), (otherwise, False)):
            with branch:
                for i, j in cells:
                    row, column = i64(i), i64(j * emit.lanes)
                    total = builder.load(totals[i, j])
                    if added:
                        old = emit.load(d, builder.mul(d_row, row), column)
                        total = builder.fadd(total, old)
                    emit.store(total, c, builder.mul(c_row, row), column)


def _intrinsic(rows: int, dtype: np.dtype) -> Any:
    """A Numba function for ``C[i, :] = D[i, :] + sum over b, k of A[i, b, k] * B[b, k, :]``.

    Arguments: the address of A and its strides (i, b, k), the address of B and its strides
    (b, k), the addresses of C and D and their strides (i), the counts of b and of k. D may be C,
    a bias (its stride 0), or left out (its address 0). Strides count elements; i has `rows`
    values, ``:`` has `panel` neighbours.
    """
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _emit(builder, args, rows, dtype)
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def tile(_context, a, a_i, a_b, a_k, b, b_b, b_k, c, c_i, d, d_i, count_b, count_k):  # type: ignore[no-untyped-def]
        return numba.types.void(*[numba.types.int64] * 13), emit

    return tile


def _tile_of(rows: int) -> Any:
    return Helper(lambda dtype: _intrinsic(rows, dtype))


tile1, tile2, tile3, tile4, tile5, tile6 = map(_tile_of, range(1, ROWS + 1))


@helper
def tile_sum(rows: int, *args: int) -> None:
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
def tile(
    rows: int, a: int, a_i: int, a_b: int, a_k: int, b: int, b_b: int, b_k: int, c: int, c_i: int,
    count_b: int, count_k: int, add: int,
) -> None:  # fmt: skip
    """`tile_sum` into C, or (`add`) onto it."""
    d = c if add else 0
    tile_sum(rows, a, a_i, a_b, a_k, b, b_b, b_k, c, c_i, d, c_i, count_b, count_k)


@helper
def spread(count: int) -> int:
    """Rows a tile to cover `count` evenly: 11 is 6 + 5, not 6 + 4 + 1."""
    tiles = (count + 5) // 6
    return (count + tiles - 1) // tiles


# --- packing ------------------------------------------------------------------------------------


def _copying(dtype: np.dtype) -> Any:
    """``C[k, :] = B[k, :]`` for `count` rows of a panel; arguments: c, c_k, b, b_k, count."""
    numba = importlib.import_module("numba")
    cgutils = importlib.import_module("numba.core.cgutils")

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        c, c_k, b, b_k, count = args
        emit = _Emitter(builder, dtype)
        with cgutils.for_range(builder, count) as over:
            for j in range(2):
                column = emit.ir.IntType(64)(j * emit.lanes)
                value = emit.load(b, builder.mul(over.index, b_k), column)
                emit.store(value, c, builder.mul(over.index, c_k), column)
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def copy(_context, c, c_k, b, b_k, count):  # type: ignore[no-untyped-def]
        return numba.types.void(*[numba.types.int64] * 5), emit

    return copy


def _transposing(dtype: np.dtype) -> Any:
    """``C[k, j] = B[j, k]``, a square as wide as a vector; arguments: c, c_k, b, b_j."""
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        c, c_k, b, b_j = args
        emit = _Emitter(builder, dtype)
        i32, i64 = emit.ir.IntType(32), emit.ir.IntType(64)
        lanes = emit.lanes
        rows = [emit.load(b, builder.mul(b_j, i64(j))) for j in range(lanes)]
        # Interleaving row i with row i + lanes/2, log2(lanes) times, is a transposition.
        low = [i32(lane // 2 + lanes * (lane % 2)) for lane in range(lanes)]
        high = [i32(lanes // 2 + lane // 2 + lanes * (lane % 2)) for lane in range(lanes)]
        masks = [emit.ir.Constant(emit.ir.VectorType(i32, lanes), m) for m in (low, high)]
        for _ in range(lanes.bit_length() - 1):
            pairs = zip(rows[: lanes // 2], rows[lanes // 2 :], strict=True)
            rows = [builder.shuffle_vector(x, y, mask) for x, y in pairs for mask in masks]
        for k, row in enumerate(rows):
            emit.store(row, c, builder.mul(c_k, i64(k)))
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def transpose(_context, c, c_k, b, b_j):  # type: ignore[no-untyped-def]
        return numba.types.void(*[numba.types.int64] * 4), emit

    return transpose


copy_rows, transpose_square = Helper(_copying), Helper(_transposing)


@helper
def pack(out: Any, b: Any) -> None:
    """out (K, P), a panel, from b (K, up to P columns); zeros in spare columns."""
    K, columns = b.shape
    P = out.shape[1]
    lanes = P // 2
    size = out.itemsize
    b_k, b_j = b.strides[0] // size, b.strides[1] // size
    target, source = out.ctypes.data, b.ctypes.data
    if columns < P:
        out[:K] = 0
    if b_j == 1 and columns == P:
        copy_rows(target, P, source, b_k, K)
        return
    squares_k, squares_j = 0, 0
    if b_k == 1:
        squares_k, squares_j = K // lanes * lanes, columns // lanes * lanes
        for k in range(0, squares_k, lanes):
            for j in range(0, squares_j, lanes):
                transpose_square(target + size * (k * P + j), P, source + size * (k + j * b_j), b_j)
    for k in range(K):
        for j in range(squares_j if k < squares_k else 0, columns):
            out[k, j] = b[k, j]
