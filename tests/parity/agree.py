"""Do two outcomes agree? Structure, shape, dtype, values, memory, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .canonical import CANONICAL, CHOOSE, chosen
from .cases import NAMES, Array, Case, Named, Outcome, leaves, show
from .tolerances import is_random, tolerance

# Where PyTorch stumbles over an argument rather than refusing it, any error of ours is better.
ACCIDENTS = frozenset(("AssertionError", "AttributeError", "KeyError", "Exception"))
STUMBLES = ("values to unpack", "invalid literal")


def differences(
    case: Case, form: str, expected: Outcome, actual: Outcome, on_cpu: bool = True
) -> list[str]:
    """How `actual` differs from `expected`, a line each; nothing if they agree."""
    if expected.value == "NotImplemented" and "TypeError" in actual.raises:
        return []  # Python asks the other operand next, and ends in a TypeError
    if expected.raises or actual.raises:
        return _errors(expected, actual)
    name = case.function
    if name in CANONICAL:
        inputs = list(leaves((case.args, case.kwargs)))
        expected_value = CANONICAL[name](expected.value, *inputs)
        actual_value = CANONICAL[name](actual.value, *inputs)
    elif name in CHOOSE:
        expected_value = chosen(name, expected.value, case.args, case.kwargs)
        actual_value = chosen(name, actual.value, case.args, case.kwargs)
    else:
        expected_value, actual_value = expected.value, actual.value
    values = not is_random(case)
    found = _values(name, "", expected_value, actual_value, values)
    if found:
        return found
    if expected.shares != actual.shares and on_cpu:
        what = "is the input itself" if form == "inplace" else "is on an input's memory"
        found.append(f"the result {what}: torch {expected.shares}, minigrad {actual.shares}")
    if expected.differentiable != actual.differentiable:
        found.append(
            f"requires_grad: torch {expected.differentiable}, minigrad {actual.differentiable}"
        )
    for index in sorted(expected.written.keys() | actual.written.keys()):
        before = list(leaves((case.args, case.kwargs)))[index]
        pair = expected.written.get(index, before), actual.written.get(index, before)
        exact = values and name not in CANONICAL  # what out= holds is not unique either
        found += _values(name, f"input {index} after the call", *pair, exact)
    if values and name not in CANONICAL and not found:
        found += _gradients(name, expected, actual)
    return found


def _errors(expected: Outcome, actual: Outcome) -> list[str]:
    if not actual.raises:
        return [f"torch raises {expected.message[:150]!r}; minigrad returns {show(actual.value)}"]
    if not expected.raises:
        return [f"minigrad raises {actual.message[:300]!r}; torch returns {show(expected.value)}"]
    stumbled = any([text in expected.message for text in STUMBLES])
    if stumbled or expected.raises[0] in ACCIDENTS or expected.raises[0] in actual.raises:
        return []
    return [f"torch raises {expected.message[:150]!r}; minigrad {actual.message[:300]!r}"]


def _gradients(name: str, expected: Outcome, actual: Outcome) -> list[str]:
    if len(expected.grads) != len(actual.grads):
        return [f"gradients: torch gives {len(expected.grads)}, minigrad {len(actual.grads)}"]
    found = []
    for index, (wanted, got) in enumerate(zip(expected.grads, actual.grads)):
        if wanted is None or got is None:  # unused: the same as zeros
            rest = wanted or got
            if rest is not None and np.any(rest.data != 0):
                found.append(f"gradient {index}: torch {show(wanted)}, minigrad {show(got)}")
        else:
            found += _values(name, f"gradient {index}", wanted, got, gradient=True)
    return found


def _values(
    name: str, where: str, expected: Any, actual: Any, values: bool = True, gradient: bool = False
) -> list[str]:
    at = f"{where}: " if where else ""
    if isinstance(expected, Array) and isinstance(actual, Array):
        return [at + line for line in _arrays(name, expected.data, actual.data, values, gradient)]
    if isinstance(expected, Named):
        if not isinstance(actual, Named) or actual.fields != expected.fields:
            return [f"{at}torch returns {show(expected)}, minigrad {show(actual)}"]
        expected, actual = expected.items, actual.items
    if isinstance(expected, (list, tuple)):
        same = isinstance(actual, (list, tuple)) and len(actual) == len(expected)
        if not same:
            return [f"{at}torch returns {show(expected)}, minigrad {show(actual)}"]
        parts = enumerate(zip(expected, actual))
        return [
            line
            for i, (e, a) in parts
            for line in _values(name, f"{at}[{i}]", e, a, values, gradient)
        ]
    if type(expected) in (int, float, complex) and type(actual) in (int, float, complex):
        same = type(expected) is type(actual)
        same = same and (not values or bool(np.isclose(expected, actual, 1e-5, 0, True)))
    else:
        same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{at}torch {show(expected)}, minigrad {show(actual)}"]


def _arrays(
    name: str, expected: np.ndarray, actual: np.ndarray, values: bool, gradient: bool
) -> list[str]:
    shown = f"torch {Array(expected)}, minigrad {Array(actual)}"
    if expected.shape != actual.shape:
        return [f"shape: {shown}"]
    if expected.dtype != actual.dtype:
        kinds = NAMES[expected.dtype], NAMES.get(actual.dtype, str(actual.dtype))
        return [f"dtype {kinds[0]} expected, got {kinds[1]}: {shown}"]
    if not values or expected.size == 0:
        return []
    if expected.dtype.kind in "biu":
        bad = expected != actual
    else:
        rtol = tolerance(name, NAMES[expected.dtype], gradient)
        bad = ~_close(expected, actual, rtol, 0.01 if gradient else 0.0)
    if not bad.any():
        return []
    first = tuple([int(i) for i in np.argwhere(bad)[0]])
    count = int(bad.sum())
    pair = f"torch {expected[first]}, minigrad {actual[first]}"
    return [f"{count} of {expected.size} values, first at {first}: {pair}; {shown}"]


def _close(expected: np.ndarray, actual: np.ndarray, rtol: float, least: float) -> np.ndarray:
    """Elementwise, with NaN and infinities in their places.

    A gradient may be zero by cancellation: the terms, of about the size of the cotangents, leave
    their rounding errors; `least` stands for that size.
    """
    if expected.dtype.kind == "c":
        parts = (expected.real, actual.real), (expected.imag, actual.imag)
        scale = max(_scale(expected), least)
        near = _close_reals(*parts[0], rtol, scale) & _close_reals(*parts[1], rtol, scale)
        # Which part of a complex number overflows first is nobody's promise.
        return near | ~(np.isfinite(expected) | np.isfinite(actual))
    e, a = expected.astype(np.float64), actual.astype(np.float64)
    return _close_reals(e, a, rtol, max(_scale(e), least))


def _scale(values: np.ndarray) -> float:
    """The largest ordinary magnitude: rounding errors of sums are in proportion to it."""
    sizes = np.abs(values)
    ordinary = sizes[np.isfinite(sizes) & (sizes <= 1e4)]
    return float(ordinary.max()) if ordinary.size else 0.0


def _close_reals(e: np.ndarray, a: np.ndarray, rtol: float, scale: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        near = np.abs(e - a) <= rtol * (np.abs(e) + scale) + 1e-38
        return np.where(np.isfinite(e) & np.isfinite(a), near, (e == a) | ((e != e) & (a != a)))
