"""What an operation is: a record of its shape rule, its kernel and its gradient.

A `Primitive` is data. `kernels.launch` runs it on arrays, `tensor.apply` runs it on Tensors and
remembers what its gradient will need, `autograd` reads its gradient formulas. See
``docs/design.md`` for the reasons and ``ops/`` for the records themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Shape: TypeAlias = tuple[int, ...]


class Spec(NamedTuple):
    """What is known of an array before it exists.

    `order` is its layout: the axes from outermost to innermost in memory; None is C order, and a
    convolution stored channels-last has (0, 2, 3, 1).
    """

    shape: Shape
    dtype: np.dtype
    order: tuple[int, ...] | None = None


class Plan(NamedTuple):
    """What backward will ask for, given which inputs lead back to a leaf."""

    needs: tuple[bool, ...]  # which inputs get a gradient
    inputs: tuple[int, ...]  # positions of the inputs to keep
    outputs: tuple[int, ...]  # positions of the outputs to keep
    noted: tuple[int, ...]  # positions of the inputs whose shape and dtype to note


REGISTRY: dict[str, Primitive] = {}


class Primitive:
    """A compute operation: outputs are allocated by its shape rule, then filled by its kernel.

    Args:
        name: what errors, graphs and recordings call it.
        spec: ``spec(*inputs, **attrs)`` takes the inputs (anything with shape, dtype and
            strides) and gives a `Spec`, or a tuple of them for several outputs. Its positional
            parameters name the inputs, its keyword-only ones the attributes. Attributes
            ``out_shape`` and ``out_dtype`` are for this rule alone: the kernel sees them on `out`.
            An operation without inputs takes its place as the attribute ``device``. Elementwise
            operations share one rule, and give their inputs' names only.
        kernel: ``family.function``, found in ``kernels/<device>/family.py``, else in
            ``kernels/reference/family.py``; called as ``kernel(*outs, *inputs, **attrs)``.
        vjps: one gradient formula an input (None: not differentiable in it). Written on Tensors
            with ordinary operators; parameter names after ``g`` say what is wanted, and so what is
            kept alive: an input or output by its name (``y`` if there is one), ``x_shape`` and
            ``x_dtype`` of input ``x``, or an attribute.
        vjp: instead of `vjps`, one joint formula ``vjp(needs, g, ...)`` giving a gradient for every
            input; `needs` says which are wanted. Several outputs give ``g_<output>`` each, and any
            may be None: nothing downstream used that output.
        outputs: the outputs' names.
        broadcasts: inputs broadcast against each other, so gradients are summed back to shape.
        definition: the meaning in simpler operations, a function of Tensors. A fused operation
            states one, and its gradient goes through it whenever a graph of the gradient is
            wanted: second derivatives need no code and are right.
        formula: the mathematics in one line, for documentation.
        complex: takes complex inputs; others refuse them.
    """

    kind = "compute"
    view: Callable[..., Any]  # of a View only

    def __init__(
        self,
        name: str,
        spec: Callable[..., Any] | str,
        *,
        kernel: str | None = None,
        vjps: Sequence[Callable[..., Any] | None] = (),
        vjp: Callable[..., Any] | None = None,
        outputs: tuple[str, ...] = ("y",),
        broadcasts: bool = False,
        definition: Callable[..., Any] | None = None,
        formula: str = "",
        complex: bool = False,
    ) -> None:
        self.spec: Any = spec
        self.name, self.kernel, self.complex = name, kernel, complex
        self.vjps, self.vjp, self.definition = tuple(vjps), vjp, definition
        self.outputs, self.broadcasts, self.formula = outputs, broadcasts, formula
        self.inputs, self.variadic = _input_names(spec)
        clash = {g_name(o, outputs) for o in outputs} & {*self.inputs, *outputs}
        assert not clash, f"{name}: {clash} names an input or output and its gradient too"
        self.differentiable = vjp is not None or any(self.vjps)
        # Array type -> function, filled by kernels.lookup on first use.
        self.kernels: dict[type, Callable[..., Any]] = {}
        self._plans: dict[tuple[bool, ...], Plan | None] = {}
        self._read_formulas()
        REGISTRY[name] = self

    def _read_formulas(self) -> None:
        """What each gradient formula asks for, read from its parameter names."""
        self.gradient_names = [g_name(name, self.outputs) for name in self.outputs]
        self.wants = tuple([parameter_names(f)[1:] for f in self.vjps])
        self.joint_wants = parameter_names(self.vjp)[1:]

    def plan(self, edges: tuple[bool, ...]) -> Plan | None:
        """What to keep for backward, given which inputs lead back to a leaf; None for nothing.

        Cached: an operation meets a few masks only.
        """
        try:
            return self._plans[edges]
        except KeyError:
            plan = self._plans[edges] = self._plan(edges)
            return plan

    def _plan(self, edges: tuple[bool, ...]) -> Plan | None:
        if self.vjp is not None:
            needs = edges
        elif self.vjps:
            needs = tuple([e and f is not None for e, f in zip(edges, self.vjps, strict=True)])
        else:
            return None
        if not any(needs):
            return None
        names = self._named_by_formulas(needs)
        return Plan(needs, *self._kept(needs, names), self._noted(needs, names))

    def _named_by_formulas(self, needs: tuple[bool, ...]) -> set[str]:
        names = set(self.joint_wants)
        for need, wants in zip(needs, self.wants, strict=False):
            if need:
                names.update(wants)
        return names

    def _noted(self, needs: tuple[bool, ...], names: set[str]) -> tuple[int, ...]:
        if self.variadic:
            return tuple(range(len(needs)))
        return tuple(
            [
                i
                for i, (need, name) in enumerate(zip(needs, self.inputs, strict=True))
                if need or f"{name}_shape" in names or f"{name}_dtype" in names
            ]
        )

    def _kept(
        self, needs: tuple[bool, ...], names: set[str]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        outputs = tuple([i for i, name in enumerate(self.outputs) if name in names])
        everything = tuple(range(len(needs)))
        if self.definition is not None or (self.variadic and self.inputs[0] in names):
            return everything, outputs
        if self.variadic:
            return (), outputs
        return tuple([i for i in everything if self.inputs[i] in names]), outputs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Elementwise(Primitive):
    """An operation on scalars, applied to every element of its broadcast inputs.

    Args:
        expr: the value as a scalar expression in the inputs' names (see `expr`): one truth,
            rendered for each machine.
        result: dtype of the output: ``"same"`` as the promoted inputs, ``"float"`` (integers
            become the default float), ``"real"`` (as the parts of complex inputs) or ``"bool"``.
        conditions: leading inputs that are conditions (bool) and take no part in promotion.
        takes: the kinds of dtype that the inputs may promote to: "b" bool, "i" integers, "f"
            floats; `complex` says it of complex ones.
        refuses: the kinds that no input may have, whatever they promote to.
    """

    kind = "elementwise"

    def __init__(
        self,
        name: str,
        expr: str,
        inputs: str,
        *,
        vjps: Sequence[Callable[..., Any] | None] = (),
        result: str = "same",
        conditions: int = 0,
        takes: str = "bif",
        refuses: str = "",
        formula: str = "",
        complex: bool = False,
    ) -> None:
        self.expr, self.result, self.conditions = expr, result, conditions
        self.takes, self.refuses = takes, refuses
        super().__init__(
            name, inputs, vjps=vjps, broadcasts=True, formula=formula or expr,
            complex=complex,
        )  # fmt: skip
        # Kinds of operands -> how to run on them, filled by kernels.launch.
        self.plans: dict[Any, Any] = {}


class View(Primitive):
    """An operation that shares its input's memory: a rule for shape, strides and offset, no kernel.

    `view` is that rule in array code: ``view(array, **attrs)`` returns a view, never a copy.
    """

    kind = "view"

    def __init__(
        self, name: str, view: Callable[..., Any], *, vjps: Sequence[Callable[..., Any] | None]
    ) -> None:
        self.view = view
        super().__init__(name, view, vjps=vjps, complex=True)


class DataDependent(Primitive):
    """An operation whose output shape depends on values: its kernel returns the arrays.

    It cannot be captured or planned, and is not differentiable itself (its callers gather).
    """

    kind = "data"


def g_name(output: str, outputs: tuple[str, ...]) -> str:
    """The name of an output's gradient in a vjp: ``g``, or ``g_<output>`` if there are several."""
    return "g" if len(outputs) == 1 else f"g_{output}"


def parameter_names(function: Callable[..., Any] | None) -> tuple[str, ...]:
    """The names of a function's parameters, without ``*args`` and ``**kwargs``.

    Read from its code: `inspect.signature` takes 40 us, and this is asked a thousand times while
    the package is imported.
    """
    if function is None:
        return ()
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _input_names(spec: Callable[..., Any] | str) -> tuple[tuple[str, ...], bool]:
    """The inputs that a spec rule takes, and whether they are one list."""
    if isinstance(spec, str):
        return tuple(spec.split()), False
    code = spec.__code__
    named = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & inspect.CO_VARARGS:
        return code.co_varnames[named : named + 1], True
    return code.co_varnames[: code.co_argcount], False
