"""idx and npz files: every dtype read right, everything unsound refused with its path."""

import gzip
import struct

import numpy as np
import pytest

from minigrad.datasets import read_idx, read_npz
from minigrad.errors import FileFormatError

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array):
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(f">2xBB{array.ndim}I", code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_idx_round_trip(tmp_path, code, shape, compress):
    values = np.random.default_rng(0).normal(0, 50, shape).astype(np.float32)
    array = np.asarray(values, np.int8).astype(code) if "f" not in code else values.astype(code)
    path = tmp_path / "name-without-suffix"
    path.write_bytes(compress(idx_bytes(array)))
    result = read_idx(path)
    assert result.dtype == np.dtype(code) and result.dtype.isnative
    assert result.shape == shape and np.array_equal(result, array)
    result[...] = 1  # writable


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_idx_is_mapped(tmp_path, code, shape):
    array = np.arange(np.prod(shape, dtype=int)).astype(code).reshape(shape)
    path = tmp_path / "name"
    path.write_bytes(idx_bytes(array))
    mapped = read_idx(path, mmap_mode="r")
    assert mapped.shape == shape and np.array_equal(mapped, array)
    assert isinstance(mapped, np.memmap) == (array.size > 0)
    if array.size:
        copied = read_idx(path, mmap_mode="c")
        copied[...] = 1
        assert np.array_equal(read_idx(path), array)


GOOD = idx_bytes(np.arange(12, dtype=np.int32).reshape(3, 4))
BAD_IDX = {
    "empty": b"",
    "short header": GOOD[:9],
    "truncated": GOOD[:-1],
    "trailing": GOOD + b"\0",
    "other magic": b"\x89PNG" + GOOD,
    "unknown dtype": b"\0\0\x0a\x01" + bytes(8),
    "exabytes": b"\0\0\x08\x04" + b"\xff" * 16,
    "255 dimensions": b"\0\0\x08\xff" + struct.pack(">255I", *[1] * 255) + b"\0",
    "gzip truncated": gzip.compress(GOOD)[:-9],
    "gzip corrupt": gzip.compress(GOOD)[:12] + b"\xff" * 40,
    "gzip wrong sum": gzip.compress(GOOD)[:-8] + b"\1" * 8,
}


@pytest.mark.parametrize("content", BAD_IDX.values(), ids=BAD_IDX)
def test_unsound_idx_is_refused_with_its_path(tmp_path, content):
    path = tmp_path / "bad.idx"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"bad\.idx: not a sound idx file"):
        read_idx(path)
    with pytest.raises(FileFormatError, match=r"bad\.idx: not a sound idx file"):
        read_idx(path, mmap_mode="r")


def test_npz_round_trip(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(6).reshape(2, 3), y=np.float32(2.5))
    arrays = read_npz(path)
    assert list(arrays) == ["x", "y"] and arrays["y"] == 2.5
    assert np.array_equal(arrays["x"], [[0, 1, 2], [3, 4, 5]])


def test_npz_refuses_pickles(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{"any": "object"}], dtype=object))
    with pytest.raises(FileFormatError, match=r"a\.npz.*allow_pickle"):
        read_npz(path)


def test_every_truncation_and_flipped_byte_of_an_npz_is_refused_or_harmless(tmp_path):
    path = tmp_path / "a.npz"
    x = np.arange(50, dtype=np.int16)
    np.savez_compressed(path, x=x)
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(FileFormatError, match=r"a\.npz"):
            read_npz(path)
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 8
        path.write_bytes(flipped)
        try:
            (result,) = read_npz(path).values()
        except FileFormatError:
            continue
        assert np.array_equal(result, x), f"byte {position} changed the values silently"


def test_missing_files_stay_missing_files(tmp_path):
    for read in (read_idx, read_npz):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "nowhere")
