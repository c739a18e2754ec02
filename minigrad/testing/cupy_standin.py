"""A stand-in for CuPy, on NumPy: ``MINIGRAD_CUDA=standin`` runs ``device="cuda"`` without a GPU.

It finds, where there is no GPU, code that would fail on one. So it is as strict as CuPy 14.2, whose
names and argument lists ``cupy_names.json`` holds: what CuPy lacks raises; arrays do not turn into
NumPy arrays by themselves, and NumPy arrays are no operands; results are arrays where NumPy gives
scalars; integer arrays used as indices wrap around instead of raising; `add.at` takes few dtypes.
`empty` is full of 0xff bytes: NaN, or -1. `transfers` counts copies between host and device, and
CuPy's synchronisations where values decide a shape (boolean masks, ``nonzero``, ``unique``).

Stricter than CuPy: NumPy's functions refuse the arrays (CuPy would run its own); lists are refused
where an array is due, and NumPy arrays everywhere but in `array` and in ``[]``; the views from
``broadcast_to`` and ``diagonal`` are read-only; not every name of CuPy's is imitated.
Not imitated: the order of summation and CuPy's float32 sums of float16; integers divided by zero
and casts out of range; ``a[i] = v`` with repeated ``i`` (on a GPU, any of the values); linalg that
fails (NaN in CuPy, an error here); the memory pool (always empty); kernels.
"""

from __future__ import annotations

import builtins
import contextvars
import functools
import importlib
import json
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

