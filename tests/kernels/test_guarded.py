"""Every CPU kernel through its public function, on odd shapes and strides: its results are those of
the array code, and the memory around its inputs and outputs is neither read nor written.

Each array lies between pages that cannot be touched, now at the first one's end, now at the other's
beginning; the rest of its own pages is NaN, and must stay. A kernel that strays ends the process:
so these tests run in one of their own, started by `test_in_a_process_of_its_own`.
"""

import ctypes
import mmap
import random
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import optim
from minigrad.kernels import launch
from minigrad.kernels.cpu import attention as blocks
from minigrad.kernels.cpu import jit
from minigrad.ops.recurrent import recurrent_layer

pytestmark = pytest.mark.skipif(
    not jit.available() or not hasattr(mmap, "MAP_PRIVATE"), reason="needs Numba and POSIX pages"
)
CASES = 25
PAGE = mmap.PAGESIZE
SENTINEL = {"f": np.nan, "i": -77, "u": 177, "b": True, "c": np.nan}


def _libc():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return libc


class Arena:
    """A range of addresses that cannot be touched, but for the pages handed out."""

    SIZE = 1 << 30

    def __enter__(self):
        self.libc = _libc()
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self.base = self.libc.mmap(None, self.SIZE, 0, flags, -1, 0)
        self.used = PAGE
        return self

    def pages(self, count):
        """So many pages that can be touched, as bytes."""
        start = self.base + self.used
        self.used += (count + 1) * PAGE
        assert self.used < self.SIZE
        assert not self.libc.mprotect(start, count * PAGE, mmap.PROT_READ | mmap.PROT_WRITE)
        return np.ctypeslib.as_array((ctypes.c_byte * (count * PAGE)).from_address(start))

    def __exit__(self, *exc):
        self.libc.munmap(self.base, self.SIZE)


