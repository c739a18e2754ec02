"""Attention: rows that may look nowhere, dropout, what is refused; heads against PyTorch."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

RNG = np.random.default_rng(0)
Q = mg.tensor(RNG.standard_normal((2, 4, 3, 4)), dtype=mg.float32)


def attention(*args, **attrs):
    return F.scaled_dot_product_attention(*args, **attrs)


@pytest.mark.parametrize("mask", [mg.zeros(3, 3) > 0, mg.full((3, 3), -math.inf)])
def test_a_query_that_may_look_nowhere_gives_zeros(mask):
    q = Q.clone().requires_grad_()
    out = attention(q, Q, Q, mask)
    assert not out.any()
    (g,) = mg.grad(out.sum(), q, create_graph=True)
    assert not g.any()
    assert not attention(Q, Q[:, :, :0], Q[:, :, :0]).any()


def test_a_query_of_nan_gives_nan():
    """docs/differences.md: PyTorch's CPU kernel gives zeros."""
    q, k = np.ones((2, 1, 2, 3)), np.ones((1, 2, 3))
    q[0, 0, 1, 2] = np.nan
    out = F.scaled_dot_product_attention(*map(mg.tensor, (q, k, k))).numpy()
    np.testing.assert_array_equal(np.isnan(out).all(-1), [[[False, True]], [[False, False]]])
    torch = pytest.importorskip("torch")
    sdpa = torch.nn.functional.scaled_dot_product_attention
    theirs = sdpa(*map(torch.tensor, (q, np.stack([k, k]), np.stack([k, k]))))
    assert theirs.isfinite().all()


def test_causal_is_the_lower_triangle_from_the_top_left():
    seen = mg.tensor(np.tri(3, 2, dtype=bool))
    np.testing.assert_array_equal(
        attention(Q, Q[:, :, :2], Q[:, :, :2], is_causal=True).array,
        attention(Q, Q[:, :, :2], Q[:, :, :2], seen).array,
    )


def test_heads_are_shared():
    k = Q[:, :2]
    repeated = mg.tensor(np.repeat(k.array, 2, 1))
    out = attention(Q, k, k, enable_gqa=True)
    np.testing.assert_array_equal(out.array, attention(Q, repeated, repeated).array)


def test_dropout_drops_weights():
    value = mg.eye(3).expand(2, 4, 3, 3)
    weights = attention(Q, Q, value, dropout_p=0.5)
    whole = attention(Q, Q, value)
    share = (weights.array == 0).mean()
    assert 0.2 < share < 0.8
    kept = weights.array != 0
    np.testing.assert_allclose(weights.array[kept], 2 * whole.array[kept], 1e-5)
    assert not attention(Q, Q, Q, dropout_p=1.0).any()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: attention(Q, Q.double(), Q), RuntimeError, "dtypes"),
        (lambda: attention(Q.long(), Q.long(), Q.long()), RuntimeError, "floating"),
        (lambda: attention(Q[0, 0, 0], Q, Q), RuntimeError, "expected"),
        (lambda: attention(Q, Q[..., :3], Q), RuntimeError, "features"),
        (lambda: attention(Q, Q, Q[:, :, :2]), RuntimeError, "as many values"),
        (lambda: attention(Q, Q[:, :3], Q), RuntimeError, "broadcast"),
        (lambda: attention(Q, Q[:, :3], Q[:, :3], enable_gqa=True), RuntimeError, "divide"),
        (lambda: attention(Q[0, 0], Q, Q, enable_gqa=True), IndexError, "heads"),
        (lambda: attention(Q, Q, Q, mg.zeros(3, 3), is_causal=True), RuntimeError, "not both"),
        (lambda: attention(Q, Q, Q, mg.zeros(3, 3).long()), RuntimeError, "attn_mask"),
        (lambda: attention(Q, Q, Q, mg.zeros(3, 3).double()), RuntimeError, "attn_mask"),
        (lambda: attention(Q, Q, Q, mg.zeros(3)), IndexError, "2 dimensions"),
        (lambda: attention(Q, Q, Q, mg.zeros(5, 1, 1, 3, 3)), RuntimeError, "broadcast"),
        (lambda: attention(Q, Q, Q, dropout_p=1.5), RuntimeError, "probability"),
        (lambda: attention(Q.array, Q, Q), TypeError, "Tensor"),
    ],
)
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


# Heads, against PyTorch ----------------------------------------------------------------------

L, S, N, E, H = 3, 4, 2, 6, 2
MASKS = {
    "none": None,
    "bool": np.tri(L, S, dtype=bool)[:, ::-1].copy(),
    "float": RNG.standard_normal((L, S)),
    "each": RNG.standard_normal((N * H, L, S)),
}


