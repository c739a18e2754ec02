"""The graph that operations leave behind: nodes, leaves, and how views hang on their bases.

A tensor's `edge` is (the node that made it, which output). Nodes hold their inputs' edges and
nothing points forward, so the graph has no cycles and reference counting frees it.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from . import context
from .context import state
from .ir import Plan, Primitive

if TYPE_CHECKING:
    from .tensor import Tensor

Edge: TypeAlias = "tuple[Node | Leaf, int]"

# Nodes are numbered as they are made: a node's inputs always have smaller numbers than it has.
_next_number = itertools.count().__next__


class Node:
    """One applied operation in the graph, with what its gradient will need.

    `saved` holds (array, storage, version) of what the record's gradient formulas name, in the
    order of ``plan.inputs`` and then ``plan.outputs``; None once backward has freed it, or a
    function that will put it there (checkpoint.py).
    """

    __slots__ = (
        "__weakref__", "attrs", "edges", "hooks", "metas", "number", "path", "plan", "prim",
        "retained", "saved", "trace",
    )  # fmt: skip

    def __init__(
        self, prim: Primitive, attrs: dict[str, Any], edges: Sequence[Any], plan: Plan
    ) -> None:
        self.prim: Any = prim  # a user's operation has more than a Primitive
        self.attrs, self.edges, self.plan = attrs, edges, plan
        self.number = _next_number()
        self.path = state.path
        self.hooks: dict[int, Any] | None = None  # by output
        self.retained: dict[int, weakref.ref[Tensor]] | None = None  # who asked to retain_grad
        self.trace = context.user_trace() if state.anomaly else None
        self.metas: Sequence[Any] = ()  # (shape, dtype) of each input; None for a number
        self.saved: Any = None

    @staticmethod
    def next_number() -> int:
        """A number between those of the nodes made so far and of those to come."""
        return _next_number()

    @property
    def needs(self) -> tuple[bool, ...]:
        """Which inputs get a gradient."""
        return self.plan.needs

    def __repr__(self) -> str:
        where = context.module_path(self.path) if self.path else ""
        return f"<{self.prim.name}{f' in {where}' if where else ''}>"


class Leaf:
    """The end of the graph: a tensor that accumulates a gradient. Held weakly, or it were a cycle.

    It has a node's attributes that the walk reads.
    """

    __slots__ = ("__weakref__", "accumulated", "hooks", "number", "tensor")
    edges: tuple[Any, ...] = ()
    retained = None

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = weakref.ref(tensor)
        self.number = _next_number()
        self.hooks: dict[int, Any] | None = None
        self.accumulated: Any = None  # hooks that run when .grad is complete


class ViewOf:
    """How a view came from its base: the base tensor and the view operations applied to it.

    `base_edge` is the base's place in the graph when the view's own was computed; when an in-place
    write has moved the base on, the view is replayed (`current_edge`). `steps` is None for a view
    that cannot be replayed: one made under no_grad, or returned by a user's Function.
    """

    __slots__ = ("base", "base_edge", "steps")

    def __init__(self, base: Tensor, steps: tuple[Any, ...] | None, base_edge: Any) -> None:
        self.base, self.steps, self.base_edge = base, steps, base_edge


class Scalar:
    """A Python number as an operand: it takes part in the operation, never in the graph."""

    __slots__ = ("array",)
    edge = view_of = storage = None

    def __init__(self, value: complex) -> None:
        self.array = value
