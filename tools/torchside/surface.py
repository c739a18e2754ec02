"""What PyTorch offers: the public functions and their arguments, read from its type stubs."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import torch

ROOT = Path(torch.__file__).parent

# What PyTorch's own descriptions leave out.
STATED = {
    "torch.unique": [["input", "sorted=", "return_inverse=", "return_counts=", "dim="]],
    "torch.unique_consecutive": [["input", "return_inverse=", "return_counts=", "dim="]],
    "torch.nn.functional.logsigmoid": [["input"]],
    "torch.zero_": [["input"]],
    "torch.can_cast": [["from_", "to"]],
    "torch.nn.functional.elu_": [["input", "alpha="]],
    "torch.tril_indices": [["row", "col", "offset=", "*", "dtype=", "device="]],
    "torch.triu_indices": [["row", "col", "offset=", "*", "dtype=", "device="]],
    "torch.numel": [["input"]],
    "torch.lu": [["A", "pivot=", "get_infos=", "out="]],
    "torch.meshgrid": [["*tensors", "indexing="]],
    "torch.einsum": [["equation", "*operands"]],
    "torch.tensor": [["data", "*", "dtype=", "device=", "requires_grad=", "pin_memory="]],
}

# A signature is a list of names; "*" starts the keyword-only ones, "name=" has a default.
Signature = list[str]

OPERATORS = (
    "add radd iadd sub rsub isub mul rmul imul truediv rtruediv itruediv floordiv rfloordiv "
    "ifloordiv mod rmod imod pow rpow ipow matmul rmatmul and rand iand or ror ior xor rxor ixor "
    "lshift rlshift ilshift rshift rrshift irshift eq ne lt le gt ge neg pos abs invert getitem "
    "setitem len bool float int complex index contains"
).split()


def surface() -> dict[str, Any]:
    """{function: {"signatures", "method", "inplace"}} of the namespaces that minigrad follows."""
    found: dict[str, Any] = {}
    for name in _public(torch):
        if name.endswith("_") and _is_function(torch, name[:-1]):
            continue  # shown in the row of the function it is the in-place form of
        found[f"torch.{name}"] = {
            "signatures": signatures(f"torch.{name}"),
            "method": hasattr(torch.Tensor, name),
            "inplace": hasattr(torch.Tensor, name + "_"),
        }
    for space in ("nn.functional", "linalg", "special", "fft", "random"):
        for name in _public(_module(space)):
            full = f"torch.{space}.{name}"
            found[full] = {"signatures": signatures(full), "method": False, "inplace": False}
    for name in _methods():
        full = f"torch.Tensor.{name}"
        found[full] = {"signatures": signatures(full), "method": True, "inplace": False}
    return found


def _module(space: str) -> Any:
    found: Any = torch
    for part in space.split("."):
        found = getattr(found, part)
    return found


def _is_function(module: Any, name: str) -> bool:
    value = getattr(module, name, None)
    return callable(value) and not inspect.isclass(value)


def _public(module: Any) -> list[str]:
    names = getattr(module, "__all__", None) if module is torch.random else dir(module)
    listed = [n for n in names or [] if not n.startswith("_") and _is_function(module, n)]
    helpers = {"boolean_dispatch", "has_torch_function", "handle_torch_function"}
    return [n for n in listed if n not in helpers and _is_torchs(getattr(module, n))]


def _is_torchs(value: Any) -> bool:
    module = getattr(value, "__module__", None) or "torch"
    return module.startswith("torch") and not module.startswith("torch._jit_internal")


def _methods() -> list[str]:
    """Methods and properties with no function of the same name."""
    names = []
    for name in dir(torch.Tensor):
        base = name.removesuffix("_")
        if name.startswith("_"):
            continue
        if _is_function(torch, name) or (name != base and _is_function(torch, base)):
            continue
        names.append(name)
    return sorted(names) + [f"__{name}__" for name in OPERATORS]


def signatures(full: str) -> list[Signature]:
    """The overloads of a function; [] if PyTorch does not say."""
    if full in STATED:
        return STATED[full]
    space, _, name = full.removeprefix("torch.").rpartition(".")
    if space == "":
        found = _stub("_C/_VariableFunctions.pyi").get(name, [])
    elif space == "Tensor":
        found = _stub("_C/__init__.pyi", "TensorBase").get(name, [])
    elif space == "nn.functional":
        found = _stub("nn/functional.pyi").get(name, [])
        if inspect.isfunction(getattr(torch.nn.functional, name)):
            found = _inspected(full) or found
    else:
        found = _schemas(f"{space}_{name}")
    return found or _inspected(full) or (_schemas(name) if space == "nn.functional" else [])


def _inspected(full: str) -> list[Signature]:
    value: Any = torch
    for part in full.split(".")[1:]:
        value = getattr(value, part)
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return []
    if any([p.kind is p.VAR_KEYWORD for p in parameters]):
        return []
    found, keywords = [], False
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not keywords:
            found.append("*")
            keywords = True
        star = "*" if p.kind is p.VAR_POSITIONAL else ""
        found.append(star + p.name + ("" if p.default is p.empty else "="))
    return [found[1:] if found[:1] == ["self"] else found]


@cache
def _stub(path: str, of_class: str = "") -> dict[str, list[Signature]]:
    body = ast.parse((ROOT / path).read_text()).body
    if of_class:
        body = next(n for n in body if isinstance(n, ast.ClassDef) and n.name == of_class).body
    found: dict[str, list[Signature]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            signature = _of_node(node)
            if signature is not None:
                found.setdefault(node.name, []).append(signature)
    return found


def _of_node(node: ast.FunctionDef) -> Signature | None:
    """A stub's arguments; None for an overload with named dimensions or of deprecated order."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    text = ast.unparse(args)
    if "EllipsisType" in text or "Dimname" in text:
        return None
    if [a.arg for a in positional][:1] == ["self"]:
        if positional[0].annotation is not None:  # f(self: Tensor, alpha, other): deprecated
            return None
        positional = positional[1:]
    plain = len(positional) - len(args.defaults)
    found = [
        a.arg.removesuffix("_") + ("=" if i >= plain else "") for i, a in enumerate(positional)
    ]
    if args.vararg:
        found.append("*" + args.vararg.arg)
    elif args.kwonlyargs:
        found.append("*")
    return found + [
        a.arg + ("=" if default is not None else "")
        for a, default in zip(args.kwonlyargs, args.kw_defaults)
    ]


def _schemas(name: str) -> list[Signature]:
    found: list[Signature] = []
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        text = str(schema)
        if "Dimname" in text or not schema.arguments or "Tensor" not in text:
            continue
        arguments = schema.arguments
        outs = [argument for argument in arguments if argument.is_out]
        signature, keywords = [], False
        for argument in [a for a in arguments if not a.is_out]:
            if argument.kwarg_only and not keywords:
                signature.append("*")
                keywords = True
            label = "input" if argument.name == "self" else argument.name
            signature.append(label + ("=" if argument.has_default_value() else ""))
        with_out = [*signature, *([] if keywords else ["*"]), "out="]
        if outs:
            if signature in found:
                found.remove(signature)
            found.append(with_out)
        elif with_out not in found:
            found.append(signature)
    return found
