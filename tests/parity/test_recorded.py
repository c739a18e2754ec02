"""minigrad against what PyTorch was recorded to do, and the coverage page against both."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from . import coverage, store
from .agree import differences
from .cases import Array, Case, Named, Outcome, cotangent, leaves
from .replay import replay

ON_PAGE = coverage.statuses(coverage.PAGE.read_text())
ROWS = [name for name in sorted(coverage.surface()) if not coverage.matching("group", name)]
SAME = 330  # functions that must be "same"


def key(function: str) -> str:
    """How a function is named in `ON_PAGE`."""
    row = coverage.Row(function, "")
    section = coverage.section_of(row)
    name = row.name if section == "torch" else row.name.rpartition(".")[2]
    return f"{coverage.SECTIONS[section]} {name}"


@pytest.mark.parametrize("function", ROWS)
def test_row_of_the_page_is_true(function):
    """The status that the page gives is the one that replaying the recorded cases gives."""
    row = coverage.row(function)
    failing = [(r.case.shown(r.form), r.lines) for r in coverage.results(function) if r.lines]
    hint = "run: python tools/torch_parity.py coverage"
    assert row.status == ON_PAGE[key(function)], (hint, row.why, failing[:3])


def test_the_page_has_these_rows_and_no_others():
    assert set(map(key, ROWS)) == set(ON_PAGE)


def test_so_many_functions_are_the_same():
    assert Counter(ON_PAGE.values())["same"] >= SAME


ELSEWHERE = {"torch.Tensor.device", "torch.Tensor.is_cuda", "torch.Tensor.cpu"}  # they must differ


def test_every_note_says_something():
    """A deviation that no recorded case shows any more, or a pattern without a name, goes."""
    used = [note for name in ROWS for r in coverage.results(name) for note in r.explained]
    recorded = [note for note in coverage.notes()["deviation"] if "drawn" not in note]
    stale = [note for note in recorded if note not in used]
    for kind in ("group", "absent"):
        for note in coverage.notes()[kind]:
            names = [n for n in coverage.surface() if note in coverage.matching(kind, n)]
            stale += [] if names else [note]
    assert stale == []


@pytest.mark.parametrize(
    "function", [n for n in ROWS if ON_PAGE.get(key(n)) == "same" and n not in ELSEWHERE]
)
def test_the_same_on_cuda(function):
    """One float32 case of each function on the other device."""
    for case in store.load(function):
        arrays = list(leaves((case.args, case.kwargs)))
        floats = (
            function != "torch.Tensor.device"
            and arrays
            and all([a.data.dtype == np.float32 and a.data.size for a in arrays])
        )
        calm = "out" not in case.kwargs and not case.outcomes["function"].raises
        if floats and calm:
            result = coverage.explained(case, "function", replay(case, "function", "cuda"))
            assert result.lines == []
            return


# The comparison itself must notice what it is there to notice.

X = np.array([1.0, -2.0], np.float32)


def compared(expected: Outcome, actual: Outcome) -> list[str]:
    return differences(Case("torch.exp", (Array(X),), {}), "function", expected, actual)


@pytest.mark.parametrize(
    "other",
    [
        Outcome(value=Array(X * 1.001)),
        Outcome(value=Array(X.astype(np.float64))),
        Outcome(value=Array(X.reshape(1, 2))),
        Outcome(value=Array(X), shares=(True,)),
        Outcome(value=Array(X), grads=(Array(X),), differentiable=(True,)),
        Outcome(value=Array(X), written={0: Array(X + 1)}),
        Outcome(value=Array(np.array([1.0, np.nan], np.float32))),
        Outcome(value=(Array(X),)),
        Outcome(value=Named(("values",), (Array(X),))),
        Outcome(raises=("ValueError", "Exception")),
    ],
)
def test_a_difference_is_noticed(other):
    same = Outcome(value=Array(X))
    assert compared(same, same) == []
    assert compared(same, other) != []
    assert compared(other, same) != []


def test_errors_agree_if_ours_is_caught_as_theirs():
    theirs = Outcome(raises=("IndexError", "LookupError", "Exception"))
    ours = Outcome(raises=("RuntimeError", "IndexError", "LookupError", "Exception"))
    assert compared(theirs, ours) == []
    assert compared(ours, theirs) != []


def test_a_layout_survives(tmp_path):
    array = Array(np.arange(6.0).reshape(2, 3), strides=(1, 4), grad=True)
    assert array.laid_out().strides == (8, 32)
    outcome = Outcome(value=(array, [1, 2.5, None, 1j]), shares=(True,))
    case = Case("torch.t", (array, slice(1, None)), {"dim": -1}, "test", {"function": outcome})
    store.save(tmp_path / "torch.npz", {"torch.t": [case]})
    with np.load(tmp_path / "torch.npz") as found:
        assert sorted(found.files) == ["cases", "float64"]


def test_cotangents_are_fixed_and_nowhere_zero():
    weights = cotangent((50, 4), np.dtype(np.float32), 1)
    assert weights.all() and np.abs(weights).max() <= 1
    assert weights[0, :3].tolist() == cotangent((3,), np.dtype(np.float32), 1).tolist()
