"""Errors that say what was wrong, where, and what to do about it."""

from __future__ import annotations

import re

from . import context


class Error(RuntimeError):
    """Base of minigrad's errors; a `RuntimeError`, as PyTorch raises.

    The message is led by the path of the module that was running, such as ``Net.fc1: ``.
    """

    def __init__(self, message: str) -> None:
        path = context.module_path()
        self.path, self.message = path, message
        super().__init__(f"{path}: {message}" if path else message)

    def within(self, op: str) -> None:
        """Let the message name the operation that the user called, if it does not yet."""
        if not re.search(rf"\b{op.rstrip('_')}_?\b", self.message):
            self.message = f"{op}: {self.message}"
            self.args = (f"{self.path}: {self.message}" if self.path else self.message,)


class ShapeError(Error, ValueError):
    """Shapes that do not fit the operation."""


class DTypeError(Error, TypeError, NotImplementedError):
    """A type or dtype the operation does not take. PyTorch raises one or the other of the bases."""


class ArgumentError(Error, ValueError):
    """An argument out of its range."""


class NameTakenError(ArgumentError, KeyError):
    """A name that a module cannot give to a parameter, buffer or submodule."""

    __str__ = Error.__str__  # KeyError's would quote the message


class RangeError(Error, IndexError):
    """An index, dimension or label out of range."""


class DeviceError(Error):
    """A device that cannot serve, or tensors on different devices."""


class GradientError(Error):
    """A gradient that cannot be computed, or would be wrong."""


class FileFormatError(Error, ValueError):
    """A file that is corrupt, truncated, hostile, or of another format."""


class LinAlgError(Error):
    """A matrix that is singular, not positive definite, or on which an algorithm gave up."""
