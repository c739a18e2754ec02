"""Hostile and broken files raise `FileFormatError`, run nothing, and allocate little."""

import contextlib
import io
import os
import pickle
import random
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from torch_samples import RECORDED

import minigrad as mg
from minigrad.errors import FileFormatError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pt"


def torch_zip(pickled, compression=zipfile.ZIP_STORED, **entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in entries.items():
            archive.writestr(f"archive/data/{name.removeprefix('_')}", content)
    return file.getvalue()


def legacy(pickled):
    head = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {})]
    return b"".join(head) + pickled + pickle.dumps([], 2)


class Calls:
    def __init__(self, function, *arguments, state=None):
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.reduced


CANARY = "test-of-hostile-files-was-here"
CHAIN = b"cbuiltins\ngetattr\n(cbuiltins\n__import__\nX\x04\x00\x00\x00nametR."
REBUILD = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n"
ATTACKS = {
    "os.system": (pickle.dumps(Calls(os.system, f"touch {CANARY}"), 2), r"(posix|nt)\.system"),
    "eval": (pickle.dumps(Calls(eval, f"open({CANARY!r}, 'w')")), r"builtins\.eval"),
    "exec of Python 2": (b"c__builtin__\nexec\n(X\x01\x00\x00\x001tR.", r"builtins\.exec"),
    "getattr": (CHAIN, r"builtins\.getattr"),
    "dotted name": (b"\x80\x04\x8c\x0ctorch._utils\x8c\x09os.system\x93.", r"torch\._utils\.os"),
    "newline in a name": (b"\x80\x04\x8c\x02os\x8c\x07system\n\x93.", r"os\.system"),
    "name that is no string": (b"\x80\x04]\x8c\x01a\x93.", "no string"),
    "allowed name, other module": (b"cos\nOrderedDict\n)R.", r"os\.OrderedDict"),
    "call of data": (b"X\x02\x00\x00\x00os)R.", "calls a str"),
    "call of a dtype": (b"ctorch\nfloat32\n)R.", "calls a"),
    "arguments that are no tuple": (b"ccollections\nOrderedDict\n]R.", "calls a"),
    "state of a list": (b"]}b.", "sets the state of a list"),
    "state of an OrderedDict": (
        b"ccollections\nOrderedDict\n)R}X\x09\x00\x00\x00__class__Nsb.", "state of a OrderedDict"
    ),
    "slots": (b"ccollections\nOrderedDict\n)R(N}tb.", "sets the state"),
    "new object": (b"ccollections\nOrderedDict\n)\x81.", r"instruction b'\\x81'"),
    "object": (b"(cos\nsystem\nX\x01\x00\x00\x00ao.", r"os\.system"),
    "instance": (b"(X\x01\x00\x00\x00aios\nsystem\n.", "instruction b'i'"),
    "extension": (b"\x82\x01.", r"instruction b'\\x82'"),
    "extension 4": (b"\x84\x01\x00\x00\x00.", r"instruction b'\\x84'"),
    "persistent line": (b"Pos\n.", "instruction b'P'"),
    "persistent id of a string": (b"X\x02\x00\x00\x00osQ.", "no storage"),
    "persistent id of a module": (
        pickle.dumps(("module", None, "a", "b"), 2)[:-1] + b"Q.", "no storage"
    ),
    "storage of no type": (
        pickle.dumps(("storage", "FloatStorage", "0", "cpu", 1), 2)[:-1] + b"Q.", "no storage"
    ),
    "function left as a value": (b"ctorch._utils\n_rebuild_tensor_v2\n.", "bare Function"),
    "storage type left as a value": (b"ctorch\nFloatStorage\n.", "bare StorageType"),
    "dtype left unfinished": (
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8\x89\x88tR.", "bare DType"
    ),
    "array of objects": (
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8\x89\x88tR.", "no numbers"
    ),
    "array larger than its bytes": (
        b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01J\xff\xff\xff\x7f\x85"
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8\x89\x88tR\x89C\x01atb.", "not that of its values"
    ),
    "tensor of a number": (REBUILD + b"(K\x01K\x00))\x89NtR.", "than a storage"),
    "parameter of a number": (
        b"ctorch._utils\n_rebuild_parameter\nK\x01\x88N\x87R.", "than a tensor"
    ),
    "tensor of a class": (
        b"ctorch._tensor\n_rebuild_from_type_v2\n(cnumpy\ndtype\nctorch\nTensor\n)NtR.",
        "class of its own",
    ),
    "device": (b"ctorch\ndevice\n]\x85R.", "without a name"),
    "bytes of text": (
        b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
        "encodes",
    ),
    "string of 4 GB": (b"X\xff\xff\xff\xffa.", "too early"),
    "bytes of 2**63": (b"\x8e" + b"\xff" * 7 + b"\x7fa.", "too early"),
    "bytearray of 2**40": (b"\x96\x00\x00\x00\x00\x00\x01\x00\x00a.", "too early"),
    "number of 2 GB": (b"\x8b\xff\xff\xff\x7fa.", "too early"),
    "frame of 2**63": (b"\x80\x04\x95" + b"\xff" * 8 + b"X", "too early"),
    "unset memo": (b"j\xff\xff\xff\xff.", "broken .KeyError"),
    "line without end": (b"c" + b"a" * 10**6, "without end"),
    "empty stack": (b"0000.", "broken .IndexError"),
    "marks": (b"(" * 10**5 + b".", "."),
    "deep key": (b"})" + b"\x85" * 10**5 + b"Ns.", "key of type tuple"),
    "odd items": (b"}(Nu.", "."),
    "list in a set": (b"\x8f(]\x90.", "key of type list"),
    "no end": (b"]", "too early"),
}  # fmt: skip


