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


def traced(expr: str, functions: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """`expr` as a function ``f(**inputs)`` of anything with operators, calling `functions`."""
    code = compile(_PowerAsCall().visit(ast.parse(expr, mode="eval")), f"<{expr}>", "eval")
    return lambda **inputs: eval(code, {**functions, **inputs})


class _PowerAsCall(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        call = ast.Call(ast.Name("pow", ast.Load()), [node.left, node.right], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def vocabulary(expr: str) -> tuple[set[str], int]:
    """The functions that `expr` calls, of operators only ``//``, ``%`` and ``**``; and how many
    operations it has in all."""
    tree = ast.parse(expr)
    operations = [n for n in ast.walk(tree) if isinstance(n, (ast.BinOp, ast.Compare, ast.Call))]
    words = {n.func.id for n in operations if isinstance(n, ast.Call)}  # type: ignore[attr-defined]
    rare: dict[type, str] = {ast.FloorDiv: "floor_divide", ast.Mod: "remainder", ast.Pow: "pow"}
    kinds = [type(n.op) for n in operations if isinstance(n, ast.BinOp)]
    words |= {rare[kind] for kind in kinds if kind in rare}
    return words, len(operations)
