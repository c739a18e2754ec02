"""A module's state as named tensors, and back: all of it, or none if anything does not fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..context import set_grad
from ..dtypes import is_float
from ..errors import Error
from ..ops.creation import as_tensor
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


class IncompatibleKeys(NamedTuple):
    """Names that a module has and the state lacked, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return (
            f"IncompatibleKeys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


def named_state(module: Module) -> OrderedDict[str, Tensor]:
    """Parameters and persistent buffers under every name they have: shared ones under several."""
    found: OrderedDict[str, Tensor] = OrderedDict()
    for path, below in module.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        for name, tensor in below._held_state():
            found[prefix + name] = tensor
    return found


def state_of(module: Module) -> OrderedDict[str, Tensor]:
    """`Module.state_dict`."""
    return OrderedDict((name, t.detach()) for name, t in named_state(module).items())


def load_into(
    module: Module, given: Mapping[str, Any], strict: bool, assign: bool
) -> IncompatibleKeys:
    """`Module.load_state_dict`."""
    own = named_state(module)
    given, refused = _adapted(module, given)
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    values = {name: as_tensor(given[name]) for name in own if name in given}
    wrong = [
        f"{name} is {own[name].shape} here, {value.shape} in the state"
        for name, value in values.items()
        if value.shape != own[name].shape
    ]
    no_float = [
        f"{name} is {own[name].dtype} here, {value.dtype} in the state"
        for name, value in values.items()
        if assign and is_float(value.dtype) != is_float(own[name].dtype)
    ]
    troubles = {"wrong shape": wrong, "wrong dtype": no_float, "refused": refused}
    if strict:
        troubles = {"missing": missing, "unexpected": unexpected} | troubles
    listed = [f"\n  {what}: {', '.join(names)}" for what, names in troubles.items() if names]
    if listed:
        raise Error(
            f"{type(module).__name__}.load_state_dict: the state does not fit this module, and "
            f"nothing was loaded.{''.join(listed)}"
        )
    with set_grad(False):
        for name, value in values.items():
            if assign:
                own[name].data = value
            else:
                own[name].copy_(value)
    return IncompatibleKeys(missing, unexpected)


def _adapted(module: Module, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A copy of `given`, as each module wants it, and what modules have against it.

    PyTorch's states carry the version of each module; plain dictionaries carry none.
    """
    state, refused = dict(given), []
    versions = getattr(given, "_metadata", {})
    for path, below in module.named_modules(remove_duplicate=False):
        version = versions.get(path, {}).get("version")
        refused += below._adapt_state(state, f"{path}." if path else "", version)
    return state, refused
