"""Linear algebra: what its rows of the table cannot say. Singular matrices, kinks, errors."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import linalg as L

inf, nan = float("inf"), float("nan")
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]


def batch():
    """One matrix that is fine, one that is not."""
    return mg.tensor([[[2.0, 0.0], [0.0, 1.0]], SINGULAR])


# Matrices without an answer --------------------------------------------------------------------


@pytest.mark.parametrize("call", [
    lambda a: L.inv(a), lambda a: a.inverse(), lambda a: L.solve(a, mg.ones(2)),
    lambda a: L.matrix_power(a, -1), lambda a: L.tensorinv(a[1], ind=1),
    lambda a: L.inv_ex(a, check_errors=True), lambda a: L.lu_factor(a),
])  # fmt: skip
def test_a_singular_matrix_raises(call):
    with pytest.raises(mg.LinAlgError, match=r"singular: pivot 2|U\[2, 2\] is zero"):
        call(batch())
    assert issubclass(mg.LinAlgError, RuntimeError) and L.LinAlgError is mg.LinAlgError


def test_errors_say_which_matrix_of_the_batch():
    with pytest.raises(mg.LinAlgError, match="batch element 1"):
        L.inv(batch())
    with pytest.raises(mg.LinAlgError, match=r"cholesky \(batch element 2\): .* minor of order 1"):
        L.cholesky(mg.stack([mg.eye(2), mg.eye(2), -mg.eye(2)]))
    with pytest.raises(mg.LinAlgError, match="minor of order 2"):
        L.cholesky(mg.tensor([[1.0, 2.0], [2.0, 1.0]]))


def test_ex_functions_go_on():
    inverse, info = L.inv_ex(batch())
    assert info.tolist() == [0, 2] and info.dtype == mg.int32
    assert inverse[0].tolist() == [[0.5, 0], [0, 1]] and inverse[1].isnan().all()
    result, info = L.solve_ex(batch(), mg.ones(2, 2))
    assert info.tolist() == [0, 2] and result[1].isnan().all()
    factor, info = L.cholesky_ex(mg.tensor([[1.0, 2.0], [2.0, 1.0]]))
    assert info.item() == 2 and factor.isnan().all()
    _, pivots, info = L.lu_factor_ex(batch())
    assert info.tolist() == [0, 2] and pivots.tolist() == [[1, 2], [2, 2]]


def test_on_a_gpu_a_singular_matrix_gives_nan():
    inverse = L.inv(batch().cuda()).cpu()
    assert inverse[0].tolist() == [[0.5, 0], [0, 1]] and inverse[1].isnan().all()
    assert L.inv_ex(batch().cuda()).info.tolist() == [0, 1]


def test_nan_in_nan_out_or_an_error():
    bad = mg.full((2, 2), nan)
    for function in (L.inv, L.det, L.matrix_exp, L.eigvalsh, lambda a: L.qr(a).R[0]):
        assert function(bad).isnan().all()
    for function in (L.svd, L.svdvals, L.eig, L.eigvals, L.pinv, L.matrix_rank, L.cholesky):
        with pytest.raises(mg.LinAlgError):
            function(bad)


def test_a_triangle_with_a_zero_on_its_diagonal_gives_infinity():
    x = L.solve_triangular(mg.tensor([[1.0, 0.0], [0.0, 0.0]]), mg.ones(2, 1), upper=True)
    assert x.tolist() == [[nan], [inf]] or x[1].item() == inf


# Gradients where they are singular -------------------------------------------------------------


def grad_of(function, x):
    x = mg.tensor(x, requires_grad=True)
    return mg.grad(function(x), x)[0].tolist()


def test_the_gradient_of_det_at_a_singular_matrix_is_its_cofactors():
    np.testing.assert_allclose(grad_of(L.det, SINGULAR), [[4, -2], [-2, 1]], atol=1e-5)
    assert grad_of(L.det, [[0.0, 0.0], [0.0, 0.0]]) == [[0, 0], [0, 0]]


def test_the_gradient_of_slogdet_at_a_singular_matrix_raises():
    with pytest.raises(mg.LinAlgError):
        grad_of(lambda x: L.slogdet(x).logabsdet, SINGULAR)


def test_values_of_equal_singular_values_have_gradients():
    eye = [[1.0, 0.0], [0.0, 1.0]]
    assert grad_of(lambda x: L.eigvalsh(x).sum(), eye) == eye
    assert grad_of(lambda x: L.svdvals(x).sum(), eye) == eye
    # A loss that tells vectors of equal values apart has none.
    turned = grad_of(lambda x: L.eigh(x).eigenvectors[1, 0], eye)
    assert not np.isfinite(turned).all()


def test_norms_are_flat_at_zero():
    for ord in (1, 1.5, 2, 3, inf):
        assert grad_of(lambda x: L.vector_norm(x, ord), [0.0, 0.0]) == [0, 0]  # noqa: B023
    zero = [[0.0, 0.0], [0.0, 0.0]]
    assert grad_of(L.matrix_norm, zero) == zero
    assert grad_of(lambda x: mg.norm(x), zero) == zero


def test_vectors_that_are_not_there_have_no_gradient():
    x = mg.ones(3, 2, requires_grad=True)
    with pytest.raises(mg.GradientError, match="reduced"):
        L.qr(x, mode="r").R.sum().backward()
    with pytest.raises(mg.GradientError, match="complete"):
        L.qr(x, mode="complete").Q.sum().backward()


@pytest.mark.parametrize("function", [
    lambda x: L.eigh(x + x.mH).eigenvectors, lambda x: L.svd(x).U,
    lambda x: L.eig(x).eigenvectors,
])  # fmt: skip
def test_a_loss_may_not_depend_on_phases(function):
    x = mg.tensor([[1 + 1j, 2.0], [0.5j, 3.0]], requires_grad=True)
    with pytest.raises(mg.GradientError, match="phases"):
        function(x).imag.sum().backward()


# Least squares, tolerances ---------------------------------------------------------------------


def test_all_drivers_of_lstsq_give_the_solution_of_least_length():
    a, b = mg.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]), mg.ones(3, 1)
    for driver in (None, "gelsy", "gelsd", "gelss"):
        x, residuals, rank, values = L.lstsq(a, b, driver=driver)
        np.testing.assert_allclose(x.numpy(), [[0.5], [0.5]], rtol=1e-5)
        assert residuals.shape == (0,) and rank.item() == 1
        assert values.shape == ((2,) if driver in ("gelsd", "gelss") else (0,))
    assert L.lstsq(a + mg.eye(3, 2), b, driver="gels").rank.shape == (0,)
    with pytest.raises(mg.ArgumentError, match="driver"):
        L.lstsq(a, b, driver="best")


def test_tolerances():
    a = mg.tensor([[2.0, 0.0], [0.0, 0.1]])
    assert L.matrix_rank(a).item() == 2
    assert L.matrix_rank(a, atol=0.2).item() == L.matrix_rank(a, rtol=0.1).item() == 1
    assert L.matrix_rank(a, 0.2).item() == 1
    assert L.pinv(a, atol=0.2)[1, 1].item() == 0
    assert L.matrix_rank(mg.stack([a, a]), atol=mg.tensor([0.2, 0.01])).tolist() == [1, 2]


# Arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("call, words", [
    (lambda x: L.inv(x), "square matrices, got shape .2, 3"),
    (lambda x: L.inv(x[0]), "at least 2 dimensions"),
    (lambda x: L.inv(mg.ones(2, 2).long()), "floating-point"),
    (lambda x: L.inv(mg.ones(2, 2).half()), "low precision"),
    (lambda x: L.solve(mg.eye(2), mg.ones(3)), "do not fit A X = B"),
    (lambda x: L.solve(mg.eye(2), mg.ones(2).double()), "one dtype"),
    (lambda x: L.solve(mg.eye(2), mg.ones(2), left=False), "takes matrices"),
    (lambda x: L.solve_triangular(mg.eye(2), mg.ones(3, 1), upper=True), "do not fit"),
    (lambda x: mg.cholesky_solve(mg.ones(3, 1), mg.eye(2)), "do not fit"),
    (lambda x: mg.cholesky_inverse(mg.zeros(2, 2)), "pivot 1"),
    (lambda x: L.qr(x, mode="full"), "mode 'full'"),
    (lambda x: L.eigh(mg.eye(2), UPLO="x"), "UPLO"),
    (lambda x: L.svd(x, driver="gesvd"), "driver"),
    (lambda x: L.lu(x, pivot=False), "pivoting"),
    (lambda x: L.matrix_power(mg.eye(2), 0.5), "integer"),
    (lambda x: L.multi_dot([x]), "at least 2"),
    (lambda x: L.multi_dot([x, x]), "do not fit"),
    (lambda x: L.matrix_norm(x, 3), "order 3"),
    (lambda x: L.matrix_norm(x, dim=(0, 0)), "different"),
    (lambda x: L.vector_norm(x, "fro"), "must be a number"),
    (lambda x: L.vector_norm(x.double(), dtype=mg.float32), "does not hold"),
    (lambda x: L.norm(mg.ones(2, 2, 2), 2), "give dim"),
    (lambda x: L.vander(mg.ones(1)), "greater than 1"),
    (lambda x: L.vecdot(x, x.double()), "one dtype"),
    (lambda x: L.tensorinv(x, ind=0), "positive"),
    (lambda x: L.tensorsolve(mg.ones(2, 2, 3), mg.ones(2)), "as many elements"),
    (lambda x: L.householder_product(x, mg.ones(1)), "as many rows"),
    (lambda x: mg.lu_unpack(mg.eye(2), mg.ones(2).int() * 3), "between 1 and 2"),
    (lambda x: mg.lu_unpack(mg.eye(2), mg.ones(3).int()), "pivots .3,. must be .2,."),
    (lambda x: L.lu_solve(mg.eye(2), mg.ones(2).long(), mg.ones(2, 1)), "int32"),
    (lambda x: L.cross(x, x[0]), "same number of dimensions"),
    (lambda x: L.cond(x, 1), "square"),
    (lambda x: L.lstsq(x, mg.ones(3, 1)), "do not fit"),
])  # fmt: skip
def test_errors_say_what_is_wrong(call, words):
    with pytest.raises(RuntimeError, match=words):
        call(mg.ones(2, 3))


def test_results_are_written_into_out():
    out = mg.empty(2, 2), mg.empty(2)
    w, _ = L.eigh(mg.tensor([[2.0, 0.0], [0.0, 1.0]]), out=(out[1], out[0]))
    assert w is out[1] and out[1].tolist() == [1, 2]
