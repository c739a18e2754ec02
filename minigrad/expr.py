"""The scalar language of elementwise operations, rendered to array code and to scalar Python.

An expression is Python's: ``a * b``, ``1 / (1 + exp(-a))``, ``select(a > 0, a, 0)``. Operators and
functions are those in the two tables below; names are the operation's inputs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .device import special_functions

_OPERATORS: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "power",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.USub: "negative",
    ast.Invert: "invert",
}

_FUNCTIONS: dict[str, str] = {
    name: name
    for name in (
        "exp exp2 expm1 log log1p log2 log10 logaddexp logaddexp2 sqrt sin cos tan tanh sinh cosh "
        "arcsin arccos arctan arctan2 arcsinh arccosh arctanh hypot copysign nextafter fmod "
        "heaviside floor ceil trunc rint sign signbit isfinite isnan isinf maximum minimum fmax "
        "fmin real imag logical_and logical_or logical_xor logical_not left_shift right_shift "
        "gcd lcm"
    ).split()
} | {"abs": "absolute", "select": "where", "identity": "positive", "conj": "conjugate"}

# Functions of scipy.special, and of its CuPy twin.
_SPECIAL = frozenset(
    "bdtr digamma entr erf erfc erfcinv erfcx erfinv exp10 expit gammainc gammaincc gammaln i0 i0e "
    "i1 i1e j0 j1 k0 k0e k1 k1e log_ndtr logit ndtr ndtri psi xlog1py xlogy y0 y1 zeta".split()
)


class _ArrayCode(ast.NodeVisitor):
    """Renders an expression as calls into an array library bound to the name ``xp``."""

    def visit_Name(self, node: ast.Name) -> str:
        return node.id

    def visit_Constant(self, node: ast.Constant) -> str:
        return repr(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> str:
        return self._call(_OPERATORS[type(node.op)], node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        return self._call(_OPERATORS[type(node.op)], node.operand)

    def visit_Compare(self, node: ast.Compare) -> str:
        return self._call(_OPERATORS[type(node.ops[0])], node.left, node.comparators[0])

    def visit_Call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        if node.func.id in _SPECIAL:
            return f"special.{node.func.id}({', '.join([self.visit(a) for a in node.args])})"
        return self._call(_FUNCTIONS[node.func.id], *node.args)

    def generic_visit(self, node: ast.AST) -> str:
        raise SyntaxError(f"{type(node).__name__} is not part of the scalar language")

    def _call(self, function: str, *arguments: ast.expr) -> str:
        return f"xp.{function}({', '.join([self.visit(a) for a in arguments])})"


def array_function(expr: str, inputs: tuple[str, ...], xp: Any) -> Callable[..., Any]:
    """`expr` as a function ``f(*inputs, out)`` of arrays of library `xp`, filling `out`.

    An expression that is one ufunc call on the inputs in order becomes that ufunc itself.
    """
    tree = ast.parse(expr, mode="eval").body
    code = _ArrayCode().visit(tree)
    names = ", ".join(inputs)
    scope: dict[str, Any] = {"xp": xp}
    if "special." in code:
        scope["special"] = special_functions(xp)
    called, _, arguments = code.partition("(")
    library, _, function = called.partition(".")
    # Of maximum and minimum NumPy wants `out` by name; SciPy's take a number for a float64.
    bare = library == "xp" or len(inputs) == 1
    if arguments == f"{names})" and bare and function not in ("where", "maximum", "minimum"):
        return getattr(scope[library], function)
    if function == "where":  # has no `out` argument
        body = f"xp.copyto(out, {code}, casting='unsafe')"
    else:
        body = f"{code[:-1]}, out=out)" if code.endswith(")") else f"xp.copyto(out, {code})"
    # What is computed of numbers alone (1 - s) must not become double, and all it meets with it.
    typed = "".join(
        [f"    if type({x}) is float and out.dtype.kind == 'f': {x} = out.dtype.type({x})\n"
         for x in inputs if len(inputs) > 1]
    )  # fmt: skip
    source = f"def kernel({names}, out):\n{typed}    {body}\n"
    exec(compile(source, f"<elementwise {expr}>", "exec"), scope)
    return scope["kernel"]


# What compiles to a few vector instructions: exp and its like are better left to the array library.
_CHEAP_FUNCTIONS = {"select", "abs", "sqrt", "isfinite", "isnan"}
_SYMBOLS: dict[str, str] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "negative": "-",
    "invert": "not ",
}


class _ScalarCode(_ArrayCode):
    """Renders an expression for one element, as Python that Numba compiles.

    Literals become ``T(...)``, the dtype of the output: a float64 literal would make it double.
    """

    def visit_Constant(self, node: ast.Constant) -> str:
        return f"T({node.value!r})"

    def visit_Call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(a) for a in node.args]
        if node.func.id == "select":
            return "({1} if {0} else {2})".format(*arguments)
        return f"np.{_FUNCTIONS[node.func.id]}({arguments[0]})"

    def _call(self, function: str, *arguments: ast.expr) -> str:
        symbol, parts = _SYMBOLS[function], [self.visit(a) for a in arguments]
        return f"({symbol}{parts[0]})" if len(parts) == 1 else f"({parts[0]} {symbol} {parts[1]})"


def is_cheap_chain(expr: str) -> bool:
    """Whether `expr` is several cheap operations: one loop over memory beats one loop for each."""
    operations = [
        n for n in ast.walk(ast.parse(expr)) if isinstance(n, (ast.BinOp, ast.Compare, ast.Call))
    ]
    called = {n.func.id for n in operations if isinstance(n, ast.Call)}  # type: ignore[attr-defined]
    plain = all(
        [_OPERATORS[type(n.op)] in _SYMBOLS for n in operations if isinstance(n, ast.BinOp)]
    )
    several = len(operations) > 1 or "select" in called  # NumPy's where is slow and fills no `out`
    return several and called <= _CHEAP_FUNCTIONS and plain


def loop_source(
    expr: str, inputs: tuple[str, ...], sources: tuple[str | None, ...], name: str
) -> str:
    """A loop ``name(out, *inputs, first, last)`` that fills ``out[first:last]``.

    `sources` says where each input is read: from the array of its name, from ``out``, which it then
    is, or, None, nowhere: it is a number.
    """
    read = {x: source for x, source in zip(inputs, sources, strict=True) if source}
    loads = [f"{x}_ = {source}[i]" for x, source in read.items()]
    names = {x: f"{x}_" for x in read}
    tree = ast.parse(expr, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    value = _ScalarCode().visit(tree)
    body = "\n        ".join([*loads, f"out[i] = {value}"])
    cut = ["out", *[x for x, source in read.items() if source == x]]
    # Cut first: an index that could be negative would be checked each time, and bar vectors.
    cuts = "\n    ".join([f"{x} = {x}[first:last]" for x in cut])
    return (
        f"def {name}(out, {', '.join(inputs)}, first, last):\n    {cuts}\n"
        f"    for i in range(out.size):\n        {body}\n"
    )
