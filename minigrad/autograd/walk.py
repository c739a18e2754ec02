"""Reverse-mode differentiation: one walk over the graph, newest node first.

Gradient formulas are ordinary tensor code, so under ``create_graph=True`` they leave a graph
themselves, and derivatives of any order come from the same walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import set_grad, state
from ..device import Array, namespace
from ..dtypes import is_complex
from ..errors import ArgumentError, GradientError, ShapeError
from ..ops.creation import ones_like, zeros_like
from ..ops.reduce import sum_to
from ..ops.shape import cast, clone, identity
from ..tensor import Edge, Leaf, Node, Tensor, current_edge
from .anomaly import check_finite

Cotangents = dict[Any, list[Tensor | None]]


def backward(
    tensor: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | Tensor | None = None,
) -> None:
    """Add the gradient of `tensor` to ``.grad`` of the leaves it was computed from.

    Args:
        gradient: the cotangent, of `tensor`'s shape; may be left out for a single element.
        retain_graph: keep what the graph saved, to go through it again. Default: `create_graph`.
        create_graph: record the gradient computation too, for higher derivatives.
        inputs: accumulate into these tensors only.
    """
    backward_from(tensor, gradient, retain_graph, create_graph, inputs)


def backward_from(
    tensors: Tensor | Sequence[Tensor],
    gradients: Tensor | Sequence[Tensor | None] | None,
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Sequence[Tensor] | Tensor | None,
) -> None:
    """`backward` from one tensor or several."""
    wanted = None
    if inputs is not None:
        given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        wanted = list({id(x): x for x in given}.values())
        if not wanted:
            raise GradientError("backward: inputs is empty; leave it out to reach every leaf")
    roots = _roots(tensors, gradients, "backward")
    keep = create_graph if retain_graph is None else retain_graph
    targets = None if wanted is None else [_edge_of(x, "backward(inputs=)") for x in wanted]
    found = _walk(roots, targets, create_graph=create_graph, retain_graph=keep)
    if wanted is not None:
        for x, g in zip(wanted, found, strict=True):
            if g is not None:
                accumulate(x, g, create_graph)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` (their inner product with `grad_outputs`) in `inputs`.

    Returns a tuple, one for each input; ``.grad`` fields are left alone. An input that the outputs
    do not depend on raises, or with ``allow_unused=True`` gives None, and zeros with
    ``materialize_grads=True``. `only_inputs` is True, as it always is in PyTorch. There is no
    `is_grads_batched`: call `grad` with ``retain_graph=True`` for each, or `minigrad.func.jacrev`.
    """
    if materialize_grads and allow_unused is False:
        raise ArgumentError("grad: materialize_grads=True needs allow_unused=True or None")
    if is_grads_batched or not only_inputs:
        raise ArgumentError(
            f"grad: only_inputs={only_inputs}, is_grads_batched={is_grads_batched}: gradients are "
            "of the inputs alone, for one cotangent. Call backward(), or grad() for each cotangent"
        )
    ins = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    roots = _roots(outputs, grad_outputs, "grad")
    keep = create_graph if retain_graph is None else retain_graph
    targets = [_edge_of(x, "grad") for x in ins]
    found = _walk(roots, targets, create_graph=create_graph, retain_graph=keep)
    for position, g in enumerate(found):
        if g is None and materialize_grads:
            found[position] = zeros_like(ins[position])
        elif g is None and not allow_unused:
            raise GradientError(
                f"grad: the outputs do not depend on input {position} (shape "
                f"{ins[position].shape}); pass allow_unused=True to get None for it"
            )
    return tuple(found)


def _roots(tensors: Any, gradients: Any, caller: str) -> list[tuple[Edge, Tensor]]:
    """Where a walk from one tensor or several starts."""
    outs = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    given = [gradients] if isinstance(gradients, Tensor) else gradients
    cotangents = [None] * len(outs) if given is None else list(given)
    if len(cotangents) != len(outs):
        raise GradientError(f"{caller}: {len(outs)} tensors but {len(cotangents)} gradients")
    return [_root(o, g, caller) for o, g in zip(outs, cotangents, strict=True)]