class Guards:
    """Arrays between guard pages; `check` says whether the rest of their pages is as it was."""

    def __init__(self, arena):
        self.arena = arena
        self.made = []

    def surround(self, size, dtype):
        nbytes = size * np.dtype(dtype).itemsize
        room = self.arena.pages(max(1, -(-nbytes // PAGE)))
        room.view(dtype)[...] = SENTINEL[np.dtype(dtype).kind]
        start = 0 if len(self.made) % 2 else room.size - nbytes
        before, after = room[:start], room[start + nbytes :]
        self.made.append((before, before.tobytes(), after, after.tobytes()))
        return room[start : start + nbytes].view(dtype)

    def empty(self, shape, dtype, place, order=None):
        if place.type != "cpu":
            return EMPTY(shape, dtype, place, order)
        order = range(len(shape)) if order is None else order
        flat = self.surround(int(np.prod(shape)), dtype)
        physical = flat.reshape([shape[axis] for axis in order])
        return (
            physical.transpose(np.argsort(list(order)).astype(int)) if shape else flat.reshape(())
        )

    def strided(self, draw, values):
        """`values` in some layout; what lies between its elements is guarded too."""
        order = draw.sample(range(values.ndim), values.ndim)
        steps = [draw.choice([1, 1, 1, 2, -1, -2]) for _ in order]
        sizes = [values.shape[a] * abs(s) for a, s in zip(order, steps)]
        block = self.surround(int(np.prod(sizes)), values.dtype).reshape(sizes)
        view = block[(..., *[slice(None, None, s) for s in steps])]
        view = view.transpose(np.argsort(order).astype(int)) if order else view
        view[...] = values
        return view

    def check(self):
        for before, was_before, after, was_after in self.made:
            assert before.tobytes() == was_before and after.tobytes() == was_after


EMPTY = launch.empty


def some(draw, *shape, dtype="f4"):
    rng = np.random.default_rng(draw.randrange(2**32))
    values = rng.standard_normal(shape)
    if draw.random() < 0.2 and values.size:
        values.reshape(-1)[draw.randrange(values.size)] = draw.choice([np.nan, np.inf, -np.inf])
    return values.astype(dtype)


def windows(draw, dims):
    """Settings of a convolution, and a size that they fit."""
    kernel = [draw.randint(1, 3) for _ in range(dims)]
    dilation = [draw.randint(1, 2) for _ in range(dims)]
    padding = [draw.randint(0, k // 2) for k in kernel]
    stride = [draw.randint(1, 3) for _ in range(dims)]
    sizes = [d * (k - 1) + 1 + draw.choice([0, 1, 4, 9]) for k, d in zip(kernel, dilation)]
    return kernel, sizes, {"stride": stride, "padding": padding, "dilation": dilation}


def convolution(dims, transposed=False):
    def case(draw, dtype):
        kernel, sizes, attrs = windows(draw, dims)
        groups = draw.choice([1, 1, 2, 5])
        C, CO = groups * draw.choice([1, 2, 7]), groups * draw.choice([1, 3, 17])
        N = draw.choice([0, 1, 3])
        w = (C, CO // groups, *kernel) if transposed else (CO, C // groups, *kernel)
        name = f"conv_transpose{dims}d" if transposed else f"conv{dims}d"
        arrays = [some(draw, *s, dtype=dtype) for s in ((N, C, *sizes), w, (CO,))]
        return lambda x, w, b: getattr(F, name)(x, w, b, groups=groups, **attrs), arrays

    return case


def depthwise(draw, dtype):
    kernel, sizes, attrs = windows(draw, 2)
    C = draw.choice([3, 8, 17, 33])
    arrays = [some(draw, 2, C, *sizes, dtype=dtype), some(draw, C, 1, *kernel, dtype=dtype)]
    return lambda x, w: F.conv2d(x, w, groups=C, **attrs), arrays


def max_pool(dims):
    def case(draw, dtype):
        kernel, sizes, attrs = windows(draw, dims)
        attrs["ceil_mode"] = draw.random() < 0.5
        x = some(draw, draw.choice([1, 2]), draw.choice([1, 5, 9]), *sizes, dtype=dtype)
        return lambda x: getattr(F, f"max_pool{dims}d")(x, kernel, **attrs), [x]

    return case


def avg_pool(dims):
    def case(draw, dtype):
        kernel, sizes, attrs = windows(draw, dims)
        attrs["ceil_mode"], _ = draw.random() < 0.5, attrs.pop("dilation")
        attrs["count_include_pad"] = draw.random() < 0.5
        x = some(draw, draw.choice([1, 2]), draw.choice([1, 5, 9]), *sizes, dtype=dtype)
        return lambda x: getattr(F, f"avg_pool{dims}d")(x, kernel, **attrs), [x]

    return case


def layer_norm(draw, dtype):
    shape = [draw.choice([1, 2, 7]) for _ in range(draw.randint(0, 2))] + [draw.choice([1, 5, 40])]
    kept = draw.randint(1, len(shape))
    last = shape[-kept:]
    arrays = [some(draw, *shape, dtype=dtype), *[some(draw, *last, dtype=dtype) for _ in range(2)]]
    return lambda x, w, b: F.layer_norm(x, last, w, b), arrays


def rms_norm(draw, dtype):
    _, arrays = layer_norm(draw, dtype)
    last = arrays[1].shape
    return lambda x, w: F.rms_norm(x, last, w), arrays[:2]


def attention(draw, dtype):
    """Causal inputs are finite: keys that no query may look at are not multiplied by 0."""
    lead = [draw.choice([1, 2, 3]) for _ in range(draw.randint(0, 3))]
    L, S = draw.choice([1, 2, 9, 40]), draw.choice([1, 3, 8, 33, 100])
    E, V = draw.choice([1, 3, 8, 20]), draw.choice([1, 5, 40])
    shared = [1 if draw.random() < 0.2 else n for n in lead]
    kind, p = draw.choice(["", "causal", "float", "bool"]), draw.choice([0.0, 0.0, 0.4])
    arrays = [some(draw, *s, dtype=dtype) for s in ((*lead, L, E), (*shared, S, E), (*lead, S, V))]
    if kind == "causal":
        arrays = [np.nan_to_num(x, posinf=1, neginf=1) for x in arrays]
    elif kind:
        sizes = [1 if draw.random() < 0.2 else n for n in (*lead, L, S)]
        arrays.append(some(draw, *sizes, dtype=dtype))

    def function(q, k, v, mask=None):
        mg.manual_seed(5)
        mask = mask > 0 if kind == "bool" else mask
        return F.scaled_dot_product_attention(q, k, v, mask, p, kind == "causal")

    return function, arrays


def product(draw, dtype):
    """(.., M, K) by (.., K, N): batches broadcast, b may be long enough to be packed in parts."""
    M, N = [draw.choice([0, 1, 2, 7, 33, 150]) for _ in range(2)]
    K = draw.choice([0, 1, 5, 17, 530])
    lead = [draw.choice([1, 2, 3]) for _ in range(draw.choice([0, 0, 1, 2, 3]))]
    left, right = [[1 if draw.random() < 0.2 else n for n in lead] for _ in range(2)]
    arrays = [some(draw, *left, M, K, dtype=dtype), some(draw, *right, K, N, dtype=dtype)]
    return mg.matmul, arrays


def linear(draw, dtype):
    N, K = draw.choice([1, 7, 33, 150]), draw.choice([0, 1, 16, 40])
    rows = [draw.choice([0, 1, 5, 20]) for _ in range(draw.choice([1, 2]))]
    shapes = ((*rows, K), (N, K), (N,))
    return F.linear, [some(draw, *s, dtype=dtype) for s in shapes]


def softmax(name):
    def case(draw, dtype):
        shape = [draw.choice([0, 1, 3, 17, 70]) for _ in range(draw.randint(1, 3))]
        dim = draw.randrange(len(shape))
        return lambda x: getattr(mg, name)(x, dim), [some(draw, *shape, dtype=dtype)]

    return case


def cross_entropy(draw, dtype):
    N, C = draw.choice([1, 3, 17, 70]), draw.choice([1, 2, 10, 33])
    label = np.random.default_rng(draw.randrange(2**32)).integers(-1, C, N)
    facts = {"reduction": draw.choice(["mean", "sum", "none"]), "ignore_index": -1}
    facts["label_smoothing"] = draw.choice([0.0, 0.1])
    arrays = [some(draw, N, C, dtype=dtype)]
    weight = np.abs(some(draw, C, dtype=dtype)) if draw.random() < 0.5 else None

    def function(x):
        w = None if weight is None else mg.tensor(weight, device=x.device)
        return F.cross_entropy(x, mg.tensor(label, device=x.device), w, **facts)

    return function, arrays


def reduction(name):
    def case(draw, dtype):
        sizes = [1, 3, 17, 70] if name == "amax" else [0, 1, 3, 17, 70]
        shape = [draw.choice(sizes) for _ in range(draw.randint(1, 3))]
        dims = draw.sample(range(len(shape)), draw.randint(1, len(shape)))
        keepdim = draw.random() < 0.5
        return lambda x: getattr(mg, name)(x, dims, keepdim), [some(draw, *shape, dtype=dtype)]

    return case


def elementwise(function, count):
    def case(draw, dtype):
        shape = [draw.choice([0, 1, 3, 17, 70]) for _ in range(draw.randint(0, 3))]
        arrays = []
        for _ in range(count):
            cut = [1 if draw.random() < 0.2 else n for n in shape][draw.choice([0, 0, 0, 1]) :]
            arrays.append(some(draw, *cut, dtype=dtype))
        return function, arrays

    return case


def recurrent(mode, gates, states=1):
    """One layer and direction: few rows are left to array code, many go to compiled steps."""

    def case(draw, dtype):
        I, H, P = draw.choice([1, 3]), draw.choice([1, 5, 18, 33]), draw.choice([None, 1, 20])
        P = H if states == 1 or P is None or P >= H else P
        sizes = sorted([draw.choice([1, 2, 7, 13]) for _ in range(4)], reverse=True)
        shapes = [(sum(sizes), I), (sizes[0], P), (sizes[0], H)][: 1 + states]
        shapes += [(gates * H, I), (gates * H, P), (gates * H,), (gates * H,), (P, H)]
        arrays = [some(draw, *s, dtype=dtype) for s in (shapes if P < H else shapes[:-1])]
        facts = {"sizes": tuple(sizes), "reverse": draw.random() < 0.5}

        def function(x, *tensors):
            y, last, _ = recurrent_layer(mode, x, tensors[:states], *tensors[states:], **facts)
            return mg.cat([y.flatten(), *[s.flatten() for s in last]])

        return function, arrays

    return case


FUNCTIONS = {
    **{f"conv{d}d": convolution(d) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": convolution(d, True) for d in (1, 2, 3)},
    "depthwise": depthwise,
    **{f"max_pool{d}d": max_pool(d) for d in (1, 2, 3)},
    **{f"avg_pool{d}d": avg_pool(d) for d in (1, 2, 3)},
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "attention": attention,
    "matmul": product,
    "linear": linear,
    "softmax": softmax("softmax"),
    "log_softmax": softmax("log_softmax"),
    "cross_entropy": cross_entropy,
    "lstm": recurrent("LSTM", 4, 2),
    "gru": recurrent("GRU", 3),
    "rnn": recurrent("RNN_TANH", 1),
    "rnn of relus": recurrent("RNN_RELU", 1),
    **{name: reduction(name) for name in ("sum", "mean", "var", "amax", "logsumexp")},
    "exp": elementwise(mg.exp, 1),
    "arithmetic": elementwise(lambda x, y, z: mg.addcmul(x, y, z.sigmoid(), value=0.5) / 3, 3),
    "choice": elementwise(lambda x, y: mg.where(x > y, x.clamp(-1, 1), mg.hypot(x, y)), 2),
    "tanh": elementwise(lambda x: x.tanh().gt(0.1) * x, 1),
}


def results(function, tensors, seed):
    """The value, and the gradients for some cotangent."""
    out = function(*tensors)
    weights = np.random.default_rng(seed).standard_normal(out.shape).astype(out.dtype)
    g = mg.tensor(weights, device=out.device)
    return [out, *mg.grad(out, tensors, g, allow_unused=True)]


def close(ours, theirs, dtype):
    tolerance = 2e-4 if dtype == "f4" else 1e-10
    finite = theirs[np.isfinite(theirs)]
    scale = np.abs(finite).max(initial=1)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)


def test_in_a_process_of_its_own():
    command = f"{sys.executable} -m pytest -q -p no:cacheprovider -o python_functions=guarded_*"
    result = subprocess.run(
        [*command.split(), __file__],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, (result.stdout + result.stderr)[-6000:]


def guarded_notice():
    """Both kinds of guard, of which a page that is touched ends the process."""
    with Arena() as arena:
        guards = Guards(arena)
        for _ in range(2):
            array = guards.surround(5, "f4")
            whole = np.ctypeslib.as_array(
                (ctypes.c_float * 16).from_address(array.ctypes.data - 4 * (len(guards.made) % 2))
            )
            guards.check()
            whole[0 if len(guards.made) % 2 else 5] = 1
            with pytest.raises(AssertionError):
                guards.check()
            whole[0 if len(guards.made) % 2 else 5] = np.nan


@pytest.mark.parametrize("name", FUNCTIONS)
def guarded_kernels_keep_to_their_arrays(name, monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", 50)  # several blocks of small inputs
    monkeypatch.setattr(jit, "PARALLEL_NANOSECONDS", 0)
    draw = random.Random(name)
    for number in range(CASES):
        jit.set_num_threads(draw.choice([1, 3]))
        with Arena() as arena:
            compare(name, draw, number, Guards(arena), monkeypatch)


def compare(name, draw, number, guards, monkeypatch):
    """One case, between guards and without them."""
    dtype = draw.choice(["f4", "f4", "f8"])
    function, arrays = FUNCTIONS[name](draw, dtype)
    plain = [mg.tensor(x, device="cuda").requires_grad_() for x in arrays]
    guarded = [mg.from_numpy(guards.strided(draw, x)).requires_grad_() for x in arrays]
    expected = results(function, plain, number)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "empty", guards.empty)
        found = results(function, guarded, number)
    guards.check()
    for ours, theirs in zip(found, expected, strict=True):
        if ours is not None:
            theirs = theirs.numpy(force=True)
            close(ours.numpy(force=True), theirs, dtype)
    for x, values in zip(guarded, arrays, strict=True):
        np.testing.assert_array_equal(x.detach().numpy(), values)


RULES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
]


@pytest.mark.parametrize(("name", "settings"), RULES)
def guarded_steps_of_optimizers_keep_to_their_arrays(name, settings, monkeypatch):
    with Arena() as arena:
        steps(name, settings, Guards(arena), monkeypatch)


def steps(name, settings, guards, monkeypatch):
    """Three steps of a rule, between guards and on the other device."""
    draw = random.Random(name)
    monkeypatch.setattr(launch, "empty", guards.empty)
    arrays = [some(draw, *s, dtype=t) for s in [(1,), (7, 3), (65,)] for t in ("f4", "f8")]
    ours = [mg.from_numpy(guards.surround(x.size, x.dtype).reshape(x.shape)) for x in arrays]
    theirs = [mg.tensor(x, device="cuda") for x in arrays]
    for params in (ours, theirs):
        for p, x in zip(params, arrays, strict=True):
            p.copy_(mg.tensor(x)).requires_grad_()
        rule = getattr(optim, name)(params, lr=0.1, weight_decay=0.1, **settings)
        for _ in range(3):
            for p, x in zip(params, arrays, strict=True):
                p.grad = mg.tensor(np.flip(x).copy(), device=p.device)
            rule.step()
    guards.check()
    for p, q in zip(ours, theirs, strict=True):
        close(p.numpy(force=True), q.numpy(force=True), p.dtype.str[1:])
