"""Products: what their rows of the table cannot say."""

import pytest

import minigrad as mg
from minigrad.ops.einsum import _order

nan = float("nan")


@pytest.mark.parametrize("name", ["matmul", "mm", "dot", "mv", "vdot", "inner", "tensordot"])
def test_factors_have_one_dtype(name):
    shapes = {"mm": (2, 2), "mv": (2, 2), "tensordot": (2, 2)}
    a, b = mg.ones(shapes.get(name, (2,))), mg.ones(2 if name == "mv" else shapes.get(name, (2,)))
    with pytest.raises(
        mg.DTypeError, match=f"{name if name in ('inner', 'tensordot') else ''}.*one"
    ):
        getattr(mg, name)(a, b.double())
    with pytest.raises(mg.DTypeError, match="bool"):
        getattr(mg, name)(a.bool(), b.bool())


def test_a_factor_of_zero_leaves_its_term_out():
    bad, one = mg.full((2, 2), nan, requires_grad=True), mg.ones(2, 2)
    out = mg.addmm(bad, one, one, beta=0)
    assert out.tolist() == [[2, 2], [2, 2]]
    assert mg.grad(out.sum(), bad)[0].tolist() == [[0, 0], [0, 0]]
    assert mg.addmm(one, bad, one, alpha=0).tolist() == [[1, 1], [1, 1]]


def test_integers_take_whole_factors():
    n = mg.ones(2, 2).long()
    assert mg.addmm(n, n, n, beta=0.5).tolist() == [[2, 2], [2, 2]]  # as in PyTorch
    with pytest.raises(mg.DTypeError, match="beta"):
        mg.addr(n, n[0], n[0], beta=0.5)
    assert mg.addr(n > 0, n[0] > 0, n[0] > 0).tolist() == [[True, True], [True, True]]


@pytest.mark.parametrize("call, words", [
    (lambda x: mg.addmm(mg.ones(3, 2, 2), x, x), "does not expand"),
    (lambda x: mg.mm(x, x[0]), "mat2 must be a matrix"),
    (lambda x: mg.mm(x, 3.0), "expected a Tensor"),
    (lambda x: mg.outer(x, x[0]), "input must be a vector"),
    (lambda x: mg.tensordot(x, x, 3), "dims=3"),
    (lambda x: mg.tensordot(x, mg.ones(3, 2), 1), "equal sizes"),
    (lambda x: mg.trace(x[0]), "matrix"),
    (lambda x: mg.cross(x, x), "size 3"),
    (lambda x: mg.chain_matmul(x, mg.ones(3, 2)), "do not fit"),
    (lambda x: mg.einsum("ij,jk", x), "2 operands"),
    (lambda x: mg.einsum("i1", x), "letters"),
    (lambda x: mg.einsum("i", x), "2 dimensions"),
    (lambda x: mg.einsum("ij->ik", x), "'k'"),
    (lambda x: mg.einsum("ij->ii", x), "more than once"),
    (lambda x: mg.einsum("ij,jk", x, mg.ones(3, 2)), "size 3"),
    (lambda x: mg.einsum("ii", mg.ones(2, 3)), "sizes 2 and 3"),
    (lambda x: mg.einsum(x, [0, 77]), "77"),
    (lambda x: mg.nn.functional.bilinear(x, x, x), "batch of matrices"),
])  # fmt: skip
def test_errors_say_what_is_wrong(call, words):
    with pytest.raises(RuntimeError, match=words):
        call(mg.ones(2, 2))


def test_einsum_picks_a_good_order():
    """(n, n) (n, n) (n, 1): from the right, so that no product of large matrices is made."""
    sizes = (("a", 50), ("b", 50), ("c", 50), ("d", 1))
    terms = (("a", "b"), ("b", "c"), ("c", "d"))
    assert _order(terms, ("a", "d"), sizes) == [(1, 2), (0, 1)]
    many = tuple([(f"x{i}", f"x{i + 1}") for i in range(9)])
    steps = _order(many, ("x0",), tuple([(f"x{i}", 2 + i % 3) for i in range(10)]))
    assert len(steps) == 8
