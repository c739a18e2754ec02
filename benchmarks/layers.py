"""Single layers at real sizes, forward and backward.

Letters: N batch, C and O channels in and out, S side of an image, K side of a kernel, T length,
F and H features in and out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Arrays, Run, Workload, as_array


def layer(
    make: Callable[[Any], Callable[..., Any]], constant: str = ""
) -> Callable[[Any, Arrays, Arrays | None], Run]:
    """Builds y = layer(*inputs) and the gradients of <g, y> by parameters and inputs.

    `make(nn)` is a module or a function; the data are its inputs, in order, and `g` like y. The
    input named by `constant` needs no gradient, as the images of a network do not.
    """

    def build(api: Any, data: Arrays, weights: Arrays | None) -> Run:
        lib = api.lib
        module = make(lib.nn)
        parameters = {}
        if isinstance(module, lib.nn.Module):
            if weights is not None:
                module.load_state_dict({name: lib.tensor(w) for name, w in weights.items()})
            module = api.model(module)
            parameters = dict(module.named_parameters())
        g, *inputs = (api.tensor(data[name]) for name in ["g", *[n for n in data if n != "g"]])
        names = [name for name in data if name != "g"]
        leaves = dict(parameters)
        for name, x in zip(names, inputs):
            if name != constant:
                leaves[name] = x.requires_grad_()
        forward = api.compile(lambda *inputs: module(*inputs))

        def step() -> Any:
            for leaf in leaves.values():
                leaf.grad = None
            y = forward(*inputs)
            y.backward(g)
            return y

        def evidence() -> Arrays:
            found = {"output": as_array(step())}
            return found | {f"gradient of {n}": as_array(leaf.grad) for n, leaf in leaves.items()}

        return Run(step, evidence, {n: as_array(p) for n, p in parameters.items()})

    return build


def convolution(
    title: str, N: int, C: int, O: int, S: int, K: int, stride: int = 1, groups: int = 1,
    constant: str = "",
) -> Workload:  # fmt: skip
    """A row of a convolution with "same" padding, without bias, as before a batch norm."""
    out = S // stride
    passes = 2 if constant else 3  # forward, gradients of the weight and of the input
    return Workload(
        f"convolution of {title}: {N} x {C} x {S} x {S} -> {O}, {K}x{K}",
        arrays(x=(N, C, S, S), g=(N, O, out, out)),
        layer(
            lambda nn: nn.Conv2d(C, O, K, stride, K // 2, groups=groups, bias=False), constant
        ),
        lambda lib: passes * 2.0 * N * out * out * O * K * K * C / groups,
        images=True,
    )  # fmt: skip


def attention(T: int) -> Workload:
    """A row of 8 heads of 64."""
    shape = (1, 8, T, 64)
    return Workload(
        f"attention, 8 heads, {T:,} x 64",
        arrays(q=shape, k=shape, v=shape, g=shape),
        layer(lambda nn: nn.functional.scaled_dot_product_attention),
        lambda lib: 3 * 2 * 2.0 * 8 * T * T * 64,
    )


def last_place(nn: Any) -> Any:
    """An LSTM's outputs alone."""

    class Outputs(nn.LSTM):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:  # (N, T, F) -> (N, T, H)
            return super().forward(x)[0]

    return Outputs(256, 256, batch_first=True)


def arrays(**shapes: tuple[int, ...]) -> Callable[[np.random.Generator], Arrays]:
    """Normal numbers of these shapes."""
    return lambda rng: {n: rng.standard_normal(s, np.float32) for n, s in shapes.items()}


ROWS = {
    "conv_stem": convolution("ResNet's stem", 8, 3, 64, 224, 7, 2, constant="x"),
    "conv_stage1": convolution("ResNet-18's stage 1", 8, 64, 64, 56, 3),
    "conv_stage2": convolution("ResNet-18's stage 2", 8, 128, 128, 28, 3),
    "conv_stage3": convolution("ResNet-18's stage 3", 8, 256, 256, 14, 3),
    "conv_stage4": convolution("ResNet-18's stage 4", 8, 512, 512, 7, 3),
    "conv_depthwise": convolution("each channel by itself", 8, 144, 144, 56, 3, groups=144),
    "linear": Workload(
        "linear, 1,024 x 512 -> 2,048",
        arrays(x=(1024, 512), g=(1024, 2048)),
        layer(lambda nn: nn.Linear(512, 2048)),
        lambda lib: 3 * 2.0 * 1024 * 512 * 2048,
    ),
    "softmax": Workload(
        "softmax, 4,096 x 1,000",
        arrays(x=(4096, 1000), g=(4096, 1000)),
        layer(lambda nn: lambda x: nn.functional.softmax(x, dim=-1)),
    ),
    "layer_norm": Workload(
        "layer norm, 4,096 x 768",
        arrays(x=(4096, 768), g=(4096, 768)),
        layer(lambda nn: nn.LayerNorm(768)),
    ),
    "attention256": attention(256),
    "attention2048": attention(2048),
    "lstm256": Workload(
        "LSTM 256-256 over 100 steps, batch 32",
        arrays(x=(32, 100, 256), g=(32, 100, 256)),
        layer(last_place),
        lambda lib: 3 * 2.0 * 32 * 100 * 4 * 256 * 512,
    ),
}
