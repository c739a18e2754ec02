"""Calls to compare beyond PyTorch's own samples: add a line to `CALLS` for more.

A line is the text of a call's arguments. The names in it are those of `NAMES` and of PyTorch's
dtypes; each line is evaluated anew, so its tensors are fresh.
"""

from __future__ import annotations

import math
from typing import Any

import torch

inf, nan = math.inf, math.nan


def T(data: Any, dtype: torch.dtype | None = None, grad: bool = False) -> torch.Tensor:
    """A tensor, as text writes it."""
    return torch.tensor(data, dtype=dtype, requires_grad=grad)


def _floats(*shape: int, grad: bool = True) -> torch.Tensor:
    """Fixed numbers between -2 and 2, none twice."""
    n = math.prod(shape)
    steps = (torch.arange(n) * 37 + 11) % 101
    return ((steps - 50).float() / 25).reshape(shape).requires_grad_(grad)


def names() -> dict[str, Any]:
    """What a line may name, made anew."""
    dtypes = "float16 bfloat16 float32 float64 complex64 complex128 uint8 int8 int16 int32 int64"
    return {
        **{name: getattr(torch, name) for name in dtypes.split()},
        "bool_": torch.bool,
        "inf": inf,
        "nan": nan,
        "T": T,
        "F": _floats,
        "torch": torch,
        "v": _floats(4),  # a vector
        "x": _floats(2, 3),
        "y": _floats(2, 3).detach().flip(1).contiguous().requires_grad_(),
        "m": _floats(3, 3),
        "c": _floats(2, 3, 4),  # a cube
        "d": _floats(2, 3, grad=False).double().requires_grad_(),
        "z": T(1.5, grad=True),  # 0-d
        "e": torch.zeros(0, 3).requires_grad_(),  # empty
        "s": T(SPECIAL, grad=True),
        "i": T([[3, -1, 2], [0, 5, -4]]),
        "j": T([[1, 2, -2], [4, 3, 2]]),
        "b": T([[True, False, True], [False, False, True]]),
        "img": _floats(2, 3, 6, 5),  # N C H W
        "seq": _floats(2, 3, 8),  # N C L
        "vol": _floats(1, 2, 4, 5, 3),  # N C D H W
    }


SPECIAL = [0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 1e-45, 1e30, -1e-30, 0.5, 2.5]

