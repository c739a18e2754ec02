"""Linear layers and containers."""

from .making import layer


def each_in_turn(lib, module, x):
    """The containers without a forward of their own: how they run is up to the owner."""
    for part in module.values() if hasattr(module, "values") else module:
        x = part(x)
    return x


def summed(lib, module, x):
    """The containers of parameters."""
    return sum([x * p for p in (module.values() if hasattr(module, "values") else module)])


def mixed(lib):
    """Joined, repeated, cut, with one module in two places."""
    nn = lib.nn
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh()) * 2 + nn.Sequential(nn.Linear(4, 3))
    net.insert(1, nn.Sigmoid()).extend([nn.Tanh(), nn.ELU(), nn.Linear(3, 2)])
    net.pop(7)
    return net


def listed(lib):
    nn = lib.nn
    layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)]) + nn.ModuleList([nn.Tanh()])
    layers += [nn.Linear(4, 4), nn.Linear(4, 4)]
    layers.insert(1, nn.Sequential(nn.Tanh(), nn.Sigmoid()))
    layers.pop(2)
    return layers


ROWS = [
    layer(
        "ModuleList",
        lambda lib: lib.nn.ModuleList([lib.nn.Linear(4, 4), lib.nn.Tanh(), lib.nn.Linear(4, 4)]),
        (2, 4), call=each_in_turn,
    ),
    layer("ModuleList listed", listed, (2, 4), call=each_in_turn),
    layer(
        "ModuleDict",
        lambda lib: lib.nn.ModuleDict({"b": lib.nn.Linear(4, 2), "a": lib.nn.Sigmoid()}),
        (2, 4), call=each_in_turn,
    ),
    layer(
        "Sequential",
        lambda lib: lib.nn.Sequential(
            lib.nn.Linear(4, 3), lib.nn.Tanh(), lib.nn.Sequential(lib.nn.Linear(3, 2))
        ),
        (2, 4),
    ),
    layer("Sequential mixed", mixed, (2, 4)),
    layer(
        "ParameterList",
        lambda lib: lib.nn.ParameterList([lib.ones(3), lib.nn.Parameter(lib.zeros(2, 3))]),
        (2, 3), call=summed,
    ),
    layer("ParameterList one", lambda lib: lib.nn.ParameterList([lib.ones(3)]), (3,), call=summed),
    layer(
        "ParameterDict",
        lambda lib: lib.nn.ParameterDict({"b": lib.ones(2, 3), "a": lib.ones(3)}),
        (2, 3), call=summed,
    ),
    layer("Linear", lambda lib: lib.nn.Linear(4, 3), (2, 5, 4)),
    layer("Linear vector", lambda lib: lib.nn.Linear(4, 3, bias=False), (4,)),
    layer("Bilinear", lambda lib: lib.nn.Bilinear(4, 2, 3), (5, 4), (5, 2)),
    layer("Bilinear deep", lambda lib: lib.nn.Bilinear(4, 2, 3, bias=False), (2, 1, 4), (2, 1, 2)),
    layer("Identity", lambda lib: lib.nn.Identity(54, unused=1), (3,)),
]  # fmt: skip