def _root(tensor: Tensor, gradient: Tensor | None, caller: str) -> tuple[Edge, Tensor]:
    """Where a walk starts: the output's edge, and its cotangent."""
    edge = current_edge(tensor)
    if edge is None:
        raise GradientError(
            f"{caller}: the tensor does not require grad and no operation was recorded for it. "
            "Call requires_grad_() on an input first, outside no_grad()"
        )
    if gradient is None:
        if tensor.array.size != 1:
            raise GradientError(
                f"{caller}: a gradient can be left out for a single element only, and this tensor "
                f"has shape {tensor.shape}. Reduce it first, x.sum(), or pass gradient="
            )
        if is_complex(tensor.dtype):
            raise GradientError(
                f"{caller}: a gradient can be left out for a real number only, and this tensor is "
                "complex. Reduce it to a real one, such as x.abs(), or pass gradient="
            )
        return edge, ones_like(tensor.detach())
    if gradient.shape != tensor.shape:
        raise ShapeError(
            f"{caller}: the gradient has shape {gradient.shape}, the tensor {tensor.shape}"
        )
    return edge, cast(gradient, tensor.dtype)


def _edge_of(x: Tensor, caller: str) -> Edge:
    edge = current_edge(x)
    if edge is None:
        raise GradientError(f"{caller}: an input of shape {x.shape} does not require grad")
    return edge


# The walk ------------------------------------------------------------------------------------


def _walk(
    roots: list[tuple[Edge, Tensor]],
    targets: list[Edge] | None,
    *,
    create_graph: bool,
    retain_graph: bool,
    stop_at_targets: bool = False,
) -> list[Tensor | None]:
    """Send cotangents from the roots down the graph.

    With `targets`, nodes that lead to none are not visited, and the targets' gradients are
    returned; without, every leaf accumulates its own.
    """
    ends = {edge[0] for edge in targets or ()} if stop_at_targets else set()
    order = _newest_first([edge[0] for edge, _ in roots], ends)
    useful = None if targets is None else _leading_to(order, targets)
    found: dict[Edge, Tensor | None] = {}
    pending: Cotangents = {}
    with set_grad(create_graph):
        for edge, cotangent in roots:
            _add(pending, edge, cotangent)
        for node in order:
            cotangents = pending.pop(node, None)
            if cotangents is None or (useful is not None and node not in useful):
                continue
            if node.hooks is not None:
                _run_hooks(node, cotangents)
            if node.retained is not None:
                _retain(node, cotangents)
            if targets is not None:
                for edge in targets:
                    if edge[0] is node:
                        found[edge] = cotangents[edge[1]]
            if type(node) is Leaf:
                leaf = node.tensor()
                if targets is None and leaf is not None and cotangents[0] is not None:
                    accumulate(leaf, cotangents[0], create_graph)
                continue
            if useful is not None and not useful[node]:
                continue  # a target itself: nothing below it was asked for
            gradients = pull(node, cotangents, create_graph)
            for edge, g in zip(node.edges, gradients, strict=True):
                if g is not None and edge is not None:
                    _add(pending, edge, g)
            if not retain_graph:
                _free(node)
    return [] if targets is None else [found.get(edge) for edge in targets]


def _newest_first(roots: list[Any], ends: set[Any]) -> list[Any]:
    """Every node from the roots down to `ends`. A node's inputs are older than it: safe order."""
    seen = set(roots)
    stack = list(seen - ends)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                if edge[0] not in ends:
                    stack.append(edge[0])
    return sorted(seen, key=lambda node: node.number, reverse=True)