@pytest.mark.parametrize("wrap", [torch_zip, legacy])
@pytest.mark.parametrize(("pickled", "message"), ATTACKS.values(), ids=ATTACKS)
def test_attacks_are_refused_by_name_and_run_nothing(
    path, tmp_path, monkeypatch, wrap, pickled, message
):
    monkeypatch.chdir(tmp_path)
    path.write_bytes(wrap(pickled))
    with pytest.raises(FileFormatError, match=f"(?s)weights.pt: not a sound state file.*{message}"):
        mg.load(path)
    assert os.listdir(tmp_path) == ["weights.pt"]


def storage(count=4, key="0", kind="FloatStorage"):
    parts = [f"X{chr(len(text))}\0\0\0{text}" for text in ("storage", key, "cpu")]
    named, keyed, cpu = [part.encode() for part in parts]
    return b"(" + named + b"ctorch\n" + kind.encode() + b"\n" + keyed + cpu + number(count) + b"tQ"


def number(n):
    return pickle.dumps(n, 2)[2:-1]


def tensor(of, offset=0, size=(2, 2), stride=(2, 1), marks=b""):
    parts = [number(offset), pickle.dumps(size, 2)[2:-1], pickle.dumps(stride, 2)[2:-1]]
    return REBUILD + b"(" + of + b"".join(parts) + b"\x89N" + marks + b"tR"


def test_the_tensors_below_would_be_read_were_they_sound(path):
    path.write_bytes(torch_zip(tensor(storage()) + b".", _0=np.arange(4, dtype="<f4").tobytes()))
    assert mg.load(path).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (tensor(storage(5)), "has 16 bytes, not 5 values"),
        (tensor(storage(2**62)), "not 4611686018427387904 values"),
        (tensor(storage(-4)), "malformed"),
        (tensor(storage(4, kind="DoubleStorage")), "not 4 values"),
        (tensor(storage(4, kind="QInt8Storage")), r"torch\.QInt8Storage"),
        (tensor(storage(4, key="9")), "archive/data/9"),
        (tensor(storage(4, key="../data.pkl")), "archive/data/"),
        (tensor(storage()) + b"0" + tensor(storage(2, kind="DoubleStorage")), "in two ways"),
        (tensor(storage(), 1), "beyond its storage"),
        (tensor(storage(), -1), "no whole numbers"),
        (tensor(storage(), 0, (2, 2), (2, -1)), "no whole numbers"),
        (tensor(storage(), 0, (2, 2), (2,)), "no whole numbers"),
        (tensor(storage(), 0, (2**40, 2**40), (1, 1)), "beyond its storage"),
        (tensor(storage(), 0, (2**40, 2**40), (0, 0)), "."),
        (tensor(storage(), 0, (1,) * 100, (1,) * 100), "."),
        (tensor(storage(), 0, ("a",), (1,)), "no whole numbers"),
        (tensor(storage(), marks=b"}X\x01\x00\x00\x00a\x88s"), "unknown marks"),
        (storage(), "bare Memory"),
    ],
)
def test_tensors_stay_within_their_storages(path, pickled, message):
    path.write_bytes(torch_zip(pickled + b".", _0=bytes(16)))
    with pytest.raises(FileFormatError, match=message):
        mg.load(path)


