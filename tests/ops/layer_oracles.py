"""Layers written plainly in NumPy, for any number of spatial dimensions: loops over places."""

import itertools

import numpy as np


def several(n, count):
    return (n,) * count if isinstance(n, int) else tuple(n)


def conv(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Correlation by its definition: a loop over output places."""
    D = w.ndim - 2
    if x.ndim == D + 1:
        return conv(x[None], w, bias, stride, padding, dilation, groups)[0]
    s, d = several(stride, D), several(dilation, D)
    spans = [dn * (k - 1) + 1 for dn, k in zip(d, w.shape[2:])]
    if padding == "same":
        edges = [((n - 1) // 2, n - 1 - (n - 1) // 2) for n in spans]
    else:
        edges = [(p, p) for p in several(0 if padding == "valid" else padding, D)]
    x = np.pad(x, ((0, 0), (0, 0), *edges))
    sizes = [(n - k) // sn + 1 for n, k, sn in zip(x.shape[2:], spans, s)]
    out = np.zeros((len(x), len(w), *sizes))
    for place in itertools.product(range(len(w)), *map(range, sizes)):
        first = place[0] // (len(w) // groups) * w.shape[1]
        window = [slice(i * sn, i * sn + k, dn) for i, sn, k, dn in zip(place[1:], s, spans, d)]
        taps = x[:, first : first + w.shape[1]][(..., *window)]
        out[(slice(None), *place)] = (taps * w[place[0]]).sum(tuple(range(1, D + 2)))
    return out if bias is None else out + bias.reshape(-1, *[1] * D)


def conv_transpose(
    x, w, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Every input element adds its multiple of the filter to the output."""
    D = w.ndim - 2
    if x.ndim == D + 1:
        settings = (stride, padding, output_padding, groups, dilation)
        return conv_transpose(x[None], w, bias, *settings)[0]
    s, p, e, d = (several(n, D) for n in (stride, padding, output_padding, dilation))
    spans = [dn * (k - 1) + 1 for dn, k in zip(d, w.shape[2:])]
    full = [(n - 1) * sn + k + en for n, sn, k, en in zip(x.shape[2:], s, spans, e)]
    outputs = w.shape[1]
    out = np.zeros((len(x), outputs * groups, *full))
    for place in itertools.product(range(x.shape[1]), *map(range, x.shape[2:])):
        first = place[0] // (x.shape[1] // groups) * outputs
        window = [slice(i * sn, i * sn + k, dn) for i, sn, k, dn in zip(place[1:], s, spans, d)]
        value = x[(slice(None), *place)].reshape(-1, 1, *[1] * D) * w[place[0]]
        out[:, first : first + outputs][(..., *window)] += value
    out = out[(..., *[slice(pn, n - pn) for pn, n in zip(p, full)])]
    return out if bias is None else out + bias.reshape(-1, *[1] * D)
