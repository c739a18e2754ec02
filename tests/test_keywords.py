"""Keyword arguments that no row and no recorded case passes, as PyTorch itself takes them: the same
text is evaluated in both libraries."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

RNG = np.random.default_rng(0)
ARRAYS = {
    "X": RNG.uniform(-2, 2, (3, 3)).astype("f4"),
    "Y": RNG.uniform(-2, 2, (3, 3)).astype("f4"),
    "P": RNG.uniform(0.1, 0.9, (3, 3)).astype("f4"),
    "B": RNG.uniform(-2, 2, (2, 4, 6)).astype("f4"),
    "V": RNG.uniform(-2, 2, (2, 2, 3, 4, 3)).astype("f4"),
    "W": RNG.uniform(-2, 2, (2, 3, 2, 2, 2)).astype("f4"),
    "N": np.float32([[np.nan, np.inf, -np.inf], [1, 2, 3], [0, -1, np.nan]]),
    "S": np.float32([[2, 1, 0], [1, 3, 1], [0, 1, 4]]),
    "I": np.int64([[0, 2, 1], [1, 1, 0], [2, 0, 2]]),
    "J": np.int64([1, 0, 1]),
    "M": np.array([[True, False, True], [False, False, True], [True, True, True]]),
    "T": np.float32([1, -1, 1]),
    "E": RNG.uniform(-2, 2, (4, 2, 8)).astype("f4"),
    "Q": RNG.uniform(-1, 1, (24, 8)).astype("f4"),
    "O": RNG.uniform(-1, 1, (8, 8)).astype("f4"),
    "K": np.array([[False, False, True, False], [False, True, False, False]]),
}

CALLS = """
X.clip_(min=-0.5)
X.clip_(min=X * 0 - 1, max=Y)
X.cumsum_(0, dtype=torch.float32)
X.cumprod_(1, dtype=torch.float32)
X.div_(Y, rounding_mode="floor")
X.divide_(Y, rounding_mode="trunc")
X.index_add_(0, J, Y, alpha=-2)
X.index_put_((J, J), T, accumulate=True)
X.index_reduce_(0, J, Y, "prod", include_self=False)
X.index_reduce_(0, J, Y, "amax", include_self=False)
P.logit_(eps=0.3)
N.nan_to_num_(nan=5.0, posinf=7.0, neginf=-8.0)
N.nan_to_num_(7.0)
X.put_(J, T, accumulate=True)
X.round_(decimals=1)
X.scatter_(0, I, value=2.5)
X.scatter_(0, I, Y, reduce="add")
X.scatter_(0, I, 2.0, reduce="multiply")
X.scatter_reduce_(1, I, Y, "mean", include_self=False)
X.scatter_reduce_(1, I, Y, "amin", include_self=False)
X.sub_(Y, alpha=3)
X.subtract_(Y, alpha=0.5)
X.tril_(diagonal=-1)
X.triu_(diagonal=1)
X.topk(2, sorted=True)
X.gather(1, I, sparse_grad=False)
X.copy_(Y, non_blocking=True)
B.unsafe_chunk(2, dim=2)
B.unsafe_split(2, dim=1)
B.unsafe_split_with_sizes([1, 3], dim=1)
B.split_with_sizes([2, 4], dim=2)
torch.split_with_sizes_copy(B, [2, 4], dim=2)
torch.unbind_copy(B, dim=1)
torch.as_strided_copy(X, (2, 2), (1, 3), storage_offset=2)
torch.diagonal_copy(B, offset=1, dim1=2, dim2=0)
torch.permute_copy(B, dims=(2, 0, 1))
torch.squeeze_copy(B[:, :1], dim=1)
torch.slice_copy(X, 0, 1, 3, 1)
torch.celu_(X, alpha=0.5)
torch.rrelu_(X, lower=0.25, upper=0.25, training=True)
torch.rrelu_(X, lower=0.1, upper=0.3)
torch.threshold_(X, 0.1, -20.0)
torch.conv_transpose3d(V, W[:, :, :1], groups=2)
torch.conv_transpose3d(V, W, None, (2, 1, 2), (1, 0, 1), (1, 0, 0), 1, (1, 2, 1))
torch.max_pool2d(B, 2, dilation=(2, 3), stride=1)
torch.max_pool1d_with_indices(B, 2, 2, 0, 2, True)
torch.group_norm(B, 2, weight=B[0, :, 0], bias=B[1, :, 0], eps=0.1)
torch.layer_norm(B, (6,), weight=B[0, 0], bias=B[0, 1], eps=0.1)
torch.rms_norm(B, (6,), weight=B[0, 0], eps=0.1)
torch.histogramdd(X, 2, weight=T)
torch.isin(J, J[:1], assume_unique=False, invert=True)
torch.triangular_solve(X, S, unitriangular=True)
torch.triangular_solve(X, S, upper=False, transpose=True)
torch.linalg.cholesky_ex(S, check_errors=True)
torch.linalg.inv_ex(S, check_errors=True)
torch.linalg.lu_factor(S, pivot=True)
torch.linalg.lu_factor_ex(S, check_errors=True)
torch.linalg.lu(S, pivot=True)
torch.linalg.solve_ex(S, X, left=False, check_errors=True)
F.celu(X, 0.5, inplace=True)
F.elu(X, 0.5, inplace=True)
F.hardsigmoid(X * 3, inplace=True)
F.hardswish(X * 3, inplace=True)
F.hardtanh(X, -0.5, 0.7, inplace=True)
F.leaky_relu(X, 0.2, inplace=True)
F.mish(X, inplace=True)
F.relu(X, inplace=True)
F.relu6(X * 6, inplace=True)
F.selu(X, inplace=True)
F.silu(X, inplace=True)
F.threshold(X, 0.1, 20.0, inplace=True)
F.dropout(X, 0.5, False, inplace=True)
F.dropout3d(V, 0.5, training=False)
F.binary_cross_entropy(P, M * 1.0, size_average=False)
F.binary_cross_entropy_with_logits(X, P, reduce=False)
F.cosine_embedding_loss(X, Y, T, size_average=False)
F.cross_entropy(X, J, size_average=False)
F.cross_entropy(X, J, reduce=False)
F.hinge_embedding_loss(X, T, size_average=False, reduce=True)
F.kl_div(X, P, reduce=False)
F.l1_loss(X, Y, size_average=False)
F.margin_ranking_loss(X, Y, X.sign(), reduce=False)
F.mse_loss(X, Y, size_average=True, reduce=True)
F.multi_margin_loss(X, J, reduce=False)
F.multilabel_margin_loss(X, I, size_average=False)
F.multilabel_soft_margin_loss(X, P, reduce=False)
F.nll_loss(X, J, size_average=False)
F.poisson_nll_loss(X, P, size_average=False)
F.smooth_l1_loss(X, Y, reduce=False)
F.soft_margin_loss(X, T, size_average=False)
F.triplet_margin_loss(X, Y, P, reduce=False)
F.embedding(I, X, max_norm=1.0, norm_type=1.0)
F.embedding_bag(I, X, max_norm=1.0, norm_type=3.0)
F.upsample(B, scale_factor=2)
F.upsample(B, size=9, mode="linear", align_corners=True)
F.upsample_bilinear(V[0], scale_factor=2)
F.upsample_nearest(V[0], size=(5, 7))
F.scaled_dot_product_attention(B, B, B, dropout_p=0.0, scale=0.3)
F.multi_head_attention_forward(E, E, E, 8, 2, Q, None, None, None, False, 0.0, O, None, training=False, key_padding_mask=K)
F.multi_head_attention_forward(E, E, E, 8, 2, Q, None, None, None, True, 0.0, O, None, training=False, need_weights=False)
F.multi_head_attention_forward(E, E, E, 8, 2, Q, None, None, None, False, 0.0, O, None, training=False, average_attn_weights=False)
F.multi_head_attention_forward(E, E, E, 8, 2, Q, None, None, None, False, 0.0, O, None, training=False, static_k=E.reshape(4, 4, 4).transpose(0, 1), static_v=E.reshape(4, 4, 4).transpose(0, 1))
"""  # noqa: E501


def evaluate(text, library, functional, make):
    names = {name: make(array.copy()) for name, array in ARRAYS.items()}
    out = eval(text, {"torch": library, "F": functional, **names})
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    outs = [x for part in outs for x in (part if isinstance(part, (tuple, list)) else [part])]
    written = [names[n] for n in sorted(names)]
    return [None if x is None else x.numpy() for x in outs], [x.numpy() for x in written]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", CALLS.strip().splitlines())
def test_keyword(text):
    torch = pytest.importorskip("torch")
    theirs, written = evaluate(text, torch, torch.nn.functional, torch.from_numpy)
    ours, ours_written = evaluate(text, mg, F, mg.from_numpy)
    for a, b in zip([*ours, *ours_written], [*theirs, *written], strict=True):
        if b is None or a is None:
            assert a is b
        else:
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