@contextlib.contextmanager
def frugal(limit):
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


COPIES = (
    b"c_codecs\nencode\nq\x00X\xa0\x86\x01\x00"
    + b"a" * 100_000
    + b"q\x01X\x06\x00\x00\x00latin1q\x02"
)


SET = b"h\x00h\x01\x85R"


def test_memory_stays_near_the_size_of_the_file(path):
    """A text of 100 kB that is encoded again and again, each time into another 100 kB; sets of one
    list; a huge tensor of one number, conjugated."""
    bombs = {
        "copies": b"]q\x03(" + COPIES + b"h\x00h\x01h\x02\x86R" * 20_000 + b"e.",
        "sets": b"c__builtin__\nset\nq\x00](" + b"K\x01" * 100_000 + b"eq\x01" + SET * 9999,
        "laughs": b")" + b"q\x00h\x00\x86" * 10_000 + b".",
        "memo": b"Nr\xff\xff\xff\x7f.",
        "conj": tensor(storage(2, kind="ComplexFloatStorage"), 0, (2**20, 2**20), (0, 0),
                       b"}X\x04\x00\x00\x00conj\x88s") + b".",
    }  # fmt: skip
    for pickled in bombs.values():
        path.write_bytes(torch_zip(pickled, _0=bytes(16)))
        with frugal(20e6), contextlib.suppress(FileFormatError):
            mg.load(path)
    path.write_bytes(legacy(tensor(storage(2**40)[:-2] + b"NtQ") + b"."))
    with frugal(1e6), pytest.raises(FileFormatError, match="larger than the file"):
        mg.load(path)


def test_zip_bombs_are_refused(path):
    path.write_bytes(torch_zip(b"N.", _0=bytes(10**6)))
    content = path.read_bytes()
    entry = content.rindex(b"PK\x01\x02")
    where = content.rindex(b"archive/data/0") - 46
    overlapping = bytearray(content)
    struct.pack_into(
        "<I", overlapping, where + 42, 0
    )  # the second entry starts where the first does
    larger = bytearray(content)
    struct.pack_into("<II", larger, where + 20, 10**6, 2 * 10**6)
    for bad, message in [(overlapping, "overlap"), (larger, "larger than the file")]:
        path.write_bytes(bad)
        with pytest.raises(FileFormatError, match=message):
            mg.load(path)
    assert entry == where
    for method, message in [(zipfile.ZIP_BZIP2, "neither"), (zipfile.ZIP_LZMA, "neither")]:
        path.write_bytes(torch_zip(b"N.", method))
        with pytest.raises(FileFormatError, match=message):
            mg.load(path)


def npz(save=np.savez_compressed):
    file = io.BytesIO()
    save(file, weight=np.arange(6.0).reshape(2, 3), bias=np.int8([1, 2]))
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SOUND = {
    "zip.pt": (RECORDED / "zip.pt").read_bytes(),
    "protocol5.pt": (RECORDED / "protocol5.pt").read_bytes(),
    "legacy.pt": (RECORDED / "legacy.pt").read_bytes(),
    "npz": npz(),
    "npy": npy(np.arange(5)),
}


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
def test_every_truncation_is_refused_whatever_the_format(path, content):
    for size in [*range(0, len(content), 31), *range(max(0, len(content) - 60), len(content))]:
        path.write_bytes(content[:size])
        with pytest.raises(FileFormatError):
            mg.load(path)


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
def test_flipped_bytes_give_a_state_or_a_clear_error(path, content):
    rng = random.Random(0)
    with frugal(30e6):
        for _ in range(150):
            changed = bytearray(content)
            for _ in range(rng.choice([1, 1, 2, 8])):
                changed[rng.randrange(len(changed))] = rng.choice(
                    [0, 1, 127, 255, rng.randrange(256)]
                )
            path.write_bytes(changed)
            with contextlib.suppress(FileFormatError, mg.DeviceError):
                mg.load(path)
