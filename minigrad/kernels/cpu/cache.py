"""Compiled code on disk: what one process compiled, the next one loads in milliseconds."""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import pickle
import platform
import re
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple


class DiskCache:
    """Compiled code on disk, one file a kernel and signature, in the place of Numba's own cache.

    Numba's cache does not see changes in helpers of other files, and two processes that save at
    once can cross its index. Here the names hold hashes of everything that the code depends on
    (`sources` is that of the source), and files are written whole. A cache may only make things
    faster: any failure means compiling anew.
    """

    def __init__(self, name: str, sources: str) -> None:
        self.name, self.sources = name, sources
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
        return directory / f"{self.name}-{digest}-{self.sources}.bin"


_IMPORTS = re.compile(r"^from \.(\w*) import (.+)$", re.MULTILINE)


def module_digest(function: Any) -> str:
    """A hash of the source that `function` can reach: its module, and what that imports here."""
    source = getattr(sys.modules.get(function.__module__), "__file__", None)
    if source is None:  # typed into an interpreter
        return _digest(repr((function.__code__.co_code, function.__code__.co_consts)).encode())
    return _file_digest(Path(source))


@functools.cache
def _file_digest(source: Path) -> str:
    reached, waiting = {}, [source]
    while waiting:
        file = waiting.pop()
        if file in reached or not file.exists():
            continue
        reached[file] = text = file.read_text()
        for module, names in _IMPORTS.findall(text):
            found = [module] if module else [name.split()[0] for name in names.split(",")]
            waiting += [file.parent / f"{name}.py" for name in found]
    return _digest(*[reached[file].encode() for file in sorted(reached)])


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


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
    versions = [importlib.import_module(name).__version__ for name in ("numba", "llvmlite")]
    return _digest(repr((versions, platform.python_version(), target())).encode())


@functools.cache
def target() -> tuple[str, str, str]:
    """Triple, name and features of the CPU that Numba compiles for."""
    registry = importlib.import_module("numba.core.registry")
    triple, name, features = registry.cpu_target.target_context.codegen().magic_tuple()
    return triple, name, features


# --- what was compiled --------------------------------------------------------------------------


class Compilation(NamedTuple):
    """One kernel made ready in this process."""

    kernel: str
    signature: str
    seconds: float
    hit: bool  # whether it came from the disk


class JitReport(list[Compilation]):
    """What `jit_report` returns; it prints as a table."""

    def __str__(self) -> str:
        lines = [f"{'hit' if c.hit else 'miss':5}{c.seconds:8.3f} s  {c.kernel}" for c in self]
        total = sum([c.seconds for c in self])
        kept = cache_directory() or "nowhere"
        return "\n".join([*lines, f"{len(self)} kernels, {total:.2f} s; kept in {kept}"])


_compilations = JitReport()


def jit_report() -> JitReport:
    """The kernels made ready so far: name, signature, seconds, and whether the disk had them.

    ``print(minigrad.jit_report())`` shows a table. ``python -m minigrad.warmup`` compiles the
    common kernels beforehand.
    """
    return JitReport(_compilations)


def build(dispatcher: Any, name: str, sources: str, signature: tuple[Any, ...]) -> None:
    """Compile `dispatcher` for `signature`, or load it, and note how long that took."""
    start = time.perf_counter()
    cache = dispatcher._cache = DiskCache(name, sources)
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    seconds = time.perf_counter() - start
    before = sum([c.seconds for c in _compilations if not c.hit])
    short = name.removeprefix(f"{__package__}.")
    _compilations.append(Compilation(short, str(signature), seconds, cache.hits > 0))
    if not cache.hits and before < 1 <= before + seconds:
        kept = cache_directory()
        where = f"kept in {kept}" if kept else "compiled anew in each process: no directory is free"
        print(f"minigrad: compiling kernels for this CPU, {where}", file=sys.stderr)
