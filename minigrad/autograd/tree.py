"""Nested tuples, lists and dicts of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor


def leaves_of(tree: Any) -> list[Tensor]:
    """The tensors in `tree`, in order."""
    return list(_walk(tree))


def _walk(tree: Any) -> Iterator[Tensor]:
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for x in tree:
            yield from _walk(x)
    elif isinstance(tree, dict):
        for x in tree.values():
            yield from _walk(x)


def mapped(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`tree` with ``function(tensor, *those of the others in its place)`` for each tensor."""
    if isinstance(tree, Tensor):
        return function(tree, *others)
    if isinstance(tree, (tuple, list)):
        parts = [mapped(function, x, *rest) for x, *rest in zip(tree, *others, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {k: mapped(function, x, *[o[k] for o in others]) for k, x in tree.items()}
    return tree


def tensors_only(tree: Any, what: str) -> list[Tensor]:
    """The tensors in `tree`, where there must be at least one."""
    found = leaves_of(tree)
    if not found:
        raise ArgumentError(f"{what} must hold a Tensor, got {type(tree).__name__}")
    return found
