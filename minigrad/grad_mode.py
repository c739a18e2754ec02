"""Switching gradient recording on and off, for the current thread."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .context import state


class _Mode:
    """A context manager that is also a decorator, of plain functions and generators."""

    mode = True

    def __enter__(self) -> None:
        # A stack: one object may be entered again inside itself, as a decorator of a recursion is.
        self.__dict__.setdefault("_before", []).append((state.grad_enabled, state.inference))
        self._enter()

    def _enter(self) -> None:
        # As in PyTorch, nothing inside inference_mode is recorded, whatever it is wrapped in.
        state.grad_enabled = self.mode and not state.inference

    def __exit__(self, *exc: object) -> None:
        state.grad_enabled, state.inference = self.__dict__["_before"].pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        make = self._again
        if inspect.isgeneratorfunction(function):
            return _switched_generator(function, make)

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with make():
                return function(*args, **kwargs)

        return switched

    def _again(self) -> _Mode:
        return type(self)()


def _switched_generator(
    function: Callable[..., Any], make: Callable[[], _Mode]
) -> Callable[..., Any]:
    """Each step of the generator runs in the mode; between steps the caller's mode holds."""

    @functools.wraps(function)
    def switched(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        advance: Callable[[], Any] = functools.partial(next, steps)
        try:
            while True:
                try:
                    with make():
                        value = advance()
                except StopIteration as stop:
                    return stop.value
                try:
                    advance = functools.partial(steps.send, (yield value))
                except GeneratorExit:
                    raise
                except BaseException as error:
                    advance = functools.partial(steps.throw, error)
        finally:
            with make():
                steps.close()

    return switched


class no_grad(_Mode):
    """Operations inside are not recorded. ``with no_grad():`` or ``@no_grad()``."""

    mode = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        # @no_grad without parentheses decorates as well.
        made = super().__new__(cls)
        return made if function is None else made(function)


class enable_grad(_Mode):
    """Operations inside are recorded, also within `no_grad`."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = super().__new__(cls)
        return made if function is None else made(function)


class set_grad_enabled(_Mode):
    """Recording switched to `mode`, at once; as a context manager, until it ends."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._at_start = state.grad_enabled
        state.grad_enabled = self.mode

    def __enter__(self) -> None:
        self.__dict__.setdefault("_before", []).append((self._at_start, state.inference))
        state.grad_enabled = self.mode

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        state.grad_enabled = self._at_start  # as a decorator it acts inside the function only
        return super().__call__(function)

    def _again(self) -> _Mode:
        return set_grad_enabled(self.mode)


class inference_mode(_Mode):
    """As `no_grad`; results are plain constants and may be used anywhere afterwards."""

    def __init__(self, mode: bool = True) -> None:
        self.mode = bool(mode)

    def _enter(self) -> None:
        state.grad_enabled, state.inference = not self.mode, self.mode

    def _again(self) -> _Mode:
        return inference_mode(self.mode)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread."""
    return state.grad_enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return state.inference
