"""The table: every operation, once. `test_table.py` runs each row on each device.

A new operation is one more row. The functions of the rows run on PyTorch's tensors too, which
`test_torch.py` uses.
"""

import sys

import numpy as np
import oracles
from numpy import array, inf, nan

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops.pool import TAKE_POOLED
from minigrad.tensor import apply
from minigrad.testing import Draw, Op, sample


def call(name):
    """The function `name` of the library whose tensors it is given: minigrad, or PyTorch."""

    def function(*args, **attrs):
        tensor = args[0][0] if isinstance(args[0], list) else args[0]
        if isinstance(tensor, mg.Tensor):
            library = mg if hasattr(mg, name) else F
        else:
            torch = sys.modules["torch"]
            functional = torch.nn.functional
            library = functional if hasattr(functional, name) else torch
        return getattr(library, name)(*args, **attrs)

    return function


def method(name):
    return lambda x, *args, **attrs: getattr(x, name)(*args, **attrs)


def in_place(name):
    return lambda x, *args, **attrs: getattr(x.clone(), name)(*args, **attrs)


def X(*shape, low=-2.0, high=2.0):
    return Draw(shape, low, high)


def P(*shape):
    """Positive, and away from zero."""
    return Draw(shape, 0.3, 2.0)


def row(name, oracle, *samples, function=None, **facts):
    return Op(name, function or call(name), oracle, samples, **facts)


def unary(name, oracle, domain=X, **facts):
    """One input, also at zeros, infinities and NaN."""
    facts = {"kinds": "fi", "broadcasts": True} | facts
    return row(name, oracle, sample(domain(2, 3)), sample(SPECIAL, smooth=False), **facts)


def binary(name, oracle, a=X, b=X, **facts):
    """Two inputs that broadcast, also at zeros, infinities, NaN and ties."""
    facts = {"kinds": "fib", "broadcasts": True} | facts
    pairs = sample(SPECIAL[:, None], SPECIAL, smooth=False)
    return row(name, oracle, sample(a(2, 3), b(2, 3)), pairs, **facts)


def over(name, oracle, *samples, function=None, **facts):
    """A reduction over all dimensions, one, several; of 0-d and empty tensors; at ties and NaN."""
    shapes = [
        sample(X(2, 3)),
        sample(X(2, 3), dim=1),
        sample(X(3, 2, 4), dim=(0, -1), keepdim=True),
        sample(X(), smooth=name not in ("var", "std")),
        sample(X(2, 0, 3), dim=0),
        *[sample(TIES, dim=dim, smooth=False) for dim in (0, 1)],
    ]

    def numpy(x, dim=None, keepdim=False, **attrs):
        return oracle(x, axis=dim, keepdims=keepdim, **attrs)

    return row(name, numpy, *shapes, *samples, function=function, **facts)


SPECIAL = array([-inf, -1.5, -0.0, 0.0, 0.5, 2.0, inf, nan])
TIES = array([[1.0, 3.0, 3.0], [nan, 2.0, nan], [-inf, -inf, -inf], [inf, 0.0, inf]])
CONSTANT = {"differentiable": False}
TWICE = {"rounds_once": False}  # made of several operations

