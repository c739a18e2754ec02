"""Compilation, its disk cache, threads, and the kernels' manners with memory."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import random as kernels
from minigrad.kernels.cpu import threads as worker_threads

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
ROOT = Path(__file__).parents[2]

DEFINE_KERNEL = """
import numpy as np
from minigrad.kernels.cpu import cache, jit

jit.set_num_threads(2)

@jit.helper
def twice(a):
    return a + a

@jit.kernel("T[::1], const(T[::1]), int64, int64")
def double(out, x, first, last):
    for i in range(first, last):
        out[i] = twice(x[i])

x = np.arange(1000.0)
out = np.empty(1000)
jit.launch(double, x.size, out, x, nanoseconds=1e9)
assert (out == 2 * x).all()
print(double.compiled[x.dtype]._cache.hits, cache.cache_directory())
"""


@pytest.fixture
def threads():
    before = jit.get_num_threads()
    yield
    jit.set_num_threads(before)


def python(program, **environment):
    """What a fresh Python prints when it runs `program`."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_numba_is_imported_at_the_first_call_only():
    program = "import sys; from minigrad.kernels.cpu import conv, pool, random, reduce; "
    assert python(program + "print('numba' in sys.modules)") == ["False"]


def test_a_slow_compilation_is_announced():
    program = "from minigrad.kernels.cpu import cache\n"
    program += (
        "class Slow:\n    compile = disable_compile = lambda *_: __import__('time').sleep(.6)"
    )
    program += "\nfor name in 'abc': cache.build(Slow(), name, '', ())"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stderr.count("compiling kernels for this CPU") == 1, found.stderr


def test_a_second_process_does_not_compile(tmp_path):
    assert python(DEFINE_KERNEL, XDG_CACHE_HOME=str(tmp_path))[0] == "0"
    hits, directory = python(DEFINE_KERNEL, XDG_CACHE_HOME=str(tmp_path))
    assert hits == "1" and Path(directory).parent == tmp_path / "minigrad"
    assert (tmp_path / "minigrad").stat().st_mode & 0o077 == 0
    for file in Path(directory).iterdir():
        file.write_bytes(b"broken")
    assert python(DEFINE_KERNEL, XDG_CACHE_HOME=str(tmp_path))[0] == "0"


CONVOLVE = """
import sys
import numpy as np
from minigrad.kernels.cpu import conv
from minigrad.kernels.reference import conv as reference

settings = dict(stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1)
for dtype in DTYPES:
    x = np.arange(2 * 3 * 9 * 8, dtype=dtype).reshape(2, 3, 9, 8) % 7
    w = np.arange(40 * 3 * 3 * 3, dtype=dtype).reshape(40, 3, 3, 3) % 5
    got, expected = (np.empty((2, 7, 6, 40), dtype).transpose(0, 3, 1, 2) for _ in range(2))
    conv.conv2d(got, x, w, **settings)
    reference.conv2d(expected, x, w, **settings)
    assert (got == expected).all(), dtype
"""


def test_code_of_two_dtypes_cached_by_two_processes_does_not_mix(tmp_path):
    """Helpers of both dtypes once had one symbol: loaded together, one ran in the other's place."""
    for dtypes in (["float32"], ["float64"], ["float32", "float64"]):
        python(CONVOLVE.replace("DTYPES", repr(dtypes)), XDG_CACHE_HOME=str(tmp_path))


def test_two_processes_at_once(tmp_path):
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(python(DEFINE_KERNEL, XDG_CACHE_HOME=str(tmp_path)))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    names = [file.name for file in Path(results[0][1]).iterdir() if "double" in file.name]
    assert len(names) == 1


def test_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "cache")
    _, directory = python(DEFINE_KERNEL, XDG_CACHE_HOME=nowhere, TMPDIR=str(tmp_path))
    assert Path(directory).parents[1] == tmp_path
    forbid_temporary = f"import tempfile; tempfile.tempdir = {nowhere!r}\n"
    assert python(forbid_temporary + DEFINE_KERNEL, XDG_CACHE_HOME=nowhere) == ["0", "None"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_cache_that_others_can_write_is_not_read(tmp_path):
    (tmp_path / "minigrad").mkdir()
    (tmp_path / "minigrad").chmod(0o777)
    _, directory = python(DEFINE_KERNEL, XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path / "x"))
    assert Path(directory).parent != tmp_path / "minigrad"


