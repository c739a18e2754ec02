"""Functions of functions: gradient, Jacobian, Hessian, tangent.

The API is `torch.func`'s. Arguments and results may be nested tuples, lists and dicts of tensors.
All rests on the one reverse walk: a tangent is the gradient of a gradient (in its cotangent, which
it is linear in), a Jacobian is a gradient for each element of the output.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..context import set_grad, state
from ..dtypes import is_complex, is_differentiable
from ..errors import ArgumentError, GradientError, ShapeError
from ..ops.creation import zeros_like
from ..ops.join import stack
from ..ops.shape import identity, reshape
from ..tensor import Leaf, Tensor, current_edge
from .tree import leaves_of, mapped, tensors_only
from .walk import grad as gradients_of

# Entries: the places where a derivative is taken -------------------------------------------------


def entry(x: Tensor) -> Tensor:
    """`x` at a new place in the graph, where a derivative can be asked for."""
    if not is_differentiable(x.dtype):
        raise GradientError(f"no derivative in an input of {x.dtype}: use x.float()")
    with set_grad(True):
        return identity(x) if x.requires_grad else x.detach().requires_grad_()


def outer(result: Any, entries: list[Tensor]) -> Any:
    """`result`, cut off from the graph if all it hangs on are `entries` that nobody else knows."""
    own = {current_edge(x)[0] for x in entries if x.is_leaf}
    return mapped(lambda x: x if _hangs_on_others(x, own) else x.detach(), result)


def _hangs_on_others(x: Tensor, own: set[Any]) -> bool:
    edge = current_edge(x)
    stack_, seen = [edge[0]] if edge is not None else [], set()
    while stack_:
        node = stack_.pop()
        if type(node) is Leaf and node not in own:
            return True
        for edge in node.edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack_.append(edge[0])
    return False


def _pull(outs: list[Tensor], entries: list[Tensor], cotangents: Any, keep: bool) -> list[Tensor]:
    """Gradients of `outs` in `entries`, zeros where there is no path; the graph stays."""
    pairs = [(o, g) for o, g in zip(outs, cotangents) if o.requires_grad]
    if not pairs:
        return [zeros_like(x.detach()) for x in entries]
    found = gradients_of(
        [o for o, _ in pairs],
        entries,
        [g for _, g in pairs],
        retain_graph=True,
        create_graph=keep,
        allow_unused=True,
    )
    return [zeros_like(x.detach()) if g is None else g for x, g in zip(entries, found)]


def _entered(args: tuple[Any, ...], argnums: Any, op: str) -> tuple[list[Any], list[Tensor]]:
    """The arguments with entries in the place of the tensors of those numbered; and the entries."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    full = list(args)
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise ArgumentError(f"{op}: argnums={argnums} for {len(args)} arguments")
        tensors_only(args[n], f"{op}: argument {n}")
        full[n] = mapped(entry, args[n])
    return full, leaves_of([full[n] for n in numbers])


def _shaped_as(args: list[Any], argnums: Any, values: list[Any]) -> Any:
    """Flat `values`, one a tensor, in the structure of the arguments they belong to."""
    left = iter(values)
    chosen = args[argnums] if isinstance(argnums, int) else tuple([args[n] for n in argnums])
    return mapped(lambda _: next(left), chosen)


def _call(func: Callable[..., Any], args: Any, kwargs: Any, has_aux: bool, op: str) -> Any:
    """(output, aux) of a call in which everything is recorded."""
    with set_grad(True):
        out = func(*args, **kwargs)
    if not has_aux:
        return out, None
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(f"{op}: with has_aux=True the function must return (output, aux)")
    return out


# Gradients ---------------------------------------------------------------------------------------


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """``f -> ((gradient, value) of f)`` in the arguments `argnums`; `func` gives a single number.

    With `has_aux` it gives ``(number, aux)`` and the result is ``(gradient, (value, aux))``.
    """

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        keep = state.grad_enabled
        full, entries = _entered(args, argnums, "grad")
        out, aux = _call(func, full, kwargs, has_aux, "grad")
        if not isinstance(out, Tensor) or out.ndim > 0:
            shown = out.shape if isinstance(out, Tensor) else type(out).__name__
            raise ShapeError(f"grad: the function must give a 0-d tensor, got {shown}; reduce it")
        if is_complex(out.dtype):
            raise GradientError("grad: the function must give a real number, got a complex one")
        ones = zeros_like(out.detach()) + 1
        found = outer(_pull([out], entries, [ones], keep), entries)
        value = outer(out, entries)
        gradient = _shaped_as(full, argnums, found)
        return (gradient, (value, outer(aux, entries))) if has_aux else (gradient, value)

    return function


