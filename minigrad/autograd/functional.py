"""`torch.autograd.functional`: derivatives of a function at given inputs.

`inputs` is a tensor or a tuple of them, and results are shaped alike. `create_graph` says whether
results can be differentiated again; `strict` raises where an output depends on no input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..context import set_grad
from ..errors import ArgumentError, GradientError
from ..tensor import Tensor
from . import transforms
from .tree import leaves_of, mapped


def _as_tuple(inputs: Any, op: str) -> tuple[Tensor, ...]:
    given = (inputs,) if isinstance(inputs, Tensor) else inputs
    if not isinstance(given, tuple) or not all([isinstance(x, Tensor) for x in given]):
        raise ArgumentError(f"{op}: inputs must be a Tensor or a tuple of Tensors")
    return given


def _finished(result: Any, create_graph: bool) -> Any:
    return result if create_graph else mapped(lambda x: x.detach(), result)


def _checked(func: Callable[..., Any], strict: bool, op: str) -> Callable[..., Any]:
    """`func`; with `strict` it raises where an output depends on no input."""
    if not strict:
        return func

    def function(*args: Any) -> Any:
        out = func(*args)
        for k, o in enumerate(leaves_of(out)):
            if not o.requires_grad:
                raise GradientError(f"{op}: output {k} does not depend on the inputs (strict=True)")
        return out

    return function


def _along(v: Any, like: Any, op: str) -> tuple[Tensor, ...]:
    """The vectors to multiply by; 1 by default for a single element."""
    if v is not None:
        return _as_tuple(v, f"{op}: v")
    found = leaves_of(like)
    if len(found) != 1 or found[0].array.size != 1:
        raise ArgumentError(f"{op}: v can be left out for a single element only")
    return (found[0].detach() * 0 + 1,)


def _alike(values: tuple[Any, ...], inputs: Any) -> Any:
    return values[0] if isinstance(inputs, Tensor) else values


def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(*inputs), v^T J)``, J the Jacobian: one reverse pass."""
    given = _as_tuple(inputs, "vjp")
    with set_grad(True):
        out, pull_back = transforms.vjp(_checked(func, strict, "vjp"), *given)
        found = pull_back(*_along(v, out, "vjp"))
    return _finished((out, _alike(found, inputs)), create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(*inputs), J v)``, J the Jacobian: a gradient of a gradient."""
    given = _as_tuple(inputs, "jvp")
    with set_grad(True):
        found = transforms.jvp(_checked(func, strict, "jvp"), given, _along(v, given, "jvp"))
    return _finished(found, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivative of each output element in each input element, (*output, *input).

    For tuples, a block for each pair: ``jacobian[output][input]``. `strategy` is "reverse-mode" or
    "forward-mode"; `vectorize` is taken for PyTorch's sake.
    """
    given = _as_tuple(inputs, "jacobian")
    ways: dict[str, Any] = {"reverse-mode": transforms.jacrev, "forward-mode": transforms.jacfwd}
    if strategy not in ways:
        raise ArgumentError(f"jacobian: strategy={strategy!r} is not one of {sorted(ways)}")
    numbers: Any = 0 if isinstance(inputs, Tensor) else tuple(range(len(given)))
    with set_grad(True):
        found = ways[strategy](_checked(func, strict, "jacobian"), numbers)(*given)
    return _finished(found, create_graph)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function that gives a single number, (*input, *input).

    For tuples, a block for each pair: ``hessian[i][j]``.
    """
    one = isinstance(inputs, Tensor)

    def gradient(*args: Any) -> Any:
        numbers: Any = 0 if one else tuple(range(len(args)))
        return transforms.grad(_checked(_scalar(func), strict, "hessian"), numbers)(*args)

    return jacobian(
        gradient, inputs, create_graph, strict, vectorize, strategy=outer_jacobian_strategy
    )


def _scalar(func: Callable[..., Any]) -> Callable[..., Any]:
    """`func`, whose single element becomes a number."""

    def function(*args: Any) -> Any:
        out = func(*args)
        if isinstance(out, Tensor) and out.array.size == 1:
            return out.reshape(())
        return out

    return function


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """``(func(*inputs), v^T H)``, H the Hessian of a function that gives a single number."""
    given = _as_tuple(inputs, "vhp")
    numbers = tuple(range(len(given)))
    with set_grad(True):
        gradient = transforms.grad(_checked(_scalar(func), strict, "vhp"), numbers)
        _, pull_back = transforms.vjp(gradient, *given)
        found = pull_back(*_along(v, given, "vhp"))
        out = func(*given)
    return _finished((out, _alike(found, inputs)), create_graph)


# The Hessian is symmetric.
hvp = vhp
