"""Numba for minigrad: compiled on first call, kept on disk, run on minigrad's own threads.

Kernels are serial and release the GIL. `launch` cuts a range of work into chunks that sleeping
worker threads and the caller take one by one. Numba's ``parallel=True`` is not used: its OpenMP
layer kills forked children, its workqueue layer aborts when two threads launch at once, both
compile three times longer, and a spinning barrier stalls on a machine that others use too.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import pickle
import platform
import queue
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

# Below this much work for one core, waking a thread (about 0.1 ms) costs more than it brings.
PARALLEL_NANOSECONDS = 250_000
_CHUNKS_PER_THREAD = 4  # so that a thread held up by another process holds up little


def available() -> bool:
    """Whether Numba can compile here; if not, lookup uses the reference kernels."""
    disabled = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return not disabled and importlib.util.find_spec("numba") is not None


# --- kernels ------------------------------------------------------------------------------------


class Helper:
    """Something that kernels call and that only Numba can make: built once a dtype, when needed."""

    def __init__(self, build: Callable[[np.dtype], Any]) -> None:
        self.build = functools.cache(build)


def helper(function: Callable[..., Any]) -> Any:
    """Decorator: a function that kernels (and other helpers) may call."""
    return Helper(lambda dtype: inlined(_bind(function, dtype)))


def inlined(function: Callable[..., Any], fastmath: frozenset[str] = frozenset()) -> Any:
    """`function` compiled for kernels to call.

    `fastmath` is said though it may be empty: what is not said, Numba takes from the first caller,
    whose flags all other callers would get.
    """
    return _numba().njit(nogil=True, fastmath=set(fastmath), **_FLAGS)(function)


class Kernel:
    """A function compiled by Numba at its first call, for one signature a dtype and no more.

    The dtype is that of the first argument. An array that does not fit the signature raises
    `TypeError`: a kernel is never recompiled for another layout.
    """

    def __init__(
        self, function: Callable[..., Any], signature: str, fastmath: frozenset[str]
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.signature = signature
        self.fastmath = fastmath
        self.compiled: dict[np.dtype, Any] = {}

    def __call__(self, *args: Any) -> Any:
        return self.specialise(args[0].dtype)(*args)

    def specialise(self, dtype: np.dtype) -> Any:
        """The compiled function for arrays of `dtype`."""
        compiled = self.compiled.get(dtype)
        if compiled is None:
            with _state.compiling:
                compiled = self.compiled.get(dtype) or self._compile(dtype)
                self.compiled[dtype] = compiled
        return compiled

    def _compile(self, dtype: np.dtype) -> Any:
        numba = _numba()
        scope = dict(vars(numba.types))
        scope["T"] = numba.from_dtype(dtype)
        scope["const"] = lambda array: array.copy(readonly=True)
        flags = {**_FLAGS, "fastmath": set(self.fastmath)}
        compiled = numba.njit(nogil=True, **flags)(_bind(self.function, dtype))
        compiled._cache = DiskCache(f"{self.function.__module__}.{self.function.__qualname__}")
        compiled.compile(eval(f"({self.signature},)", scope))
        compiled.disable_compile()
        return compiled


def kernel(
    signature: str, *, fastmath: frozenset[str] = frozenset()
) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorator: compile a function with Numba when it is first called.

    `signature` lists Numba types, with ``T`` for the dtype of the first argument and
    ``const(...)`` for arrays that are only read: ``"T[::1], const(T[:, :]), int64"``. Division by
    zero gives what NumPy gives; `fastmath` names LLVM flags (never ``nnan``: NaNs are kept).
    """
    return lambda function: Kernel(function, signature, fastmath)


_FLAGS = {"error_model": "numpy"}


def _numba() -> Any:
    return importlib.import_module("numba")


def _bind(function: Any, dtype: np.dtype) -> FunctionType:
    """A copy of `function` that sees the built form of the helpers it names."""
    scope = dict(function.__globals__)
    for name in function.__code__.co_names:
        if isinstance(value := scope.get(name), Helper):
            scope[name] = value.build(dtype)
    copy = FunctionType(function.__code__, scope, function.__name__)
    # The name becomes a symbol, which the code of two dtypes, loaded from disk, must not share.
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__qualname__}_{dtype.name}"
    return copy


# --- threads ------------------------------------------------------------------------------------


class _State:
    """What a forked child must start afresh: it has its parent's locks but not its threads."""

    def __init__(self) -> None:
        self.compiling = threading.RLock()
        self.starting = threading.Lock()
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self.workers = 0

    def ensure_workers(self, count: int) -> None:
        with self.starting:
            while self.workers < count:
                worker = threading.Thread(target=_serve, args=(self.jobs,), daemon=True)
                worker.start()
                self.workers += 1


