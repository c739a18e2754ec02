"""Each row of the table on each device; then the table itself is put to the test: wrong gradients
and wrong kernels must fail, and no operation may lack a row."""

import inspect
import itertools
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rows import TABLE

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.context import record
from minigrad.ir import REGISTRY
from minigrad.kernels.lookup import find_kernel
from minigrad.testing import check_op
from minigrad.testing.check_op import check_case, check_derivatives


def words(file):
    """A list that stands beside this file, a word a line."""
    return set((Path(__file__).parent / file).read_text().split())


@pytest.mark.parametrize("op", TABLE, ids=lambda op: op.name)
def test_op(op, device):
    check_op(op, device)


def test_names_are_unique():
    names = [op.name for op in TABLE]
    assert len(set(names)) == len(names)


# Every operation has a row -------------------------------------------------------------------

# Public functions that are not operations: they make tensors, or steer.
OTHERS = words("not_operations.txt")


NAMESPACES = {"": mg, "nn.functional": F} | {
    name: getattr(mg, name) for name in ("linalg", "special", "fft") if hasattr(mg, name)
}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_function_has_a_row(namespace):
    """A row's first word is the function's name, ``linalg.solve`` in a namespace of its own."""
    functions = {
        name: f
        for name, f in inspect.getmembers(NAMESPACES[namespace], inspect.isfunction)
        if name[0] != "_"
    }
    rows = {op.name.split()[0].removeprefix(f"{namespace}.") for op in TABLE}
    covered = [f for name, f in functions.items() if name in rows]
    missing = {n for n, f in functions.items() if f not in covered} - OTHERS  # aliases are covered
    assert not missing


# Wrong gradients -----------------------------------------------------------------------------

# Not exactly negated: a row that goes through a formula twice would not see it.
MUTATIONS = {
    "scaled": lambda g: g * 1.01,
    "negated": lambda g: g * -1.01,
    "dropped": lambda g: None,
}
# Rounding is flat almost everywhere: its gradient is zero, and so is 1.01 times it. It must not be
# anything else.
FLAT = {
    "sign", "real_angle", "floor", "ceil", "trunc", "round", "round_decimals", "round_tens",
    "div_floor 0", "div_floor 1", "div_trunc 0", "div_trunc 1", "copysign 1", "nextafter 1",
}  # fmt: skip
FLAT_MUTATIONS = {"shifted": lambda g: g + 0.01}
# Differences in float64 say nothing about a cast to another type: `test_cast` does.
UNGUARDED = {"cast", "drawn", "nextafter_16"}


def formulas_in(outs):
    """(operation, input) of every gradient formula between outputs and leaves."""
    found, seen = set(), set()
    nodes = [out.edge[0] for out in outs if out.requires_grad]
    while nodes:
        node = nodes.pop()
        if node in seen or not node.edges:
            continue
        seen.add(node)
        found |= {(node.prim.name, i) for i, need in enumerate(node.needs) if need}
        nodes += [edge[0] for edge in node.edges if edge is not None]
    return found


@cache
def survey():
    """For each row: the gradient formulas that its first derivative goes through, those that only
    its second does, and all operations that run."""
    return {op.name: surveyed(op) for op in TABLE}


def by_size(ops):
    """Rows in which fewest operations run come first: they are quick, and most likely to notice."""
    return sorted(ops, key=lambda op: len(survey()[op.name][2]))


def widest(op):
    """The widest dtypes that the operation takes, of those that may have gradients."""
    wide = {"f": mg.float64, "d": mg.float64, "c": mg.complex128}
    return [wide[kind] for kind in op.kinds if kind in wide] or [mg.int64]


def surveyed(op):
    first, second, ran = set(), set(), set()
    with record(lambda prim, *_: ran.add(prim.name)):
        for case, dtype in itertools.product(op.cases(), widest(op)):
            tensors = case.tensors(case.arrays(dtype))
            outs = [out for out in case.floats(tensors) if out.requires_grad]
            if outs:
                ones = [mg.ones_like(out).requires_grad_() for out in outs]
                inputs = [x for x in tensors if x.requires_grad]
                mg.grad(outs, inputs, ones, retain_graph=True, allow_unused=True)
                if case.sample.smooth:
                    found = mg.grad(outs, inputs, ones, create_graph=True, allow_unused=True)
                    first |= formulas_in(outs)
                    second |= formulas_in([g for g in found if g is not None])
    return first, second - first, ran


def fails(op, check=check_case):
    try:
        for case in op.cases():
            check(case)
    except (AssertionError, RuntimeError, IndexError):
        return True
    return False


def mutated(monkeypatch, prim, i, mutate):
    """Break one gradient formula; the list that is returned fills where the change shows."""
    shows = []

    def broken(g):
        if g is not None and bool((g.abs() > 1e-12).any()):  # less is rounding
            shows.append(True)
        return None if g is None else mutate(g)

    if prim.vjp is None:
        formula = prim.vjps[i]
        changed = [*prim.vjps]
        changed[i] = lambda *args: broken(formula(*args))
        monkeypatch.setattr(prim, "vjps", tuple(changed))
    else:
        joint = prim.vjp

        def broken_joint(needs, *args):
            gradients = list(joint(needs, *args))
            gradients[i:] = [broken(g) for g in gradients[i : i + 1]] + gradients[i + 1 :]
            return gradients

        monkeypatch.setattr(prim, "vjp", broken_joint)
    return shows


