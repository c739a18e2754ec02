"""Parametrizations: weights of a given length, of spectral norm 1, orthogonal ones."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from ...dtypes import is_complex
from ...errors import ArgumentError, RangeError, ShapeError
from ...grad_mode import no_grad
from ...limits import finfo
from ...ops.creation import eye, zeros_like
from ...ops.distance import normalize
from ...ops.factorization import geqrf, householder_product
from ...ops.join import cat
from ...ops.matrix_functions import matrix_exp
from ...ops.random import randn
from ...ops.solve import solve
from ...tensor import Tensor
from ..module import Module
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, output_dimension, random_unit
from .weight_norm import directed, length_but_for

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class _WeightNorm(Module):
    """``w = g v / |v|`` of the originals g and v."""

    def __init__(self, dim: int | None = 0) -> None:
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return directed(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return length_but_for(weight, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Write a parameter as ``w = g v / |v|``, of which g and v, `original0` and `original1`, are
    learned. (Salimans, Kingma 2016.)

    States of the older `minigrad.nn.utils.weight_norm` load, too.

    Args:
        module: the module, which is changed and returned.
        name: the parameter.
        dim: the dimension whose slices have a length each; None for one length in all.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(partial(_older_names, name))
    return module


def _older_names(name: str, module: Module, state: Any, prefix: str, *about: Any) -> None:
    older = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
    if all([key in state for key in older]):
        for i, key in enumerate(older):
            state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)


class _SpectralNorm(Module):
    """``W / (u W v)``, u and v the singular vectors found so far."""

    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        n = weight.ndim
        if not -n <= dim < n:
            raise RangeError(f"spectral_norm: dim={dim} is out of range for {n} dimensions")
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"spectral_norm: n_power_iterations={n_power_iterations} must be positive"
            )
        self.dim, self.eps, self.n_power_iterations = dim % n, eps, n_power_iterations
        if n > 1:  # of a vector the norm is known
            matrix = as_matrix(weight.detach(), self.dim)
            for member, size in zip(("_u", "_v"), matrix.shape):
                self.register_buffer(member, random_unit(size, weight, eps))
            self._power_method(matrix, 15)

    @no_grad()
    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            self._u.copy_(normalize(matrix @ self._v, dim=0, eps=self.eps))
            self._v.copy_(normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies, for the next call changes u and v before this one's backward.
        u, v = self._u.clone(), self._v.clone()
        return weight / (u.conj() @ (matrix @ v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a parameter by its largest singular value, or a vector by its length.

    The singular vectors start near and are brought nearer by `n_power_iterations` steps of power
    iteration each time that the tensor is read in training. (Miyato et al. 2018.)

    Args:
        module: the module, which is changed and returned.
        name: the parameter.
        n_power_iterations: steps for each read.
        eps: keeps lengths away from zero.
        dim: the dimension of the outputs: 0, or 1 for a transposed convolution.
    """
    weight = _tensor_of(module, name)
    norm = _SpectralNorm(weight, n_power_iterations, output_dimension(module, dim), eps)
    return register_parametrization(module, name, norm)


class _Orthogonal(Module):
    """An orthogonal matrix of any matrix, by one of three maps, times `base`."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool) -> None:
        if is_complex(weight.dtype) and orthogonal_map == "householder":
            raise ArgumentError("orthogonal: 'householder' does not serve complex tensors")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        transposed = n < k
        if transposed:  # from here on X is tall, (..., n, k)
            X, n, k = X.mT, k, n
        if self.orthogonal_map == "householder":
            A = X.tril(-1)
            Q = householder_product(A, 2.0 / (1.0 + (A * A).sum(-2)))
            signs = X.detach().diagonal(dim1=-2, dim2=-1).int()  # 1 and -1, which are not learned
            Q = Q * signs.unsqueeze(-2)
        else:
            X = X.tril()  # n k - k (k - 1) / 2 numbers suffice
            if n != k:
                X = cat([X, zeros_like(X[..., :1]).expand(*X.shape[:-1], n - k)], -1)
            A = X - X.mH
            if self.orthogonal_map == "matrix_exp":
                Q = matrix_exp(A)
            else:  # Cayley: (I - A / 2)^-1 (I + A / 2)
                one = eye(n, dtype=A.dtype, device=A.device)
                Q = solve(one - 0.5 * A, one + 0.5 * A)
            Q = Q[..., :k]
        if self.use_trivialization:
            Q = self.base @ Q
        return Q.mT if transposed else Q

    @no_grad()
    def right_inverse(self, value: Tensor) -> Tensor:
        if value.shape != self.shape:
            raise ShapeError(f"orthogonal: expected shape {self.shape}, got {value.shape}")
        n, k = value.shape[-2:]
        Q = value.mT if n < k else value
        n, k = Q.shape[-2:]
        if not self.use_trivialization:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    f"orthogonal: {self.orthogonal_map!r} cannot be assigned to with "
                    "use_trivialization=False"
                )
            A, tau = geqrf(Q)
            signs = A.diagonal(dim1=-2, dim2=-1).sign()
            A.diagonal(dim1=-2, dim2=-1).copy_((tau == 0).where(-signs, signs))
            return A.mT if value.shape[-2] < value.shape[-1] else A
        if n != k:  # completed to a basis
            more = randn(*Q.shape[:-1], n - k, dtype=Q.dtype, device=Q.device)
            self.base = _orthogonalized(cat([Q, more], -1))
        else:
            self.base = Q.clone() if _is_orthogonal(Q) else _orthogonalized(Q)
        # At this original each map gives the identity.
        original = zeros_like(value)
        original.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return original


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    one = eye(k, dtype=Q.dtype, device=Q.device)
    return bool((Q.mH @ Q - one).abs().max().item() <= 10 * n * finfo(Q.dtype).eps)


def _orthogonalized(A: Tensor) -> Tensor:
    """The Q of ``A = Q R`` in which R has a positive diagonal."""
    packed, tau = geqrf(A)
    return householder_product(packed, tau) * packed.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: M,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> M:
    """Make a matrix orthogonal: ``Q^T Q = I``, or ``Q Q^T = I`` if it is wide.

    What is learned is any matrix X, of which with ``A = X - X^T`` (X lower triangular) Q is
    ``exp(A)`` ("matrix_exp"), ``(I + A/2) (I - A/2)^-1`` ("cayley"), or the product of the
    Householder reflections below X's diagonal ("householder").

    Args:
        module: the module, which is changed and returned.
        name: the parameter, of two dimensions or more.
        orthogonal_map: by default "matrix_exp" for square and complex matrices, else
            "householder".
        use_trivialization: Q is `base` times that, `base` being the matrix that was there or was
            last assigned (Lezcano-Casado 2019).
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ArgumentError(f"orthogonal: expected a matrix, got shape {weight.shape}")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1] or is_complex(weight.dtype)
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ArgumentError(
            f"orthogonal: orthogonal_map={orthogonal_map!r} must be 'matrix_exp', 'cayley' or "
            "'householder'"
        )
    form = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, form, unsafe=True)


def _tensor_of(module: Module, name: str) -> Tensor:
    weight: Any = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"{type(module).__name__} has no parameter or buffer {name!r}")
    return weight
