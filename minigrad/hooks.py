"""Hooks on tensors: code that sees, and may replace, a gradient on its way."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

from .errors import GradientError
from .tensor import Tensor, current_edge

_next_id = itertools.count().__next__


class RemovableHandle:
    """What registering a hook returns; `remove` takes the hook away, as leaving a ``with`` does."""

    def __init__(self, hooks: Any) -> None:
        self.id = _next_id()
        self._hooks = weakref.ref(hooks)

    def remove(self) -> None:
        """Take the hook away."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks(dict[int, Any]):
    """Hooks by handle, in the order they run. A dict that can be referred to weakly."""


def add_hook(hooks: Hooks, hook: Any, prepend: bool = False) -> RemovableHandle:
    """Register `hook` in `hooks`, after those that are there, or before them with `prepend`."""
    handle = RemovableHandle(hooks)
    later = dict(hooks) if prepend else {}
    if prepend:
        hooks.clear()
    hooks[handle.id] = hook
    hooks.update(later)
    return handle


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call ``hook(grad)`` when this tensor's gradient is known; what it returns replaces it."""
    return add_hook(_hooks_of(self, "register_hook"), hook)


def register_post_accumulate_grad_hook(
    self: Tensor, hook: Callable[[Tensor], None]
) -> RemovableHandle:
    """Call ``hook(tensor)`` when backward has added to the ``.grad`` of this leaf.

    It may step an optimizer of this tensor alone and drop the gradient: leaves come last in
    backward, when nothing needs their old values any more. It must return None.
    """
    edge = current_edge(self)
    if edge is None or not self.is_leaf:
        raise GradientError("register_post_accumulate_grad_hook: only for leaves that require grad")
    leaf = edge[0]
    if leaf.accumulated is None:
        leaf.accumulated = Hooks()
    return add_hook(leaf.accumulated, hook)


def retain_grad(self: Tensor) -> None:
    """Keep this tensor's gradient in ``.grad`` though it is not a leaf."""
    if self.is_leaf:
        _hooks_of(self, "retain_grad")  # a leaf keeps its gradient anyway
        return
    node, index = current_edge(self)
    node.retained = {**(node.retained or {}), index: weakref.ref(self)}


def _hooks_of(x: Tensor, caller: str) -> Hooks:
    edge = current_edge(x)
    if edge is None:
        raise GradientError(f"{caller}: the tensor does not require grad")
    node, index = edge
    if node.hooks is None:
        node.hooks = {}
    return node.hooks.setdefault(index, Hooks())
