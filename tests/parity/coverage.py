"""The page docs/reference/coverage.md: how much of PyTorch's surface minigrad has, and how truly.

"same" is earned: the function exists in every form that PyTorch has, all recorded cases agree
(values, dtypes, errors, gradients), and a passing case exercises every argument.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from . import store
from .cases import Case
from .replay import forms_present, replay

NOTES = Path(__file__).parent / "notes.toml"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage.md"

# Arguments that no case need exercise: what they ask for does not exist here, or PyTorch itself
# has them for old code alone.
EXEMPT = {
    "names", "layout", "pin_memory", "memory_format", "size_average", "reduce", "_stacklevel",
    "generator", "non_blocking", "is_coalesced", "sparse", "sparse_grad", "implicit", "self",
    "inplace", "out_dtype", "check_errors", "input_scale", "driver", "tracker", "options",
    "ambiguity_check", "distance_function",
}  # fmt: skip


@dataclass
class Row:
    """One function of PyTorch on the page."""

    function: str
    status: str  # "same", "differs", "absent", "present" (no recorded case)
    why: str = ""
    method: str = ""
    inplace: str = ""
    notes: list[str] = field(default_factory=list)
    cases: int = 0

    @property
    def name(self) -> str:
        return self.function.removeprefix("torch.")


@cache
def notes() -> dict[str, Any]:
    return tomllib.loads(NOTES.read_text())


@cache
def surface() -> dict[str, Any]:
    """PyTorch's functions, with their signatures and forms."""
    return json.loads(store.SURFACE.read_text())


def matching(kind: str, function: str) -> list[dict[str, Any]]:
    """The notes of a kind that speak of a function."""
    name = function.removeprefix("torch.")
    return [n for n in notes().get(kind, []) if any([fnmatch(name, m) for m in n["match"]])]


@dataclass
class Result:
    """What replaying one form of one case showed."""

    case: Case
    form: str
    lines: list[str]  # differences that no note explains
    explained: list[dict[str, Any]]  # the deviations that explain the others


@cache
def results(function: str) -> tuple[Result, ...]:
    """Each recorded case of a function, replayed in each form that minigrad has."""
    present = forms_present(function)
    found = []
    for case in store.load(function):
        for form in case.outcomes:
            if form in present:
                found.append(explained(case, form, replay(case, form)))
    return tuple(found)


def explained(case: Case, form: str, lines: list[str]) -> Result:
    """Sort the differences into those that a note explains and the rest."""
    known = matching("deviation", case.function)
    rest, used = [], []
    for line in lines:
        notes_here = [note for note in known if re.search(note["line"], line)]
        used += notes_here[:1]
        rest += [] if notes_here else [line]
    return Result(case, form, rest, used)


def row(function: str) -> Row:
    """The function's row."""
    facts = surface().get(function, {"signatures": [], "method": False, "inplace": False})
    present = forms_present(function)
    if not present:
        absent = matching("absent", function)
        return Row(function, "absent", absent[0]["why"] if absent else "not built")
    found = results(function)
    out = Row(function, "same", cases=len({id(r.case) for r in found}))
    forms = [f for f in ("method", "inplace") if facts[f] and not function.startswith(TENSOR)]
    for form in forms:
        setattr(out, form, "yes" if form in present else "no")
    lacking = [form for form in ["function", *forms] if form not in present]
    if not found:
        out.status, out.why = "present", "no recorded case"
        return out
    operator = function.endswith("__")  # its arguments have no names
    unseen = [] if operator else unexercised(facts["signatures"], found)
    if undocumented_out(function):
        unseen = [name for name in unseen if name != "out"]
    names = {part.strip("*=") for signature in facts["signatures"] for part in signature}
    _judge(out, found, lacking, unseen, bool(names - EXEMPT - {""}))
    return out


def undocumented_out(function: str) -> bool:
    """Whether ``out=`` is an accident of the kernel underneath, of which no page speaks."""
    return function.startswith("torch.nn.functional.")


TENSOR = "torch.Tensor."
FORMS = {"function": "function", "method": "method", "inplace": "in-place form"}


def _judge(
    out: Row, found: tuple[Result, ...], lacking: list[str], unseen: list[str], signed: bool
) -> None:
    failing = [r for r in found if r.lines]
    listed = {note["how"]: note for r in found for note in r.explained}
    out.notes = [how for how, note in listed.items() if note["match"] == ["*"]]
    reasons = [how for how, note in listed.items() if note["match"] != ["*"]]
    reasons += [f"no {FORMS[form]}" for form in lacking]
    if failing:
        kinds = Counter([kind_of(r) for r in failing])
        reasons.append(", ".join([f"{kind} ({n})" for kind, n in sorted(kinds.items())]))
    if not any([r.case.outcomes[r.form].raises for r in found]) and signed:
        reasons.append("no error recorded")
    if unseen:
        reasons.append("not exercised: " + ", ".join(unseen))
    if reasons:
        out.status, out.why = "differs", "; ".join(reasons)


