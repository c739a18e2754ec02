"""What the recorded files of PyTorch hold: `python tests/serialization/torch_samples.py`."""

import io
from collections import Counter, OrderedDict
from pathlib import Path

import ml_dtypes
import numpy as np

RECORDED = Path(__file__).parent / "recorded"
GRID = np.arange(6.0, dtype=np.float32).reshape(2, 3)
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128"
FORMATS = {
    "zip": {},
    "protocol4": {"pickle_protocol": 4},
    "protocol5": {"pickle_protocol": 5},
    "legacy": {"_use_new_zipfile_serialization": False},
}


def torch_state(torch):
    """A dict of most that `torch.save` can be given."""
    grid = torch.from_numpy(GRID.copy())
    tagged, tagged_parameter = torch.zeros(2), torch.nn.Parameter(torch.ones(2))
    tagged.note = tagged_parameter.note = "left behind"
    imaginary = (grid + 1) * 1j
    return {
        "dtypes": {name: grid.to(getattr(torch, name)) for name in DTYPES.split()},
        "grid": grid,
        "row": grid[1:],
        "transposed": grid.t(),
        "expanded": grid[0].expand(2, 3),
        "conj": imaginary.conj(),
        "neg": (imaginary * 1).conj().imag,
        "empty": torch.zeros(0, 3),
        "number": torch.tensor(3),
        "parameter": torch.nn.Parameter(grid + 1),
        "tagged": [tagged, tagged_parameter],
        "linear": OrderedDict(weight=torch.ones(1, 2), bias=torch.zeros(1)),
        "array": np.arange(3),
        "columns": np.asfortranarray(GRID),
        "big-endian": np.arange(3, dtype=">i4"),
        "scalar": np.float64(0.5),
        "size": grid.shape,
        "dtype": torch.float32,
        "bytes": b"ab\xff\x00",
        "counter": Counter("aab"),
        "set": {1, 2},
        "plain": [(1, -2.5, None, True), {"k": 2**70, 0: "é", "c": 1 + 2j}],
    }


def expected_state():
    """The same in NumPy arrays, for tensors too."""
    imaginary = np.complex64([[0, -1j, -2j], [-3j, -4j, -5j]]) - np.complex64(1j)
    kinds = {"bfloat16": ml_dtypes.bfloat16, "bool": np.bool_}
    return {
        "dtypes": {name: GRID.astype(kinds.get(name, name)) for name in DTYPES.split()},
        "grid": GRID,
        "row": GRID[1:],
        "transposed": GRID.T,
        "expanded": GRID[[0, 0]],
        "conj": imaginary,
        "neg": imaginary.imag,
        "empty": np.zeros((0, 3), np.float32),
        "number": np.array(3),
        "parameter": GRID + 1,
        "tagged": [np.zeros(2, np.float32), np.ones(2, np.float32)],
        "linear": OrderedDict(weight=np.ones((1, 2), np.float32), bias=np.zeros(1, np.float32)),
        "array": np.arange(3),
        "columns": GRID,
        "big-endian": np.arange(3, dtype="i4"),
        "scalar": np.float64(0.5),
        "size": (2, 3),
        "dtype": np.dtype("float32"),
        "bytes": b"ab\xff\x00",
        "counter": Counter("aab"),
        "set": {1, 2},
        "plain": [(1, -2.5, None, True), {"k": 2**70, 0: "é", "c": 1 + 2j}],
    }


def torch_file(name):
    """The bytes that `torch.save` writes in the format `name`; needs PyTorch."""
    import torch

    file = io.BytesIO()
    torch.save(torch_state(torch), file, **FORMATS[name])
    return file.getvalue()


if __name__ == "__main__":
    for name in FORMATS:
        (RECORDED / f"{name}.pt").write_bytes(torch_file(name))
