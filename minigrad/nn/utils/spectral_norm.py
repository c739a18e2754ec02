"""Spectral normalisation by a hook: a weight divided by its largest singular value."""

from __future__ import annotations

from typing import Any, TypeVar

from ...errors import ArgumentError, Error
from ...grad_mode import no_grad
from ...ops.creation import empty
from ...ops.distance import normalize
from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter
from .weight_norm import hook_of, take_hook

__all__ = ["remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """`weight` with `dim` first and all others as one: (its size, the rest)."""
    order = [dim, *[axis for axis in range(weight.ndim) if axis != dim]]
    return weight.permute(order).reshape(weight.shape[dim], -1)


def random_unit(size: int, like: Tensor, eps: float) -> Tensor:
    """A vector of length 1 in a random direction."""
    with no_grad():
        drawn = empty(size, dtype=like.dtype, device=like.device).normal_(0, 1)
        return normalize(drawn, dim=0, eps=eps)


def output_dimension(module: Module, dim: int | None) -> int:
    """`dim`; or the dimension of a module's outputs in its weight, if None."""
    return int(type(module).__name__.startswith("ConvTranspose")) if dim is None else dim


class SpectralNorm:
    """The hook that computes the weight before each call of its module."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ArgumentError(
                f"spectral_norm: n_power_iterations={n_power_iterations} must be positive"
            )
        self.name, self.dim, self.eps = name, dim, eps
        self.n_power_iterations = n_power_iterations

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Tensor:
        """``W / (u W v)``; each power iteration brings u and v closer to the singular vectors."""
        weight, u, v = [getattr(module, self.name + end) for end in ("_orig", "_u", "_v")]
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(matrix.mT @ u, dim=0, eps=self.eps))
                    u.copy_(normalize(matrix @ v, dim=0, eps=self.eps))
            # Copies, for the next call changes u and v before this one's backward.
            u, v = u.clone(), v.clone()
        return weight / (u @ (matrix @ v))

    def __call__(self, module: Any, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a module's parameter by its largest singular value, found by power iteration.

    `name` becomes the parameter ``<name>_orig`` with the buffers ``<name>_u`` and ``<name>_v``,
    the singular vectors so far, and is computed before each call; in training after
    `n_power_iterations` more steps. PyTorch calls this the old way; the new is
    `parametrizations.spectral_norm`. (Miyato, Kataoka, Koyama, Yoshida 2018.)

    Args:
        module: the module, which is changed and returned.
        name: the parameter.
        n_power_iterations: steps before each call in training.
        eps: keeps lengths away from zero.
        dim: the dimension of the outputs: 0, or 1 for a transposed convolution.

    Raises:
        Error: the parameter has this norm already.
        ArgumentError: `n_power_iterations` is not positive.
        AttributeError: there is no such parameter.
    """
    if hook_of(module, SpectralNorm, name) is not None:
        raise Error(f"spectral_norm: {name!r} has it already")
    hook = SpectralNorm(name, n_power_iterations, output_dimension(module, dim), eps)
    weight = module.get_parameter(name)
    height, width = as_matrix(weight, hook.dim).shape
    u, v = [random_unit(size, weight, eps) for size in (height, width)]
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight of now a parameter again; ArgumentError if it has no spectral norm."""
    hook = take_hook(module, SpectralNorm, name, "spectral_norm")
    weight = hook.compute_weight(module, do_power_iteration=False)
    for end in ("", "_u", "_v", "_orig"):
        delattr(module, name + end)
    module.register_parameter(name, Parameter(weight.detach()))
    return module
