"""How users may call an operation: ``out=``, and NumPy's names of arguments, as PyTorch allows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from ..context import state
from ..dtypes import CATEGORY
from ..errors import (
    ArgumentError,
    DeviceError,
    DTypeError,
    Error,
    GradientError,
    LinAlgError,
    RangeError,
    ShapeError,
)
from ..ir import parameter_names
from ..tensor import Tensor, is_expanded, log_write

F = TypeVar("F", bound=Callable[..., Any])

# PyTorch takes NumPy's names for these arguments.
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x2": "other"}
_CHECKED: set[Callable[..., Any]] = set()


def public(function: F) -> F:
    """`function` as ``minigrad.<name>``: it takes ``out=`` and NumPy's argument names too.

    The method of `Tensor` is `method_of` it, which has no ``out``.
    """
    return _called(function, takes_out=True)


def of_tensor(function: F) -> F:
    """`public`, of a function whose first argument must be a Tensor: no number, list or array."""
    return _called(function, takes_out=True, tensor_first=True)


def checked(function: F, name: str = "") -> F:
    """`function`, whose errors name it, and which takes NumPy's names of its arguments too."""
    if function in _CHECKED:
        return function
    return _called(function, name) if name else _checked(function)


@functools.cache
def _checked(function: Any) -> Any:
    return _called(function)


def check_all(namespace: dict[str, Any]) -> None:
    """In a public `namespace`, make the operations that are not `public` `checked`."""
    made: dict[Any, Any] = {}
    for name, value in namespace.items():
        home = getattr(value, "__module__", "") or ""
        ours = home.startswith("minigrad.ops.") or home == "minigrad.dtypes"
        if ours and inspect.isfunction(value) and not hasattr(value, "method"):
            if value not in made:
                made[value] = function = checked(value)
                # Where pickle finds it: a model may hold F.relu.
                function.__module__, function.__qualname__ = namespace["__name__"], name
            namespace[name] = made[value]


def method_of(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """The method of `Tensor` that `function` is: without ``out``, and `checked`."""
    method = getattr(function, "method", function)
    ours = method.__module__.startswith(("minigrad.ops.", "minigrad.methods"))
    return checked(method, name) if ours and not hasattr(function, "prim") else method


def _called(function: F, op: str = "", takes_out: bool = False, tensor_first: bool = False) -> F:
    """`function` in one frame more, whatever is asked of it: every call of an operation pays it."""
    other_names = _other_names(function)
    op = op or function.__name__

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = None
        try:
            if kwargs:
                if takes_out:
                    out = kwargs.pop("out", None)
                if other_names:
                    kwargs = {other_names.get(name, name): value for name, value in kwargs.items()}
            if tensor_first and args and not isinstance(args[0], Tensor):
                raise DTypeError(f"{op}: expected a Tensor, got {type(args[0]).__name__}")
            result = function(*args, **kwargs)
        except Exception as error:
            told = _explained(error, op, args, kwargs)
            if told is error:
                raise
            raise told from error
        return result if out is None else store(result, out, op)

    _CHECKED.add(call)
    if takes_out:
        # The methods of elementwise operations, the hot path, see to their errors themselves.
        call.method = function if hasattr(function, "prim") else checked(function)  # type: ignore
    return call  # type: ignore[return-value]


def _other_names(function: Callable[..., Any]) -> dict[str, str]:
    """NumPy's names of the arguments of a `function` that works along dimensions."""
    parameters = parameter_names(function)
    if "dim" not in parameters and "keepdim" not in parameters:
        return {}
    return {
        theirs: ours
        for theirs, ours in _NUMPY_NAMES.items()
        if ours in parameters and theirs not in parameters
    }


# Python's and NumPy's exceptions, and what a user meets instead of them.
_INSTEAD: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (np.exceptions.AxisError, RangeError),
    (np.linalg.LinAlgError, LinAlgError),
    (OverflowError, OverflowError),
    (ZeroDivisionError, ZeroDivisionError),
    (IndexError, RangeError),
    (TypeError, DTypeError),
    (ValueError, ArgumentError),
    (MemoryError, Error),
)


