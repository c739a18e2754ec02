"""Every public function, called wrongly: calls that PyTorch was recorded to take, with arguments
replaced by hostile ones. Whatever the arguments, a call returns or raises an error that names it;
nothing crashes, hangs, warns, or is half-written. ``FUZZ_DRAWS=1000 pytest`` looks longer."""

import inspect
import os
import random
import re
import signal
import sys
import warnings
import zlib
from contextlib import contextmanager

import numpy as np
import pytest
from parity import store
from parity.cases import leaves
from parity.observe import NoDType, build, tensors_in
from parity.replay import library

import minigrad as mg
from minigrad.device import to_numpy

resource = pytest.importorskip("resource")
if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc to limit memory", allow_module_level=True)

DRAWS = int(os.environ.get("FUZZ_DRAWS", "12"))
SECONDS = 5  # one call may take

# Functions that set what holds for the whole process or thread, or read and write files.
STEERING = set(
    "set_default_device set_default_dtype set_num_threads set_printoptions set_rng_state load save "
    "load_checkpoint save_checkpoint manual_seed seed grad vjp vmap gradcheck gradgradcheck "
    "from_dlpack".split()
)
NAMESPACES = {"": mg, "nn.functional.": mg.nn.functional} | {
    f"{name}.": getattr(mg, name) for name in ("linalg", "special", "fft")
}
FUNCTIONS = {
    f"{prefix}{name}": f
    for prefix, module in NAMESPACES.items()
    for name, f in vars(module).items()
    if inspect.isfunction(f) and name[0] != "_" and name not in STEERING
} | {
    f"Tensor.{name}": f
    for name, f in vars(mg.Tensor).items()
    if inspect.isfunction(f) and (name[:2] != "__" or name in ("__getitem__", "__setitem__"))
}

INTEGERS = [-1, 0, 1, 2, 3, -2, 7, -100, 2**31, 2**63 - 1, -(2**63), 2**63, 2**70]
NUMBERS = [0.0, -1.5, 0.5, float("nan"), float("inf"), -float("inf"), 1e300, 2j, True, False]
OTHERS = [None, "bogus", "mean", (), [], (1,), [0, 1], (0, 0), (1, 2, 3), (-1, 5), [None], ["a"],
          {}, object(), len, slice(0, 1), ..., np.float32(2), np.arange(3), np.dtype("O"),
          np.datetime64("2020"), b"x", mg.float16, mg.int64, mg.bool,
          [[1.0, 2.0], [3.0]]]  # fmt: skip
SHAPES = [(), (0,), (1,), (3,), (2, 3), (3, 3), (0, 3), (2, 0, 3), (2, 3, 4), (1, 2, 3, 3),
          (2, 1, 3, 2, 2), (1,) * 7]  # fmt: skip
DTYPES = "float32 float64 float16 bfloat16 complex64 int64 int32 uint8 bool".split()
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, 3e38, 1.0, -1.0]


def some_tensor(draw, shape=None, dtype=None):
    """A tensor of any shape, dtype and layout."""
    shape = draw.choice(SHAPES) if shape is None else shape
    dtype = getattr(mg, dtype or draw.choice(DTYPES))
    size = int(np.prod(shape))
    values = np.array([draw.choice([*SPECIAL, *range(-2, 5)]) for _ in range(size)]).reshape(shape)
    if np.dtype(dtype).kind in "biu":
        values = np.nan_to_num(values, posinf=3, neginf=-3)
        values = np.clip(values, 0 if np.dtype(dtype).kind != "i" else -3, 4)
    with np.errstate(all="ignore"):
        array = np.asarray(values.astype(dtype))
    return mg.from_numpy(array)


