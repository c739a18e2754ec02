"""How near is the same; and which functions are compared without their values."""

from __future__ import annotations

from .cases import Case

RTOL = {
    "float64": 1e-9,
    "complex128": 1e-9,
    "float32": 2e-5,
    "complex64": 2e-5,
    "float16": 3e-3,  # a rounding is 5e-4, and PyTorch rounds more than once
    "bfloat16": 2e-2,  # a rounding is 4e-3
}

# Functions whose answer is worse conditioned than a sum of products: name or prefix -> factor.
LOOSER = {
    "torch.linalg.": 50,
    "torch.cholesky": 50,
    "torch.matrix_exp": 50,
    "torch.pinverse": 50,
    "torch.inverse": 50,
    "torch.logdet": 50,
    "torch.slogdet": 50,
    "torch.det": 50,
    "torch.lu_solve": 50,
    "torch.triangular_solve": 50,
    "torch.ormqr": 50,
    "torch.cumprod": 5,
    "torch.prod": 5,
    "torch.polygamma": 10,
    "torch.special.polygamma": 10,
    "torch.lgamma": 10,
    "torch.digamma": 10,
    "torch.nn.functional.": 5,
}

GRADIENT = 5  # a gradient sums more products than its value

# Compared by structure, shape and dtype alone: the values are random, or are not set.
RANDOM = frozenset(
    "torch." + name
    for name in (
        "rand rand_like randn randn_like randint randint_like randperm normal bernoulli poisson "
        "multinomial binomial empty empty_like empty_strided empty_permuted dropout "
        "alpha_dropout feature_alpha_dropout feature_dropout rrelu native_dropout initial_seed "
        "seed get_rng_state "
        "nn.functional.dropout nn.functional.dropout1d nn.functional.dropout2d "
        "nn.functional.dropout3d nn.functional.alpha_dropout nn.functional.feature_alpha_dropout "
        "nn.functional.rrelu nn.functional.rrelu_ nn.functional.gumbel_softmax "
        "nn.functional.fractional_max_pool2d "
        "nn.functional.fractional_max_pool3d "
        "Tensor.uniform_ Tensor.normal_ Tensor.exponential_ Tensor.geometric_ Tensor.cauchy_ "
        "Tensor.log_normal_ Tensor.random_ Tensor.bernoulli_ Tensor.exponential Tensor.uniform "
        "Tensor.new_empty Tensor.new_empty_strided Tensor.resize_"
    ).split()
)

# Functions with a dropout of their own: where its probability stands among the arguments.
DROPS = {
    "torch.nn.functional.scaled_dot_product_attention": 4,
    "torch.nn.functional.multi_head_attention_forward": 10,
}


def is_random(case: Case) -> bool:
    """Whether the values of the outcome are random, so that only their structure is compared."""
    place = DROPS.get(case.function)
    if place is None:
        return case.function in RANDOM
    p = case.kwargs.get("dropout_p", case.args[place] if len(case.args) > place else 0.0)
    return bool(p)


def tolerance(function: str, dtype: str, gradient: bool) -> float:
    """The relative error allowed in `dtype`."""
    factor = max([f for key, f in LOOSER.items() if function.startswith(key)], default=1)
    return RTOL[dtype] * factor * (GRADIENT if gradient else 1)
