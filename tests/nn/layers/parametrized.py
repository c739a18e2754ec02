"""Modules whose weights are computed: by parametrizations, and by the older hooks."""

import numpy as np

from .making import layer


def spent(lib, module, x):
    """A weight that a hook computed has a history, which no library copies: it is let go of."""
    y, mode = module(x), module.training
    with lib.no_grad():
        module.eval()(x)
    module.train(mode)
    return y


def orthogonal_state(name, shape, rng):
    """The Householder map takes the whole part of the diagonal, signs; 1.5 is far from a jump."""
    values = 0.5 * rng.standard_normal(shape)
    if name.endswith("original"):
        np.fill_diagonal(values, np.where(np.arange(min(shape)) % 2, 1.5, -1.5))
    return values


def norm(kind, **settings):
    return lambda lib, module: getattr(lib.nn.utils.parametrizations, kind)(module, **settings)


def older(kind, **settings):
    return lambda lib, module: getattr(lib.nn.utils, kind)(module, **settings)


def linear(change):
    return lambda lib: change(lib, lib.nn.Linear(4, 3))


def even(change):
    """With a weight that starts as one number, and so has a length that is known."""

    def build(lib):
        module = lib.nn.Linear(4, 3)
        lib.nn.init.constant_(module.weight, 0.5)
        return change(lib, module)

    return build


def tall(change):
    return lambda lib: change(lib, lib.nn.Linear(3, 4))


def conv(change):
    return lambda lib: change(lib, lib.nn.Conv2d(2, 3, 2))


def transposed(change):
    return lambda lib: change(lib, lib.nn.ConvTranspose1d(2, 3, 2))


def stacked(lib):
    """Two parametrizations of one weight, and one of a bias."""
    p = lib.nn.utils.parametrizations
    module = p.spectral_norm(p.weight_norm(lib.nn.Linear(4, 3)))
    return p.spectral_norm(module, "bias")


# Power iteration moves u and v in training by what the weight is, and no gradient knows of it.
MOVES = {"twice": False}

ROWS = [
    layer("Linear weight_norm", linear(norm("weight_norm")), (2, 4)),
    layer("Linear weight_norm in all", even(norm("weight_norm", dim=None)), (2, 4)),
    layer("Conv2d weight_norm", conv(norm("weight_norm", dim=1)), (1, 2, 3, 3)),
    layer("Linear spectral_norm", linear(norm("spectral_norm")), (2, 4), **MOVES),
    layer(
        "ConvTranspose1d spectral_norm",
        transposed(norm("spectral_norm", n_power_iterations=2, eps=1e-3)),
        (1, 2, 4),
        **MOVES,
    ),
    layer("Linear both norms", stacked, (2, 4), **MOVES),
    layer("Linear orthogonal", tall(norm("orthogonal")), (2, 3), state=orthogonal_state),
    layer(
        "Linear orthogonal wide",
        linear(norm("orthogonal", orthogonal_map="householder", use_trivialization=False)),
        (2, 4),
        state=orthogonal_state,
    ),
    layer("Linear orthogonal cayley", tall(norm("orthogonal", orthogonal_map="cayley")), (2, 3)),
    layer(
        "Linear orthogonal exponential",
        linear(norm("orthogonal", orthogonal_map="matrix_exp")),
        (2, 4),
    ),
    layer("Linear weight_norm hook", linear(older("weight_norm")), (2, 4), call=spent),
    layer(
        "Linear weight_norm hook in all", even(older("weight_norm", dim=None)), (2, 4), call=spent
    ),
    layer("Conv2d weight_norm hook", conv(older("weight_norm", dim=1)), (1, 2, 3, 3), call=spent),
    layer(
        "Linear spectral_norm hook",
        linear(older("spectral_norm", n_power_iterations=2)),
        (2, 4),
        call=spent,
        **MOVES,
    ),
    layer(
        "ConvTranspose1d spectral_norm hook",
        transposed(older("spectral_norm")),
        (1, 2, 4),
        call=spent,
        **MOVES,
    ),
]
