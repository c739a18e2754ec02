"""Linear algebra. Draws are made well-conditioned, with distinct eigenvalues and singular values,
for differences; what has a free sign or phase is compared in a form that has none."""

from functools import reduce

import numpy as np
import scipy.linalg

import minigrad as mg
from minigrad.testing import sample

from .making import CONSTANT, TWICE, X, array, call, inf, row


def lead(x):
    """(..., M, N) with 2, 4, 6, ... added to the diagonal of a small multiple."""
    M, N = x.shape[-2:]
    if isinstance(x, np.ndarray):
        return x / 4 + np.eye(M, N) * np.arange(2, 2 * N + 2, 2)
    eye = mg.eye(M, N, dtype=x.dtype, device=x.device)
    return x / 4 + eye * mg.arange(2, 2 * N + 2, 2, device=x.device)


def lower(x):
    return np.tril(lead(x)) if isinstance(x, np.ndarray) else lead(x).tril()


def gram(a):
    return a @ adjoint(a)


def definite(x):
    """Symmetric (Hermitian) and positive definite."""
    return gram(lead(x))


def adjoint(x):
    return x.conj().swapaxes(-1, -2) if isinstance(x, np.ndarray) else x.mH


def constant(x):
    """Without a gradient, for which the vectors would be computed too."""
    return x if isinstance(x, np.ndarray) else x.detach()


def after(prepare, function, finish=lambda out: out):
    """`function` of a prepared first argument."""
    return lambda x, *args, **attrs: finish(function(prepare(x), *args, **attrs))


def linear(name, oracle, *samples, prepare=lead, finish=lambda out: out, kinds="dc", **facts):
    """A row of which `prepare` makes the matrices."""
    function = after(prepare, call(name.split()[0]), finish)
    facts = {"kinds": kinds} | TWICE | facts
    return row(name, after(prepare, oracle), *samples, function=function, **facts)


def solved(a, b, left=True):
    if not left:
        return np.linalg.solve(a.mT, b.mT).mT
    vectors = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    return np.linalg.solve(a, b[..., None])[..., 0] if vectors else np.linalg.solve(a, b)


def triangular(a, b, upper, left=True, unitriangular=False):
    a = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        a = a - a * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
    return solved(a, b, left) if b.size else b


def qr(a, mode="reduced"):
    """By Cholesky's factor of a^H a, whose diagonal is positive."""
    M, N = a.shape[-2:]
    K = min(M, N)
    first = a[..., :K]
    r = adjoint(np.linalg.cholesky(adjoint(first) @ first))
    q = first @ np.linalg.inv(r)
    return q, adjoint(q) @ a


def positive(out):
    """Q and R, with the diagonal of R positive."""
    q, r = out
    K = min(r.shape[-2:])
    q, r = q[..., :K], r[..., :K, :]
    sign = (r.detach().real * eye_of(r)).sum(-1).sign()
    return q * sign[..., None, :], r * sign[..., None]


def eye_of(x):
    return mg.eye(*x.shape[-2:], dtype=x.real.dtype, device=x.device)


def size_of_r(packed):
    K = min(packed.shape[-2:])
    rows, columns = [mg.arange(n, device=packed.device) for n in packed.shape[-2:]]
    return (packed.abs() * (rows[:, None] <= columns))[..., :K, :]


def householder(a, tau, whole=False):
    """The product of reflections, one matrix after another."""
    M, N = a.shape[-2:]
    q = np.broadcast_to(np.eye(M), (*a.shape[:-2], M, M)) + 0 * a[..., :1, :1]
    for i in range(tau.shape[-1]):
        v = np.where(np.arange(M) > i, a[..., i], np.arange(M) == i)[..., None]
        q = q @ (np.eye(M) - tau[..., i, None, None] * v @ adjoint(v))
    return q if whole else q[..., :N]


def times_q(a, tau, b, left=True, transpose=False):
    q = householder(a, tau, whole=True)
    q = adjoint(q) if transpose else q
    return q @ b if left else b @ q


def svd(a, full_matrices=True, **_):
    u, s, vh = np.linalg.svd(a, full_matrices)
    u, vh = u[..., : s.shape[-1]], vh[..., : s.shape[-1], :]
    return abs(u), s, abs(vh), (u * s[..., None, :] ** 2) @ vh


def of_svd(out, adjoint_last=False):
    """What of U, S, Vh has no free sign."""
    u, s, vh = out
    vh = vh.mH if adjoint_last else vh
    K = s.shape[-1]
    u, vh = u[..., :K], vh[..., :K, :]
    return u.abs(), s, vh.abs(), (u * (s * s)[..., None, :]) @ vh


