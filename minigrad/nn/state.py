"""A module's state as named tensors, and back: all of it, or none if anything does not fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..context import set_grad
from ..dtypes import is_float
from ..errors import DTypeError, Error
from ..ops.creation import as_tensor
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

_EXTRA = "_extra_state"  # the name under which `Module.get_extra_state` is kept


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


class Stateful:
    """The part of `Module` that gives its state as named tensors and takes it back."""

    _version: int = 1  # of the state; kept in its metadata, for hooks that read older ones

    def state_dict(
        self, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """All parameters and persistent buffers by dotted name, sharing memory.

        Args:
            destination: a dict to put them into, which is returned; else a new one.
            prefix: what all names begin with.
            keep_vars: the tensors themselves, not detached.
        """
        return save_into(cast("Module", self), destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Take over the values of a `state_dict`; all of them, or none if anything is wrong.

        Args:
            state_dict: tensors (or arrays) by name; they are copied and cast.
            strict: whether names missing from the state, or unknown to the module, are errors.
            assign: take the tensors themselves, with their dtype and device, instead of copying.

        Returns: the names that were missing and those that were unexpected.

        Raises:
            Error: names are missing or unexpected, or shapes differ; the message lists them all.
        """
        return load_into(cast("Module", self), state_dict, strict, assign)

    def get_extra_state(self) -> Any:
        """What a subclass wants in its `state_dict` besides tensors; `set_extra_state` gets it."""
        raise NotImplementedError(f"{type(self).__name__} has no extra state")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave."""
        raise NotImplementedError(f"{type(self).__name__} has no extra state")

    def _adapt_state(self, state: dict[str, Any], prefix: str, version: int | None) -> list[str]:
        """Change a state that is about to be loaded, in which this module's names begin with
        `prefix`; returns what is wrong with it. For layers whose state has changed over time."""
        return []


def save_into(
    module: Module, destination: Any, prefix: str, keep_vars: bool
) -> OrderedDict[str, Any]:
    """`Module.state_dict`."""
    found: Any = destination
    if destination is None:
        found = OrderedDict()
        found._metadata = OrderedDict()  # as PyTorch's has it: what each module says of its state
    about = {"version": module._version}
    if hasattr(found, "_metadata"):
        found._metadata[prefix[:-1]] = about
    _run(module, "save_pre", prefix, keep_vars)
    for name, tensor in module._held_state():
        found[prefix + name] = tensor if keep_vars else tensor.detach()
    if _has_extra(module, "get_extra_state"):
        found[prefix + _EXTRA] = module.get_extra_state()
    for name, child in module._held_modules():
        child.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    _run(module, "save_post", found, prefix, about)
    return found


def load_into(
    module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool
) -> IncompatibleKeys:
    """`Module.load_state_dict`."""
    load = Loading(module, state_dict, strict, assign)
    after = [m for m in _children_first(module) if _has(m, "load_post")]
    if not after:
        load.refuse()
    load.refuse_values()
    kept = [(t, t.array.copy()) for t in load.own.values()] if after and strict else []
    load.write()
    keys = IncompatibleKeys(load.missing, load.unexpected)
    for below in after:
        _run(below, "load_post", keys)
    if any(keys) and strict:  # though the hooks saw it
        for tensor, array in kept:
            tensor.data = Tensor(array)
        load.refuse()
    return keys


def misfit(module: Module, state_dict: Mapping[str, Any]) -> str:
    """What `load_state_dict` would refuse, a line a kind; empty if it fits. Changes nothing."""
    load = Loading(module, state_dict)
    forgiving = any([_has(below, "load_post") for below in module.modules()])
    return load.troubles(names=not forgiving)


class Loading:
    """A state laid beside a module: what would be written, and what does not fit."""

    def __init__(
        self, module: Module, state_dict: Mapping[str, Any], strict: bool = True,
        assign: bool = False,
    ) -> None:  # fmt: skip
        name = type(module).__name__
        if not isinstance(state_dict, Mapping):
            raise DTypeError(
                f"{name}.load_state_dict: expected a dict of tensors by name, got a "
                f"{type(state_dict).__name__}"
            )
        self.name, self.strict, self.assign = name, strict, assign
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.messages: list[str] = []
        given = self._adapted(module, state_dict)
        self.own: dict[str, Tensor] = {}
        self.extra: dict[str, tuple[Module, Any]] = {}
        wanted = set()
        for prefix, below in _with_prefixes(module):
            self.own.update({prefix + n: t for n, t in below._held_state()})
            if _has_extra(below, "set_extra_state"):
                wanted.add(key := prefix + _EXTRA)
                if key in given:
                    self.extra[key] = (below, given[key])
        names = [*self.own, *wanted]
        self.missing += [n for n in names if n not in given and n not in self.missing]
        known = {*names, *self.unexpected}
        self.unexpected += [n for n in given if n not in known]
        self.values = {n: as_tensor(given[n]) for n in self.own if n in given}

    def _adapted(self, module: Module, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """The state as modules adapt it, and as the hooks that run before loading leave it.

        PyTorch's states carry the version of each module; plain dictionaries carry none.
        """
        given = OrderedDict(state_dict)
        metadata = getattr(state_dict, "_metadata", {})
        for prefix, below in _with_prefixes(module):
            about = dict(metadata.get(prefix[:-1], {}))
            self.messages += below._adapt_state(given, prefix, about.get("version"))
            if _has(below, "load_pre"):
                if self.assign:
                    about["assign_to_params_buffers"] = True
                lists = (self.missing, self.unexpected, self.messages)
                _run(below, "load_pre", given, prefix, about, self.strict, *lists)
        return given

    def troubles(self, names: bool = True) -> str:
        """All that does not fit, a line a kind; or only the values, without `names`."""
        wrong = [
            f"{name} is {self.own[name].shape} here, {value.shape} in the state"
            for name, value in self.values.items()
            if value.shape != self.own[name].shape
        ]
        no_float = [
            f"{name} is {self.own[name].dtype} here, {value.dtype} in the state"
            for name, value in self.values.items()
            if self.assign and is_float(value.dtype) != is_float(self.own[name].dtype)
        ]
        found = {"wrong shape": wrong, "wrong dtype": no_float, "refused": self.messages}
        if self.strict and names:
            found = {"missing": self.missing, "unexpected": self.unexpected} | found
        return "".join([f"\n  {what}: {', '.join(n)}" for what, n in found.items() if n])

    def refuse(self, names: bool = True) -> None:
        """Raise Error if anything does not fit."""
        if listed := self.troubles(names):
            raise Error(
                f"{self.name}.load_state_dict: the state does not fit this module, and nothing "
                f"was loaded.{listed}"
            )

    def refuse_values(self) -> None:
        """Raise Error if a value does not fit; hooks may still forgive the names."""
        if self.troubles(names=False):
            self.refuse()

    def write(self) -> None:
        """Put the values in their places."""
        with set_grad(False):
            for name, value in self.values.items():
                if self.assign:
                    self.own[name].data = value
                else:
                    self.own[name].copy_(value)
        for below, value in self.extra.values():
            below.set_extra_state(value)


def _with_prefixes(module: Module) -> Iterator[tuple[str, Module]]:
    """This module and all below under every name they have: shared ones under several."""
    for path, below in module.named_modules(remove_duplicate=False):
        yield f"{path}." if path else "", below


def _children_first(module: Module) -> Iterator[Module]:
    for _, child in module._held_modules():
        yield from _children_first(child)
    yield module


def _has_extra(module: Module, method: str) -> bool:
    """Whether the module's class defines `get_extra_state` or `set_extra_state` itself."""
    return getattr(type(module), method) is not getattr(Stateful, method)


def _has(module: Module, kind: str) -> bool:
    return any([hook.kind == kind for hook in module._state_hooks.values()])


def _run(module: Module, kind: str, *args: Any) -> None:
    for hook in list(module._state_hooks.values()):
        if hook.kind == kind and hook.function(module, *args) is not None:
            raise Error(
                f"a hook on {type(module).__name__}'s state returned a value: it must change what "
                "it is given in place, and return None"
            )
