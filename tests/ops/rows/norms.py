"""Normalisation. Running statistics are constants; `test_norms.py` looks at what they become."""

import layer_oracles as oracles
from numpy import array

from minigrad.testing import sample

from .making import X, call, row

# Running statistics: integers are not differentiated by.
MEAN, VAR = array([1, -1]), array([2, 1])


def with_statistics(name):
    def function(x, mean, var, *args, **attrs):
        return call(name)(x, mean.to(x.dtype), var.to(x.dtype), *args, **attrs)

    return function


ROWS = [
    row("layer_norm", oracles.layer_norm, sample(X(4, 3), (3,)),
        sample(X(2, 2, 3), (2, 3), X(2, 3)),
        sample(X(4, 3), (3,), X(3), X(3), 0.1), sample(X(0, 3), (3,)), sample(X(2, 0), [0])),
    row("rms_norm", oracles.rms_norm, sample(X(4, 3), (3,), eps=0.1),
        sample(X(2, 2, 3), (2, 3), X(2, 3), 1e-3), sample(X(0, 3), [3], None, 0.1)),
    row("group_norm", oracles.group_norm, sample(X(2, 4, 3), 2),
        sample(X(2, 4), 2, X(4), X(4), 0.1), sample(X(1, 2, 2, 3), 1, X(2)),
        sample(X(2, 3, 2, 2), 3, X(3))),
    row("batch_norm", oracles.batch_norm, sample(X(4, 2), None, None, training=True),
        sample(X(2, 2, 3), None, None, X(2), X(2), True, 0.1, 0.1),
        sample(X(2, 2, 2, 2), None, None, None, X(2), training=True),
        sample(X(0, 2, 3), None, None, training=True), function=call("batch_norm")),
    row("batch_norm outside training", oracles.batch_norm, sample(X(3, 2), MEAN, VAR),
        sample(X(2, 2, 3), MEAN, VAR, X(2), X(2), eps=0.1),
        function=with_statistics("batch_norm")),
    row("instance_norm", oracles.instance_norm, sample(X(2, 2, 3)),
        sample(X(1, 2, 2, 3), None, None, X(2), X(2), eps=0.1), sample(X(0, 2, 3))),
    row("instance_norm by running statistics", oracles.instance_norm,
        sample(X(2, 2, 3), MEAN, VAR, None, X(2), False),
        function=with_statistics("instance_norm")),
    row("local_response_norm", oracles.local_response_norm, sample(X(2, 3, 2), 2),
        sample(X(1, 4, 2, 2), 3, 0.5, 0.5, 2.0), sample(X(1, 2, 1, 2, 1), 5, alpha=1.0)),
]  # fmt: skip
