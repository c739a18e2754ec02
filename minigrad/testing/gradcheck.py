"""Gradients checked against finite differences in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import grad
from ..device import to_device, to_numpy
from ..dtypes import float64
from ..errors import DTypeError, GradientError
from ..tensor import Tensor


def gradcheck(
    function: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of `function` agree with central differences.

    Every output element is checked against every element of each float64 input that requires grad.

    Raises: GradientError with the place and both values, unless ``raise_exception=False``.
    """
    args = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    try:
        _check(function, args, eps, atol, rtol)
    except GradientError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    function: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of the gradients of `function` agree with central differences."""
    args = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    outs = _outputs(function, args)
    generator = np.random.default_rng(0)
    if grad_outputs is None:
        cotangents = [_like(o, generator.standard_normal(o.shape)) for o in outs]
    else:
        cotangents = [g.detach().requires_grad_() for g in grad_outputs]
    count = len(args)

    def first_derivative(*values: Any) -> Any:
        outputs = _outputs(function, list(values[:count]))
        wanted = [x for x in values[:count] if _is_checked(x)]
        found = grad(outputs, wanted, list(values[count:]), create_graph=True, allow_unused=True)
        return tuple([x * 0 if g is None else g for x, g in zip(wanted, found, strict=True)])

    return gradcheck(
        first_derivative, [*args, *cotangents],
        eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
    )  # fmt: skip


def _is_checked(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _like(x: Tensor, values: np.ndarray) -> Tensor:
    return Tensor(to_device(np.asarray(values, dtype=x.dtype), x.device)).requires_grad_()


def _outputs(function: Callable[..., Any], args: list[Any]) -> list[Tensor]:
    """The differentiable outputs: floats that depend on an input."""
    out = function(*args)
    outs = [out] if isinstance(out, Tensor) else list(out)
    return [o for o in outs if o.requires_grad]


def _check(
    function: Callable[..., Any], args: list[Any], eps: float, atol: float, rtol: float
) -> None:
    wanted = [i for i, x in enumerate(args) if _is_checked(x)]
    if not wanted:
        raise GradientError("gradcheck: no input requires grad")
    for i in wanted:
        if args[i].dtype != float64:
            raise DTypeError(
                f"gradcheck: input {i} is {args[i].dtype}; differences need float64, x.double()"
            )
    outs = _outputs(function, args)
    if not outs:
        raise GradientError("gradcheck: no output depends on an input that requires grad")
    analytic = [_jacobian(outs, k, [args[i] for i in wanted]) for k in range(len(outs))]
    for position, i in enumerate(wanted):
        numeric = _differences(function, args, i, eps)
        for k in range(len(outs)):
            _compare(analytic[k][position], numeric[k], i, k, atol, rtol)


def _jacobian(outs: list[Tensor], k: int, inputs: list[Tensor]) -> list[np.ndarray]:
    """d outs[k] / d inputs as matrices (output elements, input elements), row by row."""
    size = outs[k].array.size
    rows: list[list[np.ndarray]] = [[] for _ in inputs]
    for element in range(size):
        seed = np.zeros(size)
        seed[element] = 1.0
        cotangent = _like(outs[k], seed.reshape(outs[k].shape)).detach()
        found = grad(outs[k], inputs, cotangent, retain_graph=True, allow_unused=True)
        for row, x, g in zip(rows, inputs, found, strict=True):
            row.append(np.zeros(x.array.size) if g is None else to_numpy(g.array).reshape(-1))
    return [
        np.stack(row) if row else np.zeros((0, x.array.size))
        for row, x in zip(rows, inputs, strict=True)
    ]


def _differences(
    function: Callable[..., Any], args: list[Any], i: int, eps: float
) -> list[np.ndarray]:
    """The same matrices by central differences in input `i`."""
    start = to_numpy(args[i].array)
    columns: list[list[np.ndarray]] = []
    for element in range(start.size):
        ends = []
        for step in (eps, -eps):
            moved = start.copy().reshape(-1)
            moved[element] += step
            values = list(args)
            values[i] = _like(args[i], moved.reshape(start.shape))
            ends.append([to_numpy(o.array).reshape(-1) for o in _outputs(function, values)])
        columns.append([(up - down) / (2 * eps) for up, down in zip(*ends, strict=True)])
    if not columns:
        return [np.zeros((o.array.size, 0)) for o in _outputs(function, args)]
    return [np.stack(column, axis=1) for column in zip(*columns, strict=True)]


def _compare(
    analytic: np.ndarray, numeric: np.ndarray, i: int, k: int, atol: float, rtol: float
) -> None:
    wrong = ~np.isclose(analytic, numeric, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        row, column = (int(n[0]) for n in np.nonzero(wrong))
        a, n = analytic[row, column], numeric[row, column]
        worst = math.inf if n == 0 else abs(a - n) / abs(n)
        raise GradientError(
            f"gradcheck: output {k} element {row}, input {i} element {column}: the gradient is "
            f"{a:.6g}, differences give {n:.6g} (relative error {worst:.2g}); "
            f"{int(wrong.sum())} of {wrong.size} entries differ"
        )