NAMES: dict[str, Any] = json.loads(Path(__file__).with_name("cupy_names.json").read_text())
__version__: str = NAMES["version"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DTYPES = frozenset("?bhilqBHILQefdFDE")  # "E" is ml_dtypes.bfloat16
_SCALARS = frozenset({bool, int, float, complex})
_PLAIN = _SCALARS | {str, type, type(None), slice, types.EllipsisType}
_BASIC_INDEX = frozenset({int, slice, type(None), types.EllipsisType})

# Functions that answer with a shape or a flag, not with an array.
_ANSWERS = _words(
    "can_cast common_type iscomplexobj isfortran isrealobj isscalar may_share_memory "
    "min_scalar_type ndim result_type shape shares_memory size"
)
# CuPy reads a count back from the device to know the shape of the result.
_SYNCHRONISE = _words(
    "argwhere bincount compress extract flatnonzero intersect1d nonzero place setdiff1d setxor1d "
    "union1d unique unique_all unique_counts unique_inverse unique_values"
)
_WARN = _words("average corrcoef cov mean median std var")  # and the nan-functions
# Names of a first parameter that must be an array.
_ARRAY_FIRST = _words("a a1 ar ar1 arr arr1 array ary condition dst element f m v val x y z")
# These call back, read and write files, or would give other numbers than CuPy's.
_NOT_IMITATED = _words(
    "apply_along_axis apply_over_axes from_dlpack frombuffer fromfile fromfunction fromiter load "
    "fromstring genfromtxt loadtxt piecewise random save savetxt savez savez_compressed"
)
# What CuPy's scattering kernels are compiled for.
_AT_DTYPES = {
    "add": _words("int32 int64 float16 float32 float64 uint32 uint64"),
    "subtract": _words("int32 uint32"),
    "maximum": _words("int32 int64 float32 float64 uint32 uint64"),
    "minimum": _words("int32 int64 float32 float64 uint32 uint64"),
    "bitwise_and": _words("int32 int64 uint32 uint64"),
    "bitwise_or": _words("int32 int64 uint32 uint64"),
    "bitwise_xor": _words("int32 int64 uint32 uint64"),
}


class _Quiet(threading.local):
    """Runs NumPy without its floating-point warnings, which CuPy does not have.

    Not the context of `minigrad.context`: kernels already run in that, and none is entered twice.
    """

    def __init__(self) -> None:
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


_quiet = _Quiet()


class Transfers:
    """Counts copies between host and device; ``with transfers:`` starts from zero."""

    to_host = to_device = 0

    def reset(self) -> None:
        """Starts from zero."""
        self.to_host = self.to_device = 0

    def __enter__(self) -> Transfers:
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        pass


transfers = Transfers()


# --- between the stand-in's arrays and NumPy's


def _wrap(result: Any) -> Any:
    kind = type(result)
    if kind is np.ndarray:
        if result.dtype.char not in _DTYPES:
            raise ValueError(f"Unsupported dtype {result.dtype}")
        wrapped = object.__new__(ndarray)
        wrapped._a = result
        return wrapped
    if isinstance(result, np.generic) or kind in _SCALARS:
        return _wrap(np.asarray(result))
    if isinstance(result, tuple):
        return tuple([_wrap(item) for item in result])
    return [_wrap(item) for item in result] if kind is list else result


def _raw(value: Any) -> Any:
    kind = type(value)
    if kind is ndarray:
        return value._a
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return kind([_raw(item) for item in value])
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {kind}: copy it to the device with cupy.asarray")
    return value


def _operand(value: Any) -> Any:
    kind = type(value)
    if kind is ndarray:
        return value._a
    if kind in _SCALARS or isinstance(value, np.generic):
        return value
    raise TypeError(f"Unsupported type {kind}")


def _upload(value: Any) -> np.ndarray:
    """An index, or the values for one: here CuPy takes lists and NumPy arrays, and copies them."""
    if type(value) is ndarray:
        return value._a
    host = np.asarray(value)
    transfers.to_device += host.ndim > 0  # a single number travels as a kernel's argument
    return host.astype(np.int64) if type(value) is list and not value else host


# --- functions


def _adapt(path: str, arguments: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's `function` under CuPy's `arguments`: no others are taken, and in CuPy's order."""
    name = path.rpartition(".")[2]
    words = arguments[1:-1].split()
    array_first = words[:1] != [] and words[0] in _ARRAY_FIRST and name not in _ANSWERS
    by_name = _binder(path, words)
    if name in _WARN or name.startswith("nan"):
        function = _without_warnings(name, function)

    def adapted(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) > 2:
            args, kwargs = by_name(args, kwargs)
        if array_first and args and type(args[0]) is not ndarray:
            raise TypeError(f"{path}() takes a cupy.ndarray, not {type(args[0])}")
        raw = [_raw(value) for value in args]
        named = {key: _raw(value) for key, value in kwargs.items()}
        result = _quiet.run(function, *raw, **named)
        transfers.to_host += name in _SYNCHRONISE
        if name in _ANSWERS:
            return result
        out = kwargs.get("out")
        if raw and result is raw[0]:
            out = args[0]  # such as astype(copy=False)
        return _wrap(result) if out is None else out

    adapted.__name__ = adapted.__qualname__ = name
    return adapted


def _binder(path: str, words: list[str]) -> Callable[..., Any]:
    """Passes all but two arguments by name: from the third on, NumPy's places may differ."""
    places = list(takewhile(lambda word: word[0] != "*", words))
    variadic = words[len(places) :][:1] not in ([], ["*"])
    accepted = {word.lstrip("*") for word in words}

    def by_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if not accepted.issuperset(kwargs):
            unexpected = sorted(kwargs.keys() - accepted)
            raise TypeError(f"{path}() got unexpected keyword arguments {unexpected}")
        if variadic or len(args) <= 2:
            return args, kwargs
        if len(args) > len(places) or not kwargs.keys().isdisjoint(places[: len(args)]):
            raise TypeError(f"{path}() got too many arguments: it takes {places}")
        return args[:2], dict(zip(places[2:], args[2:], strict=False)) | kwargs

    return by_name


def _without_warnings(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` without "Mean of empty slice" and the like."""
    often = name not in ("mean", "std", "var")

    def silent(a: Any, *args: Any, **kwargs: Any) -> Any:
        if a.size and not (often or kwargs.get("ddof")):
            return function(a, *args, **kwargs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return function(a, *args, **kwargs)

    return silent


class ufunc:
    """NumPy's `function` with the arguments of CuPy's ufuncs, which have no ``where``."""

    def __init__(self, name: str, function: Any) -> None:
        self.__name__ = self.name = name
        # SciPy's zeta is a function around its ufunc.
        self.nin: int = getattr(function, "nin", 2 if name == "zeta" else 1)
        self.nout: int = getattr(function, "nout", 1)
        self._function = function

    def __call__(
        self, *args: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind"
    ) -> Any:
        if len(args) > self.nin:
            if out is not None:
                raise ValueError("Cannot specify 'out' as both a positional and keyword argument")
            args, out = args[: self.nin], args[self.nin :]
            out = out[0] if len(out) == 1 else out
        kwargs: dict[str, Any] = {} if casting == "same_kind" else {"casting": casting}
        if dtype is not None:
            kwargs["dtype"] = dtype
        if out is not None:
            kwargs["out"] = _raw(out)
        result = _quiet.run(self._function, *[_operand(value) for value in args], **kwargs)
        return _wrap(result) if out is None else out

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        """``a[indices] = self(a[indices], b)``, where an index given twice counts twice."""
        if self.name not in _AT_DTYPES:
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        index, advanced = _index(a, indices)
        if advanced and a.dtype.name not in _AT_DTYPES[self.name]:
            raise TypeError(f"cupy.{self.name}.at only supports {sorted(_AT_DTYPES[self.name])}")
        value = _upload(b).astype(a.dtype, copy=False) if advanced else _operand(b)
        _quiet.run(self._function.at, a._a, index, value)


# --- indexing


def _index(array: ndarray, index: Any) -> tuple[Any, bool]:
    """NumPy's form of an index, and whether there are arrays in it."""
    items = list(index) if type(index) is tuple else [index]
    if all(type(item) in _BASIC_INDEX or isinstance(item, np.integer) for item in items):
        # After an ellipsis NumPy returns a 0-d view, as CuPy always does, and not a scalar.
        return tuple(items if Ellipsis in items else [*items, Ellipsis]), False
    items = [item if type(item) in _BASIC_INDEX else _upload(item) for item in items]
    widths = [
        item.ndim if _is_mask(item) else int(item is not None and item is not Ellipsis)
        for item in items
    ]
    axis = 0
    for place, (item, width) in enumerate(zip(items, widths, strict=True)):
        if _is_mask(item):
            transfers.to_host += 1
        elif isinstance(item, np.ndarray) and item.dtype.kind in "iu" and axis < array.ndim:
            items[place] = item % max(array.shape[axis], 1)
        axis += array.ndim - sum(widths) if item is Ellipsis else width
    return tuple(items), True


def _is_mask(item: Any) -> bool:
    return isinstance(item, np.ndarray) and item.dtype == bool


# --- the array


class ndarray:
    """``cupy.ndarray``: not a NumPy array, but it hides one. A new one is full of poison."""

    __slots__ = ("__weakref__", "_a")
    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 100
    __array_ufunc__ = None  # NumPy's operators leave the work to ours, its functions refuse
    _a: np.ndarray

    def __init__(self, shape: Any, dtype: Any = float, *, order: Any = "C") -> None:
        self._a = _wrap(_INSTEAD["empty"](shape, dtype, order))._a

    shape = property(lambda self: self._a.shape)
    dtype = property(lambda self: self._a.dtype)
    strides = property(lambda self: self._a.strides)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    itemsize = property(lambda self: self._a.itemsize)
    nbytes = property(lambda self: self._a.nbytes)
    base = property(lambda self: _wrap(self._a.base))
    T = property(lambda self: self if self._a.ndim < 2 else _wrap(self._a.T))
    mT = property(lambda self: _wrap(self._a.mT))
    real = property(lambda self: _wrap(self._a.real))
    imag = property(lambda self: _wrap(self._a.imag))
    device = property(lambda self: _Device())

    @property
    def data(self) -> types.SimpleNamespace:
        """Where the first element is."""
        return types.SimpleNamespace(ptr=self._a.ctypes.data, device_id=0, mem=self._a)

    @property
    def flags(self) -> types.SimpleNamespace:
        """The layout in memory."""
        flags = self._a.flags
        names = ("c_contiguous", "f_contiguous", "owndata", "fnc", "forc")
        return types.SimpleNamespace(**{name: getattr(flags, name) for name in names})

    def __getattr__(self, name: str) -> Any:
        known = name in NAMES["cupy.ndarray"]
        lacks = "is not imitated by the stand-in" if known else "does not exist in CuPy"
        raise AttributeError(f"cupy.ndarray.{name} {lacks}")

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_function__(self, function: Any, *_: object) -> Any:
        raise TypeError(f"numpy.{function.__name__} was given a CuPy array: call cupy's own")

    def __getitem__(self, index: Any) -> ndarray:
        index, advanced = _index(self, index)
        result = self._a[index]
        # With arrays CuPy always copies, also where NumPy takes a 0-d one for an int.
        return _wrap(np.array(result) if advanced else result)

    def __setitem__(self, index: Any, value: Any) -> None:
        index, advanced = _index(self, index)
        if not advanced and type(value) is not ndarray and np.ndim(value):
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        _quiet.run(self._a.__setitem__, index, value if np.isscalar(value) else _upload(value))

    def __iter__(self) -> Iterator[ndarray]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._a)

    def get(
        self, stream: Any = None, order: Any = "C", out: Any = None, blocking: bool = True
    ) -> np.ndarray:
        """A copy on the host, in `out` if given."""
        transfers.to_host += 1
        if out is None:
            return np.array(self._a, order=order)
        if out.dtype != self.dtype or out.shape != self.shape:
            raise TypeError(f"{out.dtype} {out.shape} cannot hold {self.dtype} {self.shape}")
        out[...] = self._a
        return out

    def item(self) -> Any:
        """The only element, as a Python scalar."""
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def __copy__(self) -> ndarray:
        return _wrap(self._a.copy("C"))

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.__copy__()

    def __reduce__(self) -> Any:
        return array, (self.get(order="A"),)


def _matmul(a: Any, b: Any, out: Any = None, **kwargs: Any) -> Any:
    dtype = np.result_type(a, b)
    if dtype.char != "E":
        return np.matmul(a, b, out, **kwargs)
    if max(a.ndim, b.ndim) > 2:
        raise TypeError("CuPy's matmul takes no bfloat16 of more than two dimensions")
    result = np.matmul(a, b, **kwargs).astype(dtype)  # NumPy would return its float32
    if out is None:
        return result
    out[...] = result
    return out


_ARITHMETIC = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "divmod": np.divmod, "pow": np.power,
    "matmul": _matmul, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    "lshift": np.left_shift, "rshift": np.right_shift, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip
_UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}
_THROUGH_HOST: dict[str, Callable[..., Any]] = {
    "__int__": int, "__float__": float, "__complex__": complex, "__bool__": bool,
    "__repr__": repr, "__str__": str, "__bytes__": bytes, "__format__": format,
    "tolist": np.ndarray.tolist, "tobytes": np.ndarray.tobytes,
}  # fmt: skip


def _binary(function: Any, reflected: bool = False) -> Callable[..., Any]:
    def operator(self: ndarray, other: Any) -> Any:
        try:
            value = _operand(other)
        except TypeError:
            # Who computes: CuPy's `_should_use_rop`, in _core/core.pyx.
            absent = object()
            theirs = getattr(other, "__array_ufunc__", absent)
            priority = getattr(other, "__array_priority__", 0)
            if theirs is None or (theirs is absent and priority > self.__array_priority__):
                return NotImplemented
            raise
        pair = (value, self._a) if reflected else (self._a, value)
        return _wrap(_quiet.run(function, *pair))

    return operator


def _in_place(function: Any) -> Callable[..., Any]:
    def operator(self: ndarray, other: Any) -> ndarray:
        _quiet.run(function, self._a, _operand(other), self._a)
        return self

    return operator


def _unary(function: Any) -> Callable[..., Any]:
    return lambda self: _wrap(_quiet.run(function, self._a))


def _through_host(convert: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args: convert(self.get(), *args)


def _fill_in_methods() -> None:
    """Gives `ndarray` its operators, and those methods of CuPy's that NumPy has too."""
    theirs = NAMES["cupy.ndarray"]
    methods = {f"__{name}__": _unary(function) for name, function in _UNARY.items()}
    methods |= {name: _through_host(convert) for name, convert in _THROUGH_HOST.items()}
    for name, function in _ARITHMETIC.items():
        methods[f"__{name}__"] = _binary(function)
        if f"__r{name}__" in theirs:
            methods[f"__r{name}__"] = _binary(function, reflected=True)
        if f"__i{name}__" in theirs:
            methods[f"__i{name}__"] = _in_place(function)
    for name, arguments in theirs.items():
        numpys: Any = _METHODS_INSTEAD.get(name) or getattr(np.ndarray, name, None)
        if name[0] != "_" and arguments[0] == "(" and numpys is not None:
            words = f"(self {arguments[1:]}".replace(" )", ")")
            methods.setdefault(name, _adapt(f"cupy.ndarray.{name}", words, numpys))
    for name, method in methods.items():
        if name not in vars(ndarray):
            setattr(ndarray, name, method)


# --- where CuPy's functions differ from NumPy's


def _poisoned(fresh: np.ndarray) -> np.ndarray:
    fresh.ravel("K").view(np.uint8).fill(0xFF)
    return fresh


def _stably(function: Callable[..., Any]) -> Callable[..., Any]:
    def stable(a: Any, axis: int | None = -1, kind: str | None = None) -> Any:
        if kind not in (None, "stable"):
            raise ValueError("kind can only be None or 'stable'")
        return function(a, axis, kind="stable")

    return stable


def _sort_in_place(a: Any, axis: int = -1, kind: str | None = None) -> None:
    if not a.flags.c_contiguous:
        raise NotImplementedError("Sorting non-contiguous array is not supported.")
    _stably(np.ndarray.sort)(a, axis, kind)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is not None or y is not None:
        return np.where(condition, x, y)
    transfers.to_host += 1
    return np.nonzero(condition)


def _wrapped(indices: Any, a: Any, axis: int | None) -> Any:
    return indices % max(a.size if axis is None else a.shape[axis], 1)


def _take(a: Any, indices: Any, axis: int | None = None, out: Any = None) -> Any:
    return np.take(a, indices, axis, out, mode="wrap")


# On NumPy arrays, with CuPy's arguments and defaults.
_INSTEAD: dict[str, Callable[..., Any]] = {
    "argsort": _stably(np.argsort),
    "copyto": lambda dst, src, casting="same_kind", where=None: np.copyto(
        dst, src, casting, True if where is None else where
    ),
    "empty": lambda shape, dtype=float, order="C": _poisoned(np.empty(shape, dtype, order)),
    "empty_like": lambda prototype, dtype=None, order="K", subok=None, shape=None: _poisoned(
        np.empty_like(prototype, dtype, order, shape=shape)
    ),
    "matmul": _matmul,
    "put": lambda a, ind, v, mode="wrap": np.put(a, ind, v, mode),
    "put_along_axis": lambda arr, indices, values, axis: np.put_along_axis(
        arr, _wrapped(indices, arr, axis), values, axis
    ),
    "sort": _stably(np.sort),
    "take": _take,
    "take_along_axis": lambda a, indices, axis: np.take_along_axis(
        a, _wrapped(indices, a, axis), axis
    ),
    "where": _where,
}
_METHODS_INSTEAD: dict[str, Callable[..., Any]] = {
    "argsort": _stably(np.argsort),
    "put": lambda a, indices, values, mode="wrap": np.put(a, indices, values, mode),
    "sort": _sort_in_place,
    "swapaxes": np.swapaxes,  # the method takes no names
    "take": _take,
}

_fill_in_methods()


def array(
    obj: Any,
    dtype: Any = None,
    copy: bool | None = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    *,
    blocking: bool = False,
) -> ndarray:
    """An array on the device; NumPy arrays and lists are copied there."""
    if type(obj) is ndarray:
        result = _quiet.run(np.array, obj._a, dtype, copy=copy, order=order, ndmin=ndmin)
        return obj if result is obj._a else _wrap(result)
    if copy is False:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    host = obj if isinstance(obj, np.ndarray) else _raw(obj)
    if order in (None, "K", "A"):
        order = "F" if isinstance(obj, np.ndarray) and obj.flags.fnc else "C"
    result = _quiet.run(np.array, host, dtype, order=order, ndmin=ndmin)
    transfers.to_device += result.ndim > 0
    return _wrap(result)


def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    copy: bool | None = None,
    blocking: bool = False,
) -> ndarray:
    """`a` itself where it is such an array already, else a new one."""
    return array(a, dtype, copy, order)


def asnumpy(
    a: Any, stream: Any = None, order: Any = "C", out: Any = None, *, blocking: bool = True
) -> np.ndarray:
    """A NumPy array of the same values."""
    return a.get(stream, order, out) if type(a) is ndarray else np.asarray(a, order=order)


# --- the device


class RawKernel:
    """CUDA C does not run on NumPy."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("CuPy's stand-in runs no CUDA kernels: they need a GPU")


RawModule = ElementwiseKernel = ReductionKernel = RawKernel


class _Idle:
    """There is one device and one stream, with nothing to wait for."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def use(self) -> Any:
        return self

    def synchronize(self) -> None:
        pass


class _Device(_Idle):
    id = 0
    compute_capability = "90"
    mem_info = (1 << 34, 1 << 34)  # bytes free, and in all


class _Stream(_Idle):
    null: _Stream
    done = True


_Stream.null = _Stream()


class _MemoryPool:
    def used_bytes(self) -> int:
        return 0

    total_bytes = free_bytes = n_free_blocks = used_bytes

    def free_all_blocks(self, stream: Any = None) -> None:
        pass


def get_default_memory_pool() -> Any:
    """The pool that arrays come from: here, always empty."""
    return _MemoryPool()


cuda = types.SimpleNamespace(
    Device=_Device,
    MemoryPool=_MemoryPool,
    Stream=_Stream,
    get_current_stream=lambda device_id=-1: _Stream.null,
    get_device_id=lambda: 0,
    is_available=lambda: True,
    runtime=types.SimpleNamespace(
        deviceSynchronize=lambda: None,
        getDevice=lambda: 0,
        getDeviceCount=lambda: 1,
        memGetInfo=lambda: _Device.mem_info,
    ),
)


class _MatrixFunctions:
    """Of `cupyx.scipy.linalg`: matrices in batches, and no errors, where SciPy has none or some."""

    @staticmethod
    def solve_triangular(
        a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, **_: Any
    ) -> Any:
        blas = importlib.import_module("scipy.linalg.blas")
        trsm = blas.get_blas_funcs("trsm", (a,))
        out = np.empty(b.shape, a.dtype)
        for i in np.ndindex(a.shape[:-2]):
            out[i] = trsm(1, a[i], b[i], lower=lower, trans_a=trans, diag=unit_diagonal)
        return out

    @staticmethod
    def lu_factor(a: Any, **_: Any) -> Any:
        lapack = importlib.import_module("scipy.linalg.lapack")
        transfers.to_host += 1  # CuPy reads whether it failed
        return lapack.get_lapack_funcs("getrf", (a,))(a)[:2]


# --- every other name


class _Submodule:
    def __init__(self, path: str, twin: Any) -> None:
        self._path, self._twin = path, twin

    def __getattr__(self, name: str) -> Any:
        return _find(self._path, self._twin, name)


@functools.cache
def _find(path: str, twin: Any, name: str) -> Any:
    """What CuPy has at `path.name`, made of what NumPy's (SciPy's) module `twin` has there."""
    kind, full = NAMES[path].get(name), f"{path}.{name}"
    if kind is None:
        raise AttributeError(f"module {path!r} has no attribute {name!r}")
    function = (path == "cupy" and _INSTEAD.get(name)) or getattr(twin, name, None)
    if full in NAMES:
        return _Submodule(full, function)
    if function is None or name in _NOT_IMITATED or kind in ("class", "module", "value"):
        raise AttributeError(f"CuPy has {full}, but its stand-in does not imitate it")
    if kind == "numpy":
        return function
    return ufunc(name, function) if kind == "ufunc" else _adapt(full, kind, function)


def __getattr__(name: str) -> Any:
    if name == "special":  # where `device.special_functions` looks before it imports cupyx.scipy
        found = _Submodule("cupyx.scipy.special", importlib.import_module("scipy.special"))
    elif name == "scipy_linalg":  # where `device.matrix_functions` looks
        found = _Submodule("cupyx.scipy.linalg", _MatrixFunctions)
    else:
        found = _find("cupy", np, name)
    if not hasattr(builtins, name):  # or CuPy's `sum` and `bool` would replace Python's here
        globals()[name] = found
    return found
