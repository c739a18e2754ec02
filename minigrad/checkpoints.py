"""Checkpoints: all that a training run is made of in one file, and back, whole or not at all."""

from __future__ import annotations

import copy
import glob
import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

from .errors import ArgumentError, Error, FileFormatError
from .nn.module import Module
from .nn.state import misfit
from .random import Generator, default_generator
from .serialization import load
from .serialization.state import path_of, write

_VERSION = 1


def save_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    ema: Any = None,
    generator: Generator | None = None,
    loader: Any = None,
    step: int = 0,
    keep: int = 1,
    **extra: Any,
) -> None:
    """Write the state of a training run to one file, from which `load_checkpoint` goes on.

    The file is written by `minigrad.save`: whoever reads `path`, even after a kill or a power cut,
    finds the old checkpoint or the new one. One run at a time may write to a path.

    Args:
        path: the file to make or replace.
        model, optimizer, scheduler, ema, loader: whatever of these there is; anything with a
            ``state_dict()``.
        generator: the random generator to save; by default the default one.
        step: how far the run is.
        keep: how many checkpoints to keep: with 3, those before the newest stand beside
            ``run.safetensors`` as ``run.1.safetensors`` and ``run.2.safetensors``.
        extra: more of it, under names of your own: anything with a ``state_dict()``, or numbers,
            strings, tensors, arrays, and lists, tuples and dicts of them.

    Raises:
        ArgumentError: `keep` or `step` is no such number.
        DTypeError: something that cannot be stored; the message names its place.
        OSError: the file cannot be written; the old ones are still there.
    """
    target = Path(os.path.realpath(path_of("save_checkpoint", path)))
    if keep < 1 or isinstance(step, bool) or not isinstance(step, int):
        raise ArgumentError(
            f"save_checkpoint: keep={keep} must be at least 1, step={step} a number"
        )
    given = _named(model, optimizer, scheduler, ema, loader) | extra
    parts = {name: part for name, part in given.items() if hasattr(part, "state_dict")}
    chosen = default_generator if generator is None else generator
    state = {
        "checkpoint": _VERSION,
        "step": step,
        "generator": chosen.get_state(),
        "kinds": {name: type(part).__name__ for name, part in parts.items()},
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "extra": {name: value for name, value in given.items() if name not in parts},
    }
    write(state, target, lambda: _rotate(target, keep))
    for half in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):  # of runs since killed
        shutil.rmtree(half, ignore_errors=True)


def load_checkpoint(
    path: str | os.PathLike[str],
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    ema: Any = None,
    generator: Generator | None = None,
    loader: Any = None,
    **extra: Any,
) -> dict[str, Any]:
    """Bring a training run to where `save_checkpoint` was called: all that is given, or nothing.

    What the checkpoint holds and is not asked for is left alone, but for the random generator:
    that is restored always, the default one unless another is given.

    Args:
        path: the file.
        model, optimizer, scheduler, ema, loader: made as they were then; they take over the
            saved states in place, on the devices where they are.
        generator: the random generator to restore; by default the default one.
        extra: more parts that were saved under these names.

    Returns: a dictionary of ``step`` and the plain values that were saved.

    Raises:
        Error: something does not fit; one message names all of it, and nothing was changed.
        FileFormatError: the file is no checkpoint, corrupt, or of a later version.
        OSError: the file cannot be read.
    """
    path = path_of("load_checkpoint", path)
    state = _read(path)
    parts = _named(model, optimizer, scheduler, ema, loader) | extra
    troubles = []
    for name, part in parts.items():
        troubles += [f"{name}: {trouble}" for trouble in _before_loading(name, part, state)]
    # Only a module can say beforehand whether a state fits. Others try, and are put back.
    others = [name for name, part in parts.items() if not isinstance(part, Module)]
    undo = []
    for name in others if not troubles else ():
        undo.append((parts[name], copy.deepcopy(parts[name].state_dict())))
        try:
            parts[name].load_state_dict(state["parts"][name])
        except Exception as error:  # of any kind: all are told together
            troubles.append(f"{name}: {error}")
    if troubles:
        for part, before in undo:
            part.load_state_dict(before)
        raise Error(
            f"load_checkpoint: {path} does not fit, and nothing was loaded.\n  "
            + "\n  ".join(troubles)
        )
    for name, part in parts.items():
        if isinstance(part, Module):
            part.load_state_dict(state["parts"][name])
    (default_generator if generator is None else generator).set_state(state["generator"])
    return {"step": state["step"], **state["extra"]}


def _read(path: str) -> dict[str, Any]:
    """The checkpoint in a file."""
    state = load(path)
    if not isinstance(state, dict) or "checkpoint" not in state:
        raise FileFormatError(f"{path}: it was not written by save_checkpoint")
    if state["checkpoint"] != _VERSION:
        raise FileFormatError(
            f"{path}: it is a checkpoint of version {state['checkpoint']}, and this minigrad reads "
            f"version {_VERSION}"
        )
    try:
        Generator().set_state(state["generator"])
        sound = state["kinds"].keys() == state["parts"].keys() and {"step", "extra"} <= state.keys()
    except Exception:  # of any kind: somebody has written what save_checkpoint does not
        sound = False
    if not sound:
        raise FileFormatError(f"{path}: it was changed since save_checkpoint wrote it")
    return state


def _named(*parts: Any) -> dict[str, Any]:
    names = ("model", "optimizer", "scheduler", "ema", "loader")
    return {name: part for name, part in zip(names, parts) if part is not None}


def _before_loading(name: str, part: Any, state: dict[str, Any]) -> list[str]:
    """What is wrong, as far as it can be seen without loading."""
    if not hasattr(part, "load_state_dict"):
        return [f"a {type(part).__name__} has no load_state_dict"]
    if name not in state["parts"]:
        there = ", ".join(state["parts"]) or "none"
        return [f"the checkpoint has no such part; its parts are: {there}"]
    if isinstance(part, Module):
        found = misfit(part, state["parts"][name])
        return [found.strip().replace("\n", "\n  ")] if found else []
    saved = state["kinds"][name]
    if saved != type(part).__name__:
        return [f"it is a {type(part).__name__}, in the checkpoint a {saved}"]
    return []


def _rotate(path: Path, keep: int) -> None:
    """Let the newest checkpoint also be the second newest, and so on; `path` stays all the time."""
    older = [path.with_name(f"{path.stem}.{i}{path.suffix}") for i in range(1, keep)]
    if not older or not path.exists() or (older[0].exists() and older[0].samefile(path)):
        return  # the second case: it rotated, and was killed before it wrote
    for newer, next_older in reversed(list(pairwise(older))):
        if newer.exists():
            os.replace(newer, next_older)
    spare = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    spare.mkdir()
    try:
        os.link(path, spare / path.name)
    except OSError:  # a file system without links
        shutil.copy2(path, spare)
    os.replace(spare / path.name, older[0])
    spare.rmdir()
