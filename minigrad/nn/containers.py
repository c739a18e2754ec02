"""Modules that hold modules: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from ..errors import RangeError
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _Numbered(Module):
    """What Sequential and ModuleList share: modules in order, read by position or slice."""

    def _in_order(self) -> list[Module]:
        return [module for _, module in self._held(Module)]

    def __len__(self) -> int:
        return len(self._held(Module))

    def __iter__(self) -> Iterator[Module]:
        return iter(self._in_order())

    def __getitem__(self, index: int | slice) -> Any:
        members = self._held(Module)
        if isinstance(index, slice):
            return self._of(members[index])
        return self._at(index)[1]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._at(index)[0], module)

    def __delitem__(self, index: int | slice) -> None:
        members = self._held(Module)
        gone = members[index] if isinstance(index, slice) else [self._at(index)]
        for name, _ in members:
            delattr(self, name)
        for name, module in self._renumbered([m for m in members if m not in gone]):
            self.add_module(name, module)

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns itself."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns itself."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before position `index`."""
        modules = self._in_order()
        modules.insert(index, module)
        del self[:]
        self.extend(modules)

    def _at(self, index: int) -> tuple[str, Module]:
        members = self._held(Module)
        if not -len(members) <= index < len(members):
            raise RangeError(
                f"{type(self).__name__}: index {index} is out of range for {len(members)} modules"
            )
        return members[index]

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        raise NotImplementedError

    def _renumbered(self, members: list[tuple[str, Module]]) -> list[tuple[str, Module]]:
        return [(str(i), module) for i, (_, module) in enumerate(members)]


class Sequential(_Numbered):
    """Modules run one after another: ``Sequential(Linear(4, 8), ReLU(), Linear(8, 1))``.

    An OrderedDict (or any mapping) gives them names.
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = list(modules[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        for _, module in self._held(Module):
            input = module(input)
        return input

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        return Sequential(OrderedDict(members))


class ModuleList(_Numbered):
    """A list of modules whose parameters are found; how they run is up to the owner."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        self.extend(modules or ())

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _of(self, members: list[tuple[str, Module]]) -> Module:
        return ModuleList([module for _, module in members])

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
    """A dictionary of modules whose parameters are found; how they run is up to the owner."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[Any] | None = None) -> None:
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        return dict(self._held(Module))[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._held(Module))

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._held(Module)))

    def __contains__(self, key: object) -> bool:
        return key in dict(self._held(Module))

    def keys(self) -> Iterable[str]:
        """The names."""
        return dict(self._held(Module)).keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return dict(self._held(Module)).values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """(name, module) pairs."""
        return dict(self._held(Module)).items()

    def update(self, modules: Mapping[str, Module] | Iterable[Any]) -> None:
        """Add modules, or replace those of the same name."""
        for key, module in dict(modules).items():
            self[key] = module

    def pop(self, key: str) -> Module:
        """Remove a module and return it."""
        module = self[key]
        delattr(self, key)
        return module
