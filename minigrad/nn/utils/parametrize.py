"""Parameters computed from others: ``module.weight`` is a function of what is learned."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ...context import set_grad
from ...errors import ArgumentError, DTypeError, Error
from ...tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization",
    "remove_parametrizations", "type_before_parametrizations",
]  # fmt: skip

M = TypeVar("M", bound=Module)


class _Cache(threading.local):
    def __init__(self) -> None:
        self.depth = 0
        self.values: dict[tuple[int, str], Tensor] = {}


_cache = _Cache()


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """``with cached():`` each parametrized tensor is computed once, when it is first asked for."""
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.values = {}


class ParametrizationList(ModuleList):
    """What computes one parametrized tensor, ``module.parametrizations.weight``.

    It holds the parametrizations, which run in order, and what the first of them starts from:
    `original`, or `original0`, `original1`, ... if its ``right_inverse`` gives several tensors.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        start = self._inverse(original, registering=True)
        self.is_tensor = isinstance(start, Tensor)
        self.ntensors = 1 if self.is_tensor else len(start)
        if self.is_tensor:
            _same(start.dtype == dtype, f"right_inverse made {start.dtype} of {dtype}")
            if start is not original:
                original.data = start.detach()
            _hold(self, "original", original)
        else:
            for i, part in enumerate(start):
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                _hold(self, f"original{i}", part)
        if not unsafe:
            _check(self(), shape, dtype)

    def _inverse(self, value: Any, registering: bool = False) -> Any:
        """What the first parametrization starts from, to give `value` in the end."""
        with set_grad(False):
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(*[NotImplementedError] * registering):
                        value = module.right_inverse(value)
                elif not registering:
                    raise Error(
                        f"{type(module).__name__} has no right_inverse: what it parametrizes "
                        "cannot be assigned to"
                    )
        if not isinstance(value, Tensor) and not (
            isinstance(value, Sequence) and all([isinstance(x, Tensor) for x in value])
        ):
            raise ArgumentError(
                f"right_inverse must return a Tensor or several, not a {type(value).__name__}"
            )
        return value

    def right_inverse(self, value: Tensor) -> None:
        """Make the parametrized tensor `value`, as far as the parametrizations can."""
        start = self._inverse(value)
        given = [start] if isinstance(start, Tensor) else list(start)
        own = self._originals()
        if isinstance(start, Tensor) != self.is_tensor or len(given) != len(own):
            raise ArgumentError(f"right_inverse gave {len(given)} tensors, not {len(own)}")
        for held, new in zip(own, given):
            _same(held.dtype == new.dtype, f"right_inverse gave {new.dtype} for {held.dtype}")
        for held, new in zip(own, given):
            held.data = new.detach()

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.__dict__["original"]]
        return [self.__dict__[f"original{i}"] for i in range(self.ntensors)]

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        first, *others = self
        x = first(*self._originals())
        for module in others:
            x = module(x)
        return x


def register_parametrization(
    module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> M:
    """Make ``module.<tensor_name>`` what `parametrization` computes of what it was.

    The tensor moves to ``module.parametrizations.<tensor_name>.original``, which an optimizer
    finds among the parameters, and the module's class becomes a subclass with a property of that
    name. More parametrizations of one tensor run one after another.

    Args:
        module: the module, which is changed and returned.
        tensor_name: a parameter or buffer.
        parametrization: a module that is called with the original. Its ``right_inverse(value)``, if
            it has one, says which original gives `value`; it may return several tensors, with
            which the parametrization is then called. Assigning to the tensor needs it.
        unsafe: shape and dtype may change; nothing is checked.

    Raises:
        ArgumentError: there is no such tensor, or its shape or dtype would change.

    Example:
        >>> class Symmetric(Module):
        ...     def forward(self, x):                                   # (n, n)
        ...         return x.triu() + x.triu(1).mT
        >>> layer = register_parametrization(Linear(3, 3), "weight", Symmetric())
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held: Any = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
        if not unsafe:
            value = getattr(module, tensor_name)
            _check(parametrization(value), value.shape, value.dtype)
        held.append(parametrization)
        held.unsafe = held.unsafe or unsafe
        return module
    if module._kinds.get(tensor_name) not in (Parameter, Tensor):
        raise ArgumentError(
            f"{type(module).__name__} has no parameter, buffer or parametrized tensor "
            f"{tensor_name!r}"
        )
    held = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _subclass(type(module), [])
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = held  # type: ignore[attr-defined]
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of this name, or any if None, is parametrized."""
    held = getattr(module, "parametrizations", None)
    if not isinstance(held, ModuleDict):
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a parametrized tensor an ordinary one again: its value, or the original.

    Args:
        leave_parametrized: keep the value that it has; with False what it was computed from. An
            original that is one tensor stays the same object.

    Raises:
        ArgumentError: it is not parametrized; or it comes of several tensors, and the original is
            asked for.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"{type(module).__name__}.{tensor_name} is not parametrized")
    held: Any = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
    value = getattr(module, tensor_name) if leave_parametrized else None
    if held.is_tensor:
        original = held.original
        if value is not None:
            original.data = value.detach()
    elif value is None:
        raise ArgumentError(
            f"{type(module).__name__}.{tensor_name} comes of {held.ntensors} tensors: there is no "
            "one original to leave; use leave_parametrized=True"
        )
    else:
        original = Parameter(value.detach()) if value.requires_grad else value.detach()
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]  # type: ignore[attr-defined]
    _hold(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type_before_parametrizations(module)  # type: ignore[assignment]
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class of a module, without what parametrizing has made of it."""
    cls = type(module)
    return cls.__bases__[0] if "_parametrized" in vars(cls) else cls


def _subclass(base: type[Any], names: list[str]) -> Any:
    """The class of one parametrized module, which has properties of these names."""
    members: dict[str, Any] = {name: _property(name) for name in names}
    members.update(_parametrized=True, __setattr__=_set, __reduce__=_reduce)
    return type(f"Parametrized{base.__name__}", (base,), members)


def _set(self: Any, name: str, value: Any) -> None:
    if isinstance(getattr(type(self), name, None), property):
        object.__setattr__(self, name, value)  # to the property, and not noted as a member
    else:
        super(type(self), self).__setattr__(name, value)


def _reduce(self: Any) -> Any:
    names = [name for name, _ in self.parametrizations._held(Module)]
    return _revived, (type_before_parametrizations(self), names), self.__dict__


def _revived(base: type[Module], names: list[str]) -> Any:
    cls = _subclass(base, names)
    return cls.__new__(cls)


def _property(name: str) -> property:
    def get(self: Any) -> Tensor:
        if not _cache.depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache.values:
            _cache.values[key] = self.parametrizations[name]()
        return _cache.values[key]

    def put(self: Any, value: Tensor) -> None:
        if isinstance(value, Parameter):
            raise DTypeError(
                f"{type(self).__name__}.{name} is computed: a Parameter cannot be assigned to it; "
                "a plain tensor is taken for its value"
            )
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def _hold(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check(value: Any, shape: Any, dtype: Any) -> None:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"a parametrization must return a Tensor, not {type(value).__name__}")
    same = value.shape == shape and value.dtype == dtype
    _same(same, f"the parametrization made {value.dtype}{value.shape} of {dtype}{shape}")


def _same(holds: bool, what: str) -> None:
    if not holds:
        raise ArgumentError(f"{what}; it may change them with unsafe=True alone")
