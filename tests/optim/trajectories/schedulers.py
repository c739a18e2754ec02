"""The table of schedules, and the fifty steps that either library makes with each."""

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

STEPS, HALF = 50, 25
# A metric that falls, stalls, rises and falls again.
METRICS = [1 / (1 + t) for t in range(8)]
METRICS += [0.12 + 0.01 * ((t * 7) % 5) for t in range(8, 30)] + [3 / t for t in range(30, STEPS)]


class Row(NamedTuple):
    """A schedule: built from the library's `lr_scheduler` and an optimizer of two groups."""

    name: str
    build: Callable[[Any, Any], Any]
    optimizer: str = "SGD"
    metrics: bool = False
    epochs: Callable[[int], Any] | None = None  # what `step` is given


class Decay:
    """A function of the epoch that holds something."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, epoch: int) -> float:
        """Depends on what it holds, so that a state must bring it back."""
        self.calls += 1
        return 1 / (1 + 0.1 * self.calls)


def _chained(s: Any, o: Any) -> Any:
    return s.ChainedScheduler([s.ConstantLR(o, 0.1, total_iters=20), s.ExponentialLR(o, 0.97)])


def _sequential(s: Any, o: Any) -> Any:
    warm, fall = s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, T_max=20)
    return s.SequentialLR(o, [warm, fall, s.ExponentialLR(o, 0.9)], milestones=[10, 31])


def _nested(s: Any, o: Any) -> Any:
    parts = [s.ConstantLR(o, 0.5, 5), s.PolynomialLR(o, 30, power=0.5)]
    return s.ChainedScheduler([s.SequentialLR(o, parts, milestones=[5]), s.StepLR(o, 4, 0.7)], o)


ROWS = [
    Row("LambdaLR", lambda s, o: s.LambdaLR(o, lambda t: 0.95**t)),
    Row("LambdaLR(list)", lambda s, o: s.LambdaLR(o, [Decay(), lambda t: 1 / (1 + t)])),
    Row("MultiplicativeLR", lambda s, o: s.MultiplicativeLR(o, lambda t: 0.9 + 0.001 * t)),
    Row("MultiplicativeLR(list)", lambda s, o: s.MultiplicativeLR(o, [Decay(), lambda t: 0.9])),
    Row("StepLR", lambda s, o: s.StepLR(o, 7)),
    Row("StepLR(gamma)", lambda s, o: s.StepLR(o, step_size=3, gamma=0.7)),
    Row("StepLR(epochs)", lambda s, o: s.StepLR(o, 5, 0.5), epochs=lambda t: (t * 3) % 17),
    Row("MultiStepLR", lambda s, o: s.MultiStepLR(o, [5, 20, 20, 40])),
    Row("MultiStepLR(gamma)", lambda s, o: s.MultiStepLR(o, milestones=[10, 30], gamma=0.3)),
    Row("MultiStepLR(epochs)", lambda s, o: s.MultiStepLR(o, [3, 9]), epochs=lambda t: t // 2),
    Row("ConstantLR", lambda s, o: s.ConstantLR(o)),
    Row("ConstantLR(factor)", lambda s, o: s.ConstantLR(o, factor=0.7, total_iters=30)),
    Row("ConstantLR(epochs)", lambda s, o: s.ConstantLR(o, 0.3, 9), epochs=lambda t: t // 2),
    Row("LinearLR", lambda s, o: s.LinearLR(o)),
    Row("LinearLR(factors)", lambda s, o: s.LinearLR(o, 0.9, end_factor=0.1, total_iters=35)),
    Row("LinearLR(epochs)", lambda s, o: s.LinearLR(o, 0.1, 0.8, 9), epochs=lambda t: t // 2),
    Row("ExponentialLR", lambda s, o: s.ExponentialLR(o, 0.93)),
    Row("ExponentialLR(epochs)", lambda s, o: s.ExponentialLR(o, 0.9), epochs=lambda t: t // 2),
    Row("PolynomialLR", lambda s, o: s.PolynomialLR(o)),
    Row("PolynomialLR(power)", lambda s, o: s.PolynomialLR(o, total_iters=40, power=2.5)),
    Row("PolynomialLR(epochs)", lambda s, o: s.PolynomialLR(o, 20, 2), epochs=lambda t: t // 2),
    Row("CosineAnnealingLR", lambda s, o: s.CosineAnnealingLR(o, 50)),
    Row("CosineAnnealingLR(eta_min)", lambda s, o: s.CosineAnnealingLR(o, T_max=9, eta_min=0.01)),
    Row("CosineAnnealingLR(epochs)", lambda s, o: s.CosineAnnealingLR(o, 9),
        epochs=lambda t: t // 2),
    Row("CosineAnnealingWarmRestarts", lambda s, o: s.CosineAnnealingWarmRestarts(o, 7)),
    Row("CosineAnnealingWarmRestarts(T_mult)",
        lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=4, T_mult=2, eta_min=0.02)),
    Row("CosineAnnealingWarmRestarts(fractions)",
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2), epochs=lambda t: t / 4),
    Row("CosineAnnealingWarmRestarts(fractions, T_mult=1)",
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3), epochs=lambda t: t / 4),
    Row("OneCycleLR", lambda s, o: s.OneCycleLR(o, 0.5, total_steps=51)),
    Row("OneCycleLR(three_phase)", lambda s, o: s.OneCycleLR(
        o, [0.5, 0.3], epochs=5, steps_per_epoch=11, pct_start=0.4, anneal_strategy="linear",
        base_momentum=[0.7, 0.6], max_momentum=0.9, div_factor=10.0, final_div_factor=100.0,
        three_phase=True), "Adam"),
    Row("OneCycleLR(no momentum)", lambda s, o: s.OneCycleLR(
        o, 0.5, total_steps=60, cycle_momentum=False), "Adagrad"),
    Row("CyclicLR", lambda s, o: s.CyclicLR(o, 0.01, 0.3, step_size_up=8)),
    Row("CyclicLR(triangular2)", lambda s, o: s.CyclicLR(
        o, [0.01, 0.02], [0.3, 0.5], 5, step_size_down=9, mode="triangular2",
        base_momentum=[0.5, 0.6], max_momentum=0.95), "Adam"),
    Row("CyclicLR(exp_range)", lambda s, o: s.CyclicLR(
        o, 0.01, 0.3, 6, mode="exp_range", gamma=0.98, cycle_momentum=False), "Adagrad"),
    Row("CyclicLR(scale_fn)", lambda s, o: s.CyclicLR(
        o, 0.01, 0.3, 6, scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations")),
    Row("CyclicLR(scale_fn object)", lambda s, o: s.CyclicLR(o, 0.01, 0.3, 6, scale_fn=Decay(),
                                                             cycle_momentum=False)),
    Row("ReduceLROnPlateau", lambda s, o: s.ReduceLROnPlateau(o, patience=3), metrics=True),
    Row("ReduceLROnPlateau(abs)", lambda s, o: s.ReduceLROnPlateau(
        o, factor=0.5, patience=1, threshold=0.05, threshold_mode="abs", cooldown=4,
        min_lr=[0.01, 0.001], eps=1e-3), metrics=True),
    Row("ReduceLROnPlateau(max)", lambda s, o: s.ReduceLROnPlateau(
        o, "max", 0.8, 2, threshold=0.1, min_lr=0.005), metrics=True),
    Row("ReduceLROnPlateau(max abs)", lambda s, o: s.ReduceLROnPlateau(
        o, "max", 0.8, 2, threshold_mode="abs"), metrics=True),
    Row("SequentialLR", _sequential),
    Row("ChainedScheduler(nested)", _nested),
    Row("ChainedScheduler", _chained),
    Row("SWALR", lambda s, o: s.SWALR(o, 0.03)),
    Row("SWALR(linear)", lambda s, o: s.SWALR(o, [0.3, 0.01], 30, anneal_strategy="linear")),
    Row("SWALR(at once)", lambda s, o: s.SWALR(o, 0.03, anneal_epochs=0)),
]  # fmt: skip


def start(library: Any, row: Row) -> tuple[Any, Any]:
    """An optimizer of two groups and the row's schedule."""
    params = [library.ones(2, requires_grad=True) for _ in range(2)]
    groups = [{"params": params[0]}, {"params": params[1], "lr": 0.05}]
    more = {"momentum": 0.9} if row.optimizer == "SGD" else {}
    optimizer = getattr(library.optim, row.optimizer)(groups, lr=0.1, **more)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schedules = dict(vars(library.optim.lr_scheduler), SWALR=library.optim.swa_utils.SWALR)
        return optimizer, row.build(SimpleNamespace(**schedules), optimizer)


def rates(optimizer: Any) -> list[list[float]]:
    """Of each group the learning rate, and momentum or beta1."""
    return [
        [float(g["lr"]), float(g.get("momentum", g.get("betas", [0])[0]))]
        for g in optimizer.param_groups
    ]


def steps(row: Row, optimizer: Any, schedule: Any, which: range) -> list[Any]:
    """The rates after each of the steps."""
    path = []
    for t in which:
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `epoch`
            if row.metrics:
                schedule.step(METRICS[t])
            elif row.epochs is not None:
                schedule.step(row.epochs(t))
            else:
                schedule.step()
        path.append(rates(optimizer))
        assert list(schedule.get_last_lr()) == [lr for lr, _ in path[-1]]
    return path
