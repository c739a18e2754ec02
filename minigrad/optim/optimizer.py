"""Optimizer: what all update rules share, and nothing of any of them.

A rule is a subclass with `update`, which changes one parameter in place by plain tensor operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..context import set_grad
from ..errors import ArgumentError, DTypeError, GradientError, ShapeError
from ..tensor import Tensor

Group = dict[str, Any]


class Optimizer:
    """The base of optimizers.

    Args:
        params: tensors, or dicts ``{"params": tensors, "lr": ...}`` that override the defaults.
        defaults: the settings of groups that do not say otherwise.

    Attributes:
        param_groups: the groups; their settings may be changed between steps.
        state: what the rule remembers of each parameter.

    Raises:
        ArgumentError: no parameters, one that comes twice, or a setting out of its range.
        GradientError: a tensor that was computed from others and is no leaf.
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        if isinstance(params, Tensor | dict):
            raise DTypeError(
                f"{type(self).__name__}: params must be a list of tensors or of dicts, got one "
                f"{type(params).__name__}: put it in a list"
            )
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        groups = list(params)
        if not groups:
            raise ArgumentError(
                f"{type(self).__name__}: there are no parameters; was the iterator used up before, "
                "or is the model without any?"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Optimize more parameters, ``{"params": tensors, ...}``, with settings of their own."""
        name, params = type(self).__name__, param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        unknown = param_group.keys() - self.defaults.keys() - {"params"}
        if unknown:
            raise ArgumentError(f"{name} has no settings {sorted(unknown)}")
        group = {**self.defaults, **param_group, "params": params}
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for position, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise DTypeError(
                    f"{name}: parameter {position} is a {type(p).__name__}, not a Tensor; a module "
                    "gives its tensors as model.parameters()"
                )
            if not p.is_leaf:
                raise GradientError(
                    f"{name}: parameter {position}, of shape {p.shape}, was computed from other "
                    "tensors; only leaves can be optimized: x.detach().requires_grad_()"
                )
            if id(p) in taken:
                raise ArgumentError(
                    f"{name}: parameter {position}, of shape {p.shape}, comes twice and would be "
                    "updated twice a step"
                )
            taken.add(id(p))
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        for name in ("lr", "eps", "weight_decay"):
            self.require(group.get(name, 0.0) >= 0.0, group, name, "must not be negative")

    def require(self, holds: bool, group: Group, name: str, rule: str) -> None:
        """Raise ArgumentError, naming the setting, unless its rule `holds`."""
        if not holds:
            raise ArgumentError(f"{type(self).__name__}: {name}={group[name]} {rule}")

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        """Change the parameter `p` in place, given its gradient; `state` is kept between steps."""
        raise NotImplementedError(f"{type(self).__name__} has no update rule")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        `closure` computes the loss and its gradients first; the loss is returned.
        """
        loss = None
        if closure is not None:
            with set_grad(True):
                loss = closure()
        with set_grad(False):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    if p.grad.array.shape != p.array.shape:
                        raise ShapeError(
                            f"{type(self).__name__}: a parameter of shape {p.shape} has a gradient "
                            f"of shape {p.grad.shape}"
                        )
                    self.update(p, p.grad, self.state.setdefault(p, {}), group)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients, or with ``set_to_none=False`` fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad = None if set_to_none else p.grad.detach().zero_()

    # State -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, parameters by number, for `minigrad.save`; tensors share memory."""
        params = [p for group in self.param_groups for p in group["params"]]
        numbers = {id(p): i for i, p in enumerate(params)}
        groups = [
            {**group, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {i: dict(self.state[p]) for i, p in enumerate(params) if p in self.state}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict` of an optimizer with the same parameters in the same order.

        Tensors are copied to the parameters' dtype and device.

        Raises:
            ArgumentError: other numbers of groups or parameters, or a state that does not fit its
                parameter; nothing was loaded.
        """
        saved, state = state_dict["param_groups"], state_dict["state"]
        sizes = [len(group["params"]) for group in self.param_groups]
        given = [len(group["params"]) for group in saved]
        if sizes != given:
            raise ArgumentError(
                f"{type(self).__name__}.load_state_dict: the state has groups of {given} tensors,"
                f" this optimizer of {sizes}"
            )
        numbers = [number for group in saved for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        loaded = {
            p: {name: _fitted(value, p, number) for name, value in state[number].items()}
            for number, p in zip(numbers, params, strict=True)
            if number in state
        }
        for group, settings in zip(self.param_groups, saved, strict=True):
            group.update({name: settings[name] for name in settings if name != "params"})
        self.state = loaded

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def _fitted(value: Any, p: Tensor, number: int) -> Any:
    """A copy of a saved value for the parameter `p`."""
    if not isinstance(value, Tensor):
        return value
    if value.shape != p.shape:
        raise ArgumentError(
            f"load_state_dict: the state of parameter {number} has shape {value.shape}, the "
            f"parameter {p.shape}"
        )
    return value.detach().to(p).clone()
