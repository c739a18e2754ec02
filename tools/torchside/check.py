"""Draw, run PyTorch, run minigrad, compare: `torch_parity.py check`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
from parity.agree import differences
from parity.cases import Array, Case, Outcome, leaves
from parity.coverage import explained
from parity.observe import Absent, NoDType, observe
from parity.replay import forms_present, library

from . import draw
from .oracle import TORCH, Unsupported

MAX_ELEMENTS = 20_000  # a larger case says nothing new

# PyTorch refuses for want of a kernel, rather than for what was asked.
LACKS = (
    "not implemented for",
    "not yet supported",
    "not supported on",
    "Could not run",
    "INTERNAL",
    "derivative for",  # ... is not implemented
    "Expected grad_output",  # of an empty result, in its backward
    "modified by an inplace operation",  # by PyTorch's own composite, in vander
)


@dataclass
class Report:
    """What became of the cases of one function."""

    function: str
    forms: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)  # the call, what differs

    @property
    def ok(self) -> bool:
        return bool(self.counts["ok"]) and not self.failures


# Random for some arguments, which show by giving two results.
PERHAPS_RANDOM = "attention"


def torch_outcome(case: Case, form: str) -> Outcome | None:
    """What PyTorch does; None if it cannot be said in neutral form, or for want of a kernel."""
    try:
        outcome = observe(TORCH, case, form)
        if PERHAPS_RANDOM in case.function:
            again = observe(TORCH, case, form)
            if differences(case, form, outcome, again):
                return None
    except (Absent, Unsupported):
        return None
    if case.origin == "wrong" and not outcome.raises:
        return None
    if outcome.raises and any([text in outcome.message for text in LACKS]):
        return None
    if outcome.raises and outcome.message.startswith("Unsupported"):
        return None
    return outcome


def too_large(case: Case) -> bool:
    return sum([a.data.size for a in leaves((case.args, case.kwargs), Array)]) > MAX_ELEMENTS


def applicable(case: Case, form: str) -> bool:
    """A method needs a tensor to be a method of."""
    return form == "function" or bool(case.args and isinstance(case.args[0], Array))


def forms_of(function: str) -> list[str]:
    """The forms that PyTorch has of a function."""
    if function.startswith("torch.Tensor."):
        return ["function"]
    name = function.rpartition(".")[2]
    forms = ["function"]
    if function.count(".") == 1 and hasattr(torch.Tensor, name):
        forms.append("method")
    if function.count(".") == 1 and hasattr(torch.Tensor, name + "_"):
        forms.append("inplace")
    return forms


def check(function: str, **draws: Any) -> Report:
    """Compare one function on everything drawn for it, in each of its forms."""
    present = forms_present(function)
    report = Report(function, present)
    if not present:
        return report
    wanted = [form for form in forms_of(function)]
    for form in wanted:
        if form not in present:
            report.counts[f"no {form}"] = 1
            shown = {"method": "method", "inplace": "in-place method"}.get(form, form)
            report.failures.append((function, f"minigrad has no such {shown}"))
    for case in draw.cases(function, **draws):
        if too_large(case):
            report.counts["too large"] += 1
            continue
        for form in wanted:
            if form in present and applicable(case, form):
                _check_one(report, case, form)
    report.counts["no neutral form"] += draw.skipped.pop(function, 0)
    return report


def _check_one(report: Report, case: Case, form: str) -> None:
    expected = torch_outcome(case, form)
    if expected is None:
        report.counts["torch cannot"] += 1
        return
    try:
        actual = observe(library("cpu"), case, form)
    except NoDType:
        report.counts["dtype absent"] += 1
        return
    report.counts["run"] += 1
    result = explained(case, form, differences(case, form, expected, actual))
    found = result.lines
    report.counts["listed deviation" if result.explained and not found else "ok"] += not found
    if found:
        report.failures.append((f"{case.shown(form)}  [{case.origin}]", "; ".join(found)))