def grad(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """``f -> (gradient of f)`` in the arguments `argnums`; `func` gives a single number.

    Example:
        >>> mg.func.grad(lambda x: (x ** 3).sum())(mg.tensor([2.0]))
        tensor([12.])
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        gradient, rest = both(*args, **kwargs)
        return (gradient, rest[1]) if has_aux else gradient

    return function


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``func(*primals)``, and the map from its cotangents to the primals' gradients.

    The map may be called any number of times, and is itself differentiable.
    """
    full, entries = _entered(primals, tuple(range(len(primals))), "vjp")
    out, aux = _call(func, full, {}, has_aux, "vjp")
    outs = tensors_only(out, "vjp: what the function returns")

    def pull_back(*cotangents: Any) -> Any:
        given = leaves_of(cotangents)
        if [g.shape for g in given] != [o.shape for o in outs]:
            raise ShapeError(
                f"vjp: cotangents of shapes {[g.shape for g in given]} for outputs of shapes "
                f"{[o.shape for o in outs]}"
            )
        found = outer(_pull(outs, entries, given, state.grad_enabled), entries)
        return _shaped_as(full, tuple(range(len(primals))), found)

    value = outer(out, entries)
    return (value, pull_back, outer(aux, entries)) if has_aux else (value, pull_back)


def jvp(
    func: Callable[..., Any],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """``func(*primals)``, and its derivative along `tangents`."""
    keep = state.grad_enabled
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise ArgumentError("jvp: primals and tangents must be tuples, one item an argument")
    full, entries = _entered(primals, tuple(range(len(primals))), "jvp")
    directions = leaves_of(tangents)
    if [d.shape for d in directions] != [x.shape for x in entries]:
        raise ShapeError(
            f"jvp: tangents of shapes {[d.shape for d in directions]} for primals of shapes "
            f"{[x.shape for x in entries]}"
        )
    out, aux = _call(func, full, {}, has_aux, "jvp")
    outs = tensors_only(out, "jvp: what the function returns")
    if strict and not all([o.requires_grad for o in outs]):
        raise GradientError("jvp: an output of the function does not depend on the primals")
    along = iter(outer(_tangents(outs, entries)(directions, keep), entries))
    value, tangent = outer(out, entries), mapped(lambda _: next(along), out)
    return (value, tangent, outer(aux, entries)) if has_aux else (value, tangent)


def _tangents(outs: list[Tensor], entries: list[Tensor]) -> Callable[..., list[Tensor]]:
    """The map from directions in `entries` to the derivatives of `outs` along them.

    A gradient is linear in the cotangent it starts from, whatever that is: its own gradient in the
    cotangent is the derivative of the output. So the cotangent may be zero.
    """
    cotangents = [zeros_like(o.detach()).requires_grad_() for o in outs]
    with set_grad(True):
        gradients = _pull(outs, entries, cotangents, True)

    def along(directions: list[Tensor], keep: bool) -> list[Tensor]:
        return _pull(gradients, cotangents, directions, keep)

    return along


# Jacobians ---------------------------------------------------------------------------------------


def _units(x: Tensor) -> Any:
    """The unit tensors of `x`'s shape: 1 at one element, 0 elsewhere."""
    for i in range(x.array.size):
        unit = zeros_like(x.detach())
        unit.array.reshape(-1)[i] = 1
        yield unit


def jacrev(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """``f -> (Jacobian of f)``, of shape (*output, *input): a reverse pass an output element."""

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        keep = state.grad_enabled
        full, entries = _entered(args, argnums, "jacrev")
        out, aux = _call(func, full, kwargs, has_aux, "jacrev")
        tensors_only(out, "jacrev: what the function returns")

        def jacobian_of(o: Tensor) -> Any:
            rows = [_pull([o], entries, [unit], keep) for unit in _units(o)]
            blocks = [_stacked([row[i] for row in rows], o, x) for i, x in enumerate(entries)]
            return _shaped_as(full, argnums, outer(blocks, entries))

        jacobian = mapped(jacobian_of, out)
        return (jacobian, outer(aux, entries)) if has_aux else jacobian

    return function


def _stacked(rows: list[Tensor], out: Tensor, x: Tensor) -> Tensor:
    """Gradients, one an element of `out`, as (*out, *x)."""
    if not rows:
        return x.new_zeros((*out.shape, *x.shape))
    return reshape(stack(rows), (*out.shape, *x.shape))


def jacfwd(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """``f -> (Jacobian of f)``, of shape (*output, *input): a tangent an input element."""

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        keep = state.grad_enabled
        full, entries = _entered(args, argnums, "jacfwd")
        out, aux = _call(func, full, kwargs, has_aux, "jacfwd")
        outs = tensors_only(out, "jacfwd: what the function returns")
        tangents = _tangents(outs, entries)
        columns: list[list[list[Tensor]]] = []  # [input][element][output]
        for i, x in enumerate(entries):
            zeros = [zeros_like(e.detach()) for e in entries]
            columns.append(
                [tangents([*zeros[:i], unit, *zeros[i + 1 :]], keep) for unit in _units(x)]
            )

        def jacobian_of(o: Tensor, k: int) -> Any:
            blocks = [
                _last([element[k] for element in columns[i]], o, x) for i, x in enumerate(entries)
            ]
            return _shaped_as(full, argnums, outer(blocks, entries))

        numbers = iter(range(len(outs)))
        jacobian = mapped(lambda o: jacobian_of(o, next(numbers)), out)
        return (jacobian, outer(aux, entries)) if has_aux else jacobian

    return function


def _last(columns: list[Tensor], out: Tensor, x: Tensor) -> Tensor:
    """Tangents, one an element of `x`, as (*out, *x)."""
    if not columns:
        return x.new_zeros((*out.shape, *x.shape))
    return reshape(stack(columns, -1), (*out.shape, *x.shape))


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """``f -> (Hessian of f)``, of shape (*output, *input, *input)."""
    return jacrev(jacrev(func, argnums), argnums)
