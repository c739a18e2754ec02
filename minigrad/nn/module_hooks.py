"""Hooks of modules: code that sees, and may replace, what goes in and out, forward and backward."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..context import state
from ..errors import ArgumentError, GradientError
from ..function import Function
from ..hooks import Hooks, RemovableHandle, add_hook
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


class ModuleHook(NamedTuple):
    """What a module keeps of a hook."""

    kind: str  # forward, forward_pre, backward or backward_pre; save_, load_ with pre or post
    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class Hooked:
    """The part of `Module` that registers hooks. Each gives a handle whose `remove` undoes it."""

    _hooks: Hooks  # those that calling the module runs: one dict, for a call asks if it is empty
    _state_hooks: Hooks

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after `forward`; what it returns replaces output.

        Args:
            prepend: run it before the hooks that are there already.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: run it also when `forward` or another hook raised; then `output` is None
                unless there is one, and what it returns is ignored.
        """
        entry = ModuleHook("forward", hook, with_kwargs, always_call)
        return add_hook(self._hooks, entry, prepend)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before `forward`; what it returns replaces the arguments.

        `with_kwargs`: call ``hook(module, args, kwargs)``, which returns None or both of them.
        """
        return add_hook(self._hooks, ModuleHook("forward_pre", hook, with_kwargs), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when both are known in backward.

        They are tuples with a place for each positional argument and each output, None for what is
        no tensor. An argument that no gradient reaches has zeros, an output None. A tuple that the
        hook returns replaces grad_input. If no argument requires grad, the hook runs when
        grad_output is known, and replaces nothing.

        The arguments that `forward` gets, and the outputs that the caller gets, are views, which
        cannot be changed in place.
        """
        return add_hook(self._hooks, ModuleHook("backward", hook), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when it is known; what it returns replaces it."""
        return add_hook(self._hooks, ModuleHook("backward_pre", hook), prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before `state_dict` reads this module."""
        return add_hook(self._state_hooks, ModuleHook("save_pre", hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when `state_dict` has all."""
        return add_hook(self._state_hooks, ModuleHook("save_post", hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before `load_state_dict` looks at the state; it may rename and add entries.

        It gets ``(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)``, and changes them in place: `state_dict` is a copy of the
        mapping. It is called before anything is written, once under each name of the module.
        """
        return add_hook(self._state_hooks, ModuleHook("load_pre", hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` when all is loaded, before `strict` is judged.

        It may change the lists `missing_keys` and `unexpected_keys` in place.
        """
        return add_hook(self._state_hooks, ModuleHook("load_post", hook))


# Forward -------------------------------------------------------------------------------------


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module.forward(*args, **kwargs)`` with all hooks around it."""
    output, seen = None, set()
    try:
        for hook in list(module._hooks.values()):
            if hook.kind == "forward_pre":
                args, kwargs = _before(hook, module, args, kwargs)
        watch = _Watch(module) if state.grad_enabled else None
        if watch is not None and (watch.hooks or watch.pre_hooks):
            args = watch.arguments(args)
        output = module.forward(*args, **kwargs)
        for key, hook in list(module._hooks.items()):
            if hook.kind == "forward":
                seen.add(key)
                replaced = _after(hook, module, args, kwargs, output)
                output = output if replaced is None else replaced
        if watch is not None and (watch.hooks or watch.pre_hooks):
            output = watch.results(output)
        return output
    except Exception:
        for key, hook in list(module._hooks.items()):
            if hook.always_call and key not in seen:
                try:
                    _after(hook, module, args, kwargs, output)
                except Exception as error:  # the first error is the one to tell
                    warnings.warn(f"a hook raised {error!r} after forward raised", stacklevel=3)
        raise


def _before(
    hook: ModuleHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not hook.with_kwargs:
        replaced = hook.function(module, args)
        if replaced is None:
            return args, kwargs
        return replaced if isinstance(replaced, tuple) else (replaced,), kwargs
    replaced = hook.function(module, args, kwargs)
    if replaced is None:
        return args, kwargs
    if not isinstance(replaced, tuple) or len(replaced) != 2:
        raise ArgumentError(
            "a forward pre-hook with kwargs must return None or (args, kwargs), not "
            f"{type(replaced).__name__}"
        )
    return replaced


def _after(
    hook: ModuleHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
) -> Any:
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, output)
    return hook.function(module, args, output)


# Backward ------------------------------------------------------------------------------------


class _Gate(Function):
    """The identity of several tensors: one place in the graph where all their gradients meet."""

    @staticmethod
    def forward(ctx: Any, see: Callable[..., Any], fill: bool, *tensors: Tensor) -> Any:
        ctx.see = see
        ctx.set_materialize_grads(fill)
        # Views, so that in-place writes to them are refused: the graph outside would miss them.
        outs = [x.view_as(x) for x in tensors]
        ctx.mark_non_differentiable(*[out for x, out in zip(tensors, outs) if not x.requires_grad])
        return tuple(outs)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, None, *ctx.see(grads))


class _Watch:
    """One call of a module whose gradients are watched: a gate before it, and one after."""

    def __init__(self, module: Module) -> None:
        hooks = list(module._hooks.values())
        self.module = module
        self.hooks = [hook.function for hook in hooks if hook.kind == "backward"]
        self.pre_hooks = [hook.function for hook in hooks if hook.kind == "backward_pre"]
        self.grad_output: Any = None  # between the two gates
        self.count = 0  # of arguments
        self.gated = False  # whether any argument requires grad

    def arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """`args`, through a gate if any of them requires grad."""
        self.count = len(args)
        passed = _through(args, self._grad_input, fill=True)
        self.gated = passed is not args
        return passed

    def results(self, output: Any) -> Any:
        """The output, through a gate if it requires grad."""
        if isinstance(output, tuple):
            return _through(output, self._grad_output)
        if not isinstance(output, Tensor):
            warnings.warn(
                "backward hooks see the gradients of a Tensor or a tuple of them; the output of "
                f"{type(self.module).__name__} is a {type(output).__name__}",
                stacklevel=4,
            )
            return output
        return _through((output,), self._grad_output)[0]

    def _grad_output(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.pre_hooks:
            grads = _replaced(hook(self.module, grads), grads, "pre-hook", "grad_output")
        if self.gated:
            self.grad_output = grads
            return grads
        nothing = (None,) * self.count
        for hook in self.hooks:
            given = hook(self.module, nothing, grads)
            if given is not None and tuple(given) != nothing:
                raise GradientError(
                    "a backward hook of a module none of whose arguments requires grad must "
                    "return None: there is no grad_input to replace"
                )
        return grads

    def _grad_input(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_output is None:  # the gradient came by another way than the output
            return grads
        for hook in self.hooks:
            given = hook(self.module, grads, self.grad_output)
            grads = _replaced(given, grads, "hook", "grad_input")
        self.grad_output = None
        return grads


def _replaced(given: Any, grads: tuple[Any, ...], what: str, name: str) -> tuple[Any, ...]:
    if given is None:
        return grads
    given = (given,) if isinstance(given, Tensor) else tuple(given)
    if len(given) != len(grads):
        raise GradientError(
            f"a backward {what} returned {len(given)} gradients for {name}, which has {len(grads)}"
        )
    return given


def _through(
    values: tuple[Any, ...], see: Callable[..., Any], fill: bool = False
) -> tuple[Any, ...]:
    """`values` with the tensors among them passed through a gate, if any requires grad.

    `see` gets the gradients of all values, None for those that are no tensors; zeros for tensors
    that no gradient reached, if `fill`.
    """
    places = [i for i, x in enumerate(values) if isinstance(x, Tensor)]
    if not any([values[i].requires_grad for i in places]):
        return values

    def seen(grads: Sequence[Any]) -> list[Any]:
        spread: list[Any] = [None] * len(values)
        for i, grad in zip(places, grads):
            spread[i] = grad
        answer = see(tuple(spread))
        return [answer[i] for i in places]

    passed = list(values)
    for i, x in zip(places, _Gate.apply(seen, fill, *[values[i] for i in places])):
        passed[i] = x
    return type(values)(*passed) if hasattr(values, "_fields") else tuple(passed)
