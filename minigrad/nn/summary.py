"""What a model is made of: each layer's output shape, parameters and arithmetic."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..context import record, state
from ..grad_mode import no_grad
from ..ops.creation import zeros
from ..random import fork_rng
from ..tensor import Tensor, storage_of
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["LayerSummary", "Summary", "summary"]


def _of_convolution(weight: Any, positions: Any) -> int:
    return 2 * positions.size * math.prod(weight.shape[1:])  # (O, I / groups, *kernel)


def _of_attention(queries: Any, keys: Any, values: Any, out: Any) -> int:
    places = math.prod(out.shape[:-1]) * keys.shape[-2]  # a score for each
    return 2 * places * (queries.shape[-1] + values.shape[-1])


def _of_recurrent(x: Any, weights: Any) -> int:
    return 2 * math.prod(x.shape[:-1]) * sum([w.size for w in weights])


# FLOPs of a primitive, of the arrays that go in and come out: a multiply and an add for each
# product that is summed.
_FLOPS: dict[str, Callable[[Any, Any], int]] = {
    "matmul": lambda x, y: 2 * y.size * x[0].shape[-1],
    "linear": lambda x, y: 2 * y.size * x[0].shape[-1],
    "attention": lambda x, y: _of_attention(x[0], x[1], x[2], y),
    "conv2d": lambda x, y: _of_convolution(x[1], y),
    "conv3d": lambda x, y: _of_convolution(x[1], y),
    "conv2d_input_grad": lambda x, y: _of_convolution(x[1], x[0]),  # transposed convolutions
    "conv3d_input_grad": lambda x, y: _of_convolution(x[1], x[0]),
    "conv2d_bias": lambda x, y: _of_convolution(x[1], y),
    "conv3d_bias": lambda x, y: _of_convolution(x[1], y),
    "conv2d_input_grad_bias": lambda x, y: _of_convolution(x[1], x[0]),
    "conv3d_input_grad_bias": lambda x, y: _of_convolution(x[1], x[0]),
    "rnn": lambda x, y: _of_recurrent(x[0], x[2:4]),
    "gru": lambda x, y: _of_recurrent(x[0], x[2:4]),
    "lstm": lambda x, y: _of_recurrent(x[0], (*x[3:5], x[7])),
}


@dataclass
class LayerSummary:
    """A row of a `Summary`. Parameters and FLOPs are the module's own, without those below it."""

    path: str  # dotted; "" is the model itself
    type: str
    output: Any = None  # the shape of its (last) output, nested as that is; None if it did not run
    parameters: int = 0  # elements; a shared parameter counts where it is first
    trainable: int = 0
    flops: int = 0


@dataclass(frozen=True)
class Summary:
    """What `summary` found: `rows`, and totals. It prints as a table, also in notebooks."""

    rows: list[LayerSummary]
    parameter_bytes: int
    buffer_bytes: int

    @property
    def parameters(self) -> int:
        """How many numbers the parameters hold."""
        return sum([row.parameters for row in self.rows])

    @property
    def trainable(self) -> int:
        """How many of them require grad."""
        return sum([row.trainable for row in self.rows])

    @property
    def flops(self) -> int:
        """Floating-point operations of the call: see `summary`."""
        return sum([row.flops for row in self.rows])

    def _cells(self) -> list[tuple[str, ...]]:
        head = ("layer", "type", "output", "parameters", "trainable", "FLOPs")
        body = []
        for row in self.rows:
            counts = (row.parameters, row.trainable, row.flops)
            numbers = [f"{n:,}" if n else "" for n in counts]
            body.append((row.path, row.type, _shown(row.output), *numbers))
        return [head, *body]

    def _totals(self) -> list[str]:
        return [
            f"parameters: {self.parameters:,} ({self.trainable:,} trainable), "
            f"{_size(self.parameter_bytes)}; buffers: {_size(self.buffer_bytes)}",
            f"FLOPs: {self.flops:,} (of products alone; a multiply-accumulate is 2)",
        ]

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells)]
        lines = []
        for row in cells:
            left = [cell.ljust(width) for cell, width in zip(row[:3], widths[:3])]
            right = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:])]
            lines.append("  ".join(left + right).rstrip())
        rule = "-" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._totals()])

    def _repr_html_(self) -> str:
        head, *body = [[html.escape(cell) for cell in row] for row in self._cells()]
        rows = ["".join(f"<th>{cell}</th>" for cell in head)]
        for row in body:
            left = "".join(f"<td style='text-align:left'>{cell}</td>" for cell in row[:3])
            rows.append(left + "".join(f"<td>{cell}</td>" for cell in row[3:]))
        table = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table>{table}</table><p>{'<br>'.join(map(html.escape, self._totals()))}</p>"


