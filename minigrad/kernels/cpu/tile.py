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
        pointer = self.pointer(self.vector, base, *offsets)
        return self.builder.load(pointer, align=self.itemsize)

    def store(self, value: Any, base: Any, *offsets: Any) -> None:
        pointer = self.pointer(self.vector, base, *offsets)
        self.builder.store(value, pointer, align=self.itemsize)

    def broadcast(self, base: Any, *offsets: Any) -> Any:
        """A vector full of the element that is there."""
        scalar = self.builder.load(self.pointer(self.element, base, *offsets))
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

    def pointer(self, kind: Any, base: Any, *offsets: Any) -> Any:
        return self.builder.inttoptr(self.address(base, *offsets), kind.as_pointer())


def _emit(builder: Any, args: Any, rows: int, width: int, dtype: np.dtype) -> None:
    """The tile's instructions: `rows` rows of `width` vectors stay in registers until the end."""
    a, a_row, a_b, a_k, b, b_b, b_k, c, c_row, d, d_row, count_b, count_k = args
    cgutils = importlib.import_module("numba.core.cgutils")
    emit = _Emitter(builder, dtype)
    i64 = emit.ir.IntType(64)
    cells = [(i, j) for i in range(rows) for j in range(width)]
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
        vectors = [emit.load(right, i64(j * emit.lanes)) for j in range(width)]
        for i in range(rows):
            scalar = emit.broadcast(left, builder.mul(a_row, i64(i)))
            for j in range(width):
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


def _intrinsic(rows: int, width: int, dtype: np.dtype) -> Any:
    """A Numba function for ``C[i, :] = D[i, :] + sum over b, k of A[i, b, k] * B[b, k, :]``.

    Arguments: the address of A and its strides (i, b, k), the address of B and its strides
    (b, k), the addresses of C and D and their strides (i), the counts of b and of k. D may be C,
    a bias (its stride 0), or left out (its address 0). Strides count elements; i has `rows`
    values, ``:`` is `width` vectors.
    """
    numba = importlib.import_module("numba")

    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        _emit(builder, args, rows, width, dtype)
        return context.get_dummy_value()

    @numba.extending.intrinsic
    def tile(_context, a, a_i, a_b, a_k, b, b_b, b_k, c, c_i, d, d_i, count_b, count_k):  # type: ignore[no-untyped-def]
        return numba.types.void(*[numba.types.int64] * 13), emit

    return tile


def _tile_of(rows: int, width: int = 2) -> Any:
    return Helper(lambda dtype: _intrinsic(rows, width, dtype))


tile1, tile2, tile3, tile4, tile5, tile6 = map(_tile_of, range(1, ROWS + 1))
# One row of four panels: B is read in longer runs, and there are sums enough to wait for none.
tile_row = _tile_of(1, 8)


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


def _instructions(arguments: int, emit: Any) -> Any:
    """A helper of so many integers; ``emit(emitter, *arguments)`` writes its instructions."""

    def build(dtype: np.dtype) -> Any:
        numba = importlib.import_module("numba")
        signature = numba.types.void(*[numba.types.int64] * arguments)

        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            emit(_Emitter(builder, dtype), *args)
            return context.get_dummy_value()

        names = ", ".join([f"a{i}" for i in range(arguments)])
        scope: dict[str, Any] = {"signature": signature, "generate": generate}
        exec(f"def intrinsic(_context, {names}): return signature, generate", scope)
        return numba.extending.intrinsic(scope["intrinsic"])

    return Helper(build)


def _add_elements(emit: _Emitter, c: Any, b: Any, d: Any) -> None:
    builder = emit.builder
    pointers = [emit.pointer(emit.element, x) for x in (c, b, d)]
    value = builder.load(pointers[1])
    with builder.if_else(builder.icmp_signed("!=", d, emit.ir.IntType(64)(0))) as (then, otherwise):
        with then:
            builder.store(builder.fadd(value, builder.load(pointers[2])), pointers[0])
        with otherwise:
            builder.store(value, pointers[0])


def _copy_rows(emit: _Emitter, c: Any, c_k: Any, b: Any, b_k: Any, count: Any, second: Any) -> None:
    cgutils = importlib.import_module("numba.core.cgutils")
    with cgutils.for_range(emit.builder, count) as over:
        for column in (emit.ir.IntType(64)(0), second):
            value = emit.load(b, emit.builder.mul(over.index, b_k), column)
            emit.store(value, c, emit.builder.mul(over.index, c_k), column)


def _transpose(emit: _Emitter, c: Any, c_k: Any, b: Any, b_j: Any, last: Any) -> None:
    builder, ir, lanes = emit.builder, emit.ir, emit.lanes
    i32, i64 = ir.IntType(32), ir.IntType(64)
    rows = []
    for j in range(lanes):
        row = builder.select(builder.icmp_signed("<", i64(j), last), i64(j), last)
        rows.append(emit.load(b, builder.mul(b_j, row)))
    # Interleaving row i with row i + lanes/2, log2(lanes) times, is a transposition.
    lower = [lane // 2 + lanes * (lane % 2) for lane in range(lanes)]
    halves = [lower, [lanes // 2 + index for index in lower]]
    masks = [ir.Constant(ir.VectorType(i32, lanes), [i32(i) for i in half]) for half in halves]
    for _ in range(lanes.bit_length() - 1):
        pairs = zip(rows[: lanes // 2], rows[lanes // 2 :], strict=True)
        rows = [builder.shuffle_vector(x, y, mask) for x, y in pairs for mask in masks]
    for k, row in enumerate(rows):
        emit.store(row, c, builder.mul(c_k, i64(k)))


# Arguments are addresses and strides. c = b + d, one element; d = 0 is nothing.
add_elements = _instructions(3, _add_elements)
# C[k, :] = B[k, :], vectors at columns 0 and `second`: c, c_k, b, b_k, the count of k, second.
copy_rows = _instructions(6, _copy_rows)
# C[k, j] = B[j, k], a square of a vector's width: c, c_k, b, b_j, the last j that there is.
transpose = _instructions(5, _transpose)


@helper
def pack(c: int, P: int, b: int, b_k: int, b_j: int, K: int, columns: int, size: int) -> None:
    """C (K, P), a panel, from B (K, up to P columns) of elements of `size`.

    The spare columns hold anything: what is computed of them is not used.
    """
    lanes = P // 2
    if b_j == 1 and columns >= lanes:  # in a narrow panel the second vector overlaps the first
        copy_rows(c, P, b, b_k, K, columns - lanes)
    elif b_k == 1 and lanes <= K:
        for j in range(0, columns, lanes):
            for start in range(0, K, lanes):
                k = min(start, K - lanes)  # the last square overlaps the one before
                target, source = c + size * (k * P + j), b + size * (k + j * b_j)
                transpose(target, P, source, b_j, min(lanes, columns - j) - 1)
    else:
        for k in range(K):
            for j in range(columns):
                add_elements(c + size * (k * P + j), b + size * (k * b_k + j * b_j), 0)
