"""Losses of numbers and of distributions."""

import numpy as np

from .making import layer

LOGS = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))
COUNTS = np.array([0.0, 1, 3, 7])
VARIANCES = np.array([[0.3], [2.0], [0.01]])

ROWS = [
    layer("MSELoss", lambda lib: lib.nn.MSELoss(), (4, 2), (4, 2)),
    layer("MSELoss none", lambda lib: lib.nn.MSELoss(reduction="none"), (4,), (4,)),
    layer("L1Loss", lambda lib: lib.nn.L1Loss(), (4,), (4,), twice=False),
    layer("L1Loss sum", lambda lib: lib.nn.L1Loss(reduction="sum"), (4,), (4,), twice=False),
    layer("HuberLoss", lambda lib: lib.nn.HuberLoss(), (9,), (9,)),
    layer("HuberLoss narrow", lambda lib: lib.nn.HuberLoss("none", delta=0.5), (9,), (9,)),
    layer("SmoothL1Loss", lambda lib: lib.nn.SmoothL1Loss(), (9,), (9,)),
    layer(
        "SmoothL1Loss sum", lambda lib: lib.nn.SmoothL1Loss(reduction="sum", beta=0.5), (9,), (9,)
    ),
    layer("SmoothL1Loss sharp", lambda lib: lib.nn.SmoothL1Loss(beta=0.0), (9,), (9,), twice=False),
    layer("KLDivLoss", lambda lib: lib.nn.KLDivLoss(reduction="batchmean"), (2, 3), np.exp(LOGS)),
    layer(
        "KLDivLoss logs",
        lambda lib: lib.nn.KLDivLoss(log_target=True, reduction="sum"),
        (2, 3),
        LOGS,
    ),
    layer("PoissonNLLLoss", lambda lib: lib.nn.PoissonNLLLoss(), (4,), COUNTS),
    layer(
        "PoissonNLLLoss full",
        lambda lib: lib.nn.PoissonNLLLoss(False, full=True, eps=0.01, reduction="none"),
        np.array([0.5, 0.1, 2, 6]),
        COUNTS + 0.3,  # a target of 1 is at a jump
    ),
    layer("GaussianNLLLoss", lambda lib: lib.nn.GaussianNLLLoss(), (3, 2), (3, 2), np.abs(LOGS.T)),
    layer(
        "GaussianNLLLoss full",
        lambda lib: lib.nn.GaussianNLLLoss(full=True, eps=0.1, reduction="none"),
        (3, 2),
        (3, 2),
        VARIANCES,
        twice=False,  # the lift to eps has no slope
    ),
    layer(
        "GaussianNLLLoss one variance",
        lambda lib: lib.nn.GaussianNLLLoss(reduction="sum"),
        (3, 2),
        (3, 2),
        call=lambda lib, module, x, y: module(x, y, 0.5),
    ),
]