def eigh(a, UPLO="L"):
    w, v = np.linalg.eigh(a)
    return w, abs(v), (v * np.exp(w / 9)[..., None, :]) @ adjoint(v)


def eig(a):
    w, v = np.linalg.eig(a)
    return w + 0j, abs(v), (v * w[..., None, :] ** 2) @ np.linalg.inv(v) + 0j


def of_eigh(out):
    w, v = out
    return w, v.abs(), (v * (w / 9).exp()[..., None, :]) @ v.mH


def of_eig(out):
    w, v = out
    return w, v.abs(), (v * (w**2)[..., None, :]) @ call("linalg.inv")(v)


def factors(x):
    return call("linalg.lu_factor")(mixed(x))


def strided(factors, pivots):
    return factors, pivots.mT.contiguous().mT if pivots.ndim > 1 else pivots


def lu(a, pivot=True):
    parts = [scipy.linalg.lu(x) for x in a.reshape(-1, *a.shape[-2:])]
    return [np.stack(x).reshape(*a.shape[:-2], *x[0].shape[-2:]) for x in zip(*parts)]


def mixed(x):
    """Rows out of order, so that LU exchanges some."""
    a = lead(x)
    return np.flip(a, -2) if isinstance(a, np.ndarray) else a.flip(-2)


def packed(a):
    """L and U in one, and the pivots from 1."""
    _, left, above = lu(a)
    K = min(a.shape[-2:])
    packed = np.concatenate([left[..., :K] - np.eye(*left.shape[-2:]), 0 * a[..., K:]], -1)
    packed[..., :K, :] += above
    return packed, pivots(a)


def pivots(a):
    """The row that each row is exchanged with, by elimination."""
    found = []
    for x in a.reshape(-1, *a.shape[-2:]).copy():
        for k in range(min(x.shape)):
            p = k + np.abs(x[k:, k]).argmax()
            x[[k, p]] = x[[p, k]]
            x[k + 1 :] -= x[k + 1 :, k, None] / x[k, k] * x[k]
            found.append(p + 1)
    return np.reshape(found, (*a.shape[:-2], min(a.shape[-2:])))


def projector(a):
    """On the columns of a."""
    return a @ np.linalg.inv(adjoint(a) @ a) @ adjoint(a)


def vector_norm(x, ord=2, dim=None, keepdim=False):
    size = np.abs(x)
    axes = tuple(range(x.ndim)) if dim is None else dim
    if ord in (inf, -inf):
        return (size.max if ord > 0 else size.min)(axis=axes, keepdims=keepdim)
    if ord == 0:
        return (x != 0).sum(axis=axes, keepdims=keepdim).astype(float)
    return (size**ord).sum(axis=axes, keepdims=keepdim) ** (1 / ord)


def multi(*xs):
    return reduce(np.matmul, xs)


SQUARES = [
    sample(X(3, 3)),
    sample(X(2, 1, 3, 3)),
    sample(X(1, 1)),
    sample(X(0, 0)),
    sample(X(0, 2, 2)),
]
# Tall, wide, batched, empty.
SHAPES = [sample(X(4, 3)), sample(X(2, 4)), sample(X(2, 3, 3)), sample(X(0, 2)), sample(X(0, 2, 3))]
SINGULAR = array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
REAL = {"result": "real"}
ORDERS = [2, 1, 3, 0.5, 1.5, -1, -2.5]

