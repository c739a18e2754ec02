"""User-defined operations with their own gradient."""

from __future__ import annotations

from typing import Any

from .context import set_grad, state
from .errors import GradientError
from .ir import Plan, Primitive
from .ops.creation import zeros
from .storage import Storage
from .tensor import Node, Tensor, ViewOf, current_edge, save


class Context:
    """What `Function.forward` hands to `Function.backward`. Other attributes may be set freely."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._to_save: tuple[Any, ...] = ()
        self._saved: list[Any] | None = None
        self._not_differentiable: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; later in-place writes to them are noticed."""
        self._to_save = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that no gradient flows to these outputs."""
        self._not_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether absent gradients reach backward as zeros (the default) or as None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept."""
        return tuple([None if kept is None else kept() for kept in self._saved or ()])


class _Kept:
    """A saved tensor: its array, the moment, and its place in the graph unless it is an output.

    Outputs find their node through backward, which sets it: holding it would be a cycle.
    """

    def __init__(self, x: Tensor, edge: Any, output: int | None, name: str) -> None:
        self.array, self.storage, self.version = save(x)
        self.edge, self.output, self.name = edge, output, name
        self.node: Node | None = None

    def __call__(self) -> Tensor:
        storage: Storage | None = self.storage
        if storage is not None and storage.overwritten_since(self.version, self.array):
            raise GradientError(
                f"backward through {self.name}: a saved tensor of shape {self.array.shape} was "
                "changed in place after it was saved; save a clone()"
            )
        edge: Any = None
        if state.grad_enabled:
            edge = self.edge if self.output is None else (self.node, self.output)
        out = Tensor(self.array, edge)
        out.storage = storage
        return out


class Function:
    """Base of user-defined operations, as PyTorch's ``autograd.Function``.

    Example:
        >>> class Cube(mg.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         (x,) = ctx.saved_tensors
        ...         return g * 3 * x * x
        >>> y = Cube.apply(mg.tensor([2.0], requires_grad=True))
    """

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs, a Tensor or a tuple of them; runs without recording."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient (or None) for each input of forward, in order."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and hang `backward` on the result."""
        edges = [current_edge(x) if isinstance(x, Tensor) else None for x in args]
        recorded = state.grad_enabled and any(edges)
        ctx = Context(tuple([edge is not None and recorded for edge in edges]))
        with set_grad(False):
            out = cls.forward(ctx, *args, **kwargs)
        outs = list(out) if isinstance(out, tuple) else [out]
        if recorded:
            # An input returned as it is becomes a new place in the graph, not the input itself.
            outs = [x.detach() if any([x is a for a in args]) else x for x in outs]
            _record(cls, ctx, args, tuple(edges), outs)
        return tuple(outs) if isinstance(out, tuple) else outs[0]


def _record(
    cls: type[Function], ctx: Context, args: tuple[Any, ...], edges: tuple[Any, ...], outs: Any
) -> None:
    needs = tuple([edge is not None for edge in edges])
    plan = Plan(needs, (), (), ())
    node = Node(
        UserOperation(cls, [(o.shape, o.dtype, o.device) for o in outs]), {"ctx": ctx}, edges, plan
    )
    node.metas = tuple([(a.shape, a.dtype) if isinstance(a, Tensor) else ((), None) for a in args])
    skipped = {id(x) for x in ctx._not_differentiable}
    for index, out in enumerate(outs):
        if id(out) not in skipped and out.dtype.kind not in "biu":
            out.edge = (node, index)
            if out.view_of is not None:
                out.view_of = ViewOf(out.view_of.base, None, out.view_of.base.edge)
    kept: list[_Kept | None] = []
    for x in ctx._to_save:
        place = next((i for i, out in enumerate(outs) if out is x), None)
        edge = None if x is None or place is not None else current_edge(x)
        kept.append(None if x is None else _Kept(x, edge, place, cls.__name__))
    ctx._saved = kept
    ctx._to_save = ctx._not_differentiable = ()
    node.saved = []


class UserOperation(Primitive):
    """The record of a user's operation. Its gradient is the class's `backward`."""

    kind = "user"
    definition = None

    def __init__(self, function: type[Function], metas: list[tuple[Any, ...]]) -> None:
        self.name, self.function, self.metas = function.__name__, function, metas
        self.outputs = tuple([f"y{i}" for i in range(len(metas))])
        self.broadcasts = False

    def pull(self, node: Node, cotangents: list[Tensor | None]) -> list[Tensor | None]:
        """`backward` of the user's class, checked."""
        ctx = node.attrs["ctx"]
        if ctx._saved is None:
            raise GradientError(
                f"backward through {node!r} a second time: what it saved was freed by the first. "
                "Pass retain_graph=True to the first backward"
            )
        for kept in ctx._saved:
            if kept is not None:
                kept.node = node
        try:
            if ctx._materialize:
                cotangents = [
                    zeros(shape, dtype=dtype, device=device) if g is None else g
                    for g, (shape, dtype, device) in zip(cotangents, self.metas, strict=True)
                ]
            found = self.function.backward(ctx, *cotangents)
        finally:
            for kept in ctx._saved:
                if kept is not None:
                    kept.node = None
        gradients = list(found) if isinstance(found, tuple) else [found]
        if len(gradients) != len(node.edges):
            raise GradientError(
                f"{self.name}.backward returned {len(gradients)} gradients for "
                f"{len(node.edges)} inputs of forward; give None for those without one"
            )
        return gradients

    def free(self, node: Node) -> None:
        """Let go of what `save_for_backward` kept."""
        node.attrs["ctx"]._saved = None if node.attrs["ctx"]._saved else []
