"""Optimizer: what all update rules share, and nothing of any of them.

A rule is a subclass with `start`, which makes what is remembered of a parameter, and `update`,
which changes one parameter in place by plain tensor operations.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..context import set_grad
from ..dtypes import COMPLEXES, float32, get_default_dtype
from ..errors import ArgumentError, DTypeError, Error, ShapeError
from ..hooks import Hooks, RemovableHandle, add_hook
from ..ops.complex import view_as_real
from ..ops.creation import full
from ..tensor import Tensor
from . import state as saved

Group = dict[str, Any]
State = dict[str, Any]

# What schedulers and users note in a group beside the settings.
_NOTES = frozenset(
    "initial_lr max_lr min_lr base_momentum max_momentum swa_lr param_names name".split()
)
_before_every_step, _after_every_step = Hooks(), Hooks()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer."""
    return add_hook(_before_every_step, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer."""
    return add_hook(_after_every_step, hook)


def _hooked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method `step` that calls the hooks, and notes for schedulers that it was called."""

    @functools.wraps(function)
    def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if type(self).step is not step:  # a subclass's step calls this one, amid its own hooks
            return function(self, *args, **kwargs)
        self._opt_called = True
        for hook in (*_before_every_step.values(), *self._hooks["step_pre"].values()):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise Error(
                    f"{type(self).__name__}: a step_pre_hook must return None or a pair (args, "
                    f"kwargs), got {changed!r}"
                )
            args, kwargs = changed
        result = function(self, *args, **kwargs)
        for hook in (*self._hooks["step_post"].values(), *_after_every_step.values()):
            hook(self, args, kwargs)
        return result

    return step


class Optimizer:
    """The base of optimizers.

    Args:
        params: tensors; pairs of names and tensors, as ``model.named_parameters()`` gives; or dicts
            ``{"params": tensors, "lr": ...}`` that override the defaults.
        defaults: the settings of groups that do not say otherwise.

    Attributes:
        param_groups: the groups; their settings may be changed between steps.
        state: what the rule remembers of each parameter.

    The options `foreach` and `fused` of optimizers choose among PyTorch's ways to compute one
    result: they are taken, and have no effect.

    Raises:
        ArgumentError: no parameters, one that comes twice, one that was computed from others and is
            no leaf, or a setting out of its range.
    """

    componentwise = True  # complex parameters are stepped as pairs of real numbers
    per_parameter = True  # what is remembered of a parameter has its shape

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.step)  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        if isinstance(params, Tensor | dict):
            raise DTypeError(
                f"{type(self).__name__}: params must be a list of tensors or of dicts, got one "
                f"{type(params).__name__}: put it in a list"
            )
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self._forget_hooks()
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
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise DTypeError(f"{name}: a group must be a dict, got {type(param_group).__name__}")
        unknown = param_group.keys() - self.defaults.keys() - {"params"} - _NOTES
        if unknown:
            raise ArgumentError(f"{name} has no settings {sorted(unknown)}")
        group = {"params": [], **param_group}
        group["params"], names = self._named(param_group["params"])
        if names:
            group["param_names"] = names
        for setting, default in self.defaults.items():
            group.setdefault(setting, default)
        self._check_params(group)
        self.check(group)
        self.param_groups.append(group)

    def _named(self, params: Any) -> tuple[list[Any], list[str]]:
        """The parameters of a group, and their names if they have some."""
        name = type(self).__name__
        if isinstance(params, set):
            raise DTypeError(f"{name}: a set of parameters has no order; put them in a list")
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names and len(names) < len(params):
            raise ArgumentError(f"{name}: some parameters of a group have names, others have none")
        return [p[1] for p in params] if names else params, names

    def _check_params(self, group: Group) -> None:
        name = type(self).__name__
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for position, p in enumerate(group["params"]):
            if not isinstance(p, Tensor):
                raise DTypeError(
                    f"{name}: parameter {position} is a {type(p).__name__}, not a Tensor; a module "
                    "gives its tensors as model.parameters()"
                )
            if not p.is_leaf:
                raise ArgumentError(
                    f"{name}: parameter {position}, of shape {p.shape}, was computed from other "
                    "tensors; only leaves can be optimized: x.detach().requires_grad_()"
                )
            if id(p) in taken:
                raise ArgumentError(
                    f"{name}: parameter {position}, of shape {p.shape}, comes twice and would be "
                    "updated twice a step"
                )
            taken.add(id(p))
        if any([("param_names" in g) != ("param_names" in group) for g in self.param_groups]):
            raise ArgumentError(f"{name}: the parameters of all groups have names, or of none")

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        for name in ("lr", "eps", "weight_decay"):
            value = group.get(name, 0.0)
            fits = not isinstance(value, Tensor) or value.numel() == 1
            self.require(fits, group, name, "must be one number")
            self.require(value >= 0.0, group, name, "must not be negative")
        for name, why in (
            ("differentiable", "is not offered: steps are not recorded"),
            ("capturable", "is not offered: it prepares for PyTorch's CUDA graphs"),
        ):
            self.require(not group.get(name), group, name, why)
        if group.get("fused") and group.get("foreach"):
            raise Error(f"{type(self).__name__}: fused and foreach cannot be True together")

    def require(self, holds: bool, group: Group, name: str, rule: str) -> None:
        """Raise ArgumentError, naming the setting, unless its rule `holds`."""
        if not holds:
            raise ArgumentError(f"{type(self).__name__}: {name}={group[name]} {rule}")

    def require_betas(self, group: Group) -> None:
        """Raise ArgumentError unless the setting `betas` is two numbers in [0, 1)."""
        fits = len(group["betas"]) == 2 and all([0 <= beta < 1 for beta in group["betas"]])
        self.require(fits, group, "betas", "must be two numbers in [0, 1)")

    # Steps -----------------------------------------------------------------------------------

    def start(self, p: Tensor, group: Group) -> State:
        """What is remembered of the parameter `p` before its first step."""
        return {}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """Change the parameter `p` in place, given its gradient; `state` is kept between steps."""
        raise NotImplementedError(f"{type(self).__name__} has no update rule")

    @_hooked
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
                settings = numbers(group)
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(p, p.grad, settings)
        return loss

    def _update(self, p: Tensor, grad: Tensor, group: Group) -> None:
        if grad.shape != p.shape:
            raise ShapeError(
                f"{type(self).__name__}: a parameter of shape {p.shape} has a gradient of shape "
                f"{grad.shape}"
            )
        if grad.dtype != p.dtype:
            raise DTypeError(
                f"{type(self).__name__}: a parameter of {p.dtype} has a gradient of {grad.dtype}; "
                "convert it, p.grad = p.grad.to(p.dtype)"
            )
        state = self.state.get(p) or self.start(p, group)
        if self.componentwise and p.dtype in COMPLEXES:
            views = {k: view_as_real(v) if _is_complex(v) else v for k, v in state.items()}
            self.update(view_as_real(p), view_as_real(grad), views, group)
        else:
            self.update(p, grad, state, group)
        if state:
            self.state[p] = state

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients, or with ``set_to_none=False`` fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad = None if set_to_none else p.grad.detach().zero_()

    # Hooks -----------------------------------------------------------------------------------

    def _forget_hooks(self) -> None:
        self._hooks = {name: Hooks() for name in _HOOKS}
        self._opt_called = self._scheduled = False  # for schedules: whether steps come in order

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ones."""
        return add_hook(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return add_hook(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` before `state_dict`."""
        return add_hook(self._hooks["state_dict_pre"], hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after `state_dict`; it may return another one."""
        return add_hook(self._hooks["state_dict_post"], hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another state."""
        return add_hook(self._hooks["load_pre"], hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` after `load_state_dict`."""
        return add_hook(self._hooks["load_post"], hook, prepend)

    # State -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, parameters by number, for `minigrad.save`; tensors share memory."""
        for hook in self._hooks["state_dict_pre"].values():
            hook(self)
        found = saved.state_of(self.param_groups, self.state)
        for hook in self._hooks["state_dict_post"].values():
            found = hook(self, found) or found
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict` of an optimizer with the same parameters in the same order.

        It may be PyTorch's. Tensors are copied to the parameters' dtype and device.

        Raises:
            ArgumentError: other numbers of groups or parameters, or a state that does not fit its
                parameter; nothing was loaded.
        """
        given = dict(state_dict)
        for hook in self._hooks["load_pre"].values():
            given = hook(self, given) or given
        shaped = self.per_parameter
        found = saved.fitted(type(self).__name__, self.param_groups, given, shaped)
        groups, state = found
        self.__setstate__({"param_groups": groups, "state": defaultdict(dict, state)})
        for hook in self._hooks["load_post"].values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        names = ("defaults", "state", "param_groups")  # hooks stay behind, as in PyTorch
        return {name: self.__dict__[name] for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_hooks" not in self.__dict__:
            self._forget_hooks()
        for group in self.param_groups:  # a state may be of a version without some settings
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            lines.append("")
        return f"{type(self).__name__} (\n" + "\n".join(lines)[:-1] + "\n)"


_HOOKS = "step_pre step_post state_dict_pre state_dict_post load_pre load_post".split()


def _is_complex(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype in COMPLEXES


def numbers(group: Group) -> Group:
    """The settings of a group, of which those that may be tensors are numbers."""
    held = [k for k in ("lr", "weight_decay") if isinstance(group.get(k), Tensor)]
    return {**group, **{k: group[k].item() for k in held}} if held else group


def scalar(value: float) -> Tensor:
    """A number that changes from step to step: a 0-d tensor on the CPU, as PyTorch keeps it."""
    wide = get_default_dtype().itemsize == 8
    return full((), float(value), dtype=get_default_dtype() if wide else float32, device="cpu")


def advance(state: State) -> float:
    """Count one more step; how many there were.

    Written into the number's memory, as a tensor operation on it would take longer than all others.
    """
    memory = state["step"].array
    count = float(memory) + 1
    memory.fill(count)
    return count