ELEMENTWISE = [
    unary("abs", np.abs),
    unary("square", lambda x: x * x),
    unary("neg", lambda x: 0 - x),
    unary("exp", np.exp, result="float"),
    unary("expm1", np.expm1, result="float"),
    unary("log", np.log, P, result="float"),
    unary("log1p", np.log1p, P, result="float"),
    unary("sqrt", np.sqrt, P, result="float"),
    unary("sin", np.sin, result="float"),
    unary("cos", np.cos, result="float"),
    unary("tanh", np.tanh, result="float"),
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
    binary("eq", np.equal, result=bool, **CONSTANT),
    binary("ne", np.not_equal, result=bool, **CONSTANT),
    binary("lt", np.less, result=bool, **CONSTANT),
    binary("le", np.less_equal, result=bool, **CONSTANT),
    binary("gt", np.greater, result=bool, **CONSTANT),
    binary("ge", np.greater_equal, result=bool, **CONSTANT),
    binary("add", np.add),
    binary("sub", np.subtract, kinds="fi"),
    binary("mul", np.multiply),
    binary("div", np.true_divide, b=P, result="float"),
    binary("pow", np.power, a=P, kinds="f"),
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

IN_PLACE = [
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


def count_of(x, axis, correction):
    return (
        x.size if axis is None else np.prod([x.shape[a] for a in np.atleast_1d(axis)])
    ) - correction


def variance(x, axis, keepdims, correction=1):
    squares = np.square(x - x.mean(axis, keepdims=True)).sum(axis, keepdims=keepdims)
    return squares / max(count_of(x, axis, correction), 0)


def indexed(choose, arg):
    """Values and indices along a dimension."""

    def oracle(x, dim, keepdim=False):
        return choose(x, axis=dim, keepdims=keepdim), arg(x, axis=dim, keepdims=keepdim)

    return oracle


ALONG = [
    sample(X(2, 3), dim=1),
    sample(X(3, 2, 4), dim=-2, keepdim=True),
    sample(X(), dim=0),
    sample(X(0, 2), dim=1),
    *[sample(TIES, dim=dim, smooth=False) for dim in (0, 1)],
]
EMPTY = [sample(X(0)), sample(X(2, 0), dim=1)]
PLAIN = [sample(X(2, 3)), sample(X()), sample(TIES, smooth=False)]

REDUCTIONS = [
    over("sum", np.sum, *EMPTY, kinds="fib", result="wide"),
    over("mean", np.mean, sample(X(2, 0), dim=1, smooth=False), **TWICE),
    over("var", variance, sample(X(2, 3), dim=1, correction=0), **TWICE),
    over("std", lambda *a, **k: np.sqrt(variance(*a, **k)), function=call("std"), **TWICE),
    over("amax", np.max, kinds="fi"),
    over("amin", np.min, kinds="fi"),
    over("any", np.any, *EMPTY, kinds="fib", result=bool, **CONSTANT),
    over("all", np.all, *EMPTY, kinds="fib", result=bool, **CONSTANT),
    row("argmax", lambda x, dim=None, keepdim=False: np.argmax(x, dim, keepdims=keepdim),
        *PLAIN, *ALONG, kinds="fi", result="int64", **CONSTANT),
    row("argmin", lambda x, dim=None, keepdim=False: np.argmin(x, dim, keepdims=keepdim),
        *PLAIN, *ALONG, kinds="fi", result="int64", **CONSTANT),
    row("max", np.max, *PLAIN, kinds="fi"),
    row("min", np.min, *PLAIN, kinds="fi"),
    row("max along a dimension", indexed(np.max, np.argmax), *ALONG, kinds="fi",
        result=("same", "int64"), function=call("max")),
    row("min along a dimension", indexed(np.min, np.argmin), *ALONG, kinds="fi",
        result=("same", "int64"), function=call("min")),
    row("max of two", np.maximum, sample(X(2, 3), X(3)), function=call("max")),
    row("min of two", np.minimum, sample(X(2, 3), X(3)), function=call("min")),
    row("logsumexp", oracles.logsumexp, sample(X(2, 3), dim=1), sample(X(0, 3), dim=1),
        sample(X(2, 3), dim=-2, keepdim=True), sample(TIES, dim=1, smooth=False),
        sample(array([[1e3, 1e3], [-1e3, -1e3]]), dim=0), **TWICE),
    row("sum_to_size", lambda x, n, m: x.sum((0, 1), keepdims=True)[0], sample(X(4, 2, 3), 1, 3),
        function=method("sum_to_size")),
    row("softmax", lambda x, dim=-1: np.exp(oracles.log_softmax(x, dim)), sample(X(2, 3), dim=1),
        sample(X(2, 3, 2), dim=-2), sample(X(), dim=0), sample(X(0, 3), dim=1),
        sample(X(3, 0), dim=1), sample(TIES, dim=0, smooth=False),
        sample(array([[1e3, 999.0], [-1e3, -1e3]]), dim=1)),
    row("log_softmax", oracles.log_softmax, sample(X(2, 3), dim=1), sample(X(2, 3, 2), dim=-2),
        sample(X(), dim=0), sample(X(0, 3), dim=1), sample(TIES, dim=0, smooth=False),
        sample(array([[1e3, 0.0], [-1e3, -1e3]]), dim=1)),
]  # fmt: skip

VIEWS = [
    row(name, oracle, *samples, function=function, kinds="fib")
    for name, oracle, function, samples in [
        ("permute", np.transpose, None, [sample(X(2, 3, 4), (2, 0, 1))]),
        ("transpose", np.swapaxes, None, [sample(X(2, 3, 4), 0, -1), sample(X(0, 3), 0, 1)]),
        ("t", np.transpose, None, [sample(X(2, 3)), sample(X(3)), sample(X())]),
        ("mT", lambda x: x.swapaxes(-1, -2), lambda x: x.mT, [sample(X(2, 3, 4))]),
        ("reshape", np.reshape, None, [sample(X(2, 6), (3, -1)), sample(X(1), ()),
                                       sample(X(0, 2), (2, 3, 0)), sample(X(2, 3), (3, 2))]),
        ("reshape of a transpose", lambda x: x.T.reshape(2, -1), lambda x: x.T.reshape(2, -1),
         [sample(X(2, 3)), sample(X(4, 3))]),
        ("view of a slice", lambda x: x[1:].reshape(2, 1, 3), lambda x: x[1:].view(2, 1, 3),
         [sample(X(3, 3))]),
        ("flatten", lambda x, a=0, b=-1: x.reshape(*x.shape[:a], -1, *x.shape[b % x.ndim + 1 :])
         if x.ndim else x.reshape(1), None, [sample(X(2, 3, 2), 1), sample(X(2, 3, 2), 0, 1),
                                             sample(X())]),
        ("squeeze", lambda x, dim=None: x.squeeze(dim), None,
         [sample(X(1, 3, 1)), sample(X(1, 3, 1), -1), sample(X(1, 3, 1), (0, 2))]),
        ("unsqueeze", np.expand_dims, None, [sample(X(2, 3), 1), sample(X(), 0),
                                             sample(X(2, 0), -1)]),
        ("broadcast_to", np.broadcast_to, None, [sample(X(3, 1), (2, 3, 4)), sample(X(), (2, 0)),
                                                 sample(X(3), (3,))]),
        ("expand", lambda x, *sizes: np.broadcast_to(x, (2, 3)), method("expand"),
         [sample(X(3), 2, -1), sample(X(2, 1), -1, 3)]),
        ("broadcast_tensors", np.broadcast_arrays, None, [sample(X(2, 1), X(3))]),
    ]
]  # fmt: skip

INDEX = array([2, 0, -1, 0])
MASK = array([[True, False, True], [False, False, True]])
GRID = array([[0, 2], [1, 1]])


def read(name, choose, *shape, **facts):
    """``x[...]``, which NumPy and both libraries read alike. `choose` may take index arrays."""
    index = facts.pop("index", ())
    return row(
        f"x[{name}]", choose, sample(X(*shape), *index), function=choose, kinds="fib", **facts
    )


READS = [
    read("1", lambda x: x[1], 3, 2),
    read("-1, 1", lambda x: x[-1, 1], 3, 2),
    read("1:", lambda x: x[1:], 3, 2),
    read("::2, 1:2", lambda x: x[::2, 1:2], 3, 2),
    read("..., None, 0", lambda x: x[..., None, 0], 3, 2),
    read("None", lambda x: x[None], 3),
    read("...", lambda x: x[...]),
    read("3:1", lambda x: x[3:1], 4),
    read("list", lambda x: x[[2, 0, 2]], 3, 2, transfers=True),
    read("vector", lambda x, i: x[i], 3, 2, index=[INDEX]),
    read("matrix", lambda x, i: x[i], 3, 2, index=[GRID]),
    read(":, vector", lambda x, i: x[:, i], 2, 3, index=[INDEX]),
    read("two vectors", lambda x, i, j: x[i, j], 3, 2, index=[INDEX, INDEX % 2]),
    read("vector, :, vector", lambda x, i, j: x[i, :, j], 3, 2, 2, index=[INDEX, INDEX % 2]),
    read("column against row", lambda x, i, j: x[i, j], 3, 2, index=[GRID[:, :1], GRID[1]]),
    read("1, vector", lambda x, i: x[1, i], 2, 3, index=[INDEX]),
    read("1:, vector", lambda x, i: x[1:, i], 3, 3, index=[INDEX]),
    read("empty vector", lambda x, i: x[i], 3, 2, index=[INDEX[:0]]),
    read("mask", lambda x, m: x[m], 2, 3, index=[MASK], transfers=True),
    read("row mask", lambda x, m: x[m], 2, 3, index=[MASK[:, 0]], transfers=True),
    read("1:, column mask", lambda x, m: x[1:, m], 2, 3, index=[MASK[0]], transfers=True),
    read("true", lambda x, m: x[m], 2, 3, index=[array(True)], transfers=True),
]  # fmt: skip


def write(name, store, *args, **facts):
    """``x[...] = v`` into a copy; `store` is the statement."""

    def function(x, v, *index):
        x = x.clone() if hasattr(x, "clone") else np.array(x)
        store(x, v, *index)
        return x

    return row(f"x[{name}] = v", function, sample(*args), function=function, **facts)


def store_at(*index):
    def store(x, v, *arrays):
        x[(*index, *arrays)] = v

    return store


WRITES = [
    write("1", store_at(1), X(3, 2), X(2)),
    write("1:", store_at(slice(1, None)), X(3, 2), X(1)),
    write("...", store_at(...), X(3), X(3)),
    write(":, 0", store_at(slice(None), 0), X(3, 2), X(3)),
    write("vector", store_at(), X(4, 2), X(3, 2), array([2, 0, 1])),
    write(":, vector", store_at(slice(None)), X(2, 3), X(2, 2), array([2, 0])),
    write("1, vector", store_at(1), X(2, 3), X(2), array([2, 0])),
    write("vector, vector", store_at(), X(3, 2), X(2), array([2, 0]), array([1, 1])),
    write("mask", store_at(), X(2, 3), X(), MASK, transfers=True),
    write("row mask", store_at(), X(2, 3), X(3), MASK[:, 0], transfers=True),
]

INDEXING = [
    row("gather", oracles.gather, sample(X(3, 2), 0, GRID[::-1].copy()), sample(X(2, 3), 1, GRID),
        sample(X(3, 3), 1, GRID[:1]), sample(X(2, 3), -1, GRID[:, :0]), kinds="fib"),
    row("index_select", lambda x, dim, i: np.take(x, i, dim), sample(X(3, 2), 0, GRID[0]),
        sample(X(2, 3), -1, array([2, 2, 0])), sample(X(2, 3), 1, INDEX[:0]), kinds="fib"),
    row("nonzero", lambda x: np.argwhere(x), sample(X(2, 3)), sample(array(1.0)), sample(X(0, 2)),
        sample(TIES), kinds="fib", result="int64", transfers=True, **CONSTANT),
    row("where alone", lambda x: np.nonzero(x), sample(X(2, 3)), sample(X(0)), kinds="ib",
        function=lambda x: call("where")(x != 0), result="int64", transfers=True, **CONSTANT),
    row("embedding", lambda i, w: w[i], sample(GRID, X(3, 2)), sample(INDEX[:0], X(3, 2)),
        sample(array(1), X(3, 2)), function=lambda i, w: call("embedding")(i, w)),
    row("one_hot", lambda i, n: np.eye(n, dtype=np.int64)[i], sample(GRID, 4), sample(array(1), 2),
        result="int64", **CONSTANT),
]  # fmt: skip

COPIES = [
    row("cat", lambda xs, dim=0: np.concatenate(xs, dim), sample([X(2, 3), X(1, 3)]),
        sample([X(2, 3), X(2, 0), X(2, 1)], 1), sample([X(2)], -1), kinds="fib"),
    row("stack", lambda xs, dim=0: np.stack(xs, dim), sample([X(2, 3), X(2, 3)]),
        sample([X(2), X(2), X(2)], -1), sample([X(), X()]), kinds="fib"),
    row("pad", oracles.padded, sample(X(2, 3), (1, 2)), sample(X(2, 3), (0, 1, 2, 0)),
        sample(X(2, 3), (-1, 1)), sample(X(2, 3), [1, 0], value=3.0), kinds="fi"),
    row("clone", np.copy, sample(X(2, 3)), sample(X()), sample(X(0)), kinds="fib",
        function=method("clone")),
    row("contiguous", np.copy, sample(X(2, 3)), kinds="fib",
        function=lambda x: x.mT.contiguous().mT),
    row("double", np.float64, sample(X(2, 3)), kinds="fib", result=float,
        function=method("double")),
    row("float", np.copy, sample(X(2, 3)), kinds="ib", result="float32", function=method("float"),
        **CONSTANT),
    row("long", np.trunc, sample(X(2, 3)), kinds="fib", result="int64", function=method("long"),
        **CONSTANT),
    row("bool", lambda x: x != 0, sample(X(2, 3)), kinds="fib", result=bool,
        function=method("bool"), **CONSTANT),
    row("to another device", np.copy, sample(X(2, 3)), kinds="fib", transfers=True,
        function=lambda x: x.to("cuda" if x.device.type == "cpu" else "cpu").to(x.device)),
]  # fmt: skip

PRODUCTS = [
    row("matmul", np.matmul, sample(X(2, 3), X(3, 4)), sample(X(3), X(3)), sample(X(3), X(3, 2)),
        sample(X(2, 3), X(3)), sample(X(2, 2, 3), X(3, 2)), sample(X(2, 3), X(4, 3, 2)),
        sample(X(2, 1, 2, 3), X(3, 3, 2)), sample(X(2, 2, 3), X(3)), sample(X(2, 0), X(0, 3)),
        sample(X(0, 2), X(2, 3)), kinds="fi"),
    row("mm", np.dot, sample(X(2, 3), X(3, 2))),
    row("bmm", np.matmul, sample(X(2, 2, 3), X(2, 3, 2)), sample(X(0, 2, 3), X(0, 3, 2))),
    row("dot", np.vdot, sample(X(3), X(3)), sample(X(0), X(0)), kinds="fi"),
    row("linear", lambda x, w, b=0: x @ w.T + b, sample(X(4, 3), X(2, 3), X(2)),
        sample(X(3), X(2, 3)), sample(X(2, 2, 3), X(2, 3), X(2)), sample(X(0, 3), X(2, 3)),
        **TWICE),
    row("conv2d", oracles.conv2d, sample(X(2, 2, 5, 4), X(3, 2, 3, 2), X(3)),
        sample(X(2, 5, 5), X(4, 1, 3, 3), padding=1, groups=2, stride=2),
        sample(X(1, 2, 6, 5), X(2, 2, 2, 2), stride=(2, 1), padding=(1, 0), dilation=(2, 1)),
        sample(X(1, 1, 4, 5), X(2, 1, 3, 2), padding="same"),
        sample(X(0, 1, 3, 3), X(1, 1, 2, 2)), sample(X(1, 1, 3, 3), X(1, 1, 1, 1), padding="valid"),
        **TWICE),
]  # fmt: skip

UNIFORM = mg.rand(12, generator=mg.Generator(7)).numpy()
CORNER = array(
    [[[1.0, nan, 3.0, 3.0], [2.0, nan, 3.0, -inf], [-inf, -inf, 0.0, inf], [0, 0, 0, 0]]]
)

LAYERS = [
    row("max_pool2d", oracles.max_pool2d, sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), (2, 3), (2, 1), (1, 0), (1, 2)), sample(CORNER, 2, smooth=False),
        sample(X(1, 2, 5, 5), 2, ceil_mode=True), sample(X(0, 1, 4, 4), 2)),
    row("max_pool2d with indices", oracles.max_pool2d,
        sample(X(2, 5, 5), 3, 2, return_indices=True),
        sample(CORNER, 2, return_indices=True, smooth=False), result=("same", "int64"),
        function=call("max_pool2d")),
    row("max_pool2d_gather", lambda x, i: x.reshape(-1)[i],
        sample(X(1, 1, 2, 3), array([[[[5, 0, 2, 5]]]], np.int32)),
        function=lambda x, i: apply(TAKE_POOLED, x, i)),
    row("avg_pool2d", oracles.avg_pool2d, sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        sample(X(1, 1, 5, 6), 2, 3, 1, ceil_mode=True), sample(X(0, 1, 4, 4), 2),
        sample(X(1, 1, 4, 4), 2, divisor_override=3)),
    row("layer_norm", oracles.layer_norm, sample(X(4, 3), (3,)),
        sample(X(2, 2, 3), (2, 3), X(2, 3)),
        sample(X(4, 3), (3,), X(3), X(3), 0.1), sample(X(0, 3), (3,)), **TWICE),
    row("dropout", lambda x, p: x * (UNIFORM[: x.size].reshape(x.shape) >= p) / (1 - p),
        sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3), sample(X(1, 2), p=0.9999),
        function=lambda x, p: F.dropout(x, p, generator=mg.Generator(7))),
]  # fmt: skip

