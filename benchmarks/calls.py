"""One small operation: the price of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Arrays, Run, Workload, as_array


def addition(*, graph: bool) -> Callable[[Any, Arrays, Arrays | None], Run]:
    """Builds a + b; with `graph`, it is recorded."""

    def build(api: Any, data: Arrays, weights: Arrays | None) -> Run:
        a, b = api.tensor(data["a"]), api.tensor(data["b"])
        a.requires_grad_(graph)

        def evidence() -> Arrays:
            found = {"sum": as_array(a + b)}
            if graph:
                (a + b).sum().backward()
                found["gradient of a"] = as_array(a.grad)
            return found

        return Run(lambda: a + b, evidence, {})

    return build


def eights(rng: np.random.Generator) -> Arrays:
    """Two vectors of 8."""
    return {"a": rng.random(8, np.float32), "b": rng.random(8, np.float32)}


ROWS = {
    "add": Workload("a + b of 8 float32, no graph", eights, addition(graph=False), compiles=False),
    "add_graph": Workload(
        "a + b of 8 float32, with graph", eights, addition(graph=True), compiles=False
    ),
}
