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
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from ...errors import ArgumentError
from . import threads
from .cache import build, module_digest
from .cache import jit_report as jit_report
from .cache import target as target

# Below this much work for one core, handing some of it over costs more than it brings.
PARALLEL_NANOSECONDS = 20_000
_CHUNKS_PER_THREAD = 4  # so that a thread held up by another process holds up little


def available() -> bool:
    """Whether Numba can compile here; if not, lookup uses the reference kernels.

    ``MINIGRAD_KERNELS=reference`` asks for those.
    """
    asked = os.environ.get("MINIGRAD_KERNELS", "fast")
    if asked not in ("fast", "reference"):
        raise ValueError(f"MINIGRAD_KERNELS={asked!r}: it may be 'fast' (default) or 'reference'")
    disabled = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return asked == "fast" and not disabled and importlib.util.find_spec("numba") is not None


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
        self.shared: dict[np.dtype, Callable[..., Any]] = {}  # for several threads

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

    def on_threads(self, dtype: np.dtype) -> Callable[..., Any]:
        """The compiled function as a job: ``f(pool, chunks, count, *args)`` fills all of it."""
        shared = self.shared.get(dtype)
        if shared is None:
            with _state.compiling:
                self.shared[dtype] = shared = _share(self.specialise(dtype))
        return shared

    def _compile(self, dtype: np.dtype) -> Any:
        numba = _numba()
        scope = dict(vars(numba.types))
        scope["T"] = numba.from_dtype(dtype)
        scope["const"] = lambda array: array.copy(readonly=True)
        flags = {**_FLAGS, "fastmath": set(self.fastmath)}
        compiled = numba.njit(nogil=True, **flags)(_bind(self.function, dtype))
        name = f"{self.function.__module__}.{self.function.__qualname__}"
        build(compiled, name, module_digest(self.function), eval(f"({self.signature},)", scope))
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
        self.pool: threads.Pool | None = None


def launch(kernel: Kernel, count: int, *args: Any, nanoseconds: float) -> None:
    """Call ``kernel(*args, first, last)`` on ranges that together cover ``range(count)``.

    `nanoseconds` estimates the whole work on one core: little of it stays on the caller's thread.
    The kernel's result must not depend on how the range is cut. Safe from several threads at once
    and in forked children.
    """
    dtype = args[0].dtype
    if _threads == 1 or count == 1 or nanoseconds < PARALLEL_NANOSECONDS:
        kernel.specialise(dtype)(*args, 0, count)
        return
    if _state.pool is None or _state.pool.threads != _threads:
        with _state.compiling:
            _state.pool = _state.pool or threads.Pool()
            _state.pool.resize(_threads)
    chunks = min(count, _threads * _CHUNKS_PER_THREAD)
    if kernel.on_threads(dtype)(_state.pool.address, chunks, count, *args):
        raise MemoryError(f"{kernel.function.__name__}: no memory for its scratch")


def _share(compiled: Any) -> Callable[..., Any]:
    """`compiled` (its last arguments are the range) as a job for several threads."""
    (entry,) = compiled.overloads.values()
    run = _sharing(entry.signature.args[:-2])
    return functools.partial(run, threads.share_address(), threads.address_of(compiled))


@functools.cache
def _sharing(types: tuple[Any, ...]) -> Any:
    """The function that packs arguments of these types and makes a job of them."""
    names = ", ".join([f"a{i}" for i in range(len(types))])
    digest = hashlib.sha256(repr(types).encode()).hexdigest()[:16]
    scope = {"packed": threads.packed(), "call": threads.call_share()}
    exec(
        f"def share_{digest}(share, kernel, pool, chunks, count, {names}):\n"
        f"    thunk, context = packed(({names},))\n"
        "    return call(share, pool, thunk, context, kernel, count, chunks)\n",
        scope,
    )
    function = scope[f"share_{digest}"]
    function.__module__ = threads.__name__
    function.__qualname__ = function.__name__
    compiled = _numba().njit(nogil=True, **_FLAGS)(function)
    integers = (_numba().types.int64,) * 5
    name = f"{threads.__name__}.{function.__name__}"
    build(compiled, name, module_digest(threads.packed), (*integers, *types))
    return compiled


def get_num_threads() -> int:
    """How many threads a kernel may use: the cores this process may run on, unless set."""
    return _threads


def set_num_threads(count: int) -> None:
    """Let kernels use `count` threads. Results do not depend on it, bit for bit."""
    global _threads
    if int(count) < 1:
        raise ArgumentError(f"set_num_threads: expected at least 1, got {count}")
    _threads = int(count)


def _restart() -> None:
    global _state
    _state = _State()


_state = _State()
_threads = threads.default_count()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart)
