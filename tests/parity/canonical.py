"""Results that are not unique, brought to one form: signs, phases, order of a basis, ties.

Each entry maps the result and the call's tensor arguments to what must be equal in both libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import Array, Named


def _data(value: Any) -> list[np.ndarray]:
    items = value.items if isinstance(value, Named) else value
    return [part.data for part in items]


def _adjoint(a: np.ndarray) -> np.ndarray:
    return np.conj(np.swapaxes(a, -1, -2))


def _shapes(arrays: list[np.ndarray]) -> list[Any]:
    return [(a.shape, str(a.dtype)) for a in arrays]


def qr(value: Any, *args: Any) -> Any:
    """The product, and |diagonal of R|."""
    q, r = _data(value)
    if q.size == 0 or r.shape[-2] != q.shape[-1]:
        return _shapes([q, r]), Array(np.abs(r))
    return _shapes([q, r]), Array(q @ r), Array(np.abs(np.diagonal(r, 0, -2, -1)))


def svd(value: Any, *args: Any) -> Any:
    """The singular values and the product."""
    u, s, vh = _data(value)
    k = s.shape[-1]
    if u.size == 0 or vh.size == 0:
        return _shapes([u, s, vh]), Array(s)
    return _shapes([u, s, vh]), Array(s), Array((u[..., :k] * s[..., None, :]) @ vh[..., :k, :])


def svd_with_v(value: Any, *args: Any) -> Any:
    """As `svd`, of (U, S, V) rather than (U, S, V^H)."""
    u, s, v = _data(value)
    return svd((Array(u), Array(s), Array(_adjoint(v))))


def eigh(value: Any, *args: Any) -> Any:
    """The eigenvalues and the product."""
    w, v = _data(value)
    return _shapes([w, v]), Array(w), Array((v * w[..., None, :]) @ _adjoint(v))


def eig(value: Any, matrix: Array, *args: Any) -> Any:
    """The sorted eigenvalues, and A V - V W, which is zero."""
    w, v = _data(value)
    order = np.lexsort((np.round(w.imag, 4), np.round(w.real, 4)), axis=-1)
    residue = matrix.data @ v - v * w[..., None, :]
    scale = max(1.0, float(np.abs(w).max())) if w.size else 1.0
    return _shapes([w, v]), Array(np.take_along_axis(w, order, -1)), Array(1 + residue / scale)


def eigvals(value: Any, *args: Any) -> Any:
    """The sorted eigenvalues."""
    w = value.data
    order = np.lexsort((np.round(w.imag, 4), np.round(w.real, 4)), axis=-1)
    return Array(np.take_along_axis(w, order, -1))


CANONICAL: dict[str, Callable[..., Any]] = {
    "torch.qr": qr,
    "torch.linalg.qr": qr,
    "torch.svd": svd_with_v,
    "torch.linalg.svd": svd,
    "torch.linalg.eigh": eigh,
    "torch.linalg.eig": eig,
    "torch.linalg.eigvals": eigvals,
}

# Which of several equal elements an index names is not said: what it names is compared. The numbers
# are the place of `dim` among the arguments.
CHOOSE = {
    "torch.sort": 1,
    "torch.argsort": 1,
    "torch.topk": 2,
    "torch.kthvalue": 2,
    "torch.mode": 1,
}


def chosen(name: str, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`value` with the elements that its indices name in the place of the indices."""
    source = args[0] if args else kwargs["input"]
    place = CHOOSE[name]
    dim = kwargs.get("dim", args[place] if len(args) > place else -1)
    if source.data.ndim == 0 or kwargs.get("stable") or type(dim) is not int:
        return value
    items = value.items if isinstance(value, Named) else (value,)
    index = items[-1].data
    whole = index if index.ndim == source.data.ndim else np.expand_dims(index, dim)
    found = np.take_along_axis(source.data, whole, dim)
    return (*items[:-1], _shapes([index]), Array(found))
