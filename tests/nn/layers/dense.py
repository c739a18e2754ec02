"""Linear layers and containers of them."""

from .making import layer


def each_in_turn(lib, module, x):
    """The containers without a forward of their own: how they run is up to the owner."""
    for part in module.values() if hasattr(module, "values") else module:
        x = part(x)
    return x


ROWS = [
    layer(
        "ModuleList",
        lambda lib: lib.nn.ModuleList([lib.nn.Linear(4, 4), lib.nn.Tanh(), lib.nn.Linear(4, 4)]),
        (2, 4),
        call=each_in_turn,
    ),
    layer(
        "ModuleDict",
        lambda lib: lib.nn.ModuleDict({"b": lib.nn.Linear(4, 2), "a": lib.nn.Sigmoid()}),
        (2, 4),
        call=each_in_turn,
    ),
    layer("Linear", lambda lib: lib.nn.Linear(4, 3), (2, 5, 4)),
    layer("Linear vector", lambda lib: lib.nn.Linear(4, 3, bias=False), (4,)),
    layer("Identity", lambda lib: lib.nn.Identity(54, unused=1), (3,)),
    layer(
        "Sequential",
        lambda lib: lib.nn.Sequential(
            lib.nn.Linear(4, 3), lib.nn.Tanh(), lib.nn.Sequential(lib.nn.Linear(3, 2))
        ),
        (2, 4),
    ),
]
