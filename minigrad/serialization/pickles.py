"""Reads a pickle without running it: a machine that knows data, and refuses every class.

A pickle is a program for a small stack machine. Most of its instructions push or assemble plain
data; the danger is in those that import a name and call it. Here a name is looked up in a table
that the caller gives, never imported; only functions of that table are called; and a state goes
(``BUILD``) only where the caller puts it. Python's own unpickler would do with a guarded
``find_class``, but it sizes its buffers and memo by numbers in the file: 20 bytes can ask for
16 GB.

Instructions of protocols 2 to 5 as picklers write them for data. Those of protocols 0 and 1 that
no later pickler writes, extension codes, and objects of classes are refused.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

_LONGEST_LINE = 1000
_SIZED = (str, bytes, bytearray, tuple, list, dict)
_KEYS = (str, int, float, bool, bytes, type(None))


class Function(NamedTuple):
    """A name that a pickle may call."""

    name: str
    call: Callable[..., Any]


def _refuse_persistent(_: Any) -> Any:
    raise ValueError("its pickle has a persistent id out of place")


def _refuse_state(target: Any, _: Any) -> None:
    raise ValueError(f"its pickle sets the state of a {type(target).__name__}")


def unpickle(
    file: BinaryIO,
    known: Mapping[str, Any] = MappingProxyType({}),
    persistent: Callable[[Any], Any] = _refuse_persistent,
    set_state: Callable[[Any, Any], None] = _refuse_state,
) -> Any:
    """The object whose pickle starts where `file` stands; `file` then stands behind it.

    Args:
        file: Must be seekable.
        known: What the dotted names stand for that the pickle may use: a `Function`, or a value.
        persistent: Makes an object of a persistent id, which is any object of the pickle.
        set_state: Puts a state into an object that a known function made.

    Raises:
        ValueError: The pickle is broken, or asks for a name that is not known; `persistent` and
            known functions may raise others.
    """
    try:
        return _Machine(file, known, persistent, set_state).run()
    except (IndexError, KeyError, TypeError, UnicodeError) as error:
        raise ValueError(f"its pickle is broken ({type(error).__name__}: {error})") from error


def check_key(key: Any) -> Any:
    """`key`, if hashing it is cheap and runs no one's code: no tuples nested a million deep."""
    parts = key if type(key) is tuple else (key,)
    for part in parts:
        if type(part) not in _KEYS:
            raise ValueError(f"it has a key of type {type(part).__name__}")
    return key


