"""Images resized, folded and read at coordinates, written plainly in NumPy: loops over places."""

import itertools
import math

import numpy as np


def pair(n):
    return (n, n) if isinstance(n, int) else tuple(n)


def padded(x, widths, mode="constant", value=0.0):
    """Borders of `widths`, the last dimension first; negative ones cut."""
    names = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    options = {"constant_values": value} if mode == "constant" else {}
    for i in range(len(widths) // 2):
        axis, (low, high) = x.ndim - 1 - i, widths[2 * i : 2 * i + 2]
        n = x.shape[axis]
        x = np.take(x, range(max(-low, 0), n - max(-high, 0)), axis)
        edges = [(max(low, 0), max(high, 0)) if a == axis else (0, 0) for a in range(x.ndim)]
        x = np.pad(x, edges, names[mode], **options)
    return x


def blocks(size, kernel, dilation, padding, stride):
    """Where each block has its taps: (block, tap, row, column)."""
    k, d, p, s = map(pair, (kernel, dilation, padding, stride))
    counts = [(n + 2 * p[i] - d[i] * (k[i] - 1) - 1) // s[i] + 1 for i, n in enumerate(size)]
    for block, (i, j) in enumerate(itertools.product(*map(range, counts))):
        for tap, (a, b) in enumerate(itertools.product(*map(range, k))):
            yield block, tap, i * s[0] + a * d[0] - p[0], j * s[1] + b * d[1] - p[1]


def unfold(x, kernel, dilation=1, padding=0, stride=1):
    if x.ndim == 3:
        return unfold(x[None], kernel, dilation, padding, stride)[0]
    N, C, H, W = x.shape
    taps = math.prod(pair(kernel))
    places = list(blocks((H, W), kernel, dilation, padding, stride))
    out = np.zeros((N, C, taps, places[-1][0] + 1), x.dtype)
    for block, tap, i, j in places:
        if 0 <= i < H and 0 <= j < W:
            out[:, :, tap, block] = x[:, :, i, j]
    return out.reshape(N, C * taps, out.shape[-1])


def fold(v, size, kernel, dilation=1, padding=0, stride=1):
    if v.ndim == 2:
        return fold(v[None], size, kernel, dilation, padding, stride)[0]
    taps, (H, W) = math.prod(pair(kernel)), pair(size)
    N, C = len(v), v.shape[1] // taps
    v = v.reshape(N, C, taps, v.shape[-1])
    out = np.zeros((N, C, H, W), v.dtype)
    for block, tap, i, j in blocks((H, W), kernel, dilation, padding, stride):
        if 0 <= i < H and 0 <= j < W:
            out[:, :, i, j] += v[:, :, tap, block]
    return out


def pixel_shuffle(x, r):
    *batch, C, H, W = x.shape
    out = np.zeros((*batch, C // r**2, H * r, W * r), x.dtype)
    for c, i, j in np.ndindex(out.shape[-3:]):
        out[..., c, i, j] = x[..., c * r * r + i % r * r + j % r, i // r, j // r]
    return out


def pixel_unshuffle(x, r):
    *batch, C, H, W = x.shape
    out = np.zeros((*batch, C * r**2, H // r, W // r), x.dtype)
    for c, i, j in np.ndindex(out.shape[-3:]):
        out[..., c, i, j] = x[..., c // r**2, i * r + c // r % r, j * r + c % r]
    return out


def channel_shuffle(x, groups):
    C = x.shape[1]
    return x[:, [c % groups * (C // groups) + c // groups for c in range(C)]]


def cubic(x, a=-0.75):
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def hat(x):
    return max(1 - abs(x), 0.0)


def reading(n, count, mode, step, align, antialias):
    """The matrix (count, n) of what each output reads."""
    out = np.zeros((count, n))
    kernel, reach = (cubic, 2) if mode == "bicubic" else (hat, 1)
    for i in range(count):
        if mode.startswith("nearest"):
            out[i, min(int((i + 0.5 * (mode == "nearest-exact")) * step), n - 1)] = 1
        elif mode == "area":
            first, end = i * n // count, -(-(i + 1) * n // count)
            out[i, first:end] = 1 / (end - first)
        elif antialias:
            wide, centre = max(step, 1), (i + 0.5) * step
            k = (lambda x: cubic(x, -0.5)) if mode == "bicubic" else hat
            weights = np.array([k((j + 0.5 - centre) / wide) for j in range(n)])
            out[i] = weights / weights.sum()
        else:
            place = i * step if align else (i + 0.5) * step - 0.5
            place = place if mode == "bicubic" else max(place, 0)
            for j in around(place, reach):
                out[i, min(max(j, 0), n - 1)] += kernel(place - j)
    return out


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=False,
                recompute_scale_factor=False, antialias=False):  # fmt: skip
    D = x.ndim - 2
    scales = None
    if size is None:
        scales = (scale_factor,) * D if isinstance(scale_factor, (int, float)) else scale_factor
        size = [math.floor(n * f) for n, f in zip(x.shape[2:], scales)]
    size = (size,) * D if isinstance(size, int) else size
    for i, count in enumerate(size):
        n = x.shape[i + 2]
        step = n / count if scales is None or recompute_scale_factor else 1 / scales[i]
        if align_corners:
            step = (n - 1) / (count - 1) if count > 1 else 0.0
        weights = reading(n, count, mode, step, align_corners, antialias)
        x = np.moveaxis(np.tensordot(weights, x, (1, i + 2)), 0, i + 2)
    return x


def around(c, reach):
    return range(math.floor(c) - reach + 1, math.floor(c) + reach + 1)


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    sizes = x.shape[2:]
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    kernel, reach = {"bilinear": (hat, 1), "bicubic": (cubic, 2), "nearest": (None, 0)}[mode]
    for place in np.ndindex(len(x), *grid.shape[1:-1]):
        at = []
        for n, c in zip(sizes, grid[place][::-1]):
            c = (c + 1) / 2 * (n - 1) if align_corners else ((c + 1) * n - 1) / 2
            at.append(c if mode == "bicubic" else inside(c, n, padding_mode, align_corners))
        taps = [
            [(j, kernel(c - j)) for j in around(c, reach)] if reach else [(round(c), 1.0)]
            for c in at
        ]  # fmt: skip
        for choice in itertools.product(*taps):
            spot = [j for j, _ in choice]
            if mode == "bicubic":
                spot = [int(inside(j, n, padding_mode, align_corners)) for j, n in zip(spot, sizes)]
            if all(0 <= j < n for j, n in zip(spot, sizes)):
                weight = math.prod([w for _, w in choice])
                out[(place[0], slice(None), *place[1:])] += (
                    weight * x[(place[0], slice(None), *spot)]
                )
    return out


def inside(c, n, padding_mode, align):
    if padding_mode == "zeros":
        return c
    if padding_mode == "reflection":
        low, high = (0, n - 1) if align else (-0.5, n - 0.5)
        while high > low and not low <= c <= high:
            c = 2 * low - c if c < low else 2 * high - c
    return min(max(c, 0), n - 1)


def affine_grid(theta, size, align_corners=False):
    axes = []
    for n in size[2:]:
        line = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        axes.append(line if align_corners else line * (n - 1) / n)
    out = np.zeros((len(theta), *size[2:], len(axes)))
    for place in np.ndindex(out.shape[:-1]):
        point = [axes[d][place[d + 1]] for d in range(len(axes))][::-1]
        out[place] = theta[place[0]] @ np.array([*point, 1.0])
    return out
