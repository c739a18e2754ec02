"""Arithmetic and other elementwise operations."""

import numpy as np
from numpy import array, inf

from minigrad.testing import sample

from .making import CONSTANT, SPECIAL, TWICE, P, X, binary, call, row, unary

ROWS = [
    unary("abs", np.abs, kinds="fic", result="real"),
    unary("square", lambda x: x * x, kinds="fic"),
    unary("neg", lambda x: 0 - x, kinds="fic"),
    unary("exp", np.exp, result="float", kinds="fic"),
    unary("expm1", np.expm1, result="float"),
    unary("log", np.log, P, result="float", kinds="fic"),
    unary("log1p", np.log1p, P, result="float"),
    unary("sqrt", np.sqrt, P, result="float", kinds="fic"),
    unary("sin", np.sin, result="float", kinds="fic"),
    unary("cos", np.cos, result="float", kinds="fic"),
    unary("tanh", np.tanh, result="float", kinds="fic"),
    unary("sigmoid", lambda x: 0.5 + 0.5 * np.tanh(x / 2), result="float"),
    unary("relu", lambda x: np.where(x <= 0, 0, x)),
    unary("sign", lambda x: (x > 0) * 1.0 - (x < 0) * 1.0),
    unary("floor", np.floor),
    unary("ceil", np.ceil),
    unary("round", np.round),
    unary("isnan", lambda x: x != x, result=bool, **CONSTANT),
    unary("isinf", lambda x: np.abs(x) == inf, result=bool, **CONSTANT),
    unary("isfinite", lambda x: np.abs(x) < inf, result=bool, **CONSTANT),
    unary("logical_not", lambda x: x == 0, kinds="fib", result=bool, **CONSTANT),
    unary("bitwise_not", np.bitwise_not, kinds="ib", **CONSTANT),
    binary("bitwise_and", np.bitwise_and, kinds="ib", **CONSTANT),
    binary("bitwise_or", np.bitwise_or, kinds="ib", **CONSTANT),
    binary("bitwise_xor", np.bitwise_xor, kinds="ib", **CONSTANT),
    binary("eq", np.equal, kinds="fibc", result=bool, **CONSTANT),
    binary("ne", np.not_equal, result=bool, **CONSTANT),
    binary("lt", np.less, result=bool, **CONSTANT),
    binary("le", np.less_equal, result=bool, **CONSTANT),
    binary("gt", np.greater, result=bool, **CONSTANT),
    binary("ge", np.greater_equal, result=bool, **CONSTANT),
    binary("add", np.add, kinds="fibc"),
    binary("sub", np.subtract, kinds="fic"),
    binary("mul", np.multiply, kinds="fibc"),
    binary("div", np.true_divide, b=P, kinds="fibc", result="float"),
    binary("pow", np.power, a=P, kinds="fc"),
    binary("maximum", np.maximum),
    binary("minimum", np.minimum),
    binary("clamp_min", np.maximum, kinds="fi"),
    binary("clamp_max", np.minimum, kinds="fi"),
    row(
        "add with alpha", lambda a, b, alpha: a + alpha * b, sample(X(2, 3), X(3), alpha=2),
        function=call("add"), kinds="fi", **TWICE,
    ),
    row(
        "sub with alpha", lambda a, b, alpha: a - alpha * b, sample(X(2, 3), X(3), alpha=2),
        function=call("sub"), kinds="fi", **TWICE,
    ),
    row("x ** -1.5", lambda x: 1 / (x * np.sqrt(x)), sample(P(3)), function=lambda x: x**-1.5),
    row("x ** -2", lambda x: 1 / (x * x), sample(P(3)), function=lambda x: x**-2),
    row("x ** 0", np.ones_like, sample(X(3)), kinds="fi", function=lambda x: x**0),
    row("x ** 0.5", np.sqrt, sample(P(3)), function=lambda x: x**0.5),
    row("x ** 1", np.copy, sample(X(3)), kinds="fi", function=lambda x: x**1),
    row("x ** 2", lambda x: x * x, sample(X(3)), kinds="fi", function=lambda x: x**2),
    row("x ** 3", lambda x: x * x * x, sample(X(3)), kinds="fi", function=lambda x: x**3),
    row("2 ** x", lambda x: np.exp(x * np.log(2)), sample(X(3)), function=lambda x: 2**x),
    row("1 - x", lambda x: 1 - x, sample(X(3)), kinds="fi", function=lambda x: 1 - x),
    row(
        "1 / x", lambda x: 1 / x, sample(P(3)), function=lambda x: 1 / x, kinds="fib",
        result="float",
    ),
    row(
        "x / 3", lambda x: x / 3, sample(X(3)), function=lambda x: x / 3, kinds="fib",
        result="float",
    ),
    row(
        "clamp", lambda x, min=-inf, max=inf: np.minimum(np.maximum(x, min), max),
        sample(X(2, 3), min=0, max=1), sample(X(3), max=0), sample(X(0), min=0),
        sample(SPECIAL, min=0, max=2, smooth=False), kinds="fi",
    ),
    row(
        "clamp by tensors", lambda x, a, b: np.minimum(np.maximum(x, a), b),
        sample(X(2, 3), X(3, high=-0.5), X(2, 1, low=0.5)), function=call("clamp"),
    ),
    row(
        "where", np.where, sample(array([[True], [False]]), X(2, 3), X(3)),
        sample(array([True, False, True]), X(), X(2, 1)), sample(array(False), X(), X(0)),
        sample(array([True, False] * 4), SPECIAL, SPECIAL[::-1].copy(), smooth=False), kinds="fib",
    ),
    row("where with a number", np.where, sample(array([True, False, True]), X(2, 3), 0.0),
        function=call("where")),
]  # fmt: skip
