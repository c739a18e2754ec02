"""The rows of the table on PyTorch's tensors: the same values, dtypes and gradients, also at ties,
infinities and NaN. Where PyTorch is not installed these tests are skipped."""

import warnings

import numpy as np
import pytest
from rows import FAMILIES, TABLE

import minigrad as mg

torch = pytest.importorskip("torch")

DTYPES = {"f": (mg.float64, mg.float32), "i": (mg.int64, mg.int32, mg.uint8), "b": (mg.bool,),
          "c": (mg.complex128, mg.complex64), "d": (mg.float64, mg.float32)}  # fmt: skip
# The extreme of NaN gives it the gradient here, as in PyTorch's max; there it is NaN everywhere.
SCATTERED = ("scatter_reduce amax", "scatter_reduce amin")
# PyTorch gives the indices of any equal elements.
TIED = ("topk", "kthvalue")
OURS_ALONE = (
    "vander",  # PyTorch has no gradients here, or wrong ones
    "detach_copy",
    "as_strided_scatter",
    "view_as_complex_copy",
    *[op.name for op in FAMILIES["random"].ROWS],
    "scatter add",
    "scatter multiply",
    "scatter a part",
    "unique",
    "histogram",
    "histogramdd",
    "to another device",
    "max_pool2d_gather",
    "gumbel_softmax",
)
# PyTorch has no derivative of these.
NOT_DIFFERENTIATED = ("7 % x", "asinh_", "acosh_", "atanh_")
COMPARED = [
    op
    for op in TABLE
    if op.name not in OURS_ALONE and "dropout" not in op.name and "_ with a t" not in op.name
]


@pytest.mark.parametrize("op", COMPARED, ids=lambda op: op.name)
def test_as_in_pytorch(op):
    for case in op.cases():
        for dtype in [d for kind in op.kinds for d in DTYPES[kind]]:
            arrays = case.arrays(dtype)
            ours, theirs = case.tensors(arrays), [torch.from_numpy(x.copy()) for x in arrays]
            for i, (x, y) in enumerate(zip(ours, theirs)):
                wanted = x.requires_grad and not left_out(case, i)
                x.requires_grad_(wanted)
                y.requires_grad_(wanted)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compare(f"{case} of {dtype}", results(case, ours), results(case, theirs))


def left_out(case, i):
    """Weights of losses, which PyTorch does not differentiate by; variances of infinities, whose
    gradients are NaN here, and in places infinite there; cumprod, logcumsumexp beside NaN;
    complex ties of norms; log_ndtr at -inf, where PyTorch has NaN."""
    if case.op.name in NOT_DIFFERENTIATED or not case.op.differentiable:
        return True
    if case.op.name in (*"var std norm cumprod logcumsumexp".split(), *SCATTERED):
        return not case.sample.smooth
    if case.op in FAMILIES["activations"].ROWS:  # PyTorch's vector code and its scalar code differ
        return bool(np.isnan(case.values[0]).all())
    if case.op.name == "special.log_ndtr":
        return not case.sample.smooth
    if case.op.name == "nn.functional.soft_margin_loss":  # nor by its targets
        return i == 1 or not case.sample.smooth
    weighs = case.op in FAMILIES["losses"].ROWS or "margin_loss by weights" in case.op.name
    return i == 2 and weighs


def results(case, tensors):
    """The outputs, and the inputs' gradients."""
    outs = case(tensors)
    pulled = [out for out in outs if out.requires_grad]
    if pulled:
        sum([real_sum(out) for out in pulled]).backward()
    return outs + [x.grad for x in tensors]


def real_sum(out):
    return (out.sum() * (1.5 - 0.5j)).real if "complex" in str(out.dtype) else out.sum() * 1.5


def compare(what, ours, theirs):
    if what.startswith(TIED):
        ours, theirs = ours[::2], theirs[::2]
    for x, y in zip(ours, theirs, strict=True):
        if x is None or y is None:
            assert x is y or not (x if y is None else y).any(), what
            continue
        a, b = x.detach().numpy(), y.detach().resolve_conj().resolve_neg().numpy(force=True)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), what
        tolerance = {"f8": 1e-8, "c16": 1e-8, "f4": 2e-5, "c8": 2e-5}.get(a.dtype.str[1:], 0)
        if "bessel" in what or "airy" in what:  # PyTorch's are right to seven digits
            tolerance = max(tolerance, 1e-6)
        np.testing.assert_allclose(a, b, tolerance, tolerance, err_msg=what)
