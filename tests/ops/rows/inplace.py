"""In-place twins."""

import numpy as np

import minigrad as mg
from minigrad.testing import sample

from .elementwise import ROWS as ELEMENTWISE
from .making import TWICE, P, X, in_place, row

ROWS = [
    row(
        f"{name}_" + " with alpha" * ("alpha" in attrs), oracle,
        sample(P(2, 3), *others, **attrs), function=in_place(f"{name}_"),
    )
    for name, oracle, others, attrs in [
        ("add", lambda a, b: a + b, [X(3)], {}),
        ("sub", lambda a, b: a - b, [X(2, 1)], {}),
        ("mul", lambda a, b: a * b, [X()], {}),
        ("div", lambda a, b: a / b, [P(2, 3)], {}),
        ("pow", lambda a, b: a**b, [X(2, 3)], {}),
        ("neg", np.negative, [], {}),
        ("abs", np.abs, [], {}),
        ("exp", np.exp, [], {}),
        ("log", np.log, [], {}),
        ("sqrt", np.sqrt, [], {}),
        ("tanh", np.tanh, [], {}),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), [], {}),
        ("relu", lambda x: np.maximum(x, 0), [], {}),
        ("clamp", lambda x, min, max: np.clip(x, min, max), [], {"min": 0.5, "max": 1.5}),
        ("clamp_min", lambda x, min: np.maximum(x, min), [1.0], {}),
        ("clamp_max", lambda x, max: np.minimum(x, max), [1.0], {}),
        ("addcmul", lambda x, a, b, value: x + value * a * b, [X(3), X(2, 1)], {"value": 2}),
        ("addcdiv", lambda x, a, b, value: x + value * a / b, [X(3), P(2, 1)], {"value": 2}),
        ("lerp", lambda x, end, weight: x + weight * (end - x), [X(2, 3), 0.3], {}),
        ("add", lambda x, y, alpha: x + alpha * y, [X(3)], {"alpha": 2}),
        ("copy", lambda x, source: source + 0 * x, [X(3)], {}),
        ("fill", lambda x, value: 0 * x + value, [1.5], {}),
        ("zero", np.zeros_like, [], {}),
    ]
] + [
    # PyTorch takes only numbers as these factors.
    row("add_ with a tensor", lambda x, a, s: x + a * s, sample(X(2, 3), X(3), X()),
        function=lambda x, a, s: x.clone().add_(a, alpha=s)),
    row("addcmul_ with a tensor", lambda x, a, b, s: x + a * b * s,
        sample(X(2, 3), X(3), X(2, 1), X()),
        function=lambda x, a, b, s: x.clone().addcmul_(a, b, value=s)),
    row("addcdiv_ with a tensor", lambda x, a, b, s: x + a / b * s,
        sample(X(2, 3), X(3), P(2, 1), X()),
        function=lambda x, a, b, s: x.clone().addcdiv_(a, b, value=s)),
    row("lerp_ with a tensor", lambda x, a, w: x + (a - x) * w, sample(X(2, 3), X(3), X(2, 1)),
        function=in_place("lerp_"), **TWICE),
]  # fmt: skip


def twin(op):
    """The row of ``x.f_()``, given that of ``f(x)``."""
    name = f"{op.name}_"
    function = in_place(name) if op.differentiable else detached_in_place(name)
    facts = {"differentiable": op.differentiable, "rounds_once": op.rounds_once}
    kinds = next(kind for kind in "fdi" if kind in op.kinds)
    return row(name, op.oracle, op.samples[0], function=function, kinds=kinds, **facts)


def detached_in_place(name):
    return lambda x, *args: getattr(x.detach().clone(), name)(*args)


NAMED = {op.name for op in ROWS} | {"float_power_"}  # which takes float64 alone
ROWS += [
    twin(op)
    for op in ELEMENTWISE
    if hasattr(mg.Tensor, f"{op.name}_") and f"{op.name}_" not in NAMED
]
