"""Layers written plainly in NumPy, for any number of spatial dimensions: loops over places."""

import itertools
import math

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


def starts_of(sizes, kernel_size, stride, padding, dilation, ceil_mode):
    """The first coordinates of the windows, for each dimension."""
    found = []
    for n, k, s, p, d in zip(sizes, kernel_size, stride, padding, dilation):
        last = n + 2 * p - d * (k - 1) - 1
        count = (math.ceil(last / s) if ceil_mode else last // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        found.append([i * s - p for i in range(count)])
    return found


def over_windows(x, choose, D, windows):
    """`choose(image, window)` for every image and window; `windows`: ranges for each dimension."""
    found = [
        choose(image, window)
        for image in x.reshape(-1, *x.shape[-D:])
        for window in itertools.product(*windows)
    ]
    return np.array(found, float).reshape(*x.shape[:-D], *map(len, windows))


def pooled(D, x, choose, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    k, p, d = several(kernel_size, D), several(padding, D), several(dilation, D)
    s = k if stride is None else several(stride, D)
    starts = starts_of(x.shape[-D:], k, s, p, d, ceil_mode)
    windows = [[range(i, i + kn * dn, dn) for i in first] for first, kn, dn in zip(starts, k, d)]
    return over_windows(x, choose, D, windows)


def largest(image, window):
    """Where in the flattened image the first maximum is, or the last NaN."""
    best = None
    for place in itertools.product(*window):
        inside = all(0 <= i < n for i, n in zip(place, image.shape))
        if inside and (best is None or image[place] > image[best] or np.isnan(image[place])):
            best = place
    return np.ravel_multi_index(best, image.shape)


def at_index(D, x, index, with_indices):
    index = index.astype(np.int64)
    values = index * 0.0
    for image in np.ndindex(x.shape[:-D]):
        values[image] = x[image].reshape(-1)[index[image]]
    return (values, index) if with_indices else values


def max_pool(D):
    def oracle(x, *args, return_indices=False, **settings):
        return at_index(D, x, pooled(D, x, largest, *args, **settings), return_indices)

    return oracle


def mean(image, window):
    return image[np.ix_(*window)].mean()


def avg_pool(D):
    def oracle(
        x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        p = several(padding, D)

        def averaged(image, window):
            taps = [[i for i in along if 0 <= i < n] for along, n in zip(window, image.shape)]
            # a window in ceil mode may hang over the padding; what hangs over does not count
            padded = [
                [i for i in along if i < n + pn] for along, n, pn in zip(window, image.shape, p)
            ]
            counted = padded if count_include_pad else taps
            divisor = divisor_override or math.prod(map(len, counted))
            return image[np.ix_(*taps)].sum() / divisor

        return pooled(D, x, averaged, kernel_size, stride, padding, 1, ceil_mode)

    return oracle


def lp_pool(D):
    def oracle(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        k = math.prod(several(kernel_size, D))
        means = avg_pool(D)(x**norm_type, kernel_size, stride, ceil_mode=ceil_mode)
        return (means * k) ** (1 / norm_type)

    return oracle


def adaptive_windows(sizes, output_size):
    wanted = [n if o is None else o for o, n in zip(output_size, sizes)]
    return [
        [range(math.floor(i * n / o), math.ceil((i + 1) * n / o)) for i in range(o)]
        for n, o in zip(sizes, wanted)
    ]


def output_sizes(output_size, D):
    return (output_size,) * D if isinstance(output_size, int) else output_size


def adaptive_avg_pool(D):
    def oracle(x, output_size):
        windows = adaptive_windows(x.shape[-D:], output_sizes(output_size, D))
        return over_windows(x, mean, D, windows)

    return oracle


def adaptive_max_pool(D):
    def oracle(x, output_size, return_indices=False):
        windows = adaptive_windows(x.shape[-D:], output_sizes(output_size, D))
        return at_index(D, x, over_windows(x, largest, D, windows), return_indices)

    return oracle


def fractional_max_pool(D):
    def oracle(x, kernel_size, output_size, samples, return_indices=False):
        k, o = several(kernel_size, D), several(output_size, D)
        index = np.zeros((*x.shape[:2], *o))
        for plane in np.ndindex(x.shape[:2]):
            us = samples[plane] if D == 3 else samples[plane][::-1]
            windows = []
            for n, kn, on, u in zip(x.shape[2:], k, o, us):
                step = (n - kn) / (on - 1) if on > 1 else 0
                first = [int((i + u) * step) - int(u * step) for i in range(on - 1)] + [n - kn]
                windows.append([range(i, i + kn) for i in first])
            index[plane] = over_windows(x[plane], largest, D, windows)
        return at_index(D, x, index, return_indices)

    return oracle


def max_unpool(D):
    def oracle(x, index, kernel_size, stride=None, padding=0, output_size=None):
        k, p = several(kernel_size, D), several(padding, D)
        s = k if stride is None else several(stride, D)
        sizes = output_size or [
            (n - 1) * sn - 2 * pn + kn for n, sn, pn, kn in zip(x.shape[-D:], s, p, k)
        ]
        out = np.zeros((*x.shape[:-D], *sizes[-D:]))
        for place in np.ndindex(x.shape):
            out[place[:-D]].reshape(-1)[index[place]] = x[place]
        return out

    return oracle


def standardized(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def affine(y, weight, bias, axes):
    """Parameters along `axes` of y."""
    shape = [n if i in axes else 1 for i, n in enumerate(y.shape)]
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    return affine(standardized(x, axes, eps), weight, bias, axes)


def rms_norm(x, shape, weight=None, eps=None):
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    eps = np.finfo(x.dtype).eps if eps is None else eps
    return affine(x / np.sqrt((x**2).mean(axes, keepdims=True) + eps), weight, None, axes)


def group_norm(x, groups, weight=None, bias=None, eps=1e-5):
    parts = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    y = standardized(parts, tuple(range(2, parts.ndim)), eps).reshape(x.shape)
    return affine(y, weight, bias, (1,))


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    if training:
        return affine(standardized(x, (0, *range(2, x.ndim)), eps), weight, bias, (1,))
    shape = (-1, *[1] * (x.ndim - 2))
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    return affine(y, weight, bias, (1,))


def instance_norm(
    x, mean=None, var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    if not use_input_stats:
        return batch_norm(x, mean, var, weight, bias, False, momentum, eps)
    return affine(standardized(x, tuple(range(2, x.ndim)), eps), weight, bias, (1,))


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha * (near**2).sum(1) / size) ** beta
    return out


def attention(
    q, k, v, mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):  # fmt: skip
    if enable_gqa:
        k, v = (np.repeat(x, q.shape[-3] // x.shape[-3], -3) for x in (k, v))
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    scores = np.einsum("...le,...se->...ls", q, k) * factor
    if is_causal:
        mask = np.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    odds = np.exp(scores)
    total = odds.sum(-1, keepdims=True)
    return np.einsum("...ls,...sv->...lv", odds / np.where(total == 0, 1, total), v)


def multi_head(x, w_in, b_in, w_out, mask=None):
    """Two heads of (L, N, E) or (L, E); True hides."""
    lone = x.ndim == 2
    x = x[:, None] if lone else x
    L, N, E = x.shape
    q, k, v = np.moveaxis((x @ w_in.T + b_in).reshape(L, N, 3, 2, E // 2), 2, 0)
    scores = np.einsum("lnhe,snhe->nhls", q, k) / np.sqrt(E // 2)
    odds = np.exp(scores if mask is None else np.where(mask, -np.inf, scores))
    weights = odds / odds.sum(-1, keepdims=True)
    out = np.einsum("nhls,snhe->lnhe", weights, v).reshape(L, N, E) @ w_out.T
    weights = weights.mean(1)
    return (out[:, 0], weights[0]) if lone else (out, weights)