def arguments(lone, mask, padding, weights, settings):
    draw = RNG.standard_normal
    lead = () if lone else (N,)
    given = {
        "query": draw((L, *lead, E)), "key": draw((S, *lead, E)), "value": draw((S, *lead, E)),
        "in_proj_weight": draw((3 * E, E)), "in_proj_bias": draw(3 * E),
        "out_proj_weight": draw((E, E)), "out_proj_bias": draw(E),
        "bias_k": None, "bias_v": None, "attn_mask": MASKS[mask],
        "key_padding_mask": RNG.random((*lead, S)) > 0.7 if padding else None,
    }  # fmt: skip
    if padding and mask in ("float", "each"):  # PyTorch wants masks of one dtype
        given["key_padding_mask"] = given["key_padding_mask"] * -2.0
    if lone and mask == "each":
        given["attn_mask"] = MASKS[mask][:H]
    if "separate" in settings:
        for name in "qkv":
            given[f"{name}_proj_weight"] = draw((E, E if name == "q" else E + 1))
        given["key"], given["value"] = draw((S, *lead, E + 1)), draw((S, *lead, E + 1))
        given["in_proj_weight"] = None
    if "bias" in settings:
        given["bias_k"], given["bias_v"] = draw((1, 1, E)), draw((1, 1, E))
    if "static" in settings:
        n = H if lone else N * H
        given["static_k"], given["static_v"] = draw((n, S, E // H)), draw((n, S, E // H))
    plain = {
        "embed_dim_to_check": E, "num_heads": H, "dropout_p": 0.3, "training": False,
        "add_zero_attn": "zero" in settings, "use_separate_proj_weight": "separate" in settings,
        "need_weights": weights != "no", "average_attn_weights": weights == "average",
        "is_causal": "causal" in settings,
    }  # fmt: skip
    return given, plain


SETTINGS = ["plain", "separate", "bias zero", "static", "zero", "causal"]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("lone", [False, True])
def test_multi_head_attention_as_in_pytorch(lone, settings):
    torch = pytest.importorskip("torch")
    for mask, padding, weights in itertools.product(MASKS, (0, 1), ("no", "average", "each")):
        if "causal" in settings and mask != "bool":
            continue
        given, plain = arguments(lone, mask, padding, weights, settings)
        if "causal" in settings:
            given["attn_mask"] = ~np.tri(L, S, dtype=bool)
        outs = []
        for library, functional in ((mg, F), (torch, torch.nn.functional)):
            tensors = {
                name: None if x is None else library.tensor(np.array(x))
                for name, x in given.items()
            }
            floats = [x for x in tensors.values() if x is not None and x.dtype == library.float64]
            for x in floats:
                x.requires_grad_()
            y, w = functional.multi_head_attention_forward(**tensors, **plain)
            y.square().sum().backward()
            found = [y, *([] if w is None else [w]), *[x.grad for x in floats]]
            outs.append([None if x is None else x.detach().numpy() for x in found])
        for a, b in zip(*outs, strict=True):
            if a is None or b is None:
                assert a is b or not np.any(a if b is None else b)
            else:
                np.testing.assert_allclose(a, b, 1e-9, 1e-9)


def heads(**changes):
    given, plain = arguments(False, "none", 0, "average", "plain")
    changed = {**given, **plain, **changes}
    return F.multi_head_attention_forward(
        **{n: mg.tensor(x) if isinstance(x, np.ndarray) else x for n, x in changed.items()}
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_heads": 4}, "divide into 4"),
        ({"embed_dim_to_check": 5}, "5 were expected"),
        ({"query": np.zeros((L, E))}, "without N"),
        ({"is_causal": True}, "must be given"),
        ({"attn_mask": np.zeros((L, L))}, "attn_mask"),
        ({"attn_mask": np.zeros((L, S), int)}, "bool or floats"),
        (
            {"attn_mask": np.zeros((L, S), int), "is_causal": True, "need_weights": False},
            "bool or floats",
        ),
        ({"key_padding_mask": np.zeros((N, L))}, "key_padding_mask"),
        ({"key_padding_mask": np.zeros(S)}, "key_padding_mask"),
        (
            {
                "key_padding_mask": np.zeros((2, S)),
                "query": np.zeros((L, 1, E)),
                "key": np.zeros((S, 1, E)),
                "value": np.zeros((S, 1, E)),
            },
            "must be \\(1, 4\\)",
        ),
        ({"in_proj_weight": None}, "in_proj_weight"),
        ({"in_proj_weight": np.zeros((E, E))}, "in_proj_weight"),
        ({"bias_k": np.zeros((1, 1, E))}, "both"),
        ({"use_separate_proj_weight": True}, "q_proj_weight"),
        ({"key": np.zeros((S + 1, N, E))}, "agree"),
        ({"static_k": np.zeros((1, S, 3))}, "static_k"),
    ],
)
def test_heads_refused(changes, says):
    with pytest.raises(RuntimeError, match=says):
        heads(**changes)
