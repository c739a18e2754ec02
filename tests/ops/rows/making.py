"""What every row is made of: how a function is called, what its inputs are drawn from."""

import operator

from numpy import array, inf, nan

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import Draw, Op, sample


def call(name):
    """The public function of that name, of `nn.functional` or of minigrad itself.

    A dotted name, ``"linalg.solve"``, is found in that namespace.
    """

    def function(*args, **attrs):
        return operator.attrgetter(name)(F if hasattr(F, name) else mg)(*args, **attrs)

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
ZEROS = array([[2.0, 0.0, 3.0, 1.5], [0.0, 1.0, 0.0, -2.0]])
CONSTANT = {"differentiable": False}
TWICE = {"rounds_once": False}  # made of several operations
# Samples of operations along a dimension, of empty tensors, of whole ones.
ALONG = [
    sample(X(2, 3), dim=1),
    sample(X(3, 2, 4), dim=-2, keepdim=True),
    sample(X(), dim=0),
    sample(X(0, 2), dim=1),
    *[sample(TIES, dim=dim, smooth=False) for dim in (0, 1)],
]
EMPTY = [sample(X(0)), sample(X(2, 0), dim=1)]
PLAIN = [sample(X(2, 3)), sample(X()), sample(TIES, smooth=False)]
# Indices.
INDEX = array([2, 0, -1, 0])
MASK = array([[True, False, True], [False, False, True]])
GRID = array([[0, 2], [1, 1]])
