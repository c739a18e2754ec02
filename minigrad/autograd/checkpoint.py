"""Checkpoints: what a part of the forward pass saved is let go, and computed again in backward."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from ..context import set_grad, state
from ..errors import ArgumentError, GradientError
from ..random import default_generator
from ..tensor import Node, save
from .tree import leaves_of


class _Region:
    """A part of the graph whose saved values are computed again when the first is asked for.

    Nodes are held weakly: they hold the region, and a cycle would keep the graph alive.
    """

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, rng: Any) -> None:
        self.function, self.args, self.kwargs, self.rng = function, args, kwargs, rng
        self.inputs = [(x, *save(x)) for x in leaves_of((args, kwargs))]
        self.nodes: list[weakref.ref[Node]] = []
        self.names: list[str] = []

    def adopt(self, nodes: list[Node]) -> None:
        """Let go of what `nodes` saved; each asks the region when it is needed."""
        self.nodes = [weakref.ref(node) for node in nodes]
        self.names = [node.prim.name for node in nodes]
        for node in nodes:
            if node.saved and node.prim.kind != "user":  # a user's Function keeps what it keeps
                node.saved = self.recompute

    def recompute(self) -> None:
        """Run the function again, and give every node what its twin saved."""
        for x, array, storage, version in self.inputs:
            if storage is not None and storage.overwritten_since(version, array):
                raise GradientError(
                    f"checkpoint: an input of shape {x.shape} was changed in place since the "
                    "function ran, so it cannot run again. Pass a clone()"
                )
        after = default_generator.get_state()
        if self.rng is not None:
            default_generator.set_state(self.rng)
        try:
            with set_grad(True):
                start = Node.next_number()
                out = self.function(*self.args, **self.kwargs)
        finally:
            if self.rng is not None:
                default_generator.set_state(after)
        twins = _made_since(start, out)
        if [node.prim.name for node in twins] != self.names:
            raise GradientError(
                "checkpoint: the function did other operations when it ran again in backward: "
                f"{len(self.names)} at first, {len(twins)} then. It must depend on its arguments "
                "alone (and on random numbers, with preserve_rng_state=True)"
            )
        for reference, twin in zip(self.nodes, twins):
            node = reference()
            if node is not None and node.saved == self.recompute:
                node.saved = twin.saved


def _made_since(start: int, out: Any) -> list[Node]:
    """The nodes younger than `start` that the outputs come from, oldest first."""
    found: set[Any] = set()
    stack = [x.edge[0] for x in leaves_of(out) if x.edge is not None]
    while stack:
        node = stack.pop()
        if node.number > start and node.edges and node not in found:
            found.add(node)
            stack += [edge[0] for edge in node.edges if edge is not None]
    return sorted(found, key=lambda node: node.number)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, keeping none of its intermediate values for backward.

    Backward runs the function once more when it gets there: less memory for more time. Gradients
    of every kind and order are those of the plain call; what the function closes over (a module's
    parameters) gets its gradient too. Values are let go when the function returns.

    Args:
        function: must do the same operations when it runs again.
        use_reentrant: taken for PyTorch's sake; there is one way here, and it has no limits of use.
        preserve_rng_state: give the second run the random numbers of the first.

    Raises:
        GradientError: in backward, if the second run differs or an input was changed in place.

    Source: Chen et al., *Training Deep Nets with Sublinear Memory Cost* (2016).
    """
    for name in ("context_fn", "determinism_check", "debug", "early_stop"):
        if kwargs.pop(name, None) not in (None, False, True, "default"):
            raise ArgumentError(f"checkpoint: {name}= is not available")
    if not state.grad_enabled:
        return function(*args, **kwargs)
    rng = default_generator.get_state() if preserve_rng_state else None
    region = _Region(function, args, kwargs, rng)
    start = Node.next_number()
    out = function(*args, **kwargs)
    region.adopt(_made_since(start, out))
    return out


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The modules of `functions`, a Sequential or a list, in `segments` checkpoints.

    The last segment is not checkpointed: backward starts there.
    """
    chain: Sequence[Any] = list(
        functions.children() if hasattr(functions, "children") else functions
    )
    if not 1 <= segments <= max(len(chain), 1):
        raise ArgumentError(f"checkpoint_sequential: {segments} segments of {len(chain)} modules")
    size = len(chain) // segments
    for i in range(segments):
        part = chain[i * size : (i + 1) * size if i < segments - 1 else None]
        run = _in_turn(part)
        input = run(input) if i == segments - 1 else checkpoint(run, input, **kwargs)
    return input


def _in_turn(part: Sequence[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for function in part:
            x = function(x)
        return x

    return run
