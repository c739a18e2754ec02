"""What holds for the current thread: gradient mode, the recorder, the module being run.

Thread-local throughout: a loader thread under `no_grad` must not switch off the trainer's graph.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


class _State(threading.local):
    """One thread's state. Attributes are read on every op, so they are plain and few."""

    def __init__(self) -> None:
        self.grad_enabled = True
        self.inference = False
        # Whether nodes remember where they were called, and gradients are checked (anomaly.py).
        self.anomaly = False
        self.check_finite = False
        self.recorder: Callable[..., None] | None = None
        # (enclosing path, weak reference to the running module), innermost last; None outside.
        self.path: tuple[Any, Any] | None = None
        # Kernels run inside this context, where NumPy's floating-point warnings are off: entering
        # it costs 0.1 us where np.errstate costs 1, and no global setting is touched.
        quiet = contextvars.copy_context()
        quiet.run(np.seterr, all="ignore")
        self.run_quietly: Callable[..., Any] = quiet.run


state = _State()


# How many recorders are installed, in all threads: none, and `apply` need not ask its own.
recorders = 0


class record:
    """Context manager: ``recorder(primitive, operands, result, attrs)`` sees this thread's ops."""

    def __init__(self, recorder: Callable[..., None]) -> None:
        self.recorder = recorder

    def __enter__(self) -> None:
        global recorders
        self.before = state.recorder
        state.recorder = self.recorder
        recorders += 1

    def __exit__(self, *exc: object) -> None:
        global recorders
        state.recorder = self.before
        recorders -= 1


class set_grad:
    """Context manager: gradients recorded or not, in this thread."""

    __slots__ = ("before", "mode")

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self.before = state.grad_enabled
        state.grad_enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        state.grad_enabled = self.before


def user_trace() -> str:
    """The call stack outside this package, as a traceback shows it: where a user's line called."""
    import traceback  # 8 ms that only anomaly detection needs

    here = os.path.dirname(__file__) + os.sep
    frames = [f for f in traceback.extract_stack() if not f.filename.startswith(here)]
    return "".join(traceback.format_list(frames[-8:])).rstrip()


def module_path(path: tuple[Any, Any] | None = None) -> str:
    """The dotted path of the running module, ``Net.fc1``; empty outside modules."""
    link = state.path if path is None else path
    modules = []
    while link is not None:
        link, reference = link
        modules.append(reference())
    modules.reverse()
    names: list[str] = []
    for parent, module in zip([None, *modules], modules, strict=False):
        if module is None:
            names.append("?")
        elif parent is None:
            names.append(type(module).__name__)
        else:
            names.append(parent._name_of(module) or type(module).__name__)
    return ".".join(names)
