"""Modules that hold modules: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sized, ValuesView
from typing import Any, Self

from ..errors import ArgumentError, DTypeError, RangeError
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def members_of(module: Module) -> dict[str, Any]:
    """The modules that a container holds, by name; a None among them has its place too."""
    return {name: module.__dict__[name] for name, kind in module._kinds.items() if kind is Module}


def pairs_of(given: Any, container: str) -> list[tuple[str, Any]]:
    """The (name, value) pairs of a mapping, or of an iterable of pairs."""
    if isinstance(given, Mapping) or hasattr(given, "items"):
        return list(given.items())
    if not isinstance(given, Iterable):
        raise DTypeError(
            f"{container}: expected a mapping or (name, value) pairs, got {type(given).__name__}"
        )
    pairs = list(given)
    for place, pair in enumerate(pairs):
        if not isinstance(pair, Iterable):
            raise DTypeError(f"{container}: element {place}, a {type(pair).__name__}, is no pair")
        if not isinstance(pair, Sized) or len(pair) != 2:
            raise ArgumentError(f"{container}: element {place} must be a pair, got {pair!r}")
    return [(name, value) for name, value in pairs]


class _Numbered(Module):
    """What Sequential and ModuleList share: modules in order, read by position or slice."""

    def __len__(self) -> int:
        return len(members_of(self))

    def __iter__(self) -> Iterator[Module]:
        return iter(members_of(self).values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._of(list(members_of(self).items())[index])
        return members_of(self)[self._name_at(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(members_of(self))
        gone = names[index] if isinstance(index, slice) else [self._name_at(index)]
        self._hold([module for name, module in members_of(self).items() if name not in gone])

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns itself."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns itself."""
        if not isinstance(modules, Iterable):
            raise DTypeError(
                f"{type(self).__name__}.extend: expected an iterable of modules, got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove the module at a position, or those of a slice, and return it."""
        gone = self[key]
        del self[key]
        return gone

    def _insert(self, index: int, module: Module) -> None:
        size = len(self)
        if not -size <= index <= size:
            raise RangeError(
                f"{type(self).__name__}.insert: index {index} is out of range for {size} modules"
            )
        modules = list(self)
        if index == size:
            self.append(module)
            return
        if list(members_of(self)) != [str(i) for i in range(size)]:
            raise ArgumentError(
                f"{type(self).__name__}.insert: these modules have names, not numbers that could "
                "move up; make a new one of an OrderedDict"
            )
        modules.insert(index, module)
        self._hold(modules)

    def _hold(self, modules: list[Module]) -> None:
        """These modules, numbered, in place of all that were held."""
        for name in members_of(self):
            delattr(self, name)
        for module in modules:
            self.append(module)

    def _name_at(self, index: int) -> str:
        names = list(members_of(self))
        place = operator.index(index)
        if not -len(names) <= place < len(names):
            raise RangeError(
                f"{type(self).__name__}: index {index} is out of range for {len(names)} modules"
            )
        return names[place]

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        raise NotImplementedError


class Sequential(_Numbered):
    """Modules run one after another: ``Sequential(Linear(4, 8), ReLU(), Linear(8, 1))``.

    An OrderedDict (or any mapping) gives them names. Sequentials are joined with ``+`` and repeated
    with ``*``; a module that stands in several places is one module.

    Example:
        >>> net = 2 * Sequential(Linear(4, 4), ReLU()) + Sequential(Linear(4, 1))
        >>> len(net), net(mg.zeros(5, 4)).shape
        (5, (5, 1))
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = list(modules[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before position `index`; returns itself."""
        self._insert(index, module)
        return self

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *self._joinable(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(self._joinable(other))

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*list(self) * self._checked(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (self._checked(times) - 1))

    def _joinable(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ArgumentError(
                f"Sequential: + joins Sequentials, not a {type(other).__name__}; "
                "net.append(module) adds one, net.extend(modules) several"
            )
        return other

    def _checked(self, times: Any) -> int:
        if not isinstance(times, int):
            raise DTypeError(f"Sequential: * repeats by an integer, not by {times!r}")
        if times <= 0:
            raise ArgumentError(f"Sequential: * repeats at least once, not {times} times")
        return times

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        return type(self)(OrderedDict(members))


class ModuleList(_Numbered):
    """A list of modules whose parameters are found; how they run is up to the owner."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        if modules is not None:
            self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before position `index`."""
        self._insert(index, module)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        return type(self)([module for _, module in members])

    def _children_shown(self) -> list[tuple[str, str]]:
        """As PyTorch: neighbours that look alike are shown once, ``(0-1): 2 x Linear(...)``."""
        shown = []
        for text, group in itertools.groupby(super()._children_shown(), key=operator.itemgetter(1)):
            names = [name for name, _ in group]
            alone = len(names) == 1
            shown.append((
                names[0] if alone else f"{names[0]}-{names[-1]}",
                text if alone else f"{len(names)} x {text}",
            ))  # fmt: skip
        return shown


class ModuleDict(Module):
    """A dictionary of modules whose parameters are found; how they run is up to the owner.

    It is made from a mapping, or from (name, module) pairs, and keeps their order.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[Any] | None = None) -> None:
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return members_of(self)[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(members_of(self))

    def __iter__(self) -> Iterator[str]:
        return iter(members_of(self))

    def __contains__(self, key: object) -> bool:
        return key in members_of(self)

    def keys(self) -> KeysView[str]:
        """The names."""
        return members_of(self).keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return members_of(self).values()

    def items(self) -> ItemsView[str, Module]:
        """(name, module) pairs."""
        return members_of(self).items()

    def update(self, modules: Mapping[str, Module] | Iterable[Any]) -> None:
        """Add modules, or replace those of the same name."""
        for key, module in pairs_of(modules, "ModuleDict.update"):
            self[key] = module

    def pop(self, key: str) -> Module:
        """Remove a module and return it."""
        module = self[key]
        delattr(self, key)
        return module

    def clear(self) -> None:
        """Remove all modules."""
        for key in self:
            delattr(self, key)
