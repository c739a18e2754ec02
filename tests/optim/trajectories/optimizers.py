"""The table of optimizer settings, and the uneven problem they are run on in either library."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

STEPS, HALF = 10, 5


class Row(NamedTuple):
    """One setting of one optimizer; the second group overrides some of it."""

    optimizer: str
    settings: Mapping[str, Any] = MappingProxyType({})
    second: Mapping[str, Any] = MappingProxyType({"lr": 0.02})
    rtol: float = 1e-11  # in float64
    rtol32: float = 1e-4  # in float32
    complex: bool = False

    @property
    def name(self) -> str:
        """What tests and recordings call it."""
        told = ",".join([f"{k}={v}" for k, v in self.settings.items()])
        return f"{self.optimizer}({told}{',complex' if self.complex else ''})"


def _muon(**settings: Any) -> Row:
    # Its iterations are in bfloat16, which libraries round differently within a matrix product.
    return Row("Muon", settings, rtol=2e-2, rtol32=2e-2)


def _lbfgs(**settings: Any) -> Row:
    # Each iteration multiplies rounding: PyTorch in float32 is as far from itself in float64.
    return Row("LBFGS", settings, {}, rtol=1e-6, rtol32=3e-2)


ROWS = [
    Row("SGD", {"lr": 0.01}),
    Row("SGD", {"lr": 0.01, "momentum": 0.9}),
    Row("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    Row("SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True}, {"weight_decay": 0.1}),
    Row("SGD", {"lr": 0.001, "momentum": 0.5, "maximize": True}, {"momentum": 0.0}),
    Row("SGD", {"lr": 0.01, "momentum": 0.9, "foreach": True}),
    Row("SGD", {"lr": 0.01, "momentum": 0.9}, complex=True),
    Row("Adam"),
    Row("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    Row("Adam", {"lr": 0.05, "amsgrad": True}, {"eps": 1e-2}),
    Row("Adam", {"lr": 0.01, "maximize": True, "weight_decay": 0.1}, {"betas": (0.5, 0.8)}),
    Row("Adam", {"lr": 0.05, "decoupled_weight_decay": True, "weight_decay": 0.3}),
    Row("Adam", {"lr": 0.05, "foreach": True}, {"weight_decay": 0.1}),
    Row("Adam", {"lr": 0.05, "fused": True}),
    Row("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}, complex=True),
    Row("AdamW", {"lr": 0.05}),
    Row("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    Row("NAdam"),
    Row("NAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    Row("NAdam", {"lr": 0.02, "momentum_decay": 0.1, "maximize": True}, {"momentum_decay": 0.01}),
    Row("NAdam", {"weight_decay": 0.3, "decoupled_weight_decay": True}),
    Row("NAdam", {"lr": 0.02, "weight_decay": 0.3}, complex=True),
    Row("RAdam", {"lr": 0.02}),
    Row("RAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    Row("RAdam", {"lr": 0.02, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    Row("RAdam", {"lr": 0.02, "maximize": True}, {"betas": (0.5, 0.8)}),
    Row("RAdam", {"lr": 0.02, "betas": (0.8, 0.9)}, complex=True),
    Row("Adamax"),
    Row("Adamax", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    Row("Adamax", {"lr": 0.02, "maximize": True}, {"eps": 1e-2}),
    Row("Adamax", {"lr": 0.02}, complex=True),
    Row("Adagrad", {"lr": 0.1}),
    Row("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "eps": 1e-3}),
    Row("Adagrad", {"initial_accumulator_value": 0.5, "maximize": True}, {"lr_decay": 0.2}),
    Row("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5}, complex=True),
    Row("Adadelta", {}, {"lr": 0.5}),
    Row("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    Row("Adadelta", {"maximize": True}, {"rho": 0.5}),
    Row("Adadelta", {"eps": 1e-3}, complex=True),
    Row("RMSprop"),
    Row("RMSprop", {"lr": 0.02, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
    Row("RMSprop", {"momentum": 0.9, "maximize": True}, {"alpha": 0.9}),
    Row("RMSprop", {"centered": True, "eps": 1e-2}, {"momentum": 0.5}),
    Row("RMSprop", {"centered": True, "eps": 1e-2, "momentum": 0.5}, complex=True),
    Row("Rprop"),
    Row("Rprop", {"lr": 0.05, "etas": (0.4, 1.5), "step_sizes": (1e-2, 0.2)}),
    Row("Rprop", {"maximize": True}, {"etas": (0.6, 1.1)}),
    Row("Rprop", {"lr": 0.05}, complex=True),
    Row("ASGD"),
    Row("ASGD", {"lambd": 0.1, "alpha": 0.5, "t0": 3, "weight_decay": 0.1}),
    Row("ASGD", {"lr": 1e-3, "maximize": True}, {"t0": 1}),
    Row("ASGD", {"t0": 2}, complex=True),
    _muon(lr=0.05),
    _muon(lr=0.05, weight_decay=0.5, momentum=0.5, nesterov=False, eps=1e-3),
    _muon(lr=0.05, adjust_lr_fn="match_rms_adamw", ns_steps=3),
    _muon(lr=0.05, adjust_lr_fn="original", ns_coefficients=(2.0, -1.5, 0.5)),
    _lbfgs(lr=0.1, max_iter=2),
    _lbfgs(lr=0.5, max_iter=4, history_size=2, tolerance_grad=1e-5, tolerance_change=1e-6),
    _lbfgs(max_iter=3, line_search_fn="strong_wolfe"),
    _lbfgs(max_iter=3, max_eval=5, line_search_fn="strong_wolfe"),
]  # fmt: skip

_RNG = np.random.default_rng(0)
A, B, UNUSED = (_RNG.standard_normal(shape) for shape in ((4, 3), (2, 5), (1, 2)))
SCALES = np.logspace(-2, 1.5, 12).reshape(4, 3)  # curvatures that differ by three thousand
TARGETS = _RNG.standard_normal((STEPS, 4, 3))


def _made(library: Any, x: np.ndarray, row: Row, place: dict[str, Any]) -> Any:
    x = x + 0.5j * x[::-1] if row.complex else x
    return library.tensor(x, requires_grad=True, **place)


def start(library: Any, row: Row, dtype: str, **place: Any) -> tuple[list[Any], Any]:
    """The parameters a, b and one that never has a gradient, and their optimizer."""
    if row.complex:
        dtype = {"float32": "complex64", "float64": "complex128"}[dtype]
    place["dtype"] = getattr(library, dtype)
    a, b, unused = params = [_made(library, x, row, place) for x in (A, B, UNUSED)]
    groups = [{"params": [a, unused]}, {"params": b, **row.second}]
    if row.optimizer == "LBFGS":
        groups = [a, b]
    optimizer = getattr(library.optim, row.optimizer)(groups, **row.settings)
    return params, optimizer


def loss_of(library: Any, params: list[Any], step: int, row: Row) -> Any:
    """Uneven in `a`, coupled to `b`, which takes no part in some steps; bounded in neither."""
    a, b, _ = params
    real = {"dtype": library.view_as_real(a).dtype if row.complex else a.dtype, "device": a.device}
    goal = TARGETS[0 if row.optimizer == "LBFGS" else step]  # which needs one function
    scales, target = (library.tensor(x, **real) for x in (SCALES, goal))
    off = a - (target + 0.3j * target if row.complex else target)
    square = (off.abs() if row.complex else off) ** 2
    loss = (scales * square).sum() / 2
    if step % 4 == 2 and row.optimizer != "LBFGS":
        return loss
    coupled = a[:2].sum(1) * b.sum(1)
    coupled = coupled.real + coupled.imag if row.complex else coupled
    return loss + coupled.sin().sum() + (b.abs() ** 2).sum()


def steps(library: Any, row: Row, params: list[Any], optimizer: Any, which: range) -> list[Any]:
    """`a` and `b` after each of the steps, as NumPy arrays."""
    path = []
    for step in which:

        def closure(step: int = step) -> Any:
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(library, params, step, row)
            loss.backward()
            return loss

        if row.optimizer == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        path.append([p.detach().cpu().numpy().copy() for p in params[:2]])
    return path