def _leading_to(order: list[Any], targets: list[Edge]) -> dict[Any, bool]:
    """The nodes from which a target can be reached, and whether one lies strictly below."""
    aims = {edge[0] for edge in targets}
    useful: dict[Any, bool] = {}
    for node in reversed(order):
        below = any([edge is not None and edge[0] in useful for edge in node.edges])
        if below or node in aims:
            useful[node] = below
    return useful


def _add(pending: Cotangents, edge: Edge, g: Tensor) -> None:
    node, index = edge
    slots = pending.get(node)
    if slots is None:
        slots = pending[node] = [None] * (1 if isinstance(node, Leaf) else len(node.prim.outputs))
    held = slots[index]
    slots[index] = g if held is None else held + g


def _run_hooks(node: Any, cotangents: list[Tensor | None]) -> None:
    for index, hooks in node.hooks.items():
        for hook in list(hooks.values()):
            g = cotangents[index]
            if g is not None:
                replaced = hook(g)
                if replaced is not None:
                    cotangents[index] = _checked_replacement(replaced, g)


def _retain(node: Any, cotangents: list[Tensor | None]) -> None:
    """Fill ``.grad`` of the computed tensors that asked for it, after every hook."""
    for index, reference in node.retained.items():
        x, g = reference(), cotangents[index]
        if x is not None and g is not None:
            accumulate(x, g, create_graph=g.requires_grad)


def _checked_replacement(replaced: Any, g: Tensor) -> Tensor:
    if not isinstance(replaced, Tensor) or replaced.shape != g.shape:
        shown = replaced.shape if isinstance(replaced, Tensor) else type(replaced).__name__
        raise GradientError(
            f"a hook replaced a gradient of shape {g.shape} by {shown}: return a Tensor of the "
            "gradient's shape, or None to leave it"
        )
    return cast(replaced, g.dtype)


def accumulate(leaf: Tensor, g: Tensor, create_graph: bool = False) -> None:
    """Add `g` to ``leaf.grad``. The field owns its memory: gradients may be shared on the way."""
    there = g if leaf.grad is None else leaf.grad
    if not leaf.shape == g.shape == there.shape:
        raise GradientError(
            f"backward: a gradient of shape {g.shape} for a leaf of shape {leaf.shape} whose .grad "
            f"has {there.shape}: .data was replaced. Set .grad to None and run the forward anew"
        )
    if leaf.grad is None:
        leaf.grad = clone(g) if create_graph else Tensor(_copy_in_layout(g.array, leaf.array))
    elif create_graph or leaf.grad.requires_grad:
        leaf.grad = leaf.grad + g
    else:
        leaf.grad += g
    node = leaf.edge and leaf.edge[0]
    if type(node) is Leaf and node.accumulated:
        for hook in list(node.accumulated.values()):
            if hook(leaf) is not None:
                raise GradientError("a hook after the accumulation of .grad must return None")


def _copy_in_layout(g: Array, like: Array) -> Array:
    out = namespace(like).empty_like(like)
    out[...] = g
    return out


# One node ------------------------------------------------------------------------------------


def pull(node: Node, cotangents: list[Tensor | None], create_graph: bool) -> list[Tensor | None]:
    """The gradients of a node's inputs, given those of its outputs."""
    prim = node.prim
    values = {} if prim.kind == "user" else _saved_tensors(node, create_graph)
    if prim.kind == "user":
        gradients = prim.pull(node, cotangents)
    elif create_graph and prim.definition is not None:
        gradients = _pull_definition(node, values, cotangents)
    elif prim.vjp is not None:
        named = _named_values(node, values, cotangents)
        gradients = prim.vjp(node.needs, *[named[name] for name in prim.joint_wants])
    else:
        named = _named_values(node, values, cotangents)
        g = cotangents[0]
        gradients = [
            vjp_of_input(g, *[named[name] for name in wants]) if need else None
            for need, vjp_of_input, wants in zip(node.needs, prim.vjps, prim.wants, strict=True)
        ]
    fitted = [
        None if g is None or not need else _fit(node, g, meta)
        for need, g, meta in zip(node.needs, gradients, node.metas, strict=True)
    ]
    if state.check_finite:
        check_finite(node, fitted)
    return fitted