# (row, operation, input): deviations sum to nothing, and so does their gradient in the mean.
INVISIBLE = {("corrcoef", "sub", 1)}
# A number alone, seen as a vector: its softmax is constant.
INVISIBLE |= {(f"{op}softmax", "view", 0) for op in ("", "log_")}
INVISIBLE.add(("nn.functional.softmin", "view", 0))


@pytest.mark.parametrize("op", [op for op in TABLE if op.differentiable], ids=lambda op: op.name)
def test_a_wrong_gradient_fails(op, monkeypatch):
    seen = {(name, i) for name, i in survey()[op.name][0] if (op.name, name, i) not in INVISIBLE}
    for name, i in sorted(seen):
        for kind, mutate in MUTATIONS.items():
            with monkeypatch.context() as patch:
                shows = mutated(patch, REGISTRY[name], i, mutate)
                noticed = fails(op, check_derivatives)
                assert noticed or not shows, f"input {i} of {name} {kind}: nobody noticed"


DIFFERENTIABLE = {name for name, prim in REGISTRY.items() if prim.differentiable}


@pytest.mark.parametrize("name", sorted(DIFFERENTIABLE - UNGUARDED))
def test_every_gradient_formula_is_guarded(name, monkeypatch):
    """Also those that only second derivatives use: some row fails when one is wrong."""
    prim = REGISTRY[name]
    inputs = {i for op in TABLE for part in survey()[op.name][:2] for n, i in part if n == name}
    assert inputs, f"no row of the table reaches the gradient of {name}"
    expected = {
        i
        for i, formula in enumerate(prim.vjps)
        if formula is not None and not hasattr(formula, "refuses")
    }
    assert inputs >= expected, f"no row reaches the gradients of inputs {expected - inputs}"
    for i in inputs:
        flat = not {name, f"{name} {i}"}.isdisjoint(FLAT)
        users = [op for op in TABLE if any((name, i) in part for part in survey()[op.name][:2])]
        users = by_size(users)
        for kind, mutate in (FLAT_MUTATIONS if flat else MUTATIONS).items():
            with monkeypatch.context() as patch:
                mutated(patch, prim, i, mutate)
                noticed = any(fails(op, check_derivatives) for op in users)
                assert noticed, f"input {i} {kind}: nobody noticed"


def test_cast(device):
    x = mg.tensor([1.5, -2.0], device=device, requires_grad=True)
    weights = mg.tensor([3.0, 1 / 3], dtype=mg.float64, device=device)
    (g,) = mg.grad((x.double() * weights).sum(), x)
    assert g.dtype == mg.float32
    np.testing.assert_array_equal(g.numpy(force=True), np.float32([3.0, 1 / 3]))


@pytest.mark.parametrize("name", sorted(n for n, p in REGISTRY.items() if p.definition))
def test_a_wrong_definition_fails(name, monkeypatch):
    """Its value is not used, its gradient is: scale or cut that of the first input."""
    prim = REGISTRY[name]
    meaning = prim.definition
    users = [op for op in TABLE if (name, 0) in survey()[op.name][0]]
    for bend in (lambda x: x + 0.01 * (x - x.detach()), lambda x: x.detach() + 0 * x):

        def bent(x, *rest, bend=bend, **attrs):
            return meaning(bend(x), *rest, **attrs)

        with monkeypatch.context() as patch:
            patch.setattr(prim, "definition", bent)
            assert users and all(fails(op, check_derivatives) for op in users)


# Wrong kernels -------------------------------------------------------------------------------

KERNELS = sorted(n for n, p in REGISTRY.items() if p.kind == "compute" and p.inputs)


def without_last_element(kernel, outputs):
    def careless(*args, **attrs):
        out = args[0]
        before = out[(..., *[slice(-1, None)] * out.ndim)].copy()
        kernel(*args, **attrs)
        out[(..., *[slice(-1, None)] * out.ndim)] = before

    return careless


def blind_to_strides(kernel, outputs):
    def careless(*args, **attrs):
        inputs = [
            x.ravel("K").reshape(x.shape) if hasattr(x, "ravel") else x for x in args[outputs:]
        ]
        kernel(*args[:outputs], *inputs, **attrs)

    return careless


# These take all elements, in any order.
ORDERLESS = {"max", "middle", "min"}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("careless", [without_last_element, blind_to_strides])
def test_a_careless_kernel_fails(name, careless, monkeypatch):
    if careless is blind_to_strides and name in ORDERLESS:
        return
    prim = REGISTRY[name]
    kernel = find_kernel(prim, np.ndarray)
    monkeypatch.setitem(prim.kernels, np.ndarray, careless(kernel, len(prim.outputs)))
    users = by_size([op for op in TABLE if name in survey()[op.name][2]])
    assert any(fails(op) for op in users)


# Fallbacks -----------------------------------------------------------------------------------

# What may run on plain array code on the CPU.
MAY_FALL_BACK = words("fallbacks.txt")


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="then all fall back")
def test_which_operations_fall_back():
    plain = {
        name
        for name, prim in REGISTRY.items()
        if prim.kernel and ".reference." in find_kernel(prim, np.ndarray).__module__
    }
    assert plain <= MAY_FALL_BACK
