"""Run a call in a library and note all that it did, in neutral form."""

from __future__ import annotations

import builtins
import warnings
from typing import Any, Protocol

import numpy as np

from .cases import Array, Case, Device, DType, Named, Outcome, cotangent, leaves


class Absent(Exception):
    """The library has no such function."""


class NoDType(Exception):
    """The library has no tensors of this dtype."""


class Library(Protocol):
    """What is asked of a library."""

    package: Any
    Tensor: type
    exact_warnings: bool  # do NumPy's RuntimeWarnings count as errors?

    def find(self, path: str) -> Any:
        """What PyTorch calls `path`, ``torch.linalg.solve``, in this library."""
        found = self.package
        for part in path.split(".")[1:]:
            try:
                found = getattr(found, part)
            except AttributeError:
                raise Absent(path) from None
        return found

    def tensor(self, array: Array) -> Any: ...
    def array(self, tensor: Any) -> np.ndarray: ...
    def dtype(self, name: str) -> Any: ...
    def device(self, name: str) -> Any: ...
    def plain(self, value: Any) -> Any: ...
    def clone(self, tensor: Any) -> Any: ...
    def share_memory(self, a: Any, b: Any) -> bool: ...
    def grad(self, outputs: list[Any], inputs: list[Any], weights: list[Any]) -> Any: ...


def build(library: Library, value: Any, made: list[Any]) -> Any:
    """The library's form of a neutral value; tensors are also appended to `made`."""
    if isinstance(value, Array):
        made.append(library.tensor(value))
        return made[-1]
    if isinstance(value, DType):
        return library.dtype(value.name)
    if isinstance(value, Device):
        return library.device(value.name)
    if isinstance(value, (list, tuple)):
        return type(value)([build(library, part, made) for part in value])
    if isinstance(value, dict):
        return {key: build(library, part, made) for key, part in value.items()}
    if isinstance(value, slice):
        return slice(*[build(library, p, made) for p in (value.start, value.stop, value.step)])
    return value


def neutral(library: Library, value: Any) -> Any:
    """The neutral form of what a call returned."""
    if isinstance(value, library.Tensor):
        return Array(np.array(library.array(value), order="C"))
    fields = getattr(type(value), "_fields", None) or getattr(type(value), "__match_args__", None)
    if isinstance(value, tuple) and fields:
        return Named(tuple(fields), tuple([neutral(library, part) for part in value]))
    if isinstance(value, (list, tuple)):
        kind = list if isinstance(value, list) else tuple
        return kind([neutral(library, part) for part in value])
    return library.plain(value)


def tensors_in(library: Library, value: Any) -> list[Any]:
    return list(leaves(value, library.Tensor))


def observe(library: Library, case: Case, form: str = "function") -> Outcome:
    """The outcome of one form of `case` in `library`.

    Raises Absent if it has no such function, NoDType if an argument cannot be made there.
    """
    inputs: list[Any] = []
    args = build(library, case.args, inputs)
    kwargs = build(library, case.kwargs, inputs)
    arrays = list(leaves((case.args, case.kwargs)))
    wanting = [x for x, array in zip(inputs, arrays) if array.grad]
    name = case.function.rpartition(".")[2]
    if form == "function":
        function = library.find(case.function)
    else:
        function = library.find("torch.Tensor." + name + ("_" if form == "inplace" else ""))
        if form == "inplace":
            args = (library.clone(args[0]), *args[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library.exact_warnings:
            warnings.simplefilter("error", RuntimeWarning)
        try:
            result = call(function, args, kwargs)
            outcome = _noted(library, result, inputs, arrays, wanting)
        except Exception as error:
            return Outcome(raises=builtin_names(error), message=f"{type(error).__name__}: {error}")
    if form == "inplace":
        outcome.shares = (result is args[0],)
    return outcome


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function; or read a property, such as ``Tensor.T``."""
    if callable(function):
        return function(*args, **kwargs)
    return function.__get__(*args, **kwargs)


def _noted(
    library: Library, result: Any, inputs: list[Any], arrays: list[Array], wanting: list[Any]
) -> Outcome:
    outputs = tensors_in(library, result)
    outcome = Outcome(value=neutral(library, result))
    outcome.shares = tuple([any([library.share_memory(out, x) for x in inputs]) for out in outputs])
    outcome.differentiable = tuple([bool(out.requires_grad) for out in outputs])
    for index, (x, array) in enumerate(zip(inputs, arrays)):
        after = np.array(library.array(x), order="C")
        if after.tobytes() != np.ascontiguousarray(array.data).tobytes():
            outcome.written[index] = Array(after)
    reaching = [(i, out) for i, out in enumerate(outputs) if out.requires_grad]
    if wanting and reaching:
        shapes = [(library.array(out).shape, library.array(out).dtype, i) for i, out in reaching]
        weights = [library.tensor(Array(cotangent(*shape))) for shape in shapes]
        grads = library.grad([out for _, out in reaching], wanting, weights)
        outcome.grads = tuple(
            [None if g is None else Array(np.array(library.array(g), order="C")) for g in grads]
        )
    return outcome


def builtin_names(error: BaseException) -> tuple[str, ...]:
    """The built-in ancestors of an exception, nearest first: what a user may catch it as."""
    kinds = [kind for kind in type(error).__mro__ if vars(builtins).get(kind.__name__) is kind]
    # PyTorch raises NotImplementedError where a kernel lacks; for the user a RuntimeError.
    return tuple(
        [k.__name__ for k in kinds if k not in (NotImplementedError, BaseException, object)]
    )
