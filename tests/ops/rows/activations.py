"""Activations of nn.functional, each from its formula."""

import numpy as np
from numpy import array
from scipy import special

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import sample

from .making import SPECIAL, TWICE, P, X, call, row

INT = {"kinds": "fi"}
FLOAT = {"kinds": "fi", "result": "float"}


def act(function, oracle, *settings, name=None, **facts):
    """An activation: of numbers, at the edges of its pieces, at infinities; with its settings."""
    calls = [s for attrs in (settings or ({},)) for s in (
        sample(X(2, 3, low=-4, high=4), **attrs), sample(SPECIAL[:-1], smooth=False, **attrs),
        sample(EDGES, smooth=False, **attrs), sample(NAN, smooth=False, **attrs),
    )]  # fmt: skip
    shapes = [sample(X(), **(settings or ({},))[0]), sample(X(0, 2), **(settings or ({},))[0])]
    name = f"nn.functional.{name or function}"
    return row(name, oracle, *calls, *shapes, function=call(f"nn.functional.{function}"), **facts)


NAN = array([np.nan])
EDGES = array([-30.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 25.0])


def elu(x, alpha=1.0, scale=1.0, k=1.0):
    return np.where(x <= 0, scale * alpha * np.expm1(np.minimum(x, 0) * k), scale * x)


def shrunk(x, lambd=0.5):
    return np.where(np.abs(x) <= lambd, 0, x)


def softshrunk(x, lambd=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - lambd, 0)


def softplus(x, beta=1.0, threshold=20.0):
    return np.where(x * beta > threshold, x, np.logaddexp(0, x * beta) / beta)


def gelu(x, approximate):
    if approximate == "none":
        return x * special.erfc(-x / np.sqrt(2)) / 2
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def halves(x, dim=-1):
    a, b = np.split(x, 2, dim)
    return a * special.expit(b)


def prelu(x, w):
    w = w.reshape(-1, *[1] * (x.ndim - 2)) if w.size > 1 else w.reshape(())
    return np.where(x > 0, x, w * x)


def softmaxed(sign=1):
    return lambda x, dim, **_: special.softmax(sign * x, dim)


def without_noise(x):
    """Where two samples have the same noise, their logarithms differ by the logits alone."""
    ys = [F.gumbel_softmax(z, 0.5, dim=0, generator=mg.Generator(3)) for z in (x, mg.zeros_like(x))]
    z = ys[0].log() - ys[1].log()
    return z[1:] - z[:-1]


def on_a_copy(function):
    return lambda x, **attrs: function(x.clone(), **attrs)


IN_PLACE = {
    "relu_": {}, "elu_": {"alpha": 0.7}, "selu_": {}, "celu_": {"alpha": 2.0}, "hardtanh_": {},
    "leaky_relu_": {"negative_slope": 0.3}, "threshold_": {"threshold": 0.5, "value": 2.0},
    "rrelu_": {},
}  # fmt: skip
ROWS = [
    act("relu", lambda x: np.where(x <= 0, 0, x), **INT),
    act("relu6", lambda x: np.clip(x, 0, 6), **INT),
    act("hardtanh", lambda x, min_val=-1, max_val=1: np.clip(x, min_val, max_val), {},
        {"min_val": -3.0, "max_val": 0.0}),
    act("threshold", lambda x, threshold, value: np.where(x <= threshold, value, x),
        {"threshold": 0.5, "value": 2.0}, kinds="f"),
    act("leaky_relu", lambda x, negative_slope=0.01: np.where(x > 0, x, x * negative_slope), {},
        {"negative_slope": 0.3}),
    act("elu", elu, {}, {"alpha": 0.7}),
    act("celu", lambda x, alpha=1.0: elu(x, alpha, k=1 / alpha), {}, {"alpha": 2.0}),
    act("selu", lambda x: elu(x, 1.6732632423543772, 1.0507009873554805)),
    act("hardsigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    act("hardswish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    act("hardshrink", shrunk, {}, {"lambd": 1.0}),
    act("softshrink", softshrunk, {}, {"lambd": 1.0}),
    act("softplus", softplus, {}, {"beta": 2.0, "threshold": 5.0}),
    act("logsigmoid", special.log_expit),
    act("silu", lambda x: x * special.expit(x)),
    act("mish", lambda x: x * np.tanh(np.logaddexp(0, x))),
    # In float32 PyTorch has NaN at infinity.
    row("nn.functional.gelu", gelu, *[sample(x, smooth=x is not EDGES, approximate=formula)
        for x in (X(2, 3), X(), X(0), EDGES) for formula in ("none", "tanh")]),
    row("nn.functional.tanhshrink", lambda x: x - np.tanh(x), *[  # near 0 digits cancel
        sample(x, smooth=x is not SPECIAL) for x in (P(2, 3), P(), X(0), SPECIAL)], **FLOAT),
    act("softsign", lambda x: x / (1 + np.abs(x)), **FLOAT, **TWICE),
    row("nn.functional.glu", halves, sample(X(2, 4)), sample(X(2, 3), 0), sample(X(0, 2), dim=1),
        **TWICE),
    row("nn.functional.prelu", prelu, sample(X(2, 3), X(1)), sample(X(2, 3, 2), X(3)),
        sample(X(2, 3), X()), sample(X(4), X(1)), sample(X(), X(1)),
        sample(SPECIAL, X(1), smooth=False), sample(X(0, 3), X(3))),
    row("nn.functional.rrelu", lambda x, lower=1 / 8, upper=1 / 3: np.where(
        x > 0, x, x * (lower + upper) / 2), sample(X(2, 3)), sample(X(4), 0.1, 0.3)),
    row("nn.functional.softmax", softmaxed(), sample(X(2, 3), dim=1), sample(X(2, 3), dim=0)),
    row("nn.functional.log_softmax", lambda x, dim: special.log_softmax(x, dim),
        sample(X(2, 3), dim=1)),
    row("nn.functional.softmin", softmaxed(-1), sample(X(2, 3), dim=1), sample(X(), dim=0),
        sample(X(0, 3), dim=1), **TWICE),
    row("gumbel_softmax", lambda x: (x[1:] - x[:-1]) / 0.5, sample(X(3)),
        function=without_noise, **TWICE),
]  # fmt: skip
BY_NAME = {op.name.removeprefix("nn.functional."): op for op in ROWS}
ROWS += [
    row(f"{space}{name}", BY_NAME[name[:-1]].oracle, sample(X(2, 3), **attrs),
        function=on_a_copy(call(f"{space}{name}")))
    for name, attrs in IN_PLACE.items() for space in ("nn.functional.", "")
    if space or (hasattr(mg, name) and name != "relu_")  # whose row is with its method
] + [
    row(name, BY_NAME[name].oracle, sample(X(2, 3), **attrs))
    for name, attrs in [("celu", {"alpha": 2.0}), ("selu", {}), ("rrelu", {}),
                        ("threshold", {"threshold": 0.5, "value": 2.0}), ("hardshrink", {})]
] + [row("prelu", prelu, sample(X(2, 3), X(3)))
]  # fmt: skip
