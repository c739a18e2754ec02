"""How users may call an operation: ``out=``, and NumPy's names of arguments, as PyTorch allows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ..dtypes import CATEGORY
from ..errors import DeviceError, DTypeError, GradientError, ShapeError
from ..ir import parameter_names
from ..tensor import Tensor, log_write

F = TypeVar("F", bound=Callable[..., Any])

# PyTorch takes NumPy's names for these arguments.
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x2": "other"}


def public(function: F) -> F:
    """`function` as ``minigrad.<name>``: it takes ``out=`` and NumPy's argument names too.

    The method of `Tensor` is `method_of` it, which has no ``out``.
    """
    return _called(function, takes_out=True)


def of_tensor(function: F) -> F:
    """`public`, of a function whose first argument must be a Tensor: no number, list or array."""
    return _called(function, takes_out=True, tensor_first=True)


def check_all(namespace: dict[str, Any]) -> None:
    """In a public `namespace`, let operations that are not `public` name a wrong argument too."""
    made: dict[Any, Any] = {}
    for name, value in namespace.items():
        ours = inspect.isfunction(value) and value.__module__.startswith("minigrad.ops.")
        if ours and not hasattr(value, "method"):
            namespace[name] = made[value] = made.get(value) or _called(value)


def method_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The method of `Tensor` that `function` is: without ``out``."""
    return getattr(function, "method", function)


def _called(function: F, takes_out: bool = False, tensor_first: bool = False) -> F:
    """`function` in one frame more, whatever is asked of it: every call of an operation pays it."""
    other_names = _other_names(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = None
        if kwargs:
            if takes_out:
                out = kwargs.pop("out", None)
            if other_names:
                kwargs = {other_names.get(name, name): value for name, value in kwargs.items()}
        if tensor_first and args and not isinstance(args[0], Tensor):
            name = function.__name__.rstrip("_")
            raise DTypeError(f"{name}: expected a Tensor, got {type(args[0]).__name__}")
        try:
            result = function(*args, **kwargs)
        except AttributeError as error:
            raise _explained(error, function.__name__, args, kwargs) from error
        return result if out is None else store(result, out, function.__name__)

    call.method = named(function)  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def named(function: F) -> F:
    """`function`, which takes NumPy's names of its arguments too where it has any."""
    other_names = _other_names(function)
    if not other_names:
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {other_names.get(name, name): value for name, value in kwargs.items()}
        return function(*args, **kwargs)

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


def _explained(error: AttributeError, op: str, args: Any, kwargs: Any) -> Exception:
    """`error`, or what it means: an argument that is no Tensor was asked for what Tensors have."""
    for name, x in (*enumerate(args, 1), *kwargs.items()):
        items = x if isinstance(x, (list, tuple)) else (x,)
        if not isinstance(error.obj, Tensor) and any([item is error.obj for item in items]):
            kind = type(error.obj).__name__
            return DTypeError(f"{op}: argument {name!r} must be a Tensor, got {kind}")
    return error


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
        _store_one(result, out, op)
        return out
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise DTypeError(f"{op}: out must be a tuple of {len(result)} tensors, as the result is")
    for x, target in zip(result, out):
        _store_one(x, target, op)
    named = hasattr(result, "_fields")
    return type(result)(*out) if named else type(result)(out)


def _store_one(result: Tensor, out: Any, op: str) -> None:
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
    if result.shape != out.shape:
        if out.array.size or out.view_of is not None:
            raise ShapeError(
                f"{op}: the result has shape {result.shape}, out has {out.shape}; give an out of "
                "that shape, or an empty one, which grows"
            )
        out.array, out.storage = result.array.astype(out.dtype), None
        return
    out.array[...] = result.array
    log_write(out)
