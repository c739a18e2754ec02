"""From the record of an elementwise operation to its public function."""

from __future__ import annotations

from typing import Any, Protocol

from ..errors import DTypeError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .calling import public
from .operands import as_tensor_operand, operand


class Unary(Protocol):
    """The public function of a one-input operation; `prim` is its record."""

    prim: Elementwise

    def __call__(self, input: Any) -> Tensor: ...


class Binary(Protocol):
    """The public function of a two-input operation; `prim` is its record."""

    prim: Elementwise

    def __call__(self, input: Any, other: Any) -> Tensor: ...


def unary(prim: Elementwise) -> Unary:
    """The public function of a one-input operation."""

    def function(input: Tensor) -> Tensor:
        return apply(prim, as_tensor_operand(input, prim.name))

    return documented(function, prim)


def binary(prim: Elementwise, numbers: str = "other") -> Binary:
    """The public function of a two-input operation.

    `numbers` says which input may be a number, as in PyTorch: "other", "either" or "none".
    """
    ready = {"other": _other, "either": either, "none": _none}[numbers]

    def function(input: Tensor, other: Any) -> Tensor:
        return apply(prim, *ready(input, other, prim.name))

    function.ready = ready  # type: ignore[attr-defined]
    return documented(function, prim)


def either(a: Any, b: Any, op: str) -> tuple[Any, Any]:
    """Two operands, of which one may be a number."""
    ready = operand(a, op), operand(b, op)
    if not isinstance(ready[0], Tensor) and not isinstance(ready[1], Tensor):
        raise DTypeError(f"{op}: one of the inputs must be a Tensor, got {a!r} and {b!r}")
    return ready


def _other(a: Any, b: Any, op: str) -> tuple[Any, Any]:
    return as_tensor_operand(a, op), operand(b, op)


def _none(a: Any, b: Any, op: str) -> tuple[Any, Any]:
    return as_tensor_operand(a, op), as_tensor_operand(b, op)


def documented(function: Any, prim: Elementwise) -> Any:
    """`function` as the public function of `prim`, with its name and formula."""
    function.__name__ = function.__qualname__ = prim.name
    function.__doc__ = (
        f"Elementwise ``{prim.formula}``; inputs broadcast and promote as in PyTorch."
    )
    function.prim = prim
    return public(function)