def test_without_compilation_lookup_is_told():
    program = "from minigrad.kernels.cpu import jit; print(jit.available())"
    assert python(program, NUMBA_DISABLE_JIT="1") == ["False"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_launch():
    program = DEFINE_KERNEL + (
        "import os\n"
        "jit.set_num_threads(3)\n"
        "jit.launch(double, x.size, out, x, nanoseconds=1e9)\n"
        "child = os.fork()\n"
        "jit.launch(double, x.size, out, x + 1, nanoseconds=1e9)\n"
        "assert (out == 2 * x + 2).all()\n"
        "if not child: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    python(program)


def test_threads_launch_at_once():
    """Also the first time, when the kernel is not yet compiled."""
    expected = np.empty(200_000, np.uint32)
    kernels.philox_bits(expected, seed=1, offset=0)
    outs = [np.empty_like(expected) for _ in range(4)]

    def repeat(out):
        for _ in range(20):
            kernels.philox_bits(out, seed=1, offset=0)

    kernels.bits_blocks.compiled.clear()
    threads = [threading.Thread(target=repeat, args=(out,)) for out in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for out in outs:
        np.testing.assert_array_equal(out, expected)


@jit.kernel("T[::1], int64, int64, int64")
def hungry(out, count, first, last):
    out[first] = np.empty(count, np.int8).size


@jit.kernel("T[::1], int64, int64")
def mark(out, first, last):
    for i in range(first, last):
        out[i] += 1


def test_an_error_in_a_worker_is_raised_by_launch(threads):
    for jit_threads in (1, 4):
        jit.set_num_threads(jit_threads)
        with pytest.raises(MemoryError):
            jit.launch(hungry, 10, np.empty(10), 1 << 60, nanoseconds=1e9)
        jit.launch(hungry, 10, np.empty(10), 8, nanoseconds=1e9)  # and the next one runs


def test_every_element_is_taken_once_by_any_number_of_threads(threads):
    for count in (2, 3, 1000, 5, 1, 4):
        jit.set_num_threads(count)
        for size in (1, 2, 7, 8, 9, 1000):
            out = np.zeros(size)
            for _ in range(50):
                jit.launch(mark, size, out, nanoseconds=1e9)
            assert (out == 50).all(), (count, size)


def test_threads_launch_while_the_pool_is_taken(threads):
    """A second Python thread works alone meanwhile, and one that sleeps is woken."""
    jit.set_num_threads(3)
    outs = [np.zeros(10_000) for _ in range(4)]

    def repeat(out, pause):
        for _ in range(100):
            jit.launch(mark, out.size, out, nanoseconds=1e9)
            time.sleep(pause)

    running = [
        threading.Thread(target=repeat, args=(out, pause))
        for out, pause in zip(outs, (0, 0, 3e-4, 1e-3))
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert all([(out == 100).all() for out in outs])


def test_default_number_of_threads(tmp_path):
    show = "from minigrad.kernels.cpu import jit; print(jit.get_num_threads())"
    assert python(show, OMP_NUM_THREADS="3", MINIGRAD_NUM_THREADS="") == ["3"]
    assert python(show, OMP_NUM_THREADS="3", MINIGRAD_NUM_THREADS="5") == ["5"]
    (tmp_path / "cpu.max").write_text("150000 100000")
    assert worker_threads._quota(tmp_path) == 1.5
    (tmp_path / "cpu.max").write_text("max 100000")
    assert worker_threads._quota(tmp_path) == float("inf")
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("50000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert worker_threads._quota(tmp_path) == 0.5


def test_without_a_quota_all_cores_are_used(monkeypatch):
    for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(worker_threads, "_quota", lambda: float("inf"))
    assert 1 <= worker_threads.default_count() <= os.cpu_count()


def test_the_report_names_kernels_and_hits(tmp_path):
    program = DEFINE_KERNEL + "print(len(jit.jit_report()), jit.jit_report()[0].hit)"
    cold, warm = [python(program, XDG_CACHE_HOME=str(tmp_path)) for _ in range(2)]
    assert cold[2:] == ["5", "False"] and warm[2:] == ["5", "True"]


def test_the_reference_kernels_can_be_asked_for():
    show = "from minigrad.kernels.cpu import jit; print(jit.available())"
    assert python(show, MINIGRAD_KERNELS="reference") == ["False"]
    with pytest.raises(AssertionError, match="it may be 'fast'"):
        python(show, MINIGRAD_KERNELS="slow")


def test_a_kernel_has_one_signature_a_dtype():
    """Other layouts raise: they are never compiled anew."""
    key = {"seed": 1, "offset": 0}
    for shape in [(4,), (8, 2), (3, 3)]:
        for dtype in ("f4", "f8"):
            kernels.uniform(np.empty(shape, dtype), **key)
            kernels.uniform(np.empty(shape, dtype).T, **key)
    compiled = kernels.uniform_blocks.compiled
    assert sorted(dtype.name for dtype in compiled) == ["float32", "float64"]
    assert [len(each.signatures) for each in compiled.values()] == [1, 1]
    with pytest.raises(TypeError):
        kernels.uniform_blocks(np.empty((4, 8), "f4").T, 1, 0, 0, 1)


GUARD_PAGES = """
import ctypes, itertools, mmap
import numpy as np
from minigrad.kernels.cpu import conv, jit, pool, random, reduce
from minigrad.kernels.reference import conv as conv_reference

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PAGE = mmap.PAGESIZE

def guarded(values, at_end):
    # Memory of the same order between two pages that cannot be touched.
    order = np.argsort([-stride for stride in values.strides], kind="stable")
    physical = np.ascontiguousarray(values.transpose(order))
    pages = -(-physical.nbytes // PAGE)
    base = libc.mmap(None, (pages + 2) * PAGE, 3, 0x22, -1, 0)
    room = np.ctypeslib.as_array((ctypes.c_byte * (pages * PAGE)).from_address(base + PAGE))
    room[:] = -1  # NaN as a float
    libc.mprotect(base, PAGE, 0)
    libc.mprotect(base + (pages + 1) * PAGE, PAGE, 0)
    start = room.size - physical.nbytes if at_end else 0
    copy = room[start : start + physical.nbytes].view(physical.dtype).reshape(physical.shape)
    copy[...] = physical
    return copy.transpose(np.argsort(order))

def last(*shape):
    N, C, H, W = shape
    values = np.random.default_rng(0).standard_normal((N, H, W, C)).astype("f4")
    return values.transpose(0, 3, 1, 2)

for at_end, (N, C, H, W, CO, k, s, p, d, G) in itertools.product((True, False), [
    (1, 1, 5, 7, 3, (3, 3), (1, 1), (0, 0), (1, 1), 1),
    (2, 3, 6, 9, 17, (3, 2), (2, 1), (0, 0), (1, 1), 1),
    (1, 16, 5, 8, 16, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    (2, 6, 7, 13, 4, (2, 2), (2, 3), (1, 0), (2, 1), 2),
    (2, 5, 7, 6, 5, (3, 3), (1, 2), (0, 0), (1, 1), 5),
]):
    guard = lambda values: guarded(values, at_end)
    attrs = dict(stride=s, padding=p, dilation=d, groups=G)
    OH, OW = ((n + 2 * p[i] - d[i] * (k[i] - 1) - 1) // s[i] + 1 for i, n in enumerate((H, W)))
    x, g = guard(last(N, C, H, W)), guard(last(N, CO, OH, OW))
    weight = guard(last(CO, C // G, *k).copy())
    outs = [guard(np.full_like(array, np.nan)) for array in (g, x, weight)]
    wanted = [np.empty_like(out) for out in outs]
    for module, (y, dx, dw) in ((conv, outs), (conv_reference, wanted)):
        module.conv2d(y, x, weight, **attrs)
        module.conv2d_input_grad(dx, g, weight, **attrs)
        module.conv2d_weight_grad(dw, x, g, **attrs)
    for out, expected in zip(outs, wanted):
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    g = last(N, C, OH, OW)
    out, index, dx = guard(g * np.nan), guard((g * 0).astype("i4")), guard(x * np.nan)
    attrs = dict(kernel_size=k, stride=s, padding=p)
    pool.max_pool2d(out, index, x, dilation=d, **attrs)
    pool.max_pool2d_gather(guard(g), x, index)
    pool.max_pool2d_scatter(dx, guard(g), index)
    assert not np.isnan(out).any() and not np.isnan(dx).any()
    attrs |= dict(count_include_pad=False, divisor_override=None)
    out, dx = guard(g * np.nan), guard(x * np.nan)
    pool.avg_pool2d(out, x, **attrs)
    pool.avg_pool2d_input_grad(dx, guard(g), **attrs)
    assert not np.isnan(out).any() and not np.isnan(dx).any()
    total = guard(np.empty(C, "f4"))
    reduce.sum(total, x, axes=(0, 2, 3))
    random.dropout(dx, x, seed=1, offset=2, p=0.5)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls mmap by its Linux flags")
@pytest.mark.parametrize("cpu", ["host", "generic"])
def test_kernels_stay_inside_their_arrays(cpu):
    """Between pages that cannot be touched; also with the narrow vectors of an older CPU."""
    python(GUARD_PAGES, **({} if cpu == "host" else {"NUMBA_CPU_NAME": "generic"}))


@jit.helper
def rounded(x, big):
    return (x + big) - big


def each(out, x, big):
    for i in range(x.size):
        out[i] = rounded(x[i], big)


def test_a_helper_keeps_its_arithmetic_whoever_calls_it_first():
    """Numba lets a function that is compiled for its caller inherit the caller's fastmath."""
    x, out = np.linspace(0, 1, 1000), np.empty(1000)
    for flags in (frozenset({"reassoc", "nsz"}), frozenset()):
        each.__qualname__ = f"each_{len(flags)}_{os.getpid()}"  # not from the disk
        jit.Kernel(each, "T[::1], const(T[::1]), float64", flags)(out, x, 2.0**52)
        np.testing.assert_array_equal(out, np.rint(x))  # regrouped, it would be x