class _Machine:
    def __init__(self, file: BinaryIO, known: Any, persistent: Any, set_state: Any) -> None:
        self.file = file
        self.known = known
        self.persistent = persistent
        self.set_state = set_state
        start = file.tell()
        self.end = file.seek(0, 2)
        file.seek(start)
        # Calls may copy what they are given. No honest pickle gives the same long thing twice.
        self.budget = 2 * self.end + 1000
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under the open marks
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        while (code := self.read(1)) != pickle.STOP:
            if code in _VALUES:
                value = _VALUES[code](self)  # which may change the stack
                self.stack.append(value)
            elif code in _STEPS:
                _STEPS[code](self)
            else:
                raise ValueError(f"its pickle has the instruction {code!r}, which is refused")
        return self.stack.pop()

    # Reading ----------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        # A file object may make room for what it is asked before it reads.
        fits = size < 10_000 or size <= self.end - self.file.tell()
        data = self.file.read(size) if fits else b""
        if len(data) != size:
            raise ValueError("its pickle ends too early")
        return data

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.read(struct.calcsize(form)))[0]

    def sized(self, form: str) -> bytes:
        """Bytes led by their count."""
        return self.read(self.number(form))

    def text(self, form: str) -> str:
        return self.sized(form).decode("utf-8", "surrogatepass")

    def line(self) -> str:
        line = self.file.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ValueError("its pickle has a line without end")
        return line[:-1].decode()

    # Names and calls --------------------------------------------------------------------------

    def name(self, module: Any, name: Any) -> Any:
        if type(module) is not str or type(name) is not str:
            raise ValueError("its pickle asks for a name that is no string")
        module = "builtins" if module == "__builtin__" else module  # as Python 2 called it
        full = f"{module}.{name}"
        if full not in self.known:
            raise ValueError(
                f"its pickle asks for {full[:200]}, which is refused: only tensors, NumPy arrays, "
                "numbers, strings and plain containers of them are made from a file. Of a module "
                "or an optimizer, save its state_dict()"
            )
        return self.known[full]

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not Function or type(arguments) is not tuple:
            raise ValueError(f"its pickle calls a {type(function).__name__}")
        self.spend(arguments)
        self.stack.append(function.call(*arguments))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(state) is tuple:
            self.spend(state)
        self.set_state(target, state)

    def spend(self, parts: tuple[Any, ...]) -> None:
        self.budget -= sum([len(part) for part in parts if type(part) in _SIZED])
        if self.budget < 0:
            raise ValueError("its pickle copies itself many times over")

    # Containers -------------------------------------------------------------------------------

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def marked(self) -> list[Any]:
        """What was pushed since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def tuple_of(self, size: int) -> None:
        items = [self.stack.pop() for _ in range(size)]
        self.stack.append(tuple(items[::-1]))

    def append(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict, OrderedDict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[check_key(key)] = value

    def add(self, items: list[Any]) -> None:
        self.top(set).update(map(check_key, items))

    def top(self, *kinds: type) -> Any:
        target = self.stack[-1]
        if type(target) not in kinds:
            raise ValueError(f"its pickle fills a {type(target).__name__}")
        return target

    def remember(self, place: int) -> None:
        self.memo[place] = self.stack[-1]


_VALUES: dict[bytes, Callable[[_Machine], Any]] = {
    pickle.NONE: lambda m: None,
    pickle.NEWTRUE: lambda m: True,
    pickle.NEWFALSE: lambda m: False,
    pickle.BININT: lambda m: m.number("<i"),
    pickle.BININT1: lambda m: m.number("<B"),
    pickle.BININT2: lambda m: m.number("<H"),
    pickle.LONG1: lambda m: int.from_bytes(m.sized("<B"), "little", signed=True),
    pickle.LONG4: lambda m: int.from_bytes(m.sized("<I"), "little", signed=True),
    pickle.BINFLOAT: lambda m: m.number(">d"),
    pickle.SHORT_BINSTRING: lambda m: m.text("<B"),  # of Python 2
    pickle.BINSTRING: lambda m: m.text("<I"),
    pickle.SHORT_BINUNICODE: lambda m: m.text("<B"),
    pickle.BINUNICODE: lambda m: m.text("<I"),
    pickle.BINUNICODE8: lambda m: m.text("<Q"),
    pickle.SHORT_BINBYTES: lambda m: m.sized("<B"),
    pickle.BINBYTES: lambda m: m.sized("<I"),
    pickle.BINBYTES8: lambda m: m.sized("<Q"),
    pickle.BYTEARRAY8: lambda m: bytearray(m.sized("<Q")),
    pickle.EMPTY_TUPLE: lambda m: (),
    pickle.EMPTY_LIST: lambda m: [],
    pickle.EMPTY_DICT: lambda m: {},
    pickle.EMPTY_SET: lambda m: set(),
    pickle.BINGET: lambda m: m.memo[m.number("<B")],
    pickle.LONG_BINGET: lambda m: m.memo[m.number("<I")],
    pickle.GLOBAL: lambda m: m.name(m.line(), m.line()),
    pickle.BINPERSID: lambda m: m.persistent(m.stack.pop()),
    pickle.TUPLE: lambda m: tuple(m.marked()),
    pickle.FROZENSET: lambda m: frozenset(map(check_key, m.marked())),
}


def _stack_global(m: _Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.stack.append(m.name(module, name))


_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    pickle.PROTO: lambda m: m.read(1),
    pickle.FRAME: lambda m: m.read(8),  # how much to read ahead: a hint
    pickle.MARK: _Machine.mark,
    pickle.POP: lambda m: m.stack.pop() if m.stack else m.marked(),
    pickle.POP_MARK: _Machine.marked,
    pickle.TUPLE1: lambda m: m.tuple_of(1),
    pickle.TUPLE2: lambda m: m.tuple_of(2),
    pickle.TUPLE3: lambda m: m.tuple_of(3),
    pickle.APPEND: lambda m: m.append([m.stack.pop()]),
    pickle.APPENDS: lambda m: m.append(m.marked()),
    pickle.SETITEM: lambda m: m.set_items([m.stack.pop(), m.stack.pop()][::-1]),
    pickle.SETITEMS: lambda m: m.set_items(m.marked()),
    pickle.ADDITEMS: lambda m: m.add(m.marked()),
    pickle.BINPUT: lambda m: m.remember(m.number("<B")),
    pickle.LONG_BINPUT: lambda m: m.remember(m.number("<I")),
    pickle.MEMOIZE: lambda m: m.remember(len(m.memo)),
    pickle.STACK_GLOBAL: _stack_global,
    pickle.REDUCE: _Machine.call,
    pickle.BUILD: _Machine.build,
}


def _keyed(kind: type) -> Callable[..., Any]:
    """A container of hashed things, made of nothing or of one plain container."""

    def make(items: Any = ()) -> Any:
        if type(items) not in (list, tuple, dict):
            raise ValueError(f"its pickle makes a {kind.__name__} of a {type(items).__name__}")
        if kind is OrderedDict and items:  # of pairs, as Python 2 wrote them
            items = [(check_key(key), value) for key, value in items]
        elif kind is not OrderedDict:
            for key in items:
                check_key(key)
        return kind(items)

    return make


def _encoded(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes."""
    if type(text) is not str or encoding != "latin1":
        raise ValueError("its pickle encodes something else than bytes")
    return text.encode("latin1")


def _complex(real: float, imag: float) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise ValueError("its pickle has a complex number of something else than floats")
    return complex(real, imag)


_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _keyed(OrderedDict),
    "collections.Counter": _keyed(Counter),
    "builtins.set": _keyed(set),
    "builtins.frozenset": _keyed(frozenset),
    "builtins.complex": _complex,
    "_codecs.encode": _encoded,
}
PLAIN: dict[str, Any] = {name: Function(name, call) for name, call in _CALLS.items()}