def another_tensor(draw, x):
    """`x` with one thing about it changed."""
    if draw.random() < 0.2:
        return some_tensor(draw)
    way = draw.randrange(9)
    array = np.array(to_numpy(x.array))
    if way == 0:
        return some_tensor(draw, x.shape, str(draw.choice(DTYPES)))
    if way == 1:
        return some_tensor(draw, None, str(array.dtype) if str(array.dtype) in DTYPES else None)
    if way == 2:
        return x.detach().to("cuda")
    if way == 3:
        return mg.from_numpy(np.array(array.T, order="C").T)
    if way == 4:
        return mg.from_numpy(array[(..., *[slice(None, None, -1)] * array.ndim)])
    if way == 5 and array.ndim:
        return mg.from_numpy(array[..., :1].copy()).expand(*x.shape[:-1], 3 if x.shape[-1] else 0)
    if way == 6 and array.ndim:
        return mg.from_numpy(np.repeat(array, 2, axis=-1)[..., ::2])
    if way == 7:
        return mg.from_numpy(array[None])
    if array.size:
        array.reshape(-1)[draw.randrange(array.size)] = draw.choice([0, 1, 100])
    return mg.from_numpy(array)


def hostile(draw, value):
    """Something in the place of `value`."""
    if isinstance(value, (list, tuple)) and value and draw.random() < 0.6:
        items = list(value)
        place = draw.randrange(len(items))
        way = draw.randrange(4)
        if way == 0:
            del items[place]
        elif way == 1:
            items.insert(place, items[place])
        else:
            items[place] = hostile(draw, items[place])
        return type(value)(items) if type(value) in (list, tuple) else items
    chance = draw.random()
    if isinstance(value, mg.Tensor) and chance < 0.7:
        return another_tensor(draw, value)
    if isinstance(value, (int, float)) and chance < 0.6:
        return draw.choice(INTEGERS if isinstance(value, int) else NUMBERS)
    if chance < 0.75:
        return some_tensor(draw)
    return draw.choice(draw.choice([INTEGERS, NUMBERS, OTHERS]))


def plausible(draw, name, function):
    """Arguments of a right call: one that was recorded, else drawn from the signature."""
    cases = recorded(name)
    if cases and draw.random() < 0.9:
        case = draw.choice(cases)
        try:
            made = []
            return list(build(library("cpu"), case.args, made)), dict(
                build(library("cpu"), case.kwargs, made)
            )
        except NoDType:
            pass
    args, kwargs = [], {}
    for parameter in inspect.signature(function).parameters.values():
        needed = parameter.default is parameter.empty
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if not needed and draw.random() < 0.5:
                break
            like = some_tensor(draw) if needed else parameter.default
            args.append(like if draw.random() < 0.6 else hostile(draw, like))
        elif parameter.kind == parameter.KEYWORD_ONLY and draw.random() < 0.3:
            kwargs[parameter.name] = hostile(draw, parameter.default)
    return args, kwargs


RECORDED = {}


def recorded(name):
    if name not in RECORDED:
        plain = name.removeprefix("Tensor.")
        candidates = [f"torch.{name}", f"torch.{plain}", f"torch.{plain.rstrip('_')}"]
        found = [case for c in candidates for case in store.load(c)]
        small = [c for c in found if all([a.data.size < 400 for a in leaves((c.args, c.kwargs))])]
        RECORDED[name] = small
    return RECORDED[name]


def wrong_call(draw, name, function):
    """Arguments, one to three of which are wrong in some way."""
    args, kwargs = plausible(draw, name, function)
    first = 1 if name.startswith("Tensor.") else 0
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        way = draw.random()
        if way < 0.08 and len(args) > first:
            args.pop()
        elif way < 0.12:
            kwargs[draw.choice(["out", "dim", "keepdim", "dtype", "axis", "bogus"])] = hostile(
                draw, None
            )
        elif kwargs and (not args or way < 0.4):
            key = draw.choice(sorted(kwargs))
            kwargs[key] = hostile(draw, kwargs[key])
        elif args:
            place = draw.randrange(len(args))
            new = hostile(draw, args[place])
            if place or not first or isinstance(new, mg.Tensor):
                args[place] = new
    if first and not (args and isinstance(args[0], mg.Tensor)):
        args[:1] = [some_tensor(draw)]
    return args, kwargs


