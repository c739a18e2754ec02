"""Module: parameters, buffers and other modules under names, and a forward pass.

Members are ordinary attributes, so reading ``self.fc1`` costs what any attribute costs;
`Module._kinds` remembers which of them are members, and of which kind.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self
from weakref import ref

from ..context import state
from ..errors import ArgumentError, DTypeError, NameTakenError
from ..hooks import Hooks
from ..tensor import Tensor
from .members import Members
from .module_hooks import Hooked, call_with_hooks
from .moving import Movable
from .parameter import Buffer, Parameter
from .state import Stateful
from .summary import Summary, summary

__all__ = ["Module"]


class Module(Hooked, Movable, Stateful):
    """The base of all layers and models.

    A subclass makes its parameters and submodules in ``__init__``, as plain attributes, and says
    in `forward` what it computes. The API is `torch.nn.Module`'s.

    Example:
        >>> class Net(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc1 = Linear(784, 64)
        ...         self.fc2 = Linear(64, 10)
        ...
        ...     def forward(self, x):                  # (N, 784) -> (N, 10)
        ...         return self.fc2(self.fc1(x).relu())
    """

    training: bool
    _kinds: dict[str, type]  # member name -> Parameter, Module, or Tensor for a buffer
    _transient: set[str]  # buffers that state_dict leaves out

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here and not in __init__, so that a subclass which forgets super().__init__() works.
        self = super().__new__(cls)
        self.__dict__.update(
            training=True, _kinds={}, _transient=set(), _hooks=Hooks(), _state_hooks=Hooks()
        )
        return self

    def __init__(self) -> None:
        """Takes nothing; there only so that ``super().__init__()`` refuses stray arguments."""

    # Running -------------------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; defined by each subclass and run by calling the module."""
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer = state.path
        # A weak reference, for the graph keeps the path and must not keep the module alive.
        state.path = (outer, ref(self))
        try:
            if self._hooks:
                return call_with_hooks(self, args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            state.path = outer

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: PyTorch's makes calls faster and changes no result."""

    # Registering ---------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kinds.get(name)
        if isinstance(value, Parameter | Module):
            self._note(name, Parameter if isinstance(value, Parameter) else Module)
        elif kind is not None and value is not None and not isinstance(value, kind):
            wanted = {Parameter: "Parameter", Module: "Module", Tensor: "Tensor"}[kind]
            raise DTypeError(
                f"{type(self).__name__}.{name} holds a {wanted} and cannot be replaced by a "
                f"{type(value).__name__}: assign a {wanted} or None"
                + ("; values change under no_grad, p.copy_(x)" if kind is Parameter else "")
            )
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
            return
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._kinds.pop(name, None)
        self._transient.discard(name)

    def _note(self, name: str, kind: type) -> None:
        if self._kinds.get(name) is not kind:
            self._kinds.pop(name, None)  # a new kind stands last among its own
            self._transient.discard(name)
        self._kinds[name] = kind

    def _register(self, name: str, kind: type, value: Any) -> None:
        if not isinstance(name, str):
            raise DTypeError(f"{type(self).__name__}: a name must be a string, got {name!r}")
        taken = hasattr(self, name) and self._kinds.get(name) is not kind
        if not name or "." in name or taken:
            why = "the name is taken" if taken else "a name is a string without dots, not empty"
            raise NameTakenError(f"{type(self).__name__}: cannot register {name!r}: {why}")
        if value is not None and not isinstance(value, kind):
            raise DTypeError(
                f"{type(self).__name__}: cannot register a {type(value).__name__} as {name!r}: "
                f"expected a {kind.__name__} or None"
            )
        self._note(name, kind)
        object.__setattr__(self, name, value)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """The parameter `name`; None marks one that this module could have and has not."""
        self._register(name, Parameter, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """A tensor that is no parameter: it moves with the module, and is saved if `persistent`."""
        self._register(name, Tensor, tensor)
        if not persistent:
            self._transient.add(name)
        else:
            self._transient.discard(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """The submodule `name`."""
        self._register(name, Module, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """`add_module`, under another name."""
        self.add_module(name, module)

    # Finding -------------------------------------------------------------------------------

    def _held(self, kind: type) -> list[tuple[str, Any]]:
        """This module's own members of a kind, by name."""
        held = self.__dict__
        members = [(name, held[name]) for name, k in self._kinds.items() if k is kind]
        return [member for member in members if member[1] is not None]

    @property
    def _parameters(self) -> Members:
        """This module's own parameters as PyTorch's programs look for them."""
        return Members(self, Parameter)

    @property
    def _buffers(self) -> Members:
        return Members(self, Tensor)

    @property
    def _modules(self) -> Members:
        return Members(self, Module)

    def _held_modules(self) -> list[tuple[str, Module]]:
        return self._held(Module)

    def _held_state(self) -> list[tuple[str, Any]]:
        """This module's own parameters, then its persistent buffers."""
        buffers = self._held(Tensor)
        return self._held(Parameter) + [b for b in buffers if b[0] not in self._transient]

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with dotted names; this one's is `prefix`."""
        seen = set() if memo is None else memo
        if remove_duplicate and id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, child in self._held(Module):
            yield from child.named_modules(seen, _joined(prefix, name), remove_duplicate)

    def _named(
        self, kind: type, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules: Any = [(prefix, self)]
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in modules:
            for name, member in module._held(kind):
                if not (remove_duplicate and id(member) in seen):
                    seen.add(id(member))
                    yield _joined(path, name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their dotted names; one that is shared comes once."""
        return self._named(Parameter, prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their dotted names."""
        return self._named(Tensor, prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names."""
        seen: set[int] = set()
        for name, child in self._held(Module):
            if id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, for an optimizer."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (m for _, m in self.named_modules())

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        return (m for _, m in self.named_children())

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name, this one for ``""``; AttributeError if there is none."""
        module: Module = self
        for name in target.split(".") if target else ():
            if module._kinds.get(name) is not Module:
                raise AttributeError(f"{type(self).__name__} has no module {target!r}")
            module = module.__dict__[name]
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name; AttributeError if there is none."""
        return self._member(target, Parameter, "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name; AttributeError if there is none."""
        return self._member(target, Tensor, "buffer")

    def _member(self, target: str, kind: type, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if module._kinds.get(name) is not kind:
            raise AttributeError(f"{type(self).__name__} has no {what} {target!r}")
        return module.__dict__[name]

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put `module` in the place of that of a dotted name.

        The name's last part may be new, unless `strict`; AttributeError if the rest is.
        """
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not isinstance(module, Module):
            raise ArgumentError(f"set_submodule: expected a Module, got {type(module).__name__}")
        if not target or (name not in owner._kinds and (strict or hasattr(owner, name))):
            raise AttributeError(f"{type(self).__name__} has no module {target!r}")
        if name in owner._kinds and owner._kinds[name] is not Module:
            raise AttributeError(f"{type(self).__name__}.{target} is no module")
        setattr(owner, name, module)

    def _name_of(self, child: Module) -> str | None:
        """The dotted name under which this module holds `child`, for error messages."""
        return next((name for name, m in self.named_modules() if m is child and name), None)

    # Changing everything below ---------------------------------------------------------------

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module below and then on this one; returns itself."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Training behaviour (dropout drops) on, or with False off; returns itself."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: expected True or False, got {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Training behaviour off; returns itself."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Whether the parameters want gradients (False freezes them); returns itself."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the parameters' gradients, or with ``set_to_none=False`` fill them with zeros."""
        for p in self.parameters():
            if p.grad is not None:
                p.grad = None if set_to_none else p.grad.detach().zero_()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def summary(self, *inputs: Any, **kwargs: Any) -> Summary:
        """A table of layers, output shapes, parameters and FLOPs: see `minigrad.nn.summary`."""
        return summary(self, *inputs, **kwargs)

    # Printing ------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses of a layer: its settings."""
        return ""

    def _children_shown(self) -> list[tuple[str, str]]:
        """Names and texts of the modules directly below, as repr shows them; None too."""
        kinds = self._kinds.items()
        return [(name, repr(self.__dict__[name])) for name, kind in kinds if kind is Module]

    def _get_name(self) -> str:
        return type(self).__name__

    def __dir__(self) -> Iterable[str]:
        """Attributes that can be written after a dot: not the numbers of a Sequential."""
        return [name for name in super().__dir__() if name.isidentifier()]

    def __repr__(self) -> str:
        extra, children = self.extra_repr(), self._children_shown()
        if not children and "\n" not in extra:
            return f"{type(self).__name__}({extra})"
        lines = [extra] if extra else []
        lines += [f"({name}): {text}" for name, text in children]
        body = textwrap.indent("\n".join(lines), "  ")
        return f"{type(self).__name__}(\n{body}\n)"


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
