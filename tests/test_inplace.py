"""In-place writes never corrupt a gradient: random programs of views, writes and operations either
raise or give the gradients of a functional model of memory, which writes nothing in place."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

ROWS, COLUMNS = 3, 4
VALUES = np.random.default_rng(0).uniform(-1, 1, (ROWS, COLUMNS))


class World:
    """Tensors as they are, and beside each its model: which cells of which memory it shows.

    A memory is a flat tensor; a write makes a new one by arithmetic.
    """

    def __init__(self):
        self.leaf = mg.tensor(VALUES).requires_grad_()
        self.model_leaf = mg.tensor(VALUES.reshape(-1)).requires_grad_()
        self.memories = [self.model_leaf]
        self.entries = [(self.leaf, 0, np.arange(VALUES.size).reshape(VALUES.shape))]

    def value(self, entry):
        """What the model says the tensor holds."""
        real, memory, cells = entry
        found = self.memories[memory][cells.reshape(-1)].reshape(cells.shape)
        return found if real is None or real.requires_grad else found.detach()

    def add(self, real, model):
        """A tensor with memory of its own."""
        cells = np.arange(model.numel()).reshape(model.shape)
        self.memories.append(model.reshape(-1))
        self.entries.append((real, len(self.memories) - 1, cells))

    def add_view(self, entry, look):
        """`look` at a tensor; what turns out to be a copy has its own memory."""
        real, memory, cells = entry
        seen = look(real)
        if np.shares_memory(seen.array, real.array):
            self.entries.append((seen, memory, look(cells)))
        else:
            self.add(seen, look(self.value(entry)))

    def wrote(self, entry, value, recorded=True):
        """The tensor was given `value`; unrecorded, its gradient is as if nothing was written."""
        _, memory, cells = entry
        before = self.memories[memory]
        chosen = np.zeros((cells.size, before.numel()))
        chosen[np.arange(cells.size), cells.reshape(-1)] = 1
        kept = mg.tensor(1 - chosen.sum(0))
        after = before * kept + value.reshape(-1) @ mg.tensor(chosen)
        self.memories[memory] = after if recorded else before + (after - before).detach()


def fitting(world, entry, place):
    """Some tensor of the same shape."""
    same = [e for e in world.entries if e[0].shape == entry[0].shape]
    return same[place % len(same)]


def compute(world, entry, place):
    other = fitting(world, entry, place)
    makers = [
        lambda a, b: a * b,
        lambda a, b: a + b,
        lambda a, b: a.tanh(),
        lambda a, b: a * 0.5 + b,
    ]
    make = makers[place % len(makers)]
    world.add(make(entry[0], other[0]), make(world.value(entry), world.value(other)))


def copy(world, entry, place):
    world.add(entry[0].clone(), world.value(entry) * 1)


def look(world, entry, place):
    real = entry[0]
    ways = [lambda x: x.reshape(-1), lambda x: x.reshape(x.shape)]
    if real.ndim:
        i = place % real.shape[0] if real.shape[0] else 0
        ways += [lambda x: x[1:], lambda x: x[::2], lambda x: x[: i + 1]]
        ways += [lambda x: x[i]] * (real.shape[0] > 0)
    if real.ndim == 2:
        ways += [lambda x: x.T, lambda x: x[:, 1:], lambda x: x[:, ::2]]
    world.add_view(entry, ways[place % len(ways)])


def look_unrecorded(world, entry, place):
    """A constant on the same memory."""
    with mg.no_grad():
        seen = entry[0][...] if place % 2 else entry[0].detach()
    world.entries.append((seen, *entry[1:]))


def write(world, entry, place, recorded=True):
    real, other = entry[0], fitting(world, entry, place)
    a, b = world.value(entry), world.value(other)
    writes = [
        (lambda: real.mul_(other[0]), lambda: a * b),
        (lambda: real.add_(other[0], alpha=2), lambda: a + 2 * b),
        (lambda: real.copy_(other[0]), lambda: b * 1),
        (lambda: real.__setitem__(..., other[0]), lambda: b * 1),
        (lambda: real.tanh_(), lambda: a.tanh()),
        (lambda: real.fill_(0.5), lambda: a * 0 + 0.5),
        (lambda: real.relu_(), lambda: a.relu()),
    ]
    act, model = writes[place % len(writes)]
    recorded = recorded and real.requires_grad  # a constant would start a history of its own
    with mg.set_grad_enabled(recorded):
        act()
    world.wrote(entry, model(), recorded)


def write_unrecorded(world, entry, place):
    write(world, entry, place, recorded=False)


def write_rows(world, entry, place):
    """Through an index tensor, repeated reads but no repeated writes."""
    real, memory, cells = entry
    if real.ndim == 0 or real.shape[0] == 0 or not real.requires_grad:
        return
    rows = [place % real.shape[0]]
    part = (None, memory, cells[rows])
    value = world.value(part) * 3
    real[mg.tensor(rows)] = real[mg.tensor(rows)] * 3
    world.wrote(part, value)


STEPS = [compute, copy, look, look, write, write, write_unrecorded, write_rows, look_unrecorded]
programs = st.lists(
    st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 50), st.integers(0, 50)), max_size=12
)
outcomes = {"right": 0, "raised": 0}


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(programs, st.booleans())
def run_program(program, start_with_a_copy):
    world = World()
    if start_with_a_copy:
        copy(world, world.entries[0], 0)
    try:
        for step, which, place in program:
            STEPS[step](world, world.entries[-1 - which % len(world.entries)], place)
        outs = [(entry, world.value(entry)) for entry in world.entries]
        loss = sum([(e[0] * (k + 1)).sum() for k, (e, _) in enumerate(outs)])
        loss.backward()
    except mg.Error:
        outcomes["raised"] += 1
        return
    for entry, model in outs:
        np.testing.assert_allclose(entry[0].detach().numpy(), model.detach().numpy(), 1e-9, 1e-12)
    sum([(model * (k + 1)).sum() for k, (_, model) in enumerate(outs)]).backward()
    expected = world.model_leaf.grad.numpy().reshape(VALUES.shape)
    np.testing.assert_allclose(world.leaf.grad.numpy(), expected, 1e-9, 1e-9)
    outcomes["right"] += 1


def test_random_programs_are_right_or_raise():
    outcomes.update(right=0, raised=0)
    run_program()
    assert outcomes["right"] > 100, outcomes