LABELS = array([2, 0, 1, 2])
SKIPPING = array([2, -100, 1, 2])

LOSSES = [
    row("cross_entropy", oracles.cross_entropy, sample(X(4, 3), LABELS), sample(X(4, 3), SKIPPING),
        sample(X(4, 3), LABELS, reduction="none"), sample(X(4, 3), LABELS, reduction="sum"),
        sample(X(4, 3), SKIPPING, P(3)), sample(X(4, 3), SKIPPING, label_smoothing=0.2),
        sample(X(4, 3), SKIPPING, P(3), label_smoothing=0.2), sample(X(3), array(1)),
        sample(X(2, 3, 2), GRID), sample(X(4, 3), P(4, 3)), sample(X(4, 3), P(4, 3), P(3)),
        sample(X(4, 3), P(4, 3), label_smoothing=0.2, reduction="none"), **TWICE),
    row("nll_loss", oracles.nll, sample(X(4, 3), LABELS), sample(X(4, 3), SKIPPING, P(3)),
        sample(X(4, 3), SKIPPING, reduction="none"), sample(X(2, 3, 2), GRID, reduction="sum"),
        **TWICE),
    *[row(f"{name}_loss", lambda a, b, reduction="mean", f=f: oracles.reduced(f(a - b), reduction),
          sample(X(2, 3), X(2, 3)), sample(X(2, 3), X(2, 3), reduction="sum"),
          sample(X(0), X(0), reduction="none"), **TWICE)
      for name, f in (("mse", np.square), ("l1", np.abs))],
    row("binary_cross_entropy", oracles.bce, sample(X(4, low=0.1, high=0.9), X(4, low=0, high=1)),
        sample(X(2, 2, low=0.1, high=0.9), X(2, 2, low=0, high=1), P(2), reduction="sum"),
        sample(array([0.0, 1.0, 1.0, 0.5]), array([0.0, 1.0, 0.0, 1.0]), reduction="none",
               smooth=False), **TWICE),
    row("binary_cross_entropy_with_logits", oracles.bce_with_logits,
        sample(X(4), X(4, low=0, high=1)), sample(X(2, 2), X(2, 2, low=0, high=1), P(2)),
        sample(array([-1e3, 1e3, inf, nan]), array([0.0, 0.0, 1.0, 1.0]), reduction="none",
               smooth=False), **TWICE),
    row("binary_cross_entropy_with_logits with pos_weight",
        lambda x, t, p: oracles.bce_with_logits(x, t, reduction="sum", pos_weight=p),
        sample(X(2, 2), X(2, 2, low=0, high=1), P(2)), **TWICE,
        function=lambda x, t, p: call("binary_cross_entropy_with_logits")(
            x, t, reduction="sum", pos_weight=p)),
]  # fmt: skip

TABLE = (
    ELEMENTWISE + IN_PLACE + REDUCTIONS + VIEWS + READS + WRITES + INDEXING + COPIES + PRODUCTS
    + LAYERS + LOSSES
)  # fmt: skip
