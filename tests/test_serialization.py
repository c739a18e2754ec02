"""State files: bit for bit there and back, never half written, nothing unsound accepted."""

import contextlib
import io
import json
import os
import signal
import struct
import subprocess
import sys
import time

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad.dtypes import CATEGORY, COMPLEXES
from minigrad.errors import ArgumentError, DeviceError, DTypeError, FileFormatError
from minigrad.serialization import load, save
from minigrad.tensor import Tensor


def bits(array):
    return (array.dtype, array.shape, np.ascontiguousarray(array).tobytes())


def same(a, b):
    """Equal in type, order and every bit."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and bits(a.array) == bits(b.array)
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return bits(np.asarray(a)) == bits(np.asarray(b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)  # tells 1 from True, 0.0 from -0.0, and finds nan equal to nan


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


@pytest.mark.parametrize("dtype", [d for d in CATEGORY if d not in COMPLEXES], ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (5, 3)])
def test_every_dtype_and_shape_round_trips_bit_for_bit(path, dtype, shape):
    words = np.random.default_rng(0).integers(0, 256, (*shape, dtype.itemsize), np.uint8)
    words = words > 127 if dtype == np.bool_ else words.view(dtype)
    array = words[..., 0]
    transposed = array.T[::-1] if array.ndim > 1 else array
    state = {"tensor": Tensor(array), "strided": Tensor(transposed), "array": array}
    save(state, path)
    assert same(load(path), state)


def test_a_training_state_round_trips(path):
    state = {
        "model": {"fc.weight": Tensor(np.array([[1.0, -0.0]])), "fc.bias": Tensor(np.array(2.0))},
        "optimizer": {
            "state": {0: {"step": 3, "exp_avg": Tensor(np.array([1.0]))}, 1: {}},
            "groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0, 1], "name": None}],
        },
        "numbers": [True, False, 1, 0, -0.0, 2**200, float("nan"), float("inf"), -float("inf")],
        "scalars": (np.float32(0.1), np.int64(-7), np.bool_(True), np.uint16(9)),
        "strings": ["", "naïve \0 \ud800 \U0001f600", "1"],
        "": {"": [], -5: (), "5": Tensor(np.array(1)), 5: Tensor(np.array(2))},
        "\ud800": np.zeros(2, np.uint64),
    }
    save(state, path)
    assert same(load(path), state)
    assert load(path)["model"]["fc.weight"].requires_grad is False


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.integers(0, 3).map(lambda n: np.arange(n)),
    st.integers(0, 3).map(lambda n: Tensor(np.array([1.5] * n))),
)  # fmt: skip
keys = st.one_of(st.integers(), st.sampled_from(["a", "b", "a.b", "a#2", "__metadata__", ""]))
states = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(state=states)
def test_any_state_round_trips(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    save(state, path)
    assert same(load(path), state)


def test_tied_tensors_are_stored_once_and_come_back_tied(path):
    memory = np.arange(1000.0)
    weight = Tensor(memory)
    state = {"embed": weight, "head": weight, "detached": weight.detach(), "array": memory}
    save({**state, "equal": Tensor(memory.copy()), "part": memory[:10]}, path)
    assert path.stat().st_size < 2 * memory.nbytes + 2000
    loaded = load(path)
    assert loaded["embed"] is loaded["head"] is loaded["detached"]
    loaded["array"][0] = -1
    assert loaded["embed"].array[0] == -1
    assert loaded["equal"].array[0] == 0 and loaded["part"][0] == 0


def test_temporary_arrays_are_not_taken_for_tied_ones(path):
    state = [np.float64(i) for i in range(50)]
    save(state, path)
    assert load(path) == state


def test_a_state_dict_is_read_by_safetensors_under_its_own_names(path):
    state = {
        "fc.weight": np.float32([[1, 2]]),
        "fc.bias": np.zeros(1, ml_dtypes.bfloat16),
        "a": np.array(3),
    }
    save({name: Tensor(array) for name, array in state.items()}, path)
    theirs = load_file(path)
    assert theirs.keys() == state.keys()
    assert all(bits(theirs[name]) == bits(array) for name, array in state.items())


def test_a_file_of_another_program_is_a_dict_of_tensors(path):
    arrays = {"a.weight": np.float32([[1, 2]]), "b": np.zeros((), ml_dtypes.bfloat16)}
    save_file(arrays, path, metadata={"format": "pt"})
    assert same(load(path), {name: Tensor(array) for name, array in arrays.items()})


class Custom:
    pass


HOLDS_ITSELF = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"optimizer": [Custom()]}, DTypeError, r"state\['optimizer'\]\[0\] is a .*Custom, which"),
        ({0: (1, {1, 2})}, DTypeError, r"state\[0\]\[1\] is a builtins\.set"),
        ({"x": 1 + 2j}, DTypeError, "complex"),
        ({"x": np.ma.masked_array([1])}, DTypeError, "MaskedArray"),
        ({"x": np.array(["a"])}, DTypeError, r"state\['x'\] has dtype <U1"),
        ({"x": np.zeros(1, ">f4")}, DTypeError, ">f4"),
        ({"x": {1.5: 0}}, ArgumentError, r"state\['x'\] has the key 1\.5"),
        ({True: 0}, ArgumentError, "key True"),
        (HOLDS_ITSELF, ArgumentError, "does it hold itself"),
    ],
)
def test_what_cannot_be_saved_is_refused_by_place_before_anything_is_written(
    path, state, error, message
):
    save(1, path)
    with pytest.raises(error, match=message):
        save(state, path)
    assert os.listdir(path.parent) == [path.name] and load(path) == 1


def raw(header, data=b""):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def described(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"x": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


def with_tree(text):
    return raw({"__metadata__": {"minigrad": text}, **described()}, bytes(8))


def tree(node):
    return with_tree(json.dumps({"version": 1, "tree": node}))


UNSOUND = {
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "huge header": struct.pack("<Q", 2**62) + b"{}",
    "header of 4 GB": struct.pack("<Q", 2**32) + b"{}",
    "header is no JSON": raw(b"{" * 50),
    "header nested deeply": raw(b'{"a":' * 100_000),
    "offsets beyond the end": raw(described(offsets=(0, 80)), bytes(8)),
    "offsets backwards": raw(described(offsets=(8, 0)), bytes(8)),
    "offsets not of the shape": raw(described(shape=(3,)), bytes(8)),
    "shape overflows": raw(described(shape=(2**62, 4, 2)), bytes(8)),
    "unknown dtype": raw(described("I128"), bytes(8)),
    "dtype without a tensor": raw(described("F8_E4M3", (8,)), bytes(8)),
    "dtype of no tensor here": raw(described("U32"), bytes(8)),
    "trailing bytes": raw(described(), bytes(9)),
    "metadata is no JSON": with_tree("{"),
    "metadata is a list": with_tree("[]"),
    "metadata without version": with_tree("{}"),
    "metadata nested deeply": with_tree('{"version":1,"tree":' + "[" * 100_000),
    "tree nested too deeply": with_tree('{"version":1,"tree":' + "[" * 200 + "]" * 200 + "}"),
    "later version": with_tree('{"version":2,"tree":null}'),
    "a missing tensor": tree({"tensor": "y"}),
    "an unknown node": tree({"pickle": "x"}),
    "an empty node": tree({}),
    "a bad float": tree({"float": "1e5"}),
    "a key that is a list": tree({"dict": [[["a"], 1]]}),
    "an entry that is no pair": tree({"dict": [["a", 1, 2]]}),
    "an entry that is a number": tree({"dict": [7]}),
}


@pytest.mark.parametrize("content", UNSOUND.values(), ids=UNSOUND)
def test_unsound_files_are_refused_with_their_path(path, content):
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"state\.safetensors: not a sound state file: ."):
        load(path)


STRANGERS = {
    b"": "it is empty",
    b"version https://git-lfs.github.com/spec/v1\noid": "git lfs pull",
    b"\n<!DOCTYPE html><html>": "looks like HTML",
    b'{"vocab_size": 30522}': "looks like JSON",
    b"\x08\x07\x12\x07pytorch": "none of safetensors, PyTorch's or NumPy's$",  # ONNX
    b"PK\x03\x04 and no end": "cut short",
}


@pytest.mark.parametrize(("content", "words"), STRANGERS.items())
def test_files_of_other_kinds_are_named(path, content, words):
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=words):
        load(path)


def test_every_truncation_is_refused(path):
    save({"x": Tensor(np.array([1.0, 2.0])), "y": [1, np.arange(3)]}, path)
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(FileFormatError):
            load(path)


def test_flipped_bits_give_a_state_or_a_clear_error(path):
    save({"x": Tensor(np.array([1.0, 2.0])), "y": [1, np.arange(3)]}, path)
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        content[position] ^= 1 << position % 8
        path.write_bytes(content)
        content[position] ^= 1 << position % 8
        with contextlib.suppress(FileFormatError):
            load(path)


def test_missing_files_and_devices_have_their_own_errors(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    with pytest.raises(IsADirectoryError):
        load(path.parent)
    save({"x": Tensor(np.array([1.0]))}, path)
    with pytest.raises(DeviceError, match="tpu"):
        load(path, map_location="tpu")
    assert load(path, map_location="cpu")["x"].array.tolist() == [1]


@pytest.mark.parametrize("name", ["save", "load", "save_checkpoint", "load_checkpoint"])
@pytest.mark.parametrize("bad", [3, -1.5, None, {"a": 1}])
def test_what_is_no_path_is_refused_by_name(name, bad):
    arguments = [1, bad] if name == "save" else [bad]  # 3 would be an open file to Python
    with pytest.raises(DTypeError, match=rf"^{name}: path must be .* {type(bad).__name__}$"):
        getattr(mg, name)(*arguments)


def test_open_files_and_buffers_serve_as_paths(path):
    state = {"weight": mg.arange(6.0).reshape(2, 3), "half": mg.ones(2, dtype=mg.bfloat16), "n": 3}
    buffer = io.BytesIO(b"head")
    buffer.seek(4)
    save(state, buffer)
    buffer.seek(4)  # all is read from where it stands
    with open(path, "wb") as file:
        file.write(buffer.read())
    buffer.seek(4)
    with open(path, "rb") as file:
        for loaded in (load(buffer), load(file), load(path)):
            assert loaded["weight"].tolist() == [[0, 1, 2], [3, 4, 5]] and loaded["n"] == 3
            assert loaded["half"].dtype == mg.bfloat16
    with pytest.raises(FileFormatError, match="^the BytesIO: not a sound state file: it is empty"):
        load(buffer)
    array = io.BytesIO()
    np.save(array, np.arange(3))
    assert load(io.BytesIO(array.getvalue())).tolist() == [0, 1, 2]


def test_a_failed_write_leaves_the_old_file_and_no_other(path, monkeypatch):
    save("old", path)

    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        save("new", path)
    assert os.listdir(path.parent) == [path.name] and load(path) == "old"


@pytest.mark.skipif(os.name != "posix", reason="limits and links of POSIX")
def test_a_full_disk_is_an_os_error_and_links_and_rights_are_kept(path):
    resource = pytest.importorskip("resource")
    save("old", path)
    path.chmod(0o640)
    link = path.with_name("latest")
    link.symlink_to(path)
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match=r"state\.safetensors"):
            save(np.zeros(100_000), link)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load(path) == "old"
    save("new", link)
    assert link.is_symlink() and load(path) == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(path.parent)) == ["latest", path.name]


HALF_WRITER = """
import sys, time, numpy, safetensors.numpy
from minigrad.serialization import save
whole = safetensors.numpy.save_file
def half(arrays, name, metadata):
    whole(arrays, name, metadata)
    with open(name, "r+b") as file:
        file.truncate(file.seek(0, 2) // 2)
    print("half", flush=True)
    time.sleep(60)
safetensors.numpy.save_file = half
save(numpy.full(1000, 2.0), sys.argv[1])
"""

BUSY_WRITER = """
import itertools, sys, numpy
from minigrad.serialization import save
for value in itertools.count(2):
    save({"a": numpy.full(2_000_000, float(value)), "b": value}, sys.argv[1])
    print(value, flush=True)
"""


def killed(program, path, delay):
    """Run `program`, kill it `delay` seconds after its first line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(path):
    save({"a": np.ones(1000), "b": 1}, path)
    killed(HALF_WRITER, path, 0)
    assert load(path)["b"] == 1
    assert len(os.listdir(path.parent)) == 2, "the half-written file stays beside it"
    for delay in (0.0, 0.013, 0.029):
        killed(BUSY_WRITER, path, delay)
        state = load(path)
        assert state["b"] > 1 and np.all(state["a"] == state["b"])
