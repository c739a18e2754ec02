"""Cases of a function: PyTorch's own samples, special values, error inputs, and `draws.CALLS`."""

from __future__ import annotations

import copy
import random
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import torch
from parity.cases import Array, Case, DType
from torch.overrides import TorchFunctionMode, resolve_name
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import BinaryUfuncInfo, ReductionOpInfo, UnaryUfuncInfo

from .draws import CALLS, SPECIAL, calls
from .oracle import TORCH_DTYPES, Unsupported, to_neutral

DTYPES = "float32 float64 int64 bool uint8 int32 bfloat16 float16 complex64 complex128".split()
OUTSIDE = ("masked.", "sparse.", "torch.", "signal.", "_refs.", "jiterator")


# A method that is an operator -> the entry of PyTorch's database with its samples.
OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
    "eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "neg": "neg",
    "abs": "abs", "invert": "bitwise_not",
}  # fmt: skip


# Functions that PyTorch itself lets write out of bounds when an argument is spoilt.
UNSAFE = (
    "native_batch_norm",
    "lu_unpack",
    "lu_solve",
    "ldl_solve",
    "orgqr",
    "ormqr",
    "householder_product",
)


class _FirstCall(TorchFunctionMode):
    """Notes the first PyTorch function that a lambda of the database calls."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: Any = None

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if self.noted is None:
            self.noted = (func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


def _resolve(name: str) -> Any:
    found: Any = torch
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


@cache
def infos() -> dict[str, list[Any]]:
    """function ("torch.add", "torch.Tensor.view") -> its entries in PyTorch's database."""
    found = defaultdict(list)
    for op in op_db:
        operator = op.name.startswith("__") and hasattr(torch.Tensor, op.name)
        if op.name.startswith((*OUTSIDE, "_")) and not operator:
            continue
        names = [op.name, *[alias.name.removeprefix("torch.") for alias in op.aliases]]
        names += [name.removeprefix("nn.functional.") for name in names if name.startswith("nn.")]
        for name in dict.fromkeys(names):
            if callable(_resolve(name)):
                found["torch." + name].append(op)
            elif hasattr(torch.Tensor, name):
                found["torch.Tensor." + name].append(op)
    for operator, name in OPERATORS.items():
        for form in (f"__{operator}__", f"__i{operator}__"):
            if hasattr(torch.Tensor, form):
                found["torch.Tensor." + form] = [o for o in found["torch." + name] if _plain(o)]
    return dict(found)


def _plain(op: Any) -> bool:
    """Of several entries of a function, the one of its plain call."""
    return op.variant_test_name in ("", "no_rounding_mode")


def functions() -> list[str]:
    """Every function that has draws."""
    return sorted({*infos(), *["torch." + name for name in CALLS]})