ROWS = [
    # equations
    linear("linalg.inv", np.linalg.inv, *SQUARES),
    linear("inverse", np.linalg.inv, sample(X(2, 2))),
    linear("linalg.inv_ex", lambda a: (np.linalg.inv(a), np.zeros(a.shape[:-2])), *SQUARES,
           result=("same", "int32")),
    linear("linalg.solve", solved, sample(X(3, 3), X(3, 2)), sample(X(3, 3), X(3)),
           sample(X(2, 3, 3), X(2, 3)), sample(X(3, 3), X(2, 3, 1)), sample(X(2, 3, 3), X(3, 2)),
           sample(X(3, 3), X(2, 3), left=False), sample(X(0, 0), X(0, 2)),
           sample(X(2, 2), X(2, 0))),
    linear("linalg.solve_ex", lambda a, b: (solved(a, b), np.zeros(a.shape[:-2])),
           sample(X(2, 2), X(2, 3)), result=("same", "int32")),
    linear("linalg.solve_triangular", triangular, sample(X(3, 3), X(3, 2), upper=True),
           sample(X(2, 3, 3), X(3, 2), upper=False),
           sample(X(3, 3), X(2, 2, 3), upper=True, left=False),
           sample(X(3, 3), X(3, 1), upper=False, unitriangular=True),
           sample(X(0, 0), X(0, 2), upper=True)),
    row("triangular_solve", lambda b, a, upper=True,
        transpose=False: (triangular(lead(a).T, b, not upper) if transpose else triangular(lead(a),
        b, upper), lead(a)), sample(X(3, 2), X(3, 3)),
        sample(X(3, 2), X(3, 3), upper=False, transpose=True), function=lambda b, a,
        **k: call("triangular_solve")(b, lead(a), **k), kinds="d"),
    row("cholesky_solve", lambda b, x, upper=False: np.linalg.solve(gram(lower(x)), b),
        sample(X(3, 2), X(3, 3)), sample(X(2, 3, 2), X(3, 3), upper=True), kinds="dc",
        function=lambda b, x, upper=False: call("cholesky_solve")(b,
        lower(x).mH if upper else lower(x), upper)),
    linear("cholesky_inverse", lambda a: np.linalg.inv(gram(a)), sample(X(3, 3)),
           sample(X(2, 2, 2)), transfers=True, prepare=lower, kinds="d"),
    linear("linalg.tensorinv", lambda a: np.linalg.tensorinv(a.reshape(2, 3, 3, 2)),
           sample(X(6, 6)), prepare=lambda x: lead(x).reshape(2, 3, 3, 2)),
    linear("linalg.tensorsolve", lambda a, b: np.linalg.tensorsolve(a, b), sample(X(6, 6), X(2, 3)),
           prepare=lambda x: lead(x).reshape(2, 3, 3, 2)),
    # factors
    linear("linalg.cholesky", np.linalg.cholesky, *SQUARES, prepare=definite),
    linear("linalg.cholesky of the upper triangle", lambda a, upper: adjoint(np.linalg.cholesky(a)),
           sample(X(3, 3), upper=True), prepare=definite),
    linear("linalg.cholesky of a view", np.linalg.cholesky, sample(X(3, 3)), kinds="c",
           prepare=lambda x: definite(x).mT),
    linear("cholesky", np.linalg.cholesky, sample(X(2, 2)), prepare=definite),
    linear("linalg.cholesky_ex", lambda a: (np.linalg.cholesky(a), np.zeros(a.shape[:-2])),
           *SQUARES, prepare=definite, result=("same", "int32")),
    linear("linalg.qr", qr, sample(X(4, 3)), sample(X(3, 3)), sample(X(2, 4)), sample(X(2, 3, 2)),
           sample(X(3, 3), mode="complete"), finish=positive),
    linear("qr", qr, sample(X(3, 2)), finish=positive),
    linear("geqrf", lambda a: abs(np.linalg.qr(a)[1]), sample(X(4, 3)), sample(X(3, 3)),
           sample(X(2, 3, 2)), finish=lambda out: size_of_r(out[0]), **REAL, **CONSTANT),
    linear("linalg.householder_product", householder, sample(X(4, 3), X(2)),
           sample(X(2, 3, 3), X(2, 3)), prepare=lambda x: x),
    linear("orgqr", householder, sample(X(3, 2), X(2)), prepare=lambda x: x),
    linear("ormqr", times_q, sample(X(4, 3), X(3), X(4, 2)),
           sample(X(3, 2), X(2), X(3, 2), transpose=True),
           sample(X(3, 2), X(2), X(4, 3), left=False), prepare=lambda x: x),
    linear("linalg.lu", lu, sample(X(3, 3)), sample(X(4, 2)), sample(X(2, 4)), sample(X(2, 3, 3)),
           prepare=mixed, transfers=True),
    row("lu_unpack", lambda x: lu(mixed(x)), sample(X(4, 3)), sample(X(2, 4, 3)), kinds="dc",
        transfers=True, **TWICE, function=lambda x: call("lu_unpack")(*strided(*factors(x)))),
    linear("linalg.lu_factor", packed, sample(X(3, 3)), sample(X(4, 2)), sample(X(2, 2, 4)),
           prepare=mixed, transfers=True, result=("same", "int32")),
    linear("linalg.lu_factor_ex", lambda a: (*packed(a), np.zeros(a.shape[:-2])), sample(X(3, 3)),
           prepare=mixed, transfers=True, result=("same", "int32", "int32")),
    linear("lu", packed, sample(X(3, 3)), prepare=mixed, transfers=True, result=("same", "int32")),
    row("linalg.lu_solve", lambda x, b, left=True,
        adjoint=False: solved(mixed(x).conj().swapaxes(-1, -2) if adjoint else mixed(x), b, left),
        sample(X(3, 3), X(3, 2)), sample(X(3, 3), X(2, 3, 1), adjoint=True),
        sample(X(2, 3, 3), X(1, 3), left=False), kinds="dc", transfers=True, **TWICE,
        function=lambda x, b, **k: call("linalg.lu_solve")(*factors(x), b, **k)),
    row("lu_solve", lambda b, x: np.linalg.solve(mixed(x), b), sample(X(3, 2), X(3, 3)), kinds="d",
        transfers=True, **TWICE, function=lambda b, x: call("lu_solve")(b, *factors(x))),
    # spectra
    linear("linalg.svd", svd, *SHAPES[:-1], sample(X(4, 3), full_matrices=False),
           sample(X(2, 2, 4), full_matrices=False), finish=of_svd,
           result=("real", "real", "real", "same")),
    linear("svd", svd, sample(X(4, 3)), finish=lambda out: of_svd(out, True),
           result=("real", "real", "real", "same")),
    linear("linalg.svdvals", lambda a: np.linalg.svd(a, compute_uv=False), *SHAPES, **REAL),
    linear("linalg.eigh", eigh, *SQUARES, prepare=definite, result=("real", "real", "same"),
           finish=of_eigh),
    linear("linalg.eigvalsh", lambda a, UPLO="L": np.linalg.eigvalsh(a, UPLO), *SQUARES,
           prepare=definite, **REAL),
    linear("linalg.eigvalsh of the upper triangle", np.linalg.eigvalsh, sample(X(3, 3), UPLO="U"),
           prepare=definite, **REAL),
    linear("linalg.eig", eig, sample(X(3, 3)), sample(X(2, 2, 2)),
           result=("complex", "real", "complex"), finish=of_eig),
    linear("linalg.eigvals", lambda a: np.linalg.eigvals(a) + 0j, *SQUARES, result="complex"),
    *[linear(f"linalg.{name} of a constant", oracle, sample(X(2, 2, 2)), prepare=constant,
        result=result, **CONSTANT) for name, oracle,
        result in (("eigvals", lambda a: np.linalg.eigvals(a) + 0j, "complex"),
        ("eigvalsh", np.linalg.eigvalsh, "real"),
        ("svdvals", lambda a: np.linalg.svd(a, compute_uv=False), "real"))],
    # determinants
    linear("linalg.det", np.linalg.det, *SQUARES),
    row("linalg.det of singular matrices", np.linalg.det, sample(SINGULAR), kinds="d",
        function=call("linalg.det")),
    linear("det", np.linalg.det, sample(X(2, 2))),
    linear("linalg.slogdet", np.linalg.slogdet, *SQUARES, result=("same", "real"), kinds="d"),
    linear("slogdet of complex numbers", np.linalg.slogdet, sample(X(3, 3)),
           result=("same", "real"), kinds="c"),
    linear("logdet", lambda a: np.log(np.linalg.det(a)), *SQUARES),
    # functions of matrices
    linear("linalg.matrix_exp", lambda a: scipy.linalg.expm(a), sample(X(3, 3)), sample(X(2, 2, 2)),
           sample(X(0, 0)), prepare=lambda x: x * 3, transfers=True),
    linear("matrix_exp", lambda a: scipy.linalg.expm(a), sample(X(2, 2)), prepare=lambda x: x,
           transfers=True),
    linear("linalg.matrix_power", np.linalg.matrix_power,
           *[sample(X(2, 2, 2), n) for n in (1, 2, 5, -3)], prepare=lambda x: lead(x) / 4),
    row("matrix_power", np.linalg.matrix_power, sample(X(2, 2), 3), kinds="fic", **TWICE),
    row("linalg.multi_dot", lambda xs: multi(*xs), sample([X(2, 3), X(3, 4), X(4, 2)]),
        sample([X(3), X(3, 4), X(4)]), kinds="fic", **TWICE),
    row("linalg.vecdot", lambda a, b, dim=-1: (a.conj() * b).sum(dim), sample(X(2, 3), X(3)),
        sample(X(3, 2), X(3, 2), dim=0), sample(X(2, 0), X(2, 0)), kinds="fc", **TWICE),
    row("linalg.vander", lambda x, N=None: x[..., None] ** np.arange(N or x.shape[-1]),
        sample(X(3)), sample(X(2, 3), N=4), kinds="fi", result="wide", **TWICE),
    row("linalg.cross", lambda a, b, dim=-1: np.cross(a, b, axis=dim), sample(X(2, 3), X(1, 3)),
        sample(X(3, 2), X(3, 2), dim=0), kinds="fic", **TWICE),
    row("linalg.diagonal", lambda a, offset=0, dim1=-2, dim2=-1: a.diagonal(offset, dim1, dim2),
        sample(X(2, 3, 3)), sample(X(2, 3, 4), offset=1, dim1=0, dim2=1), kinds="fib"),
    linear("linalg.pinv", np.linalg.pinv, *SHAPES),
    linear("linalg.pinv of less than full rank", np.linalg.pinv, sample(X(3, 4)), kinds="d",
           prepare=lambda x: x[..., :2] @ x[..., :2, :]),
    linear("linalg.pinv of symmetric matrices", lambda a, hermitian: np.linalg.inv(a),
           sample(X(3, 3), hermitian=True), prepare=definite),
    linear("pinverse", np.linalg.pinv, sample(X(3, 2))),
    linear("linalg.lstsq", lambda a, b: (np.linalg.pinv(a) @ b, min(a.shape[-2:])),
           sample(X(4, 3), X(4, 2)), sample(X(2, 3), X(2, 1)), result=("same", "int64"),
           transfers=True, finish=lambda out: (out.solution, out.rank)),
    linear("linalg.lstsq with residuals", lambda a, b,
           driver: (np.linalg.pinv(a) @ b, (np.abs(b - projector(a) @ b) ** 2).sum(-2), 3),
           sample(X(4, 3), X(4, 2), driver="gelsd"), result=("same", "real", "int64"), kinds="d",
           transfers=True, finish=lambda out: out[:3]),
    linear("linalg.matrix_rank", np.linalg.matrix_rank, *SHAPES[:-1], result="int64", **CONSTANT),
    linear("linalg.matrix_rank of symmetric matrices", lambda a, hermitian, atol: 2,
           sample(X(3, 3), hermitian=True, atol=3.0), prepare=lambda x: lead(0 * x), result="int64",
           **CONSTANT),
    linear("linalg.cond", np.linalg.cond, *[sample(X(2, 3, 3), p) for p in (None, 2, -2)], **REAL),
    linear("linalg.cond by the inverse", np.linalg.cond,
           *[sample(X(2, 3, 3), p) for p in (1, -1, inf, -inf, "fro", "nuc")], **REAL),
    # norms
    row("linalg.vector_norm", vector_norm, *[sample(X(2, 3), ord) for ord in ORDERS],
        *[sample(X(2, 3), ord, dim=1) for ord in (inf, -inf, 3)],
        sample(X(2, 3, 2), dim=(0, -1), keepdim=True), sample(X()), sample(X(0, 2), dim=0),
        kinds="fc", **REAL, **TWICE),
    row("linalg.vector_norm counting", vector_norm,
        sample(array([0.0, 2.0, -3.0]), 0, smooth=False), kinds="d",
        function=call("linalg.vector_norm")),
    row("linalg.vector_norm at zero", vector_norm,
        *[sample(array([0.0, 0.0]), ord, smooth=False) for ord in (2, 1, 3, 0.5, inf)], kinds="d",
        function=call("linalg.vector_norm")),
    linear("linalg.matrix_norm", lambda a, ord="fro", dim=(-2, -1),
           keepdim=False: np.linalg.norm(a, ord, dim, keepdim),
           *[sample(X(2, 3, 4), ord) for ord in ("fro", "nuc", 2, -2, 1, -1, inf, -inf)],
           sample(X(3, 2, 4), "nuc", dim=(0, -1), keepdim=True), sample(X(0, 3)), **REAL),
    linear("linalg.norm", lambda a, *rest, **k: np.linalg.norm(a, *rest, **k), sample(X(3, 4)),
           sample(X(3, 4), 2), sample(X(3, 4), 1), sample(X(2, 3, 4), "fro", (0, 2)), **REAL),
    row("linalg.norm of vectors", lambda x, ord=None, dim=None,
        keepdim=False: np.linalg.norm(x, ord, dim, keepdim), sample(X(4), 3),
        sample(X(2, 3), 2, dim=1), sample(X(2, 3), 1, dim=0, keepdim=True), kinds="fc", **REAL,
        function=call("linalg.norm"), **TWICE),
    linear("norm by singular values", lambda a, p: np.linalg.norm(a, p), sample(X(3, 2), "nuc"),
           **REAL),
]  # fmt: skip