@contextmanager
def limited_time():
    def late(*_):
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


ALLOWED = (TypeError, ValueError, IndexError, RuntimeError, OverflowError, ZeroDivisionError)
STRAY = (RecursionError, UnicodeError, np.exceptions.AxisError)


INSIDE = {"__getitem__": {"index"}, "__setitem__": {"index", "tensor"}, "numpy": {"truth"},
          "requires_grad_": {"truth"}, "backward": {"iterable"}}  # fmt: skip


def names_of(name, function):
    """What an error may call the function."""
    last = name.rpartition(".")[2]
    inner = inspect.unwrap(function)
    names = {last, last.rstrip("_"), function.__name__, inner.__name__, last.strip("_")}
    names |= {getattr(getattr(f, "prim", None), "name", last) for f in (function, inner)}
    names |= INSIDE.get(last, set())
    return names | {n.rstrip("_") for n in names} | {n.removeprefix("torch_") for n in names}


def complaint(error, name, function):
    """What is wrong with an exception; None if it is a good one."""
    kind = type(error)
    text = str(error)
    if not isinstance(error, ALLOWED) or isinstance(error, STRAY):
        return f"a stray {kind.__module__}.{kind.__name__}: {text}"
    if not any([re.search(rf"\b{re.escape(n)}_?\b", text) for n in names_of(name, function)]):
        return f"{kind.__name__} without the function's name: {text}"
    return None


def snapshot(tensors):
    return [(to_numpy(x.array).tobytes(), x.shape, x.dtype, x.requires_grad) for x in tensors]


def report(name, args, kwargs, what):
    return f"{name}(*{args!r}, **{kwargs!r}): {what}"


def try_call(name, function, args, kwargs):
    """What is wrong with the outcome of a call; None if all is well."""
    tensors = tensors_in(mg, (args, kwargs))
    before = snapshot(tensors)
    error = None
    try:
        with warnings.catch_warnings(), limited_time():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            result = function(*args, **kwargs)
            if type(result) is mg.Tensor and result.requires_grad and result.numel() < 1000:
                result.abs().sum().backward()
    except mg.GradientError:
        return None  # of the backward; or a leaf, written
    except Exception as caught:
        error = caught
    bad = complaint(error, name, function) if error is not None else None
    if bad is None and (error is not None or not writes(name, function)):
        out = kwargs.get("out")
        may = tensors_in(mg, (out,)) if error is None else []
        for x, was, now in zip(tensors, before, snapshot(tensors)):
            if was != now and not any([x is o or share_memory(x, o) for o in may]):
                return f"an input changed: {was} to {now}; {error!r}"
    return bad


def share_memory(a, b):
    return a.device == b.device and np.may_share_memory(to_numpy(a.array), to_numpy(b.array))


def writes(name, function):
    """Whether a call that returns may have written: statistics of training, and in place."""
    last = name.rpartition(".")[2]
    if last in ("__setitem__", "batch_norm", "instance_norm", "embedding", "embedding_bag"):
        return True
    in_place = last.endswith("_") and not last.endswith("__")
    return in_place or "inplace" in inspect.signature(function).parameters


@pytest.fixture(scope="module", autouse=True)
def limited_memory():
    """A tensor of 2**31 elements is out of memory at once, on any machine."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as sizes:
        used = int(sizes.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_wrong_calls(name):
    function = FUNCTIONS[name]
    draw = random.Random(zlib.crc32(name.encode()) + int(os.environ.get("FUZZ_SEED", "0")))
    for _ in range(DRAWS):
        args, kwargs = wrong_call(draw, name, function)
        bad = try_call(name, function, args, kwargs)
        assert bad is None, report(name, args, kwargs, bad)