# function -> the arguments of its calls. "Tensor.name" is a method.
CALLS: dict[str, list[str]] = {
    # creation
    "arange": [
        "(5)", "(1, 6)", "(1, 6, 2)", "(0.5, 3, 0.5)", "(5, dtype=float64)", "(0)", "(3, 0, -1)",
        "(end=4)", "(start=1, end=4, step=2)", "(5, requires_grad=True, dtype=float32)",
        "(1, 6, 0)", "(5, 1)", "(5, device='cpu')", "('a')",
    ],
    "linspace": ["(0, 1, 5)", "(0, 1, steps=1)", "(3, -3, 4, dtype=float64)", "(0, 1, -1)",
                 "(start=0, end=10, steps=4, dtype=int64)", "(0, 1, 0)", "(0, 1)"],
    "logspace": ["(0, 1, 5)", "(0, 3, 4, base=2)", "(0, 3, 4, 2.0, dtype=float64)", "(0, 1, -1)"],
    "eye": ["(3)", "(2, 4)", "(3, dtype=int64)", "(0)", "(-1)", "(n=2, m=3)", "(2.5)"],
    "full": ["((2, 3), 7)", "((2, 3), 7.5)", "((2,), True)", "((2,), 1, dtype=float64)", "((), 3)",
             "(size=(2,), fill_value=2)", "((-1,), 0)", "((2, 3), 1.0, requires_grad=True)"],
    "zeros": ["(2, 3)", "((2, 3))", "(0)", "(2, dtype=int64)", "(())", "(-1)", "(2.5)",
              "(size=(2, 3))", "(2, requires_grad=True)", "(2, device='cpu')"],
    "ones": ["(2, 3)", "((2, 3))", "(0)", "(2, dtype=bool_)", "(size=(2, 3))", "(-2)"],
    "empty": ["(2, 3)", "((2, 3))", "(2, dtype=int64)", "(-1)"],
    "tensor": ["([1, 2])", "([1.0, 2])", "(3)", "(True)", "([[True, False]])", "([])", "(2.5)",
               "([1, 2], dtype=float64)", "([1.0], requires_grad=True)", "([[1], [2, 3]])",
               "('a')", "([1, 2], requires_grad=True)", "([1], device='cpu')", "(1j)",
               "([1, 2.5, True])", "(None)", "(data=[1])", "([[], []])"],
    "as_tensor": ["([1, 2])", "(x)", "(x, dtype=float64)", "(3.5)", "([1], device='cpu')"],
    "zeros_like": ["(x)", "(x, dtype=int64)", "(x.t())", "(i)", "(x, requires_grad=True)", "('a')"],
    "ones_like": ["(x)", "(x, dtype=int64)", "(x.t())", "(b)", "(x, device='cpu')"],
    "full_like": ["(x, 3)", "(i, 3)", "(x, 3, dtype=bool_)", "(b, 1)", "(x, fill_value=2.5)"],
    "empty_like": ["(x)", "(x, dtype=int64)"],
    "complex": ["(x, y)", "(d, d)", "(x, d)"],
    "polar": ["(x, y)"],
    "scalar_tensor": ["(2)", "(2.5, dtype=float64)"],
    "hann_window": ["(5)", "(5, False)", "(5, periodic=False)", "(0)", "(1)",
                    "(6, dtype=float64)", "(-1)", "(4, requires_grad=True)"],
    "hamming_window": ["(5)", "(5, False)", "(5, True, 0.6)", "(5, True, 0.6, 0.4)", "(1)"],
    "blackman_window": ["(5)", "(5, False)", "(6, dtype=float64)", "(1)"],
    "bartlett_window": ["(5)", "(5, False)", "(6, dtype=float64)", "(1)"],
    "kaiser_window": ["(5)", "(5, False)", "(5, True, 9.0)", "(6, dtype=float64)", "(1)"],
    "tril_indices": ["(3, 3)", "(3, 4, 1)", "(row=2, col=3, offset=-1)", "(2, 2, dtype=int32)"],
    "triu_indices": ["(3, 3)", "(3, 4, 1)", "(row=2, col=3, offset=-1)", "(2, 2, dtype=int32)"],
    "cartesian_prod": ["(T([1, 2]), T([3, 4, 5]))", "(T([1, 2]))"],
    "combinations": ["(v)", "(v, 3)", "(v, r=2, with_replacement=True)", "(v, 0)", "(x)"],
    "vander": ["(v)", "(v, 3)", "(v, N=3, increasing=True)"],
    "meshgrid": ["(v, T([1.0, 2.0]))", "(v, T([1.0, 2.0]), indexing='xy')",
                 "([v, v], indexing='ij')", "(v, v, indexing='no')", "(x, v)"],
    "block_diag": ["(x, m)", "(v, z)", "()"],
    # types
    "promote_types": ["(int64, float32)", "(float16, bfloat16)", "(uint8, int8)", "(bool_, int16)",
                      "(complex64, float64)", "(3, int64)"],
    "result_type": ["(x, 1)", "(i, 1.5)", "(i, x)", "(z, d)", "(1, 2.5)", "(b, 1)", "(i, z)"],
    "can_cast": ["(float32, int64)", "(int64, float32)", "(float64, float32)"],
    "is_floating_point": ["(x)", "(i)", "(b)", "(3)"],
    "is_complex": ["(x)", "(i)"],
    "is_nonzero": ["(z)", "(T([0.0]))", "(x)"],
    "is_same_size": ["(x, y)", "(x, m)"],
    "numel": ["(x)", "(z)", "(e)"],
    "is_tensor": ["(x)", "(3)"],
    "get_default_dtype": ["()"],
    # elementwise, whatever their samples
    "add": ["(x, 2, alpha=3)", "(x, y, alpha=0.5)", "(i, j, alpha=2)", "(i, j, alpha=0.5)",
            "(b, b)", "(x, True)", "(2, x)", "(x, 'a')", "(input=x, other=y)", "(x, None)"],
    "sub": ["(x, y, alpha=2)", "(b, b)", "(2, x)", "(x, 'a')", "(i, 2.5)"],
    "rsub": ["(x, 2)", "(x, y, alpha=2)", "(i, j)"],
    "div": ["(i, j)", "(x, y, rounding_mode='floor')", "(i, j, rounding_mode='trunc')",
            "(i, 0)", "(x, y, rounding_mode='no')", "(s, 0.0)", "(i, T([[0]]), rounding_mode='floor')"],
    "pow": ["(i, 2)", "(i, -1)", "(2, x)", "(2, i)", "(x, 0.5)", "(T([0.0], grad=True), 0)",
            "(s, 2)", "(s, 0.5)", "(s, -1)", "(0.0, s)", "(b, b)", "(x, T([2, 3, 1]))"],
    "clamp": ["(x, -0.5, 0.5)", "(x, min=0.1)", "(x, max=T([0.0, 1.0, -1.0]))", "(s, -1, 1)", "(x)",
              "(i, 0.5)", "(x, 1, -1)", "(x, min=y)", "(x, nan)", "(b, 0, 1)", "(x, y, 0.5)"],
    "where": ["(b, x, y)", "(b, x, 0)", "(b, 1, 2)", "(b, 1.0, i)", "(b)", "(i, x, y)", "(b, x, d)"],
    "nan_to_num": ["(s)", "(s, nan=1.0)", "(s, 0.5, 9.0, -9.0)", "(s, posinf=3.0)", "(i)",
                   "(s, neginf=-2.0)"],
    "isclose": ["(s, s)", "(s, s, equal_nan=True)", "(x, x + 1e-4, rtol=1e-3, atol=0.0)", "(i, i)",
                "(x, i)", "(x, y, rtol=-1)"],
    "allclose": ["(x, x)", "(x, y)", "(s, s)", "(s, s, equal_nan=True)", "(x, y, 1.0, 4.0)",
                 "(x, d)"],
    "equal": ["(x, x)", "(x, y)", "(x, m)", "(i, i)", "(x, 3)"],
    "round": ["(s)", "(x, decimals=1)", "(T([0.5, 1.5, 2.5, -0.5]))", "(i)", "(i, decimals=1)"],
    "lerp": ["(x, y, 0.3)", "(x, y, y)", "(x, y, weight=2.0)", "(i, j, 0.5)"],
    "addcmul": ["(x, x, y)", "(x, x, y, value=0.5)", "(i, j, j, value=2)", "(i, j, j, value=0.5)"],
    "addcdiv": ["(x, x, y)", "(x, x, y, value=0.5)", "(i, j, j)"],
    "logit": ["(T([0.0, 0.2, 1.0, 1.5], grad=True))", "(T([0.0, 0.2, 1.0], grad=True), 0.1)",
              "(x, eps=0.3)"],
    "mvlgamma": ["(v + 4, 2)", "(v + 4, p=1)"],
    "polygamma": ["(1, v + 4)", "(0, v)", "(-1, v)", "(2, s)"],
    "frexp": ["(s)", "(x)"],
    "ldexp": ["(x, j)", "(x, 2)"],
    "gcd": ["(i, j)", "(x, y)"],
    "lcm": ["(i, j)"],
    # reductions
    "sum": ["(x)", "(x, 0)", "(x, (0, 1), keepdim=True)", "(b)", "(i, dtype=float64)", "(x, 5)",
            "(x, dim=[])", "(x, dim=None)", "(e, 0)", "(F(2, 3, grad=False), dtype=int64)", "(x, (0, 0))", "(s)"],
    "mean": ["(x)", "(x, 0)", "(x, (0, 1), keepdim=True)", "(i)", "(i, dtype=float32)", "(e)",
             "(x, dim=[])", "(b)", "(e, 0)"],
    "prod": ["(x)", "(x, 0)", "(x, 1, keepdim=True)", "(i)", "(b)", "(x, dtype=float64)", "(e)",
             "(T([2.0, 0.0, 3.0], grad=True))", "(T([0.0, 0.0, 3.0], grad=True))"],
    "var": ["(x)", "(x, 1)", "(x, 1, correction=0)", "(x, 1, unbiased=False)", "(x, False)",
            "(x, (0, 1), keepdim=True)", "(i)", "(z)", "(x, dim=1, correction=2)", "(e, 0)"],
    "std": ["(x)", "(x, 1)", "(x, 1, correction=0)", "(x, 1, unbiased=False)", "(x, False)",
            "(x, (0, 1), keepdim=True)", "(i)", "(T([2.0, 2.0], grad=True))"],
    "max": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(x, y)", "(s, 0)", "(e)", "(e, 0)", "(i, 0)",
            "(T([1.0, 3.0, 3.0], grad=True))", "(T([1.0, 3.0, 3.0], grad=True), 0)", "(b)", "(x, 9)"],
    "min": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(x, y)", "(s, 0)", "(e)", "(e, 0)", "(i, 0)",
            "(T([1.0, 1.0, 3.0], grad=True))", "(T([1.0, 1.0, 3.0], grad=True), 0)", "(b)"],
    "amax": ["(x)", "(x, 1)", "(x, (0, 1), True)", "(T([1.0, 3.0, 3.0], grad=True))", "(e)"],
    "amin": ["(x)", "(x, 1)", "(x, (0, 1), True)", "(T([1.0, 1.0, 3.0], grad=True))", "(e)"],
    "aminmax": ["(x)", "(x, dim=1)", "(x, dim=0, keepdim=True)", "(s)", "(e)"],
    "argmax": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(s)", "(T([3, 3, 1]))", "(e)", "(b)"],
    "argmin": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(s)", "(T([1, 1, 3]))", "(e)", "(b)"],
    "any": ["(b)", "(x)", "(b, 1)", "(b, dim=(0, 1), keepdim=True)", "(e)", "(s)", "(i, 0)"],
    "all": ["(b)", "(x)", "(b, 1)", "(b, dim=(0, 1), keepdim=True)", "(e)", "(s)", "(i, 0)"],
    "median": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(s)", "(s, 0)", "(i)", "(e)", "(e, 0)"],
    "nanmedian": ["(x)", "(x, 1)", "(x, 1, keepdim=True)", "(s)", "(s, 0)"],
    "mode": ["(T([1.0, 2.0, 2.0], grad=True))", "(i, 1)", "(x, 0, keepdim=True)"],
    "quantile": ["(x, 0.4)", "(x, T([0.1, 0.5]), dim=1)", "(x, 0.4, dim=0, keepdim=True)",
                 "(x, 0.4, interpolation='lower')", "(x, 0.4, interpolation='higher')",
                 "(x, 0.4, interpolation='midpoint')", "(x, 0.4, interpolation='nearest')",
                 "(s, 0.5)", "(x, 1.5)", "(i, 0.5)", "(x, d)"],
    "nanquantile": ["(s, 0.4)", "(x, T([0.1, 0.5]), dim=1, keepdim=True)",
                    "(s, 0.4, interpolation='nearest')"],
    "histc": ["(v)", "(v, 4)", "(v, bins=4, min=-1, max=1)", "(i.flatten())", "(s)", "(v, 0)"],
    "bincount": ["(T([0, 1, 1, 4]))", "(T([0, 1]), T([0.5, 2.0]))", "(T([1]), minlength=5)",
                 "(T([-1]))", "(T([1.0]))", "(T([[1]]))"],
    "logsumexp": ["(x, 1)", "(x, (0, 1), keepdim=True)", "(s, 0)", "(i, 1)", "(e, 0)"],
    "norm": ["(x)", "(x, 1)", "(x, p='fro')", "(x, p=inf, dim=1)", "(x, 2, 1, True)", "(x, p=0)",
             "(x, p='nuc')", "(x, dtype=float64)", "(x, 3, dim=(0, 1))", "(i)"],
    # order, searching
    "sort": ["(x)", "(x, 0)", "(x, descending=True)", "(s)", "(s, descending=True)", "(i)", "(b)",
             "(T([2.0, 1.0, 2.0, 1.0], grad=True), stable=True)", "(z)", "(e)", "(x, 3)"],
    "argsort": ["(x)", "(x, 0)", "(x, descending=True)", "(T([2.0, 1.0, 2.0]), stable=True)"],
    "topk": ["(x, 2)", "(x, 1, 0)", "(x, 2, largest=False)", "(x, 2, sorted=True)", "(x, 5)",
             "(s, 4)", "(x, k=0)", "(i, 2, dim=1)"],
    "kthvalue": ["(x, 2)", "(x, 1, 0)", "(x, 1, keepdim=True)", "(x, 7)", "(x, 0)", "(s, 11)"],
    "unique": ["(i)", "(i, sorted=True)", "(i, return_inverse=True)", "(i, return_counts=True)",
               "(i, return_inverse=True, return_counts=True)", "(T([[1, 2], [1, 2], [0, 1]]), dim=0)",
               "(b)", "(T([1.0, nan, 1.0]))", "(e)"],
    "unique_consecutive": ["(T([1, 1, 2, 1]))", "(T([1, 1, 2, 1]), return_inverse=True)",
                           "(T([1, 1, 2, 1]), return_counts=True)",
                           "(T([[1, 2], [1, 2], [0, 1]]), dim=0)"],
    "searchsorted": ["(T([1.0, 2.0, 4.0]), v)", "(T([1, 2, 4]), 2)", "(T([1, 2, 4]), i, right=True)",
                     "(T([1, 2, 4]), i, side='right')", "(T([1, 2, 4]), i, out_int32=True)",
                     "(T([4.0, 1.0, 2.0]), v, sorter=T([1, 2, 0]))", "(T([1, 2]), i, side='no')"],
    "bucketize": ["(x, T([-1.0, 0.0, 1.0]))", "(0.5, T([0.0, 1.0]))",
                  "(x, T([-1.0, 0.0, 1.0]), right=True)", "(i, T([0, 3]), out_int32=True)"],
    "isin": ["(i, T([1, 2]))", "(i, 2)", "(2, i)", "(i, T([1, 2]), invert=True)",
             "(i, T([1, 2]), assume_unique=False)"],
    "nonzero": ["(i)", "(x)", "(i, as_tuple=True)", "(z)", "(b)", "(e)"],
    "argwhere": ["(i)", "(z)", "(b)"],
    "count_nonzero": ["(i)", "(i, 1)", "(b, dim=0)", "(s)"],
    # shape
    "cat": ["((x, y))", "([x, y], 1)", "([x, y], dim=-1)", "([x, i])", "([x, d])", "([])",
            "([x, m])", "([x, v])", "([T([]), x])", "(tensors=(x, y), dim=0)", "([z, z])"],
    "stack": ["((x, y))", "([x, y], 1)", "([x, y], dim=-1)", "([x, m])", "([z, z])", "([])"],
    "split": ["(x, 1)", "(x, [1, 2], 1)", "(x, 2, dim=1)", "(x, [1, 1], 1)", "(x, 0)", "(x, -1)"],
    "tensor_split": ["(v, 3)", "(v, (1, 3))", "(x, 2, dim=1)", "(v, T([1, 2]))", "(v, 0)"],
    "chunk": ["(x, 2)", "(x, 2, 1)", "(v, 3)", "(v, chunks=9, dim=0)", "(v, 0)"],
    "unbind": ["(x)", "(x, 1)", "(z)"],
    "roll": ["(x, 1)", "(x, (1, 2), (0, 1))", "(x, shifts=-1, dims=1)", "(x, (1, 2))"],
    "flip": ["(x, (0,))", "(x, [0, 1])", "(x, dims=(-1,))", "(x, (0, 0))"],
    "rot90": ["(x)", "(x, 2)", "(x, 1, (1, 0))", "(x, k=-1, dims=[0, 1])", "(x, 1, (0, 0))"],
    "repeat_interleave": ["(x, 2)", "(x, 2, dim=1)", "(v, T([1, 2, 0, 1]))", "(T([1, 0, 2]))",
                          "(v, T([1, 2, 0, 1]), dim=0, output_size=4)"],
    "diagonal": ["(m)", "(x, 1)", "(c, offset=-1, dim1=1, dim2=2)", "(v)", "(c, 0, 1, 1)"],
    "diag": ["(v)", "(m)", "(x, 1)", "(v, diagonal=-1)", "(c)"],
    "diag_embed": ["(x)", "(x, 1)", "(x, offset=-1, dim1=0, dim2=2)"],
    "diagflat": ["(x)", "(v, 1)", "(v, offset=-1)"],
    "tril": ["(m)", "(x, 1)", "(c, diagonal=-1)", "(v)"],
    "triu": ["(m)", "(x, 1)", "(c, diagonal=-1)", "(v)"],
    "flatten": ["(c)", "(c, 1)", "(c, 0, 1)", "(c, start_dim=1, end_dim=-1)", "(z)", "(c, 2, 1)"],
    "unflatten": ["(c, 2, (2, 2))", "(c, -1, (2, -1))", "(c, dim=1, sizes=(3, 1))", "(c, 1, (2, 2))"],
    "squeeze": ["(c[:1])", "(c[:1], 0)", "(c, 0)", "(c[:1, :1], (0, 1))", "(c, 5)"],
    "movedim": ["(c, 0, 2)", "(c, (0, 1), (1, 2))", "(c, source=1, destination=0)", "(c, (0, 0), (1, 2))"],
    "permute": ["(c, (2, 0, 1))", "(c, dims=(0, 2, 1))", "(c, (0, 1))", "(c, (0, 0, 1))"],
    "reshape": ["(c, (4, 6))", "(c, (-1,))", "(c.transpose(0, 1), (6, 4))", "(c, shape=(24,))",
                "(c, (5, 5))", "(c, (-1, -1))", "(z, ())"],
    "broadcast_to": ["(v, (3, 4))", "(x, size=(2, 2, 3))", "(x, (3, 2))"],
    "broadcast_shapes": ["((2, 1), (3,))", "((2,), (3,))", "((), (4,))"],
    "Tensor.expand": ["(v, 3, 4)", "(v, 3, -1)", "(v, (3, 4))", "(v, size=(2, 4))", "(x, 2, 4)",
                      "(v, -1, 4)"],
    "Tensor.repeat": ["(v, 2)", "(x, 2, 1, 2)", "(x, (1, 2))", "(x, 2)", "(x, repeats=(1, 2))"],
    "Tensor.view": ["(c, 4, 6)", "(c, -1)", "(c, (4, 6))", "(c.transpose(0, 1), 24)", "(c, 5, 5)",
                    "(x, int32)"],
    "Tensor.unfold": ["(v, 0, 2, 1)", "(x, dimension=1, size=2, step=1)", "(v, 0, 9, 1)"],
    "Tensor.new_zeros": ["(x, (2,))", "(x, 2, 3)", "(i, (2,), dtype=float32)", "(x, size=(2,))"],
    "Tensor.new_ones": ["(x, (2,))", "(x, 2, 3)", "(i, (2,), dtype=float32)"],
    "Tensor.new_full": ["(x, (2,), 3)", "(i, (2,), 2.5)", "(x, (2,), 3, dtype=int64)"],
    "Tensor.new_tensor": ["(x, [1, 2])", "(i, [1.5])", "(x, [1, 2], dtype=int64)"],
    "Tensor.new_empty": ["(x, (2, 3))", "(i, 2)"],
    "Tensor.__getitem__": [
        "(c, 0)", "(c, (0, 1))", "(c, slice(None, None, 2))", "(c, (Ellipsis, 1))", "(c, None)",
        "(c, T([1, 0]))", "(c, (slice(None), T([2, 0]), 1))", "(c, (0, slice(None), T([2, 0])))",
        "(x, b)", "(c, (slice(None), T([True, False, True])))", "(c, 5)", "(c, T([5]))", "(c, 'a')",
        "(c, (T([1]), slice(None), T([0])))", "(c, (0, 0, 0, 0))", "(c, T([-1, 0]))", "(c, True)",
        "(c, [1, 0])", "(c, 1.5)", "(x, T([True, False, True]))", "(z, ())", "(z, 0)",
        "(c, (T([[0], [1]]), T([0, 2])))", "(c, slice(1, 9))",
    ],
    "Tensor.item": ["(z)", "(T([2]))", "(x)", "(T(True))"],
    "Tensor.tolist": ["(x)", "(z)", "(i)", "(b)", "(e)"],
    "Tensor.size": ["(x)", "(x, 0)", "(x, -1)", "(x, dim=1)", "(x, 4)"],
    "Tensor.stride": ["(x)", "(x, 0)", "(c.transpose(0, 2))"],
    "Tensor.dim": ["(x)", "(z)"],
    "Tensor.ndimension": ["(x)"],
    "Tensor.numel": ["(x)"],
    "Tensor.nelement": ["(x)"],
    "Tensor.element_size": ["(x)", "(d)", "(b)"],
    "Tensor.is_contiguous": ["(x)", "(x.t())"],
    "Tensor.is_floating_point": ["(x)", "(i)"],
    "Tensor.is_complex": ["(x)"],
    "Tensor.is_signed": ["(x)", "(b)", "(T([1], uint8))"],
    "Tensor.to": ["(x, float64)", "(x, 'cpu')", "(x, dtype=int64)", "(x, d)", "(x, copy=True)",
                  "(x, 'cpu', float64)", "(x)", "(x, float32)", "(i, other=x)", "(x, device='cpu')"],
    "Tensor.type": ["(x, float64)", "(x, dtype=int64)"],
    "Tensor.type_as": ["(x, d)", "(x, i)"],
    "Tensor.detach": ["(x)"],
    "Tensor.clone": ["(x)", "(c.transpose(0, 1))"],
    "Tensor.contiguous": ["(x)", "(x.t())"],
    "Tensor.view_as": ["(x, F(3, 2))", "(x, v)"],
    "Tensor.reshape_as": ["(x, F(3, 2))", "(x, v)"],
    "Tensor.expand_as": ["(v, F(3, 4))", "(v, x)"],
    "Tensor.sum_to_size": ["(x, 1, 3)", "(x, (2, 1))", "(x, 4)"],
    # products
    "einsum": ["('ij,jk->ik', x, m)", "('ii', m)", "('ii->i', m)", "('ij->ji', x)", "('i,j->ij', v, v)",
               "('bij,bjk->bik', c, F(2, 4, 2))", "('...i,...i->...', x, y)", "('ij,ij', x, y)",
               "('ij,jk', x, x)", "('ij->ijk', x)", "('a b, b c -> a c', x, m)", "('ij,kj,jl->ikl', x, x, m)"],
    "tensordot": ["(x, m, 1)", "(x, y, dims=2)", "(x, y, ([0], [0]))", "(c, x, dims=([1, 0], [1, 0]))",
                  "(x, y, 1)"],
    "matmul": ["(x, m)", "(v, v)", "(c, F(4, 2))", "(x, v)", "(m, F(3))", "(z, x)", "(i, j.t())",
               "(x, i.t())"],
    "cross": ["(x, y)", "(x, y, dim=1)", "(m, m, 0)", "(v, v)"],
    "cdist": ["(x, m)", "(x, m, p=1.0)", "(x, m, 2.0, 'donot_use_mm_for_euclid_dist')", "(x, m, p=inf)",
              "(x, v)", "(x, x)"],
    "trapezoid": ["(v)", "(x, dim=0)", "(v, v)", "(x, dx=0.5)"],
    "cumulative_trapezoid": ["(v)", "(x, dim=0)", "(v, v)", "(x, dx=0.5)"],
    "gradient": ["(v)", "(x, dim=1)", "(v, spacing=2.0)", "(v, edge_order=2)"],
    "diff": ["(v)", "(x, n=2)", "(x, dim=0)", "(v, prepend=T([1.0]))", "(v, append=T([1.0, 2.0]))"],
    # random: shapes, dtypes and errors alone are compared
    "rand": ["(2, 3)", "((2, 3))", "(2, dtype=float64)", "(-1)", "(2, dtype=int64)", "()"],
    "randn": ["(2, 3)", "((2, 3))", "(2, dtype=float64)", "(2, requires_grad=True)"],
    "randint": ["(5, (2, 3))", "(1, 5, (2,))", "(5, (2,), dtype=float32)", "(low=0, high=3, size=(2,))",
                "(5, 5, (2,))", "(0, (2,))"],
    "randperm": ["(5)", "(0)", "(5, dtype=int32)", "(-1)"],
    "bernoulli": ["(T([0.5, 0.5], grad=True))", "(x)", "(T([0.5]), 0.3)"],
    "multinomial": ["(T([0.5, 0.5]), 1)", "(T([[0.5, 0.5]]), 4, replacement=True)",
                    "(T([0.5, 0.5]), 3)", "(T([-1.0, 2.0]), 1)", "(T([0.5, 0.5]), num_samples=2)"],
    "normal": ["(0.0, 1.0, (2, 3))", "(x, 1.0)", "(x, T([1.0, 2.0, 3.0]))", "(mean=0.0, std=T([1.0]))",
               "(x, -1.0)", "(0.0, T([1.0]))"],
    "poisson": ["(T([1.0, 4.0]))"],
    "rand_like": ["(x)", "(x, dtype=float64)", "(i)"],
    "randn_like": ["(x)", "(x, dtype=float64)"],
    "randint_like": ["(x, 5)", "(i, 1, 5)"],
    "Tensor.uniform_": ["(F(2, grad=False))", "(F(2, grad=False), 1, 2)", "(F(2, grad=False), 2, 1)"],
    "Tensor.normal_": ["(F(2, grad=False))", "(F(2, grad=False), mean=1, std=2)",
                       "(F(2, grad=False), 0, -1)"],
    "Tensor.exponential_": ["(F(2, grad=False))", "(F(2, grad=False), 2)", "(F(2, grad=False), -1)"],
    "Tensor.bernoulli_": ["(F(2, grad=False))", "(F(2, grad=False), 0.3)", "(F(2, grad=False), 2)"],
    "Tensor.random_": ["(F(2, grad=False))", "(F(2, grad=False), 5)", "(F(2, grad=False), 1, 5)"],
    # nn.functional
    "nn.functional.pairwise_distance": ["(x, y)", "(x, y, 1.0)", "(x, y, p=3, eps=1e-3, keepdim=True)"],
    "nn.functional.normalize": ["(x)", "(x, 1, 0)", "(x, p=3, dim=1, eps=9.0)", "(T([[0.0, 0.0]], grad=True))"],
    "nn.functional.gumbel_softmax": ["(x)", "(x, 0.5)", "(x, tau=2, hard=True, dim=0)"],
    "nn.functional.softmax": ["(x, 1)", "(x, dim=0, dtype=float64)", "(s, 0)", "(i, 0)", "(x, 4)"],
    "nn.functional.log_softmax": ["(x, 1)", "(x, dim=0, dtype=float64)", "(s, 0)"],
}  # fmt: skip


def calls(function: str) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The calls of `function` ("torch.add") listed here: text, args, kwargs."""
    found = []
    for text in CALLS.get(function.removeprefix("torch."), []):
        scope = {**names(), "_call": lambda *args, **kwargs: (args, kwargs)}
        with torch.no_grad():  # a derived argument, such as x.t(), is a constant
            args, kwargs = eval("_call" + text, scope)
        found.append((text, args, kwargs))
    return found
