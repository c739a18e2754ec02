"""Linear algebra, under the usual names: ``mg.linalg.solve(A, B)``.

Matrices are the last two dimensions of a tensor, the dimensions before are batch. float32, float64
and complex numbers; norms and products take 16-bit floats too. A matrix that has no answer raises
`LinAlgError`; on a GPU, where looking would stop the stream, it gives NaN.
"""

from __future__ import annotations

from .errors import LinAlgError as LinAlgError
from .ops.calling import check_all as _check_all
from .ops.determinant import det as det
from .ops.determinant import slogdet as slogdet
from .ops.eigen import eig as eig
from .ops.eigen import eigh as eigh
from .ops.eigen import eigvals as eigvals
from .ops.eigen import eigvalsh as eigvalsh
from .ops.eigen import svd as svd
from .ops.eigen import svdvals as svdvals
from .ops.factorization import cholesky as cholesky
from .ops.factorization import cholesky_ex as cholesky_ex
from .ops.factorization import householder_product as householder_product
from .ops.factorization import qr as qr
from .ops.least_squares import cond as cond
from .ops.least_squares import lstsq as lstsq
from .ops.least_squares import matrix_rank as matrix_rank
from .ops.least_squares import pinv as pinv
from .ops.lu import lu as lu
from .ops.lu import lu_factor as lu_factor
from .ops.lu import lu_factor_ex as lu_factor_ex
from .ops.lu import lu_solve as lu_solve
from .ops.matmul import matmul as matmul
from .ops.matrix_functions import cross as cross
from .ops.matrix_functions import diagonal as diagonal
from .ops.matrix_functions import matrix_exp as matrix_exp
from .ops.matrix_functions import matrix_power as matrix_power
from .ops.matrix_functions import multi_dot as multi_dot
from .ops.matrix_functions import vander as vander
from .ops.matrix_functions import vecdot as vecdot
from .ops.norms import matrix_norm as matrix_norm
from .ops.norms import norm as norm
from .ops.norms import vector_norm as vector_norm
from .ops.solve import inv as inv
from .ops.solve import inv_ex as inv_ex
from .ops.solve import solve as solve
from .ops.solve import solve_ex as solve_ex
from .ops.solve import solve_triangular as solve_triangular
from .ops.solve import tensorinv as tensorinv
from .ops.solve import tensorsolve as tensorsolve

_check_all(globals())
