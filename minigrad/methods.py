"""The methods of Tensor: one table. Each is a function of `ops` or of the faces below it.

``tensor.pyi`` shows them to editors and type checkers; ``python tools/stubs.py`` writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import hooks, interop, printing
from .autograd import walk
from .ops import (
    activations,
    arithmetic,
    bessel,
    choice,
    compare,
    complex,
    convert,
    creation,
    cumulative,
    determinant,
    diagonal,
    distance,
    distributions,
    eigen,
    exponential,
    extreme,
    factorization,
    finite_differences,
    gather,
    histogram,
    index,
    inplace,
    least_squares,
    lu,
    masked,
    matmul,
    matrix_functions,
    norms,
    order,
    products,
    rearrange,
    reduce,
    rounding,
    scatter,
    shape,
    softmax,
    solve,
    special,
    split,
    statistics,
    stft,
    strided,
    trigonometry,
    unique,
)
from .ops import elementwise as e
from .ops.calling import method_of
from .ops.operands import as_operand
from .tensor import Tensor, apply


def _operator(prim: Any) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor):
            other = as_operand(other)
            if other is None:
                return NotImplemented
        return apply(prim, self, other)

    return method


def _reflected(prim: Any) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        other = as_operand(other)
        return NotImplemented if other is None else apply(prim, other, self)

    return method


def _calling(function: Any) -> Callable[[Tensor, Any], Any]:
    """An operator whose public function does more than apply its record."""

    def method(self: Tensor, other: Any) -> Any:
        return NotImplemented if as_operand(other) is None else function(self, other)

    return method


def _calling_reflected(function: Any) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        return NotImplemented if as_operand(other) is None else function(other, self)

    return method


def _matrix_product(self: Tensor, other: Any) -> Any:
    return NotImplemented if as_operand(other) is None else matmul.matmul(self, other)


def _reflected_matrix_product(self: Tensor, other: Any) -> Any:
    found = as_operand(other)
    return NotImplemented if found is None else matmul.matmul(found, self)  # type: ignore[arg-type]


ELEMENTWISE = (e, choice, arithmetic, exponential, trigonometry, rounding, compare)

OPERATORS: dict[str, Callable[..., Any]] = {
    "__add__": _operator(e.ADD),
    "__radd__": _reflected(e.ADD),
    "__sub__": _operator(e.SUB),
    "__rsub__": _reflected(e.SUB),
    "__mul__": _operator(e.MUL),
    "__rmul__": _reflected(e.MUL),
    "__truediv__": _operator(e.DIV),
    "__rtruediv__": _reflected(e.DIV),
    "__floordiv__": _calling(rounding.floor_divide),
    "__rfloordiv__": _calling_reflected(rounding.floor_divide),
    "__mod__": _calling(rounding.remainder),
    "__rmod__": _calling_reflected(rounding.remainder),
    "__pow__": _calling(e.pow),
    "__rpow__": _calling_reflected(e.pow),
    "__matmul__": _matrix_product,
    "__rmatmul__": _reflected_matrix_product,
    "__eq__": _operator(compare.eq.prim),
    "__ne__": _operator(compare.ne.prim),
    "__lt__": _operator(compare.lt.prim),
    "__le__": _operator(compare.le.prim),
    "__gt__": _operator(compare.gt.prim),
    "__ge__": _operator(compare.ge.prim),
    "__and__": _operator(compare.bitwise_and.prim),
    "__rand__": _reflected(compare.bitwise_and.prim),
    "__or__": _operator(compare.bitwise_or.prim),
    "__ror__": _reflected(compare.bitwise_or.prim),
    "__xor__": _operator(compare.bitwise_xor.prim),
    "__rxor__": _reflected(compare.bitwise_xor.prim),
    "__lshift__": _operator(compare.bitwise_left_shift.prim),
    "__rlshift__": _reflected(compare.bitwise_left_shift.prim),
    "__rshift__": _operator(compare.bitwise_right_shift.prim),
    "__rrshift__": _reflected(compare.bitwise_right_shift.prim),
    "__neg__": e.neg,
    "__pos__": arithmetic.positive,
    "__abs__": e.abs,
    "__invert__": compare.bitwise_not,
    "__iadd__": inplace.add_,
    "__isub__": inplace.sub_,
    "__imul__": inplace.mul_,
    "__itruediv__": inplace.div_,
    "__ifloordiv__": inplace.TWINS["floor_divide_"],
    "__imod__": inplace.TWINS["remainder_"],
    "__ipow__": inplace.pow_,
    "__iand__": inplace.TWINS["bitwise_and_"],
    "__ior__": inplace.TWINS["bitwise_or_"],
    "__ixor__": inplace.TWINS["bitwise_xor_"],
    "__ilshift__": inplace.TWINS["bitwise_left_shift_"],
    "__irshift__": inplace.TWINS["bitwise_right_shift_"],
    "__getitem__": index.getitem,
    "__setitem__": index.setitem,
    "__len__": interop.length,
    "__iter__": interop.iterate,
    "__contains__": interop.contains,
    "__bool__": interop.truth,
    "__float__": interop.as_float,
    "__complex__": interop.as_complex,
    "__int__": interop.as_int,
    "__index__": interop.as_index,
    "__format__": interop.formatted,
    "__repr__": printing.represent,
    "__array__": interop.as_array,
    "__array_ufunc__": interop.array_ufunc,
    "__array_function__": interop.array_function,
    "__deepcopy__": interop.deepcopy,
    "__reduce_ex__": interop.pickled,
    "__dlpack__": interop.to_dlpack,
    "__dlpack_device__": interop.dlpack_device,
    "__hash__": object.__hash__,
}

# Each with an in-place twin.
WRITES = "index_add index_copy index_fill index_reduce put scatter scatter_add scatter_reduce"
MASKED_WRITES = "masked_fill masked_scatter"

_SPECIAL = "erf erfc erfinv lgamma digamma mvlgamma igamma igammac".split()
METHODS: dict[str, Callable[..., Any]] = {
    # gradients
    "backward": walk.backward,
    "register_hook": hooks.register_hook,
    "register_post_accumulate_grad_hook": hooks.register_post_accumulate_grad_hook,
    "retain_grad": hooks.retain_grad,
    # conversion
    "item": interop.item,
    "tolist": interop.tolist,
    "numpy": interop.numpy,
    "to": shape.to,
    "type": convert.type_,
    "type_as": convert.type_as,
    **convert.CASTS,
    "cpu": convert.cpu,
    "cuda": convert.cuda,
    "conj": complex.conj_physical,
    "conj_physical_": inplace.twin(complex.conj_physical),
    "sgn_": inplace.twin(complex.sgn),
    **{name: getattr(complex, name) for name in (
        "angle conj_physical is_complex is_conj is_neg resolve_conj resolve_neg sgn"
    ).split()},
    **{name: getattr(convert, name) for name in (
        "data_ptr dim_order get_device is_floating_point is_nonzero is_same_size is_signed "
        "numel size storage_offset stride"
    ).split()},
    "nelement": convert.numel,
    "clone": shape.clone,
    "contiguous": shape.contiguous,
    "is_contiguous": shape.is_contiguous,
    "dim": lambda self: self.ndim,
    "ndimension": lambda self: self.ndim,
    "element_size": lambda self: self.array.itemsize,
    "new_zeros": creation.new_zeros,
    "new_ones": creation.new_ones,
    "new_full": creation.new_full,
    "new_tensor": creation.new_tensor,
    "new_empty": creation.new_empty,
    "new_empty_strided": creation.new_empty_strided,
    # elementwise, and in place
    **{
        name: getattr(family, name)
        for family in ELEMENTWISE
        for name in family.__all__
        if name not in ("isin", "rsub")
    },
    "where": lambda self, condition, other: choice.where(condition, self, other),
    **inplace.TWINS,
    **{name: getattr(inplace, name) for name in "copy_ detach_ fill_ zero_".split()},
    **{name: getattr(distributions, name) for name in (
        "bernoulli bernoulli_ cauchy_ exponential_ geometric_ log_normal_ multinomial normal_ "
        "random_ uniform_"
    ).split()},
    # reductions
    **{name: getattr(reduce, name) for name in (
        "sum mean prod nansum nanmean count_nonzero"
    ).split()},
    **{name: getattr(extreme, name) for name in (
        "amax amin aminmax max min argmax argmin"
    ).split()},
    **{name: getattr(statistics, name) for name in (
        "var std quantile nanquantile cov corrcoef"
    ).split()},
    **{name: getattr(cumulative, name) for name in (
        "cumsum cumprod cummax cummin logcumsumexp"
    ).split()},
    "cumsum_": inplace.twin(cumulative.cumsum),
    "cumprod_": inplace.twin(cumulative.cumprod),
    "diff": finite_differences.diff,
    "histc": histogram.histc,
    "histogram": histogram.histogram,
    "bincount": histogram.bincount,
    # order
    **{name: getattr(order, name) for name in (
        "sort argsort msort topk kthvalue median nanmedian mode"
    ).split()},
    "unique": unique.unique,
    "unique_consecutive": unique.unique_consecutive,
    "any": reduce.any_,
    "all": reduce.all_,
    "sum_to_size": reduce.sum_to_size,
    # shape
    **{name: getattr(shape, name) for name in (
        "view reshape permute transpose t flatten squeeze unsqueeze expand expand_as broadcast_to"
    ).split()},
    **{name: getattr(rearrange, name) for name in (
        "adjoint flip fliplr flipud moveaxis movedim ravel repeat roll rot90 "
        "swapaxes swapdims tile unflatten"
    ).split()},
    "repeat_interleave": rearrange.repeat_entries,
    **{name: getattr(split, name) for name in (
        "chunk dsplit hsplit narrow narrow_copy select split split_with_sizes tensor_split unbind "
        "unsafe_chunk unsafe_split unsafe_split_with_sizes vsplit"
    ).split()},
    **{name: getattr(diagonal, name) for name in (
        "diag diag_embed diagflat diagonal diagonal_scatter select_scatter slice_scatter tril triu"
    ).split()},
    "as_strided": strided.as_strided,
    "as_strided_": strided.as_strided_,
    "as_strided_scatter": strided.as_strided_scatter,
    "unfold": strided.unfold,
    "tril_": inplace.twin(diagonal.tril),
    "triu_": inplace.twin(diagonal.triu),
    **{f"{function.__name__}_": shape.in_place(function) for function in (
        shape.squeeze, shape.t, shape.transpose, shape.unsqueeze, rearrange.swapaxes,
        rearrange.swapdims,
    )},
    "view_as": lambda self, other: shape.view(self, other.shape),
    "reshape_as": lambda self, other: shape.reshape(self, other.shape),
    # index
    **{name: getattr(gather, name) for name in (
        "argwhere gather index_select nonzero nonzero_static take take_along_dim"
    ).split()},
    **{name: getattr(scatter, name) for name in WRITES.split()},
    **{name: getattr(masked, name) for name in MASKED_WRITES.split()},
    **{f"{name}_": inplace.twin(getattr(scatter, name)) for name in WRITES.split()},
    **{f"{name}_": inplace.twin(getattr(masked, name)) for name in MASKED_WRITES.split()},
    "fill_diagonal_": inplace.twin(scatter.fill_diagonal),
    "index_put": index.index_put,
    "index_put_": index.index_put_,
    "masked_select": masked.masked_select,
    # products, layers
    **{name: getattr(matmul, name) for name in (
        "matmul mm bmm mv dot vdot inner outer ger"
    ).split()},
    **{name: getattr(products, name) for name in (
        "addmm addmv addr addbmm baddbmm cross kron trace"
    ).split()},
    **{f"{name}_": inplace.twin(getattr(products, name)) for name in (
        "addmm addmv addr addbmm baddbmm"
    ).split()},
    "logsumexp": extreme.logsumexp,
    # linear algebra
    **{name: getattr(solve, name) for name in (
        "inverse cholesky_inverse cholesky_solve triangular_solve"
    ).split()},
    **{name: getattr(determinant, name) for name in ("det", "slogdet", "logdet")},
    **{name: getattr(factorization, f"torch_{name}") for name in ("cholesky", "qr")},
    "lu": lu.lu_of,
    "lu_solve": lu.torch_lu_solve,
    **{name: getattr(factorization, name) for name in ("geqrf", "orgqr", "ormqr")},
    "matrix_exp": matrix_functions.matrix_exp,
    "matrix_power": matrix_functions.matrix_power,
    "norm": norms.torch_norm,
    "pinverse": least_squares.pinverse,
    "svd": eigen.torch_svd,
    "stft": stft.stft,
    "istft": stft.istft,
    "softmax": softmax.softmax,
    "prelu": activations.prelu,
    # special functions
    **{name: getattr(special, name) for name in _SPECIAL},
    **{f"{name}_": inplace.twin(getattr(special, name)) for name in _SPECIAL},
    "i0": bessel.i0,
    "i0_": inplace.twin(bessel.i0),
    "polygamma": special.polygamma_of,
    "polygamma_": inplace.twin(special.polygamma_of),
    "dist": distance.dist,
    "renorm": distance.renorm,
    "renorm_": inplace.twin(distance.renorm),
    "hardshrink": activations.hardshrink,
    "log_softmax": softmax.log_softmax,
}  # fmt: skip

PROPERTIES: dict[str, Callable[[Tensor], Any]] = {
    "T": shape.reverse_dims,
    "mT": shape.mT,
    "real": complex.real,
    "imag": complex.imag,
    "H": rearrange.H,
    "mH": rearrange.mH,
    "layout": convert.layout_of,
    "is_cpu": lambda self: self.device.type == "cpu",
    "is_cuda": lambda self: self.device.type == "cuda",
    "nbytes": lambda self: self.array.nbytes,
    "itemsize": lambda self: self.array.itemsize,
}

METHODS = {name: method_of(function, name) for name, function in METHODS.items()}
for name, function in (OPERATORS | METHODS).items():
    setattr(Tensor, name, function)
for name, function in PROPERTIES.items():
    setattr(Tensor, name, property(function))