# How int() and float() of a string begin: to the user, an argument of a wrong type.
_NO_NUMBER = ("invalid literal for int", "could not convert string to float")


def _explained(error: Exception, op: str, args: Any, kwargs: Any) -> Exception:
    """`error` if it names the operation, or one that does: of minigrad's, and no mere accident."""
    if isinstance(error, Error):
        error.within(op)
        return error
    if isinstance(error, AttributeError):
        kind = type(error.obj)
        if kind.__module__.startswith("minigrad") or isinstance(error.obj, ModuleType):
            return error  # a mistake in this package
        named = [*enumerate(args, 1), *kwargs.items()]
        where = [f"argument {name!r}" for name, x in named if _holds(x, error.obj)]
        what = where[0] if where else "an argument"
        return DTypeError(f"{op}: {what} must be a Tensor, got {kind.__name__}")
    if isinstance(error, ValueError) and str(error).startswith(_NO_NUMBER):
        return DTypeError(f"{op}: expected a number, but {error}")
    for theirs, ours in _INSTEAD:
        if isinstance(error, theirs):
            return ours(f"{op}: {error}")
    return error


def _holds(x: Any, part: Any) -> bool:
    return any(
        [item is part for item in (x if isinstance(x, (list, tuple)) else (x,))] + [x is part]
    )


def without(name: str, function: F) -> F:
    """`function` without its argument `name`, which only ``nn.functional``'s form of it has."""
    position = parameter_names(function).index(name)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if name in kwargs or len(args) > position:
            raise TypeError(f"{function.__name__}() takes no {name}: nn.functional's form does")
        return function(*args, **kwargs)

    signature = inspect.signature(function)
    kept = [p for p in signature.parameters.values() if p.name != name]
    call.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def store(result: Any, out: Any, op: str) -> Any:
    """`result` written into `out`, which is returned: a tensor, or as many of them as `result`."""
    if isinstance(result, Tensor):
        _check_out(result, out, op)
        _store_one(result, out)
        return out
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise DTypeError(f"{op}: out must be a tuple of {len(result)} tensors, as the result is")
    for x, target in zip(result, out):
        _check_out(x, target, op)
    for x, target in zip(result, out):
        _store_one(x, target)
    named = hasattr(result, "_fields")
    return type(result)(*out) if named else type(result)(out)


def _check_out(result: Tensor, out: Any, op: str) -> None:
    if not isinstance(out, Tensor):
        raise DTypeError(f"{op}: out must be a Tensor, got {type(out).__name__}")
    if result.requires_grad or out.requires_grad:
        raise GradientError(
            f"{op}: out= records no gradient, and a tensor here requires grad. Leave out= away, or "
            "call under `with minigrad.no_grad():` on detached tensors"
        )
    if CATEGORY[result.dtype] > CATEGORY[out.dtype]:
        raise DTypeError(
            f"{op}: the result has dtype {result.dtype}, which out of {out.dtype} cannot hold"
        )
    if result.device != out.device:
        raise DeviceError(f"{op}: the result is on {result.device}, out on {out.device}")
    if result.shape != out.shape and (out.array.size or out.view_of is not None):
        raise ShapeError(
            f"{op}: the result has shape {result.shape}, out has {out.shape}; give an out of "
            "that shape, or an empty one, which grows"
        )
    if result.shape == out.shape and is_expanded(out):
        raise ShapeError(f"{op}: out is expanded, several of its elements are one place in memory")


def _store_one(result: Tensor, out: Tensor) -> None:
    values = state.run_quietly(result.array.astype, out.dtype)
    if result.shape != out.shape:
        out.array, out.storage = values, None
        return
    out.array[...] = values
    log_write(out)
