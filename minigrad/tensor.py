"""Tensor, and `apply`, the one funnel every operation passes.

A Tensor is an array with a place in a graph: its `edge` is (the node that made it, which output),
or None for a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import context
from .context import set_grad, state
from .device import ARRAY_TYPES, Array, device, device_of, overlaps, to_device
from .dtypes import CATEGORY, DIFFERENTIABLE, NUMBERS
from .errors import DeviceError, DTypeError, GradientError, ShapeError
from .graph import Edge as Edge
from .graph import Leaf as Leaf
from .graph import Node as Node
from .graph import Scalar as Scalar
from .graph import ViewOf as ViewOf
from .ir import REGISTRY, Elementwise, Primitive, Shape
from .kernels.launch import check_writable_as, launch, launch_elementwise
from .storage import Storage


class Tensor:
    """A multi-dimensional array of one dtype on one device, with reverse-mode gradients.

    Make one with `minigrad.tensor`, `zeros`, `randn` and kin. The API is PyTorch's, but for this
    constructor, which only wraps an array.
    """

    __slots__ = ("__weakref__", "array", "edge", "grad", "storage", "view_of")

    def __init__(self, array: Array, edge: Edge | None = None) -> None:
        if type(array) not in ARRAY_TYPES:  # as in Tensor([1, 2]) and Tensor(2, 3)
            raise DTypeError(
                f"Tensor: wraps an array of NumPy or CuPy, got {array!r:.50}: use "
                "minigrad.tensor(values), FloatTensor(values) or empty(*sizes)"
            )
        self.array = array
        self.edge = edge
        self.grad: Tensor | None = None
        self.storage: Storage | None = None
        self.view_of: ViewOf | None = None

    # What it is ----------------------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        """The sizes of its dimensions, a tuple."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """Its data type, a NumPy dtype such as `minigrad.float32`."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return self.array.ndim

    @property
    def device(self) -> device:
        """Where it lives."""
        return device_of(self.array)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it: a constant, or a tensor asked to require grad."""
        edge = current_edge(self)
        return edge is None or type(edge[0]) is Leaf

    @property
    def grad_fn(self) -> Node | None:
        """The graph node that made it; None for a leaf."""
        return None if self.is_leaf else current_edge(self)[0]

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it. May be set on a leaf."""
        return current_edge(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask that operations on it be recorded; returns itself. Integers and bools cannot."""
        edge = current_edge(self)
        if edge is not None and type(edge[0]) is not Leaf:
            if requires_grad:
                return self
            raise GradientError(
                "requires_grad can be turned off on leaf tensors only; use x.detach() for a "
                "constant copy of a computed tensor"
            )
        if requires_grad and self.dtype not in DIFFERENTIABLE:
            raise GradientError(
                f"only floating-point and complex tensors can require grad, not {self.dtype}"
            )
        if requires_grad and edge is None:
            self.edge = (Leaf(self), 0)
        elif not requires_grad:
            self.edge = None
        return self

    def detach(self) -> Tensor:
        """The same memory as a constant: no gradient flows through it."""
        out = Tensor(self.array)
        out.storage = storage_of(self)
        return out

    @property
    def data(self) -> Tensor:
        """`detach()`, under PyTorch's other name. Assigning rebinds the memory.

        A leaf may get another shape. (What an operation made has a gradient of its own shape.)
        """
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        fits = value.shape == self.shape or self.is_leaf
        if not fits or CATEGORY[value.dtype] != CATEGORY[self.dtype]:
            raise DTypeError(
                f".data: cannot replace {self.dtype}{self.shape} by {value.dtype}{value.shape}"
            )
        self.edge, self.view_of = current_edge(self), None
        self.array, self.storage = value.array, storage_of(value)


# The funnel ----------------------------------------------------------------------------------


def apply(prim: Primitive, *inputs: Any, **attrs: Any) -> Any:
    """Run `prim` on tensors; remember it in the graph if a gradient may be wanted.

    Returns a Tensor, or a tuple of them for a record with several outputs.
    """
    if len(ARRAY_TYPES) > 1:
        inputs = _on_one_device(prim, inputs)
    operands = [x.array for x in inputs]
    if prim.kind == "elementwise":
        result = launch_elementwise(prim, operands)
    else:
        result = launch(prim, operands, attrs)
    if context.recorders and state.recorder is not None:
        state.recorder(prim, operands, result, attrs)
    node = None
    for x in inputs:
        if x.edge is not None or x.view_of is not None:  # it may lead back to a leaf
            node = _node(prim, inputs, operands, attrs) if state.grad_enabled else None
            break
    if type(result) is tuple:
        outputs = tuple([Tensor(array) for array in result])
        if node is not None:
            _hang(node, outputs)
        return outputs
    out = Tensor(result)
    if node is not None:
        _hang(node, (out,))
    if prim.kind == "view":
        _link_view(out, inputs[0], prim, attrs)
    return out


def _node(
    prim: Primitive, inputs: tuple[Any, ...], operands: list[Any], attrs: dict[str, Any]
) -> Node | None:
    """The graph node of an operation, with what its gradient needs of the inputs."""
    edges = [x.edge if x.view_of is None else current_edge(x) for x in inputs]
    plan = prim.plan(tuple(map(bool, edges)))
    if plan is None:
        return None
    node = Node(prim, attrs, edges, plan)
    node.metas = metas = [None] * len(operands)
    for i in plan.noted:
        array = operands[i]
        if type(array) not in NUMBERS:
            metas[i] = (array.shape, array.dtype)
    node.saved = [save(inputs[i]) for i in plan.inputs] if plan.inputs else []
    return node


def _hang(node: Node, outputs: tuple[Tensor, ...]) -> None:
    """Make `node` the origin of its outputs, and keep those that its gradient needs."""
    for index, out in enumerate(outputs):
        if out.array.dtype in DIFFERENTIABLE:
            out.edge = (node, index)
    for i in node.plan.outputs:
        node.saved.append(save(outputs[i]))  # type: ignore[union-attr]


def save(x: Tensor | Scalar) -> tuple[Any, Storage | None, int]:
    """What backward needs of a tensor: its array, and the moment, to notice later writes."""
    if type(x) is Scalar:
        return x.array, None, 0
    storage = x.storage
    if storage is None:
        storage = x.storage = Storage()
    elif storage.foreign:
        return x.array.copy(), None, 0
    return x.array, storage, storage.version


def storage_of(x: Tensor) -> Storage:
    """The identity of a tensor's memory, made on first need."""
    if x.storage is None:
        x.storage = Storage()
    return x.storage


def _on_one_device(prim: Primitive, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs, with 0-d CPU tensors beside CUDA ones moved over, as PyTorch allows."""
    tensors = [x for x in inputs if type(x) is not Scalar]
    if len({type(x.array) for x in tensors}) <= 1:
        return inputs
    place = next(x.device for x in tensors if x.device.type == "cuda")
    moved = []
    for x in inputs:
        if type(x) is not Scalar and x.device != place:
            if x.ndim > 0 or x.requires_grad:
                shown = ", ".join([f"{t.dtype}{t.shape} on {t.device}" for t in tensors])
                raise DeviceError(
                    f"{prim.name}: inputs are on different devices: {shown}. Move them together "
                    f"first, x.to('{place}')"
                )
            x = Tensor(to_device(x.array, place))
        moved.append(x)
    return tuple(moved)


# Views and in-place writes. The rules are written down, each with its test, in docs/views.md.


def _link_view(out: Tensor, source: Tensor, prim: Primitive, attrs: dict[str, Any]) -> None:
    out.storage = storage_of(source)
    above = source.view_of
    base, steps = (source, ()) if above is None else (base_of(above), above.steps)
    if not state.grad_enabled:
        out.view_of = ViewOf(base, None, None)
    elif steps is None:  # it is as good as `source`, which cannot be replayed
        out.view_of = ViewOf(base, None, above.base_edge)
    else:
        out.view_of = ViewOf(base, (*steps, (prim, attrs)), base.edge)


def base_of(view: ViewOf) -> Tensor:
    """The base of a view. One that was since reshaped in place is now a view of what it was."""
    while view.base.view_of is not None:
        view.base = view.base.view_of.base
    return view.base


def reshape_(target: Tensor, function: Callable[..., Tensor], *args: Any, **attrs: Any) -> Tensor:
    """`target` turned into the view of itself that `function` gives: ``x.t_()``."""
    base = target if target.view_of is None else base_of(target.view_of)
    leaf = base.edge is not None and type(base.edge[0]) is Leaf
    if leaf and state.grad_enabled:
        raise GradientError(
            "in-place change of shape of a leaf tensor that requires grad, or of a view of one: "
            "its gradient would not fit. Use the form without _, or `with minigrad.no_grad():`"
        )
    if leaf and base is target:
        target.array = function(target.detach(), *args, **attrs).array
        return target
    if base is target:  # what it was stays, as the base of its views and of what it becomes
        base = Tensor(target.array, target.edge)
        base.storage = storage_of(target)
    out = function(base if target.view_of is None else target, *args, **attrs)
    target.array, target.edge, target.view_of = out.array, out.edge, out.view_of
    return target


def current_edge(x: Tensor) -> Any:
    """The tensor's place in the graph; a view whose base was written since is replayed first."""
    view = x.view_of
    if view is None or base_of(view).edge is view.base_edge:
        return x.edge
    if view.steps is None:
        if x.edge is not None:  # as_strided made it, or a user's Function of its input
            raise GradientError(
                f"a view (shape {x.shape}) that as_strided or a Function made is used after its "
                "base was changed in place: its gradient would be wrong. Make it a clone()"
            )
        return x.edge
    if view.base.edge is None or type(view.base.edge[0]) is Leaf:
        return x.edge  # requires_grad_ was called on the base: that is no write
    view.base_edge = view.base.edge
    replayed: Tensor = view.base
    with set_grad(True):
        for prim, attrs in view.steps:
            replayed = apply(prim, replayed, **attrs)
    x.edge = replayed.edge
    return x.edge


def apply_(prim: Elementwise, target: Tensor, *others: Any) -> Tensor:
    """Elementwise `prim` written into its first input."""
    others = check_writable(prim, target, *others)
    operands = [target.array, *[x.array for x in others]]
    if not records_write(target, others, prim.name):
        launch_elementwise(prim, operands, target.array)
        log_write(target)
        return target
    return write_(target, apply(prim, _before_write(prim, target, others), *others))


def check_writable(prim: Elementwise, target: Tensor, *others: Any) -> tuple[Any, ...]:
    """`others`, on the device of `target`; an error if the result of `prim` does not fit it."""
    if len(ARRAY_TYPES) > 1:
        place, *others = _on_one_device(prim, (target, *others))  # type: ignore[assignment]
        if place is not target:
            raise DeviceError(
                f"{prim.name}_: the target is on {target.device}, another input on {place.device}"
            )
    check_writable_as(target.array, prim, [target.array, *[x.array for x in others]])
    return tuple(others)


def _before_write(prim: Elementwise, target: Tensor, others: tuple[Any, ...]) -> Tensor:
    """`target` as the input of an in-place operation: a copy, if backward will want its values."""
    plan = prim.plan(tuple([current_edge(x) is not None for x in (target, *others)]))
    if plan is None or 0 not in plan.inputs:
        return target
    return Tensor(target.array.copy(), current_edge(target))


def records_write(target: Tensor, sources: tuple[Any, ...], op: str) -> bool:
    """Whether the in-place write of `op` must enter the graph; raises where it is not allowed."""
    if is_expanded(target):
        raise ShapeError(
            f"{op}: in-place write to an expanded tensor of shape {target.shape}, to a part of one "
            "or to overlapping windows: several of its elements are one place in memory. Write to "
            "a clone() of it"
        )
    if not state.grad_enabled:
        return False
    base = target if target.view_of is None else base_of(target.view_of)
    if base.edge is not None and type(base.edge[0]) is Leaf:
        what = "a leaf tensor" if base is target else "a view of a leaf tensor"
        raise GradientError(
            f"{op}: in-place write to {what} that requires grad: its gradient would be lost. "
            "Write under `with minigrad.no_grad():`, or make a copy first with x.clone()"
        )
    recorded = base.edge is not None or any([current_edge(x) is not None for x in sources])
    if recorded and target.view_of is not None and target.view_of.steps is None:
        raise GradientError(
            f"{op}: in-place write of a recorded value into a view made under no_grad: the base's "
            "gradient would miss it. Make the view where gradients are enabled (views of another "
            "dtype, and those of as_strided, take no such write at all)"
        )
    return recorded


def is_expanded(x: Tensor) -> bool:
    """Whether several elements of `x` may be one place in memory."""
    array = x.array
    if isinstance(array, np.ndarray) and not array.flags.writeable:  # as NumPy's broadcasts are
        return True
    return overlaps(array.shape, array.strides, array.itemsize)


def write_(target: Tensor, value: Tensor) -> Tensor:
    """``target[...] = value`` (of its shape), recorded."""
    target.array[...] = value.array
    log_write(target)
    return rebind_(target, value)


def rebind_(target: Tensor, value: Any) -> Tensor:
    """Make the graph say that `target`, whose memory was just written, is `value`.

    A view hands the write to its base, as the base with one region replaced; the base's other
    views replay themselves when next used.
    """
    view = target.view_of
    edge = current_edge(value)
    base = target if view is None else base_of(view)
    before = base.edge
    if view is None and edge is not None and value.dtype == target.dtype:
        target.edge = edge
        _carry_retained(before, target)
        return target
    steps = () if view is None else view.steps
    edges = (base.edge, edge)
    write = REGISTRY["write"]
    plan = write.plan(tuple([e is not None for e in edges]))
    if plan is None:
        return target  # nothing leads back to a leaf: the operation has no gradient
    node = Node(write, {"steps": steps}, edges, plan)
    node.metas = ((base.shape, base.dtype), (target.shape, value.dtype))
    node.saved = []
    base.edge = (node, 0)
    _carry_retained(before, base)
    return target


def _carry_retained(before: Any, x: Tensor) -> None:
    """`retain_grad` speaks of the tensor as it now is, not of the value it had."""
    retained = before and before[0].retained
    if retained and before[1] in retained and retained[before[1]]() is x:
        node, index = x.edge  # type: ignore[misc]
        node.retained = {**(node.retained or {}), index: retained.pop(before[1])}


def log_write(x: Tensor) -> None:
    """Note an in-place write to `x`; memory that nobody saved or viewed needs no log."""
    if x.storage is not None:
        x.storage.log_write(x.array)
