"""Diagonals, triangles, windows, memory by strides; parts replaced; views as copies."""

import numpy as np
from image_oracles import padded
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from minigrad.testing import sample

from .making import CONSTANT, TWICE, X, call, method, row


def embedded(x, offset=0, dim1=-2, dim2=-1):
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size), x.dtype)
    i = np.arange(x.shape[-1])
    out[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def replaced(x, place, value):
    out = x.copy()
    out[place] = value
    return out


def diagonal_replaced(x, value, offset=0, dim1=0, dim2=1):
    out = x.copy()
    np.einsum("...ii->...i", np.moveaxis(out, (dim1, dim2), (-2, -1)))[...] = value
    return out


def strided(x, size, stride, storage_offset=0):
    flat = np.ascontiguousarray(x).reshape(-1)[storage_offset:]
    return as_strided(flat, size, [s * flat.itemsize for s in stride]).copy()


def strided_replaced(x, value, size, stride, storage_offset=0):
    out = np.ascontiguousarray(x).copy()
    flat = out.reshape(-1)[storage_offset:]
    as_strided(flat, size, [s * flat.itemsize for s in stride])[...] = value
    return out


def windows(x, dim, size, step):
    if x.ndim == 0:
        return x.reshape(1)[:size]
    return np.moveaxis(np.moveaxis(sliding_window_view(x, size, dim), dim, 0)[::step], 0, dim)


def combined(n, r, again):
    """Every choice of r of n places, by counting: tuples that ascend."""
    places = np.indices((n,) * r).reshape(r, -1).T
    return places[(np.diff(places) >= (0 if again else 1)).all(1)]


def along(x, dim, start, end, step=1):
    return (slice(None),) * dim + (slice(start, end, step),)


VIEWS = [
    ("alias_copy", np.copy, [sample(X(2, 3))]),
    ("diagonal_copy", np.diagonal, [sample(X(2, 3))]),
    ("expand_copy", np.broadcast_to, [sample(X(1, 3), (2, 3))]),
    ("permute_copy", np.transpose, [sample(X(2, 3), (1, 0))]),
    ("select_copy", lambda x, dim, i: x.take(i, dim), [sample(X(2, 3), 1, 2)]),
    ("slice_copy", lambda x, dim=0, *s: x[along(x, dim, *s)], [sample(X(2, 5), 1, 1, None, 2)]),
    ("split_copy", lambda x, n, dim: np.split(x, [n], dim), [sample(X(2, 3), 2, 1)]),
    ("split_with_sizes_copy", lambda x, n: np.split(x, n[:1]), [sample(X(5), [2, 3])]),
    ("squeeze_copy", np.squeeze, [sample(X(1, 3))]),
    ("t_copy", np.transpose, [sample(X(2, 3))]),
    ("transpose_copy", np.swapaxes, [sample(X(2, 3, 1), 0, 2)]),
    ("unbind_copy", list, [sample(X(2, 3))]),
    ("unfold_copy", windows, [sample(X(5), 0, 2, 1)]),
    ("unsqueeze_copy", np.expand_dims, [sample(X(2, 3), 1)]),
]
ROWS = [
    row("diagonal", np.diagonal, sample(X(2, 3)), sample(X(3, 2, 4), 1, 0, -1),
        sample(X(3, 2), -2), sample(X(3, 2), 5), kinds="fibc"),
    row("diag_embed", embedded, sample(X(2, 3)), sample(X(3), 1), sample(X(2, 3), -1, 0, 2),
        sample(X(0)), kinds="fibc"),
    row("diag", np.diag, sample(X(3), 1), sample(X(3, 4), -1), sample(X(2, 2)), kinds="fibc"),
    row("diagflat", np.diagflat, sample(X(2, 2)), sample(X(), -1), kinds="fibc"),
    row("tril", np.tril, sample(X(3, 4)), sample(X(2, 3, 3), 1), sample(X(3, 2), -5),
        kinds="fibc"),
    row("triu", np.triu, sample(X(3, 4)), sample(X(2, 3, 3), 1), sample(X(3, 2), -1),
        kinds="fibc"),
    row("tril_", np.tril, sample(X(3, 3)), function=lambda x: x.clone().tril_(), kinds="fib"),
    row("triu_", np.triu, sample(X(3, 3), -1), function=lambda x, k: x.clone().triu_(k),
        kinds="fib"),
    row("diagonal_scatter", diagonal_replaced, sample(X(3, 3), X(3)),
        sample(X(3, 2, 3), X(2, 3), 0, 0, 2), kinds="fibc"),
    row("select_scatter", lambda x, v, dim, i: replaced(x, (slice(None),) * dim + (i,), v),
        sample(X(3, 4), X(3), 1, -1), sample(X(2), X(), 0, 0), kinds="fib"),
    row("slice_scatter", lambda x, v, dim=0, start=0, end=None, step=1:
        replaced(x, along(x, dim, start, end, step), v),
        sample(X(3, 4), X(3, 2), 1, 1, None, 2), sample(X(3), X(3)), kinds="fib"),
    row("unfold along a dimension", windows, sample(X(2, 7), 1, 3, 2), sample(X(5, 2), 0, 2, 1),
        sample(X(9), 0, 4, 4), sample(X(), 0, 1, 1), function=method("unfold"), kinds="fibc"),
    row("as_strided", strided, sample(X(3, 4), (2, 2), (1, 1), 3), sample(X(6), (3, 2), (2, 1)),
        sample(X(4), (0, 3), (1, 1)), sample(X(4), (), (), 2), kinds="fc",
        function=lambda x, *a: x.contiguous().as_strided(*a)),
    row("as_strided of a view", lambda x: np.repeat(x[1], 2).reshape(-1, 2), sample(X(3, 4)),
        function=lambda x: x.clone().contiguous()[1:].as_strided((4, 2), (1, 0))),
    row("as_strided of repeats", lambda x: np.stack([x * 2, x * 2]), sample(X(3)),
        function=lambda x: x.clone().expand(2, 3).as_strided((2, 3), (0, 1)) * 2),
    row("as_strided_copy", strided, sample(X(3, 4), (2, 2), (1, 1), 3),
        function=lambda x, *a: (x.contiguous() * 1).as_strided(*a).clone()),
    row("as_strided_scatter", strided_replaced, sample(X(3, 4), X(2, 3), (2, 3), (4, 1), 1),
        function=lambda x, *a: type(x).as_strided_scatter(x.contiguous() * 1, *a), kinds="fc"),
    row("view_as_complex_copy", lambda x: x[..., 0] + 1j * x[..., 1], sample(X(3, 2)), kinds="d",
        result="complex", function=lambda x: call("view_as_complex_copy")(x.contiguous())),
    row("view_as_real_copy", lambda x: np.stack([x.real, x.imag], -1), sample(X(3, 2)), kinds="c",
        result="real"),
    row("detach_copy", np.copy, sample(X(2, 3)), **CONSTANT),
    row("view_copy", np.reshape, sample(X(6), (2, 3)),
        function=lambda x, *a: x.contiguous().view(*a).clone()),
    row("view as another dtype", lambda x: np.float64(x).view(np.int64), sample(X(2, 3)),
        function=lambda x: x.double().contiguous().view(x.new_ones(0).long().dtype),
        result="int64", **CONSTANT),
    *[row(name, oracle, *samples, kinds="fib") for name, oracle, samples in VIEWS],
    *[row(name, oracle, *samples, kinds="fib", function=lambda x, *a, name=name:
          getattr(x.clone(), name)(*a)) for name, oracle, samples in [
        ("squeeze_", np.squeeze, [sample(X(1, 3))]),
        ("unsqueeze_", np.expand_dims, [sample(X(2, 3), 1)]),
        ("t_", np.transpose, [sample(X(2, 3))]),
        ("transpose_", np.swapaxes, [sample(X(2, 3), 0, 1)]),
        ("swapaxes_", np.swapaxes, [sample(X(2, 3), 0, 1)]),
        ("swapdims_", np.swapaxes, [sample(X(2, 3), 0, 1)]),
    ]],
    row("fill", lambda x, v: np.full_like(x, v), sample(X(2, 3), 1.5), sample(X(2, 3), X()),
        sample(X(), 2), kinds="f"),
    row("constant_pad_nd", lambda x, p, value=0: padded(x, p, value=value), sample(X(2, 3), (1, 2)),
        sample(X(2, 3), (-1, 1, 1, 0), 2.0), kinds="fic"),
    row("vander", lambda x, N=None, increasing=False: np.vander(x, N, increasing), sample(X(3)),
        sample(X(3), 2, increasing=True), sample(X(2), 4), kinds="fic", **TWICE),
    row("combinations", lambda x, r=2, again=False: x[combined(len(x), r, again)],
        sample(X(4)), sample(X(4), 3), sample(X(3), 2, True), sample(X(2), 3), kinds="fibc",
        transfers=True),
]  # fmt: skip
