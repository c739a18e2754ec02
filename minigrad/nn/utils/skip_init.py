"""Modules made without drawing their initial values."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from ...errors import Error
from ...random import fork_rng
from ..module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """``module_cls(*args, **kwargs)`` whose values are undefined, to be loaded or drawn by you.

    The default generator stays where it is.

    Raises:
        Error: `module_cls` is no Module, or takes no argument `device`.
    """
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise Error(f"skip_init: expected a class of Modules, got {module_cls!r}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise Error(f"skip_init: {module_cls.__name__} takes no argument `device`")
    with fork_rng():
        return module_cls(*args, **kwargs)