def kind_of(result: Result) -> str:
    """The kind of a failing case's first difference, in a word or two."""
    line = result.lines[0]
    outcome = result.case.outcomes[result.form]
    if "absent:" in line:
        return "dtype absent"
    if line.startswith("minigrad raises"):
        return "refused"
    if outcome.raises:
        return "not refused" if "minigrad returns" in line else "kind of error"
    for word in ("gradient", "requires_grad", "memory", "dtype", "shape"):
        if word in line.split(":")[0] or line.startswith(word):
            return word
    return "memory" if "the result is" in line else "value"


def unexercised(signatures: list[list[str]], found: tuple[Result, ...]) -> list[str]:
    """Arguments of PyTorch's signatures that no passing case gives, by name or place."""
    given: set[str] = set()
    most = 0
    for result in found:
        if not result.lines and not result.case.outcomes[result.form].raises:
            given |= result.case.kwargs.keys()
            most = max(most, len(result.case.args))
    missing = []
    for signature in signatures:
        starred = any([part.startswith("*") and part != "*" for part in signature])
        for place, part in enumerate(signature):
            name = part.strip("*=")
            by_place = starred or ("*" not in signature[:place] and place < 1)
            if name and name not in given | EXEMPT and not by_place:
                missing.append(name)
    return sorted(set(missing))


def rows() -> list[Row]:
    """All rows of the page, ungrouped names only."""
    return [row(name) for name in sorted(surface()) if not matching("group", name)]


# The page --------------------------------------------------------------------------------------

HEAD = """# PyTorch's functions in minigrad

Written by `python tools/torch_parity.py coverage`; `tests/parity` replays the cases it rests on and
compares. The cases were recorded from PyTorch {version}: for each function its own samples, special
values, several dtypes, each argument, errors and gradients.

- **same**: the function exists in every form that PyTorch has (function, method, in-place), all
  recorded cases agree in values, dtypes, memory (view or copy), kinds of error and gradients, and a
  case exercises each argument. The argument needs no case if it is one of: {exempt};
  and `out=` needs none in `nn.functional`, whose pages do not name it.
- **differs**: what differs, with the number of recorded calls in brackets.
- **absent**: minigrad has no such function.

Rules that hold for every function are in [differences.md](../differences.md), and cost no function
its "same"; they stand in the last column where a case meets them. Where PyTorch's CPU has no kernel
for a dtype, nothing is compared.

{totals}
"""

SECTIONS = {
    "torch": "minigrad",
    "nn.functional": "minigrad.nn.functional",
    "linalg": "minigrad.linalg",
    "special": "minigrad.special",
    "fft": "minigrad.fft",
    "random": "minigrad.random",
    "Tensor": "Methods without a function of the same name",
}


def section_of(row: Row) -> str:
    space = row.name.rpartition(".")[0]
    return space or "torch"


def render(version: str) -> str:
    """The text of the page."""
    all_rows = rows()
    counts = Counter([r.status for r in all_rows])
    order = ("same", "differs", "present", "absent")
    totals = ", ".join([f"**{counts[s]} {s}**" for s in order if counts[s]])
    text = [HEAD.format(version=version, exempt=", ".join(sorted(EXEMPT)), totals=totals + ".")]
    for space, title in SECTIONS.items():
        here = [r for r in all_rows if section_of(r) == space]
        if not here:
            continue
        same = sum([r.status == "same" for r in here])
        text.append(f"\n## {title}\n\n{same} of {len(here)} are the same.\n")
        text.append("| function | status | method | in-place | note |\n|---|---|---|---|---|")
        text += [_line(r) for r in here]
    text.append("\n## Not counted\n")
    for group in notes()["group"]:
        names = [n for n in sorted(surface()) if group in matching("group", n)[:1]]
        shown = ", ".join([f"`{n.removeprefix('torch.')}`" for n in names])
        text.append(f"- {len(names)} names: {group['why']}: {shown}")
    return "\n".join(text) + "\n"


def _line(row: Row) -> str:
    status = f"{row.status}: {row.why}" if row.why else row.status
    name = row.name.rpartition(".")[2] if section_of(row) != "torch" else row.name
    return f"| `{name}` | {status} | {row.method} | {row.inplace} | {'; '.join(row.notes)} |"


def statuses(page: str) -> dict[str, str]:
    """{section and function: status} of a page's text."""
    found, section = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| `"):
            name, status = [part.strip() for part in line.split("|")[1:3]]
            found[f"{section} {name.strip('`')}"] = status.split(":")[0]
    return found
