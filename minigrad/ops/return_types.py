"""What functions with several results return: named tuples, with PyTorch's names of the fields."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..tensor import Tensor


def _named(name: str, fields: str) -> Any:
    return NamedTuple(name, [(field, Tensor) for field in fields.split()])


aminmax = _named("aminmax", "min max")
histogram = _named("histogram", "hist bin_edges")
histogramdd = _named("histogramdd", "hist bin_edges")
max, min, median, nanmedian, mode, sort, topk, kthvalue, cummax, cummin = [
    _named(name, "values indices")
    for name in "max min median nanmedian mode sort topk kthvalue cummax cummin".split()
]

# Linear algebra
geqrf = _named("geqrf", "a tau")
linalg_cholesky_ex = _named("linalg_cholesky_ex", "L info")
linalg_eig = _named("linalg_eig", "eigenvalues eigenvectors")
linalg_eigh = _named("linalg_eigh", "eigenvalues eigenvectors")
linalg_inv_ex = _named("linalg_inv_ex", "inverse info")
linalg_lstsq = _named("linalg_lstsq", "solution residuals rank singular_values")
linalg_lu = _named("linalg_lu", "P L U")
linalg_lu_factor = _named("linalg_lu_factor", "LU pivots")
linalg_lu_factor_ex = _named("linalg_lu_factor_ex", "LU pivots info")
linalg_qr = _named("linalg_qr", "Q R")
linalg_slogdet = _named("linalg_slogdet", "sign logabsdet")
linalg_solve_ex = _named("linalg_solve_ex", "result info")
linalg_svd = _named("linalg_svd", "U S Vh")
lu_unpack = _named("lu_unpack", "P L U")
qr = _named("qr", "Q R")
svd = _named("svd", "U S V")
triangular_solve = _named("triangular_solve", "solution cloned_coefficient")
