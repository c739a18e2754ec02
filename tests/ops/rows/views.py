"""Views."""

import numpy as np

from minigrad.testing import sample

from .making import X, method, row

ROWS = [
    row(name, oracle, *samples, function=function, kinds="fibc")
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
        ("adjoint", lambda x: x.conj().swapaxes(-1, -2), None, [sample(X(2, 3, 4))]),
        ("H", lambda x: x.conj().T, lambda x: x.H, [sample(X(2, 3)), sample(X())]),
        ("mH", lambda x: x.conj().swapaxes(-1, -2), lambda x: x.mH, [sample(X(2, 3, 4))]),
        ("swapaxes", np.swapaxes, None, [sample(X(2, 3, 4), -1, 0)]),
        ("swapdims", np.swapaxes, None, [sample(X(2, 3, 4), 1, 0)]),
        ("movedim", np.moveaxis, None, [sample(X(2, 3, 4), 0, -1),
                                        sample(X(2, 3, 4), (0, 2), (1, 0))]),
        ("ravel", np.ravel, None, [sample(X(2, 3)), sample(X()), sample(X(2, 0))]),
        ("unflatten", lambda x, dim, sizes: x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :]),
         None, [sample(X(6, 2), 0, (2, -1)), sample(X(0, 2), 0, (3, 0))]),
        ("narrow", lambda x, dim, start, n: x.take(range(start % x.shape[dim],
                                                         start % x.shape[dim] + n), dim),
         None, [sample(X(3, 4), 1, 1, 2), sample(X(3, 4), 0, -1, 1), sample(X(3), 0, 1, 0)]),
        ("select", lambda x, dim, i: x.take(i, dim), None,
         [sample(X(3, 4), 1, -1), sample(X(3), 0, 1)]),
        ("unbind", lambda x, dim=0: list(np.moveaxis(x, dim, 0)), None,
         [sample(X(3, 2)), sample(X(3, 2), -1), sample(X(2), 0)]),
        ("broadcast_tensors", np.broadcast_arrays, None, [sample(X(2, 1), X(3))]),
    ]
]  # fmt: skip