def _free(node: Node) -> None:
    """Let go of what the node saved; one that saved nothing may be passed again."""
    if node.prim.kind == "user":
        node.prim.free(node)
    elif node.saved:
        node.saved = None


def _saved_tensors(node: Node, create_graph: bool) -> dict[tuple[str, int], Any]:
    """What the node kept, as tensors again: tied to the graph if it may be differentiated."""
    if callable(node.saved):
        node.saved()
    if node.saved is None:
        raise GradientError(
            f"backward through {node!r} a second time: what it saved was freed by the first. Pass "
            "retain_graph=True to the first backward, or recompute the forward pass"
        )
    places = [("in", i) for i in node.plan.inputs] + [("out", i) for i in node.plan.outputs]
    values: dict[tuple[str, int], Any] = {}
    for place, (array, storage, version) in zip(places, node.saved, strict=True):
        if storage is None and not hasattr(array, "shape"):
            values[place] = array
            continue
        if storage is not None and storage.overwritten_since(version, array):
            raise GradientError(
                f"backward through {node!r}: a tensor of shape {array.shape} it needs was changed "
                "in place after it was used. Use an out-of-place operation (x = x + 1, not x += 1),"
                " or write to a clone()"
            )
        edge = None
        if create_graph:
            edge = node.edges[place[1]] if place[0] == "in" else (node, place[1])
        values[place] = Tensor(array, edge)
        values[place].storage = storage
    return values


def _named_values(
    node: Node, values: dict[tuple[str, int], Any], cotangents: list[Tensor | None]
) -> dict[str, Any]:
    """Everything a gradient formula may name, by name."""
    prim = node.prim
    named: dict[str, Any] = dict(node.attrs)
    named.update(zip(prim.gradient_names, cotangents, strict=True))
    if prim.variadic:
        name = prim.inputs[0]
        named[name] = [values.get(("in", i)) for i in range(len(node.metas))]
        named[f"{name}_shape"] = [meta and meta[0] for meta in node.metas]
    else:
        for i, name in enumerate(prim.inputs):
            named[name] = values.get(("in", i))
            if node.metas[i] is not None:
                named[f"{name}_shape"], named[f"{name}_dtype"] = node.metas[i]
    for i, name in enumerate(prim.outputs):
        named[name] = values.get(("out", i))
    return named


def _pull_definition(
    node: Node, values: dict[tuple[str, int], Any], cotangents: list[Tensor | None]
) -> list[Tensor | None]:
    """The gradient through the operation's meaning in simple operations, differentiable again."""
    inputs = [values["in", i] for i in range(len(node.metas))]
    # Doors to the original graph: the walk stops at them, later derivatives pass through.
    doors = [identity(x) if need else x for x, need in zip(inputs, node.needs, strict=True)]
    assert node.prim.definition is not None
    out = node.prim.definition(*doors, **node.attrs)
    outs = [out] if isinstance(out, Tensor) else list(out)
    roots = [
        (o.edge, g)
        for o, g in zip(outs, cotangents, strict=True)
        if g is not None and o.edge is not None
    ]
    targets = [door.edge for door, need in zip(doors, node.needs, strict=True) if need]
    walked = _walk(roots, targets, create_graph=True, retain_graph=True, stop_at_targets=True)
    found = iter(walked)
    return [next(found) if need else None for need in node.needs]


def _fit(node: Node, g: Tensor, meta: tuple[Any, Any]) -> Tensor:
    """`g` in the shape and dtype of the input it belongs to."""
    shape, dtype = meta
    if g.array.shape != shape:
        if not node.prim.broadcasts:
            raise GradientError(
                f"the gradient formula of {node!r} gave shape {g.shape} for an input of shape "
                f"{shape}: the formula is wrong"
            )
        g = sum_to(g, shape)
    return g if g.array.dtype == dtype else cast(g, dtype)
