"""`.npy`, `.npz`, and the dtypes of safetensors."""

import json
import struct
import zipfile

import ml_dtypes
import numpy as np
import pytest

import minigrad as mg


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.bin"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_is_a_dict_of_tensors(path, save, device):
    arrays = {
        "a.weight": np.float32([[1, 2], [3, 4]]),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big-endian": np.arange(3, dtype=">f4"),
        "empty": np.zeros((0, 3), np.int8),
        "number": np.array(2.5),
        "complex": np.array([1 + 2j]),
        "zeros": np.zeros(100_000),
    }
    with open(path, "wb") as file:
        save(file, **arrays, names=np.array(["x", "yz"]), counts=np.uint32([1]))
    state = mg.load(path, map_location=device)
    assert list(state) == [*arrays, "names", "counts"]
    for name, array in arrays.items():
        got = state[name]
        assert isinstance(got, mg.Tensor) and got.device.type == device
        assert got.dtype == array.dtype.newbyteorder("=") and got.shape == array.shape
        assert np.array_equal(got.cpu().numpy(), array)
    assert state["names"].tolist() == ["x", "yz"], "no tensor has its dtype: it stays an array"
    assert state["counts"].dtype == np.uint32


def test_npy_is_a_tensor(path):
    with open(path, "wb") as file:
        np.save(file, np.arange(3))
    assert mg.load(path).tolist() == [0, 1, 2]


FOLLOWS, OBJECTS = "not what follows", "pickles: refused"


def npy(header, data=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**60,)}"), "."),
        (npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**40},)}}"), FOLLOWS),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"12345678"), "."),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(9)), FOLLOWS),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)), OBJECTS),
        (npy("__import__('os').system('true')"), "."),
        (npy("[" * 5000), "."),
        (b"\x93NUMPY\x07\x00aa", "."),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{}", "."),
    ],
)  # fmt: skip
def test_unsound_arrays_are_refused(path, content, message):
    path.write_bytes(content)
    with pytest.raises(
        mg.FileFormatError, match=f"weights.bin: not a sound state file: .*{message}"
    ):
        mg.load(path)


def test_pickled_arrays_are_refused(path):
    with open(path, "wb") as file:
        np.savez(file, a=np.array([None]))
    with pytest.raises(mg.FileFormatError, match="pickles: refused"):
        mg.load(path)


def test_other_zips_are_refused_but_an_empty_one_is_an_npz_of_nothing(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(mg.FileFormatError, match="neither PyTorch's nor NumPy's"):
        mg.load(path)
    np.savez(f"{path}.npz")
    assert mg.load(f"{path}.npz") == {}


NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool", "BF16": ml_dtypes.bfloat16,
}  # fmt: skip


def test_every_dtype_of_a_safetensors_file_that_a_tensor_may_have(path, device):
    arrays = {key: np.array([[1, 0, 1]]).astype(name) for key, name in NAMES.items()}
    header, data = {}, b""
    for key, array in arrays.items():
        offsets = [len(data), len(data) + array.nbytes]
        header[key] = {"dtype": key, "shape": [1, 3], "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    state = mg.load(path, map_location=device)
    for key, array in arrays.items():
        assert state[key].dtype == array.dtype
        assert state[key].float().tolist() == [[1, 0, 1]]


def test_complex_tensors_are_saved_as_pairs_of_reals(path):
    for dtype in (np.complex64, np.complex128):
        weight = np.array([[1 + 2j, -0.0 - 3j]], dtype)
        tensor = mg.from_numpy(weight)
        mg.save({"a": tensor, "tied": tensor, "array": weight[0], "n": weight[0, 1]}, path)
        state = mg.load(path)
        assert state["a"] is state["tied"] and state["a"].dtype == dtype
        assert state["a"].numpy().tobytes() == weight.tobytes()
        assert state["array"].tolist() == weight[0].tolist() and state["n"] == weight[0, 1]
    safetensors = pytest.importorskip("safetensors.numpy")
    assert safetensors.load_file(path)["a"].shape == (1, 2, 2)


def test_a_file_that_says_complex_of_what_is_not_is_refused(path):
    tree = json.dumps({"version": 1, "tree": {"complex": {"tensor": "x"}}})
    entry = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}
    raw = json.dumps({"__metadata__": {"minigrad": tree}, "x": entry}).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(12))
    with pytest.raises(mg.FileFormatError, match="does not hold complex numbers"):
        mg.load(path)
