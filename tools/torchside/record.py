"""Choose the cases that are kept for CI, and run PyTorch on them: `torch_parity.py record`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from parity import store
from parity.agree import differences
from parity.cases import NAMES, Array, Case, Device, DType, Named, leaves
from parity.coverage import matching, undocumented_out
from parity.tolerances import is_random

from . import check, draw
from .surface import signatures, surface

MOST = 60  # cases of a function
MOST_ERRORS = 10
ELEMENTS = 400  # numbers in a case: its inputs and outputs
LARGE = 3000  # the same, where nothing smaller shows a feature


def record(names: list[str] | None = None) -> None:
    """Write the surface, and the cases of the functions of `names`, or of all."""
    store.RECORDED.mkdir(exist_ok=True)
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(surface().items())]
    store.SURFACE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    wanted = [n for n in names or draw.functions() if not matching("group", n)]
    for namespace in store.NAMESPACES:
        here = [name for name in wanted if store.namespace_of(name) == namespace]
        if not here:
            continue
        # Those of the file that are not recorded anew stay as they are.
        kept = [] if not names else [n for n in store.functions() if n not in here]
        kept = [n for n in kept if not matching("group", n)]
        recorded = {n: store.load(n) for n in kept if store.namespace_of(n) == namespace}
        for name in here:
            cases = chosen(name)
            if cases:
                recorded[name] = cases
        store.save(store.RECORDED / f"{namespace}.npz", dict(sorted(recorded.items())))
        print(f"{namespace}: {sum(map(len, recorded.values()))} cases of {len(recorded)}")


def chosen(function: str) -> list[Case]:
    """A few cases that show all that the drawn ones show."""
    drawn = [case for case in draw.cases(function, limit=12) if run(case)]
    drawn += [case for base in drawn[:150] for case in spelled(base) if as_before(case, base)]
    drawn += list(_with_out(function, drawn))
    drawn.sort(key=_rank)
    seen: set[str] = set()
    found: list[Case] = []
    errors = 0
    for case in drawn:
        raises = bool(case.outcomes["function"].raises)
        new = set(features(case)) - seen
        if not new or size(case) > LARGE or (raises and errors == MOST_ERRORS):
            continue
        if (
            not raises
            and size(case) > ELEMENTS
            and not any([f.startswith(("kw:", "dtypes:")) for f in new])
        ):
            continue
        needed = raises or any([f.startswith("kw:") for f in new])
        if len(found) >= MOST and not needed:
            continue
        seen |= new
        errors += raises
        found.append(case)
    for case in [case for case in found if is_random(case)]:
        for outcome in case.outcomes.values():
            for array in leaves((outcome.value, list(outcome.written.values()))):
                array.data = np.zeros_like(array.data)
    return found


def run(case: Case) -> bool:
    """Fill in PyTorch's outcomes; whether it has one of the function itself."""
    if check.too_large(case):
        return False
    for form in check.forms_of(case.function):
        if check.applicable(case, form):
            outcome = check.torch_outcome(case, form)
            if outcome is not None:
                case.outcomes[form] = outcome
    return "function" in case.outcomes


def as_before(case: Case, base: Case) -> bool:
    """Run a new spelling of a call; whether PyTorch takes it for the same call."""
    outcomes = [c.outcomes["function"] for c in (base, case)] if run(case) else []
    return bool(outcomes) and not differences(case, "function", *outcomes)


def size(case: Case) -> int:
    outcome = case.outcomes["function"]
    arrays = leaves((case.args, case.kwargs, outcome.value, outcome.grads))
    return sum([array.data.size for array in arrays])


def _rank(case: Case) -> tuple[Any, ...]:
    """Telling cases first: written by hand, then small, but not so small that they say little."""
    elements = max([a.data.size for a in leaves((case.args, case.kwargs))], default=9)
    return not case.origin.startswith("call"), size(case) > ELEMENTS, elements < 4, size(case)


def features(case: Case) -> Iterator[str]:
    """What a case shows. A case is kept if it shows something that no earlier one did."""
    outcome = case.outcomes["function"]
    arrays = list(leaves((case.args, case.kwargs)))
    if outcome.raises:
        yield f"raises:{outcome.raises[0]}:{outcome.message[:40]}"
        return
    dtypes = ",".join([NAMES[a.data.dtype] for a in arrays])
    yield "dtypes:" + dtypes
    yield f"args:{len(case.args)}:{[type(a).__name__ for a in case.args]}"
    for name, value in case.kwargs.items():
        yield f"kw:{name}"
        yield f"value:{name}:{_kind(value)}"
    for position, value in enumerate(case.args):
        if isinstance(value, (str, bool, type(None))):
            yield f"arg:{position}:{value}"
    main = arrays[0].data if arrays else np.zeros(1)
    yield f"ndim:{main.ndim}"
    if main.size == 0:
        yield "empty"
    if any([a.strides for a in arrays]):
        yield "strided"
    if case.origin.startswith(("special", "mixed", "number")):
        yield f"{case.origin}:{dtypes}"
    if any([a.grad for a in arrays]):
        yield f"grad:{len(outcome.grads)}:{NAMES[main.dtype]}"
        yield from [f"grad:{name}:{_kind(value)}" for name, value in case.kwargs.items()]
    if case.origin.startswith("call"):
        yield case.origin


def _kind(value: Any) -> str:
    if isinstance(value, (str, bool, type(None), DType, Device)):
        return str(value)
    return type(value).__name__


def spelled(case: Case) -> Iterator[Case]:
    """The same call with its arguments by name, as each overload of PyTorch's names them."""
    if case.outcomes["function"].raises or case.function.endswith("__"):
        return
    positional_self = case.function.startswith("torch.Tensor.")
    args = case.args[1:] if positional_self else case.args
    first = case.args[:1] if positional_self else ()
    for signature in signatures(case.function):
        names = signature[: signature.index("*")] if "*" in signature else signature
        names = [name.removesuffix("=") for name in names]
        if len(names) < len(args) or any([n.startswith("*") for n in names]) or not args:
            continue
        named = dict(zip(names, args))
        if named.keys() & {"self", *case.kwargs}:
            continue
        yield Case(case.function, first, {**named, **case.kwargs}, "spelled")


def _with_out(function: str, drawn: list[Case]) -> Iterator[Case]:
    """The first good case again with ``out=``, if PyTorch's function has that."""
    if undocumented_out(function):
        return
    if not any(["out=" in signature for signature in signatures(function)]):
        return
    for base in drawn:
        outcome = base.outcomes["function"]
        if outcome.raises or base.origin == "spelled" or "requires_grad" in base.kwargs:
            continue
        out = _blank(outcome.value)
        if out is None:
            continue
        args, kwargs = _without_grad(base.args), _without_grad(base.kwargs)
        case = Case(function, args, {**kwargs, "out": out}, "out")
        found = check.torch_outcome(case, "function")
        if found is not None and not found.raises:
            case.outcomes["function"] = found
            yield case
            return


def _blank(value: Any) -> Any:
    """Zeros like the result."""
    if isinstance(value, Array):
        return Array(np.zeros_like(value.data)) if value.data.size else None
    if isinstance(value, Named):
        parts = tuple([_blank(part) for part in value.items])
        return None if None in [p if p is None else 0 for p in parts] else parts
    return None


def _without_grad(value: Any) -> Any:
    if isinstance(value, Array):
        return replace(value, grad=False)
    if isinstance(value, (list, tuple)):
        return type(value)([_without_grad(part) for part in value])
    if isinstance(value, dict):
        return {name: _without_grad(part) for name, part in value.items()}
    return value