def cases(
    function: str, limit: int = 20, seed: int = 0, dtypes: list[str] | None = None
) -> Iterator[Case]:
    """The cases of `function`; those without a neutral form are counted in `skipped`."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    spoilt: list[Case] = []  # good cases to be made wrong: the two first, and with most arguments
    for origin, args, kwargs in _calls(function, limit, dtypes or DTYPES):
        if "out" in kwargs:  # errors of out=, which the recorder adds where it is allowed
            continue
        if function.startswith("torch.Tensor.") and not isinstance(args[0], torch.Tensor):
            continue
        try:
            case = Case(function, to_neutral(tuple(args)), to_neutral(dict(kwargs)), origin)
        except (Unsupported, RuntimeError, ValueError):
            skipped[function] += 1
            continue
        yield case
        telling = not case.args or not isinstance(case.args[0], Array) or case.args[0].data.ndim
        if telling and origin.startswith(("call", "sample")):
            spoilt.append(case)
            spoilt[2:] = sorted(spoilt[2:], key=lambda c: -len(c.args) - len(c.kwargs))[:1]
    for case in spoilt:
        if not function.endswith(UNSAFE):
            yield from wrong(case)


def wrong(case: Case) -> Iterator[Case]:
    """The case with one argument spoilt, for each. Of those, what PyTorch takes is no case."""
    method = case.function.startswith("torch.Tensor.")
    for place, value in enumerate(case.args):
        for bad in _wrong_values(value) if place or not method else []:
            args = (*case.args[:place], bad, *case.args[place + 1 :])
            yield Case(case.function, args, case.kwargs, "wrong")
    for name, value in case.kwargs.items():
        for bad in _wrong_values(value):
            yield Case(case.function, case.args, {**case.kwargs, name: bad}, "wrong")


def _wrong_values(value: Any) -> list[Any]:
    """Another type; sizes that fit nothing; a dimension that is not there; an unknown word."""
    if isinstance(value, Array):
        shape = [n + 2 for n in value.data.shape] or [7, 11]
        return ["a", Array(np.zeros(shape, value.data.dtype))]
    if isinstance(value, str):
        return ["nonsense"]
    if type(value) is int:
        return [99, "a"]
    return ["a"] if isinstance(value, (float, tuple, list, DType)) else []


skipped: dict[str, int] = defaultdict(int)


def _calls(function: str, limit: int, dtypes: list[str]) -> Iterator[tuple[str, Any, Any]]:
    for text, args, kwargs in calls(function):
        yield "call " + text, args, kwargs
    for op in infos().get(function, []):
        for name in dtypes:
            if TORCH_DTYPES[name] in op.dtypes:
                grad = name.startswith(("float32", "float64", "complex")) and op.supports_autograd
                grad = grad and not _writes(function)
                yield from _samples(function, op, TORCH_DTYPES[name], grad, limit)
                yield from _own(op, TORCH_DTYPES[name], grad)
        yield from _errors(function, op)


def _writes(function: str) -> bool:
    """Whether it is an in-place function, which a leaf that requires grad refuses."""
    name = function.rpartition(".")[2]
    return (name.endswith("_") and not name.endswith("__")) or name[2:].removesuffix("__") in (
        "i" + operator for operator in OPERATORS
    )


def _spread(items: list[Any], limit: int) -> list[Any]:
    """At most `limit` of the items, evenly."""
    if len(items) <= limit:
        return items
    return [items[i * len(items) // limit] for i in range(limit)]


def _samples(
    function: str, op: Any, dtype: torch.dtype, grad: bool, limit: int
) -> Iterator[tuple[str, Any, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            samples = list(op.sample_inputs("cpu", dtype, requires_grad=grad))
        except Exception:
            skipped[function] += 1
            return
    if function.endswith("__"):  # operators take no keywords
        samples = [sample for sample in samples if not sample.kwargs]
    for sample in _spread(samples, limit):
        found = _as_call(function, op, sample)
        if found is not None:
            yield f"sample {op.variant_test_name}".strip(), *found


def _as_call(function: str, op: Any, sample: Any) -> tuple[Any, Any] | None:
    """The sample as arguments of `function`, which a lambda of the database may reorder."""
    args, kwargs = (sample.input, *sample.args), dict(sample.kwargs)
    name = function.removeprefix("torch.")
    if op.op is _resolve(name) or (name != op.name and name != "Tensor." + op.name):
        return args, kwargs
    if op.op is getattr(torch.Tensor, op.name, None) or not _is_python(op.op):
        return args, kwargs
    mode, fresh = _FirstCall(), copy.deepcopy(args)  # the lambda may write to them
    try:
        with mode, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            op.op(*fresh, **kwargs)
    except Exception:  # the call it made is noted all the same
        pass
    if mode.noted is None:
        return args, kwargs
    called = resolve_name(mode.noted[0])
    if called != function and op.name not in str(called).split("."):
        skipped[function] += 1
        return None
    if str(called).endswith(".__get__"):  # a property
        return args[:1], {}
    return mode.noted[1], mode.noted[2]


def _is_python(function: Any) -> bool:
    return hasattr(function, "__code__")


def _own(op: Any, dtype: torch.dtype, grad: bool) -> Iterator[tuple[str, Any, Any]]:
    """Special values, 0-d, empty, transposed and mixed operands, by the kind of function."""
    if isinstance(op, UnaryUfuncInfo):
        kwargs = dict(op.sample_kwargs("cpu", dtype, torch.ones(1, dtype=dtype))[0])
        for x in _special_tensors(dtype, grad):
            yield "special", (x,), kwargs
    elif isinstance(op, BinaryUfuncInfo):
        yield from _pairs(dtype, grad, degrees="polynomial" in op.name)
    elif isinstance(op, ReductionOpInfo) and not op.name.startswith("linalg"):
        for x in _special_tensors(dtype, grad):
            yield "special", (x,), {}
            if x.ndim > 1:
                yield "special", (x,), {"dim": 0}
                yield "special", (x,), {"dim": -1, "keepdim": True}


def _special_tensors(dtype: torch.dtype, grad: bool) -> Iterator[torch.Tensor]:
    for x in _plain_special(dtype):
        yield x.requires_grad_(grad)


def _plain_special(dtype: torch.dtype) -> Iterator[torch.Tensor]:
    values = special_values(dtype)
    yield values
    yield values[:1].clone().reshape(())  # 0-d
    yield values[:0].reshape(0, 3)  # empty
    yield values[: len(values) // 2 * 2].reshape(2, -1).t()  # transposed
    yield values[::2]  # strided


def special_values(dtype: torch.dtype) -> torch.Tensor:
    """The values at which functions are most often wrong."""
    if dtype.is_complex:
        parts = torch.tensor([0.0, -0.0, 1.0, -1.5, 0.5, 2.0])
        return torch.complex(parts, parts.flip(0)).to(dtype)
    if dtype.is_floating_point:
        return torch.tensor(SPECIAL, dtype=torch.float64).to(dtype)
    if dtype == torch.bool:
        return torch.tensor([True, False, True, True])
    low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    low += dtype.is_signed  # the least integer divided by -1 kills PyTorch
    small = [-7, -1] if dtype.is_signed else [7, 9]
    return torch.tensor([0, 1, 2, 3, *small, low, high], dtype=dtype)


def _pairs(dtype: torch.dtype, grad: bool, degrees: bool) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of operands; if the second is a degree, those of 10^9 terms are left out."""
    values = special_values(dtype)
    n = len(values)
    left = values.reshape(n, 1).expand(n, n).contiguous()
    right = left.t().clone()
    if degrees:
        right[right.isfinite() & (right > 100)] = 7
    yield "special", (left.requires_grad_(grad), right.requires_grad_(grad)), {}
    x = values[: n // 2 * 2].reshape(2, -1)
    for other in ("float32", "int64", "bool", "bfloat16", "float64"):
        y = special_values(TORCH_DTYPES[other])[:2].reshape(2, 1)
        yield "mixed", (x.clone(), y), {}
        yield "mixed", (x.clone(), y[1, 0].clone()), {}  # a 0-d operand
    for number in (2, 0.5, True, -1, float("nan")):
        yield "number", (x.clone().requires_grad_(grad), number), {}
    yield "special", (values[:0].reshape(0, 1), values[:2].clone()), {}
    yield "error", (values[:2].clone(), values[:3].clone()), {}
    yield "error", (x, "a"), {}


def _errors(function: str, op: Any) -> Iterator[tuple[str, Any, Any]]:
    if op.error_inputs_func is not None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = list(op.error_inputs("cpu"))
        except Exception:
            found = []
        for error in found:
            call = _as_call(function, op, error.sample_input)
            if call is not None:
                yield "error", *call
    x = torch.ones(2, 3)
    if isinstance(op, UnaryUfuncInfo) and not function.startswith("torch.Tensor."):
        yield "error", ("a",), {}
        yield "error", (x, x, x, x, x), {}
    if isinstance(op, ReductionOpInfo):
        yield "error", (x,), {"dim": 5}
        yield "error", (x,), {"dim": "a"}
        yield "error", ([1.0],), {}