class _Job:
    """A range of work cut into chunks, which whoever is free takes one by one."""

    def __init__(
        self, run: Callable[..., Any], args: tuple[Any, ...], count: int, chunks: int
    ) -> None:
        self.run, self.args = run, args
        bounds = [count * i // chunks for i in range(chunks + 1)]
        self.pending = list(zip(bounds[-2::-1], bounds[:0:-1], strict=True))  # first is popped last
        self.unfinished = len(self.pending)
        self.lock = threading.Lock()
        self.finished = threading.Event()
        self.error: BaseException | None = None

    def work(self) -> None:
        while True:
            with self.lock:
                if not self.pending:
                    return
                first, last = self.pending.pop()
            try:
                self.run(*self.args, first, last)
            except BaseException as error:
                self.error = error
            with self.lock:
                self.unfinished -= 1
                if not self.unfinished:
                    self.finished.set()


def _serve(jobs: queue.SimpleQueue[_Job]) -> None:
    while True:
        jobs.get().work()


def launch(kernel: Kernel, count: int, *args: Any, nanoseconds: float) -> None:
    """Call ``kernel(*args, first, last)`` on ranges that together cover ``range(count)``.

    `nanoseconds` estimates the whole work on one core: little of it stays on the caller's thread.
    The kernel's result must not depend on how the range is cut. Safe from several threads at once
    and in forked children.
    """
    run = kernel.specialise(args[0].dtype)
    threads = get_num_threads()
    if threads == 1 or count == 1 or nanoseconds < PARALLEL_NANOSECONDS:
        run(*args, 0, count)
        return
    job = _Job(run, args, count, min(count, threads * _CHUNKS_PER_THREAD))
    _state.ensure_workers(threads - 1)
    for _ in range(threads - 1):
        _state.jobs.put(job)
    job.work()
    job.finished.wait()
    if job.error is not None:
        raise job.error


def get_num_threads() -> int:
    """How many threads a kernel may use: the cores this process may run on, unless set."""
    return _threads


def set_num_threads(count: int) -> None:
    """Let kernels use `count` threads. Results do not depend on it, bit for bit."""
    global _threads
    _threads = max(1, int(count))


def _restart() -> None:
    global _state
    _state = _State()


_state = _State()
_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart)


# --- the disk cache -----------------------------------------------------------------------------


class DiskCache:
    """Compiled code on disk, one file a kernel and signature, in the place of Numba's own cache.

    Numba's cache does not see changes in helpers of other files, and two processes that save at
    once can cross its index. Here the directory's name holds a hash of everything that the code
    depends on, and files are written whole. A cache may only make things faster: any failure
    means compiling anew.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.hits = 0

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Compiled code for `signature`, or None. (The name and form are Numba's.)"""
        target.refresh()
        try:
            payload = pickle.loads(self._path(signature).read_bytes())
            compiler = importlib.import_module("numba.core.compiler")
            result = compiler.CompileResult._rebuild(target, *payload)
        except Exception:
            return None
        self.hits += 1
        return result

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep freshly compiled code for the next process."""
        if result.library.has_dynamic_globals:
            return  # it holds addresses of this process
        try:
            payload = importlib.import_module("numba.core.serialize").dumps(result._reduce())
            path = self._path(signature)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(payload)
            os.replace(file.name, path)
        except Exception:
            return

    def _path(self, signature: Any) -> Path:
        directory = cache_directory()
        if directory is None:
            raise FileNotFoundError("no directory to keep compiled code in")
        digest = hashlib.sha256(str(signature).encode()).hexdigest()[:16]
        return directory / f"{self.name}-{digest}.bin"


@functools.cache
def cache_directory() -> Path | None:
    """Where compiled code is kept; None where no private directory can be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    for parent in (Path(home, "minigrad"), Path(tempfile.gettempdir(), f"minigrad-{user}")):
        directory = parent / _fingerprint()
        try:
            parent.parent.mkdir(parents=True, exist_ok=True)
            parent.mkdir(mode=0o700, exist_ok=True)
            directory.mkdir(mode=0o700, exist_ok=True)
            if _is_private(parent) and _is_private(directory):
                return directory
        except OSError:
            continue
    return None


def _is_private(path: Path) -> bool:
    """Whether only this user can write `path`: the files are pickles, which run code when read."""
    about = path.lstat()
    mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    closed = os.name == "nt" or not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return mine and closed and stat.S_ISDIR(about.st_mode) and os.access(path, os.W_OK)


@functools.cache
def _fingerprint() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    versions = [importlib.import_module(name).__version__ for name in ("numba", "llvmlite")]
    digest.update(repr((versions, platform.python_version(), target())).encode())
    return digest.hexdigest()[:24]


@functools.cache
def target() -> tuple[str, str, str]:
    """Triple, name and features of the CPU that Numba compiles for."""
    registry = importlib.import_module("numba.core.registry")
    triple, name, features = registry.cpu_target.target_context.codegen().magic_tuple()
    return triple, name, features
