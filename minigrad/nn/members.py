"""A module's own parameters, buffers or submodules as the dict that PyTorch keeps them in."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .module import Module


class Members(MutableMapping[str, Any]):
    """What `module` itself holds of a kind, by name; writing here registers, deleting deletes.

    Here are also the names that hold None. For programs that look into ``model._modules``.
    """

    def __init__(self, module: Module, kind: type) -> None:
        self._module, self._kind = module, kind

    def __getitem__(self, name: str) -> Any:
        if self._module._kinds.get(name) is not self._kind:
            raise KeyError(name)
        return self._module.__dict__[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._module._register(name, self._kind, value)

    def __delitem__(self, name: str) -> None:
        self[name]  # a KeyError if it is none of these
        delattr(self._module, name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, kind in self._module._kinds.items() if kind is self._kind])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return repr(dict(self))
