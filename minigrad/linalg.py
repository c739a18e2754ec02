"""Linear algebra, under the usual names: ``mg.linalg.solve(A, B)``.

Matrices are the last two dimensions of a tensor, the dimensions before are batch. float32, float64
and complex numbers; norms and products take 16-bit floats too. A matrix that has no answer raises
`LinAlgError`; on a GPU, where looking would stop the stream, it gives NaN.
"""

from __future__ import annotations

from .errors import LinAlgError as LinAlgError
from .ops.determinant import det as det
from .ops.determinant import slogdet as slogdet
from .ops.factor import cholesky as cholesky
from .ops.factor import cholesky_ex as cholesky_ex
from .ops.factor import householder_product as householder_product
from .ops.factor import qr as qr
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
from .ops.pseudo import cond as cond
from .ops.pseudo import lstsq as lstsq
from .ops.pseudo import matrix_rank as matrix_rank
from .ops.pseudo import pinv as pinv
from .ops.solve import inv as inv
from .ops.solve import inv_ex as inv_ex
from .ops.solve import solve as solve
from .ops.solve import solve_ex as solve_ex
from .ops.solve import solve_triangular as solve_triangular
from .ops.solve import tensorinv as tensorinv
from .ops.solve import tensorsolve as tensorsolve
from .ops.spectral import eig as eig
from .ops.spectral import eigh as eigh
from .ops.spectral import eigvals as eigvals
from .ops.spectral import eigvalsh as eigvalsh
from .ops.spectral import svd as svd
from .ops.spectral import svdvals as svdvals
