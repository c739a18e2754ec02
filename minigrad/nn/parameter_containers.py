"""Modules that hold parameters: ParameterList and ParameterDict.

Any value may stand in them; a tensor becomes a `Parameter`.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, Self

from ..errors import ArgumentError, DTypeError, Error, RangeError
from ..tensor import Tensor
from .containers import pairs_of
from .module import Module
from .parameter import Parameter

__all__ = ["ParameterDict", "ParameterList"]


class _Holder(Module):
    """What both share: values under names, put in, shown, and never called."""

    def _put(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, name, value)

    def _texts(self, named: Iterable[tuple[Any, Any]], show_type: Any) -> str:
        """A line for each value; `show_type` says how a tensor's type is written."""
        lines = []
        for name, value in named:
            text = f"Object of type: {type(value).__name__}"
            if isinstance(value, Tensor):
                kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
                size = "x".join([str(n) for n in value.shape])
                place = "" if value.device.type == "cpu" else f" ({value.device})"
                text = f"{kind} containing: [{show_type(value)} of size {size}{place}]"
            lines.append(f"  ({name}): {text}")
        return "\n".join(lines)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise Error(
            f"{type(self).__name__} should not be called: it has no forward; read its values, "
            "as from a list or dictionary"
        )


class ParameterList(_Holder):
    """A list of parameters that the module's owner finds, under the names ``0``, ``1``, ...

    Args:
        values: an iterable of what it starts with.

    Example:
        >>> powers = ParameterList([mg.ones(2), mg.zeros(2)])
        >>> [name for name, _ in powers.named_parameters()]
        ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)().extend(list(self)[index])
        return getattr(self, self._name_at(index))

    def __setitem__(self, index: int, param: Any) -> None:
        self._put(self._name_at(index), param)

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def append(self, value: Any) -> Self:
        """Add a value at the end; returns itself."""
        self._put(str(self._size), value)
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add values at the end; returns itself. A tensor is one value: append it."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise DTypeError(
                "ParameterList.extend: expected an iterable of parameters, got "
                f"{type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def _name_at(self, index: int) -> str:
        place = operator.index(index)
        if not -self._size <= place < self._size:
            raise RangeError(
                f"ParameterList: index {index} is out of range for {self._size} values"
            )
        return str(place % self._size)

    def extra_repr(self) -> str:
        return self._texts(enumerate(self), lambda value: value.dtype)


class ParameterDict(_Holder):
    """A dictionary of parameters that the module's owner finds.

    Args:
        parameters: a mapping, or (name, value) pairs. Their order is kept, but a mapping that is
            neither an OrderedDict nor a ParameterDict is sorted by name, as in PyTorch.
    """

    def __init__(self, parameters: Any = None) -> None:
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise DTypeError(f"ParameterDict: a key must be a string, got {key!r}")
        if not key or "." in key or (key not in self._keys and hasattr(self, key)):
            raise ArgumentError(
                f"ParameterDict: {key!r} cannot be a key: it must be without dots, not empty, and "
                "not the name of an attribute"
            )
        self._put(key, value)
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """(name, value) pairs."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default` if there is none."""
        return getattr(self, key) if key in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set to `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, parameters: Mapping[str, Any] | Iterable[Any]) -> None:
        """Add values, or replace those of the same name; the order is as in the class's text."""
        pairs = pairs_of(parameters, "ParameterDict.update")
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            pairs = sorted(pairs, key=operator.itemgetter(0))
        for key, value in pairs:
            self[key] = value

    def pop(self, key: str) -> Any:
        """Remove a key and return its value."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last pair and return it."""
        if not self._keys:
            raise KeyError("ParameterDict.popitem: the dictionary is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """Another ParameterDict of the same parameters."""
        return ParameterDict(self.items())

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new ParameterDict with `default` under each of `keys`."""
        return ParameterDict([(key, default) for key in keys])

    def __or__(self, other: Any) -> ParameterDict:
        joined = self.copy()
        joined.update(other)
        return joined

    def __ror__(self, other: Any) -> Any:
        joined = other.copy()
        joined.update(self)
        return joined

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return self._texts(self.items(), lambda value: value.type())
