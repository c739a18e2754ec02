"""``minigrad.func``: functions of functions, with `torch.func`'s names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .autograd.transforms import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    vjp,
)
from .autograd.vmap import vmap
from .errors import ArgumentError
from .nn.module import Module
from .ops.join import stack
from .tensor import Tensor

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp",
    "stack_module_state", "vjp", "vmap",
]  # fmt: skip


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with other tensors in the place of its parameters and buffers.

    The module is as before afterwards. Names that are left out keep their own tensors, unless
    `strict`; with `tie_weights` a tensor that the module has under several names is replaced under
    all of them. Per-example gradients::

        def loss(params, x, y):
            return cross_entropy(functional_call(net, params, (x[None],)), y[None])

        gradients = vmap(grad(loss), (None, 0, 0))(dict(net.named_parameters()), xs, ys)

    Raises:
        ArgumentError: a name that the module does not have; one that is missing, if `strict`.
    """
    dicts = parameter_and_buffer_dicts
    given: dict[str, Tensor] = {}
    for part in [dicts] if isinstance(dicts, Mapping) else dicts:
        twice = given.keys() & part.keys()
        if twice:
            raise ArgumentError(f"functional_call: {sorted(twice)} is given more than once")
        given.update(part)
    held = _members(module)
    unknown = given.keys() - held.keys()
    if unknown:
        raise ArgumentError(f"functional_call: {type(module).__name__} has no {sorted(unknown)}")
    if strict and held.keys() - given.keys():
        raise ArgumentError(f"functional_call: missing {sorted(held.keys() - given.keys())}")
    swaps = {held[name][:2]: value for name, value in given.items()}
    if tie_weights:
        tied = {id(held[name][2]): value for name, value in given.items()}
        for owner, name, tensor in held.values():
            if id(tensor) in tied:
                swaps.setdefault((owner, name), tied[id(tensor)])
    before = {(owner, name): owner.__dict__[name] for owner, name in swaps}
    try:
        for (owner, name), value in swaps.items():
            object.__setattr__(owner, name, value)
        positional = () if args is None else args if isinstance(args, tuple) else (args,)
        return module(*positional, **(kwargs or {}))
    finally:
        for (owner, name), tensor in before.items():
            object.__setattr__(owner, name, tensor)


def _members(module: Module) -> dict[str, tuple[Module, str, Tensor]]:
    """Every parameter and buffer by its dotted name: (module, name in it, tensor)."""
    found = {}
    for path, below in module.named_modules(remove_duplicate=False):
        for name, kind in below._kinds.items():
            member = below.__dict__[name]
            if not issubclass(kind, Module) and member is not None:
                found[f"{path}.{name}" if path else name] = (below, name, member)
    return found


def stack_module_state(
    models: Sequence[Module],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Parameters and buffers of models of one kind, stacked: for `vmap` over an ensemble."""
    if not models:
        raise ArgumentError("stack_module_state: expected at least one model")
    first = models[0]
    if any([type(m) is not type(first) for m in models]):
        raise ArgumentError("stack_module_state: the models must be of one class")

    def stacked(named: Any) -> dict[str, Tensor]:
        members = [dict(named(m)) for m in models]
        return {
            name: stack([m[name].detach() for m in members]).requires_grad_(x.requires_grad)
            for name, x in members[0].items()
        }

    return stacked(lambda m: m.named_parameters()), stacked(lambda m: m.named_buffers())