def summary(model: Module, *inputs: Any, **kwargs: Any) -> Summary:
    """Run a model in eval, without gradients, and tell what its layers are and do.

    The model is as before afterwards, its mode, buffers and hooks too, and so is the default
    generator.

    FLOPs are those of products, convolutions, recurrent and attention layers, two for each
    multiply-accumulate, as most papers count (and PyTorch's `FlopCounterMode`); elementwise
    functions, biases, norms, pooling and reductions are not counted. They are read off the
    operations as they run, so they are those of these inputs.

    Args:
        model: any module.
        inputs: what to call it with: tensors, or shapes, for which zeros of the parameters' dtype
            and device stand in.
        kwargs: passed on to the model.

    Returns: a `Summary`; its `rows` are `LayerSummary`.

    Example:
        >>> net = Sequential(Linear(784, 64), ReLU(), Linear(64, 10))
        >>> summary(net, (32, 784)).parameters
        50890
    """
    rows = {id(m): LayerSummary(path, type(m).__name__) for path, m in model.named_modules()}
    counted: set[int] = set()
    sizes = {Parameter: 0, Tensor: 0}
    for module in model.modules():
        row = rows[id(module)]
        for kind in sizes:
            for _, tensor in module._held(kind):
                if id(tensor) not in counted:
                    counted.add(id(tensor))
                    sizes[kind] += tensor.array.nbytes
                    if kind is Parameter:
                        row.parameters += tensor.array.size
                        row.trainable += tensor.array.size * tensor.requires_grad

    def see_output(module: Module, args: Any, output: Any) -> None:
        rows[id(module)].output = _shapes(output)

    def see_operation(prim: Any, operands: Any, result: Any, attrs: Any) -> None:
        if prim.name in _FLOPS:
            flops = _FLOPS[prim.name](operands, result)
            link = state.path
            while link is not None:
                link, module = link[0], link[1]()
                if id(module) in rows:
                    rows[id(module)].flops += flops
                    break

    args = [_made(x, model) for x in inputs]
    with _unchanged(model), fork_rng(), no_grad(), record(see_operation):
        model.eval()
        handles = [m.register_forward_hook(see_output) for m in model.modules()]
        try:
            model(*args, **kwargs)
        finally:
            for handle in handles:
                handle.remove()
    return Summary(list(rows.values()), sizes[Parameter], sizes[Tensor])


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Afterwards the modes and buffers of all modules are what they were."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = []
    for module in model.modules():
        for name, tensor in module._held(Tensor):
            held = (tensor.array, storage_of(tensor), storage_of(tensor).version)
            buffers.append((module, name, tensor, held, tensor.array.copy()))
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for module, name, tensor, (array, storage, version), values in buffers:
            module.__dict__[name] = tensor
            tensor.array, tensor.storage = array, storage
            if storage.version != version:
                array[...] = values


def _made(given: Any, model: Module) -> Any:
    """Zeros, for a shape; anything else as it is."""
    if not isinstance(given, tuple | list) or not all([isinstance(n, int) for n in given]):
        return given
    like = next(model.parameters(), None)
    if like is None:
        return zeros(tuple(given))
    return zeros(tuple(given), dtype=like.dtype, device=like.device)


def _shapes(output: Any) -> Any:
    """The shapes in a nested result."""
    if isinstance(output, Tensor):
        return output.shape
    if isinstance(output, tuple | list):
        return [_shapes(x) for x in output if x is not None]
    if isinstance(output, dict):
        return {key: _shapes(x) for key, x in output.items()}
    return type(output).__name__


def _shown(shape: Any) -> str:
    if isinstance(shape, list):
        return ", ".join([_shown(x) for x in shape])
    if isinstance(shape, dict):
        return ", ".join([f"{key}: {_shown(x)}" for key, x in shape.items()])
    return "not run" if shape is None else str(shape)


def _size(count: int) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024  # type: ignore[assignment]
    return f"{count} B" if unit == "B" else f"{count:.1f} {unit}"
