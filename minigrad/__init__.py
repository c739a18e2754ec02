"""minigrad: a deep learning library in plain Python. `import minigrad as mg`."""

import builtins as _builtins
import importlib as _importlib
import typing as _typing

from . import autograd, cuda, fft, linalg, methods, random, special
from . import version as _version
from .autograd import grad, vjp
from .autograd.vmap import vmap
from .device import device, get_default_device, set_default_device
from .dtypes import (
    bfloat16,
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from .dtypes import bool_ as bool
from .dtypes import float32 as float
from .dtypes import int32 as int
from .errors import (
    ArgumentError,
    DeviceError,
    DTypeError,
    Error,
    FileFormatError,
    GradientError,
    LinAlgError,
    RangeError,
    ShapeError,
)
from .function import Function
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .interop import from_dlpack
from .kernels.cpu.jit import get_num_threads, jit_report, set_num_threads
from .layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from .limits import finfo, iinfo
from .memory import empty_cache, memory_stats
from .ops import return_types
from .ops.arithmetic import *
from .ops.bessel import *
from .ops.calling import check_all as _check_all
from .ops.choice import *
from .ops.compare import *
from .ops.complex import *
from .ops.complex import conj_physical as conj
from .ops.constant_pad import constant_pad_nd
from .ops.conv import *
from .ops.conv_transpose import *
from .ops.convert import *
from .ops.creation import *
from .ops.cumulative import *
from .ops.determinant import *
from .ops.determinant import torch_det as det
from .ops.determinant import torch_slogdet as slogdet
from .ops.diagonal import *
from .ops.distance import *
from .ops.distributions import *
from .ops.eigen import torch_svd as svd
from .ops.einsum import *
from .ops.elementwise import *
from .ops.exponential import *
from .ops.extreme import *
from .ops.factorization import *
from .ops.factorization import torch_cholesky as cholesky
from .ops.factorization import torch_qr as qr
from .ops.finite_differences import *
from .ops.fold import *
from .ops.from_data import *
from .ops.gather import *
from .ops.histogram import *
from .ops.index import *
from .ops.inplace import FUNCTIONS as _IN_PLACE
from .ops.inplace import fill
from .ops.join import *
from .ops.least_squares import *
from .ops.lu import *
from .ops.lu import torch_lu as lu
from .ops.lu import torch_lu_solve as lu_solve
from .ops.masked import *
from .ops.matmul import *
from .ops.matrix_functions import torch_matrix_exp as matrix_exp
from .ops.matrix_functions import torch_matrix_power as matrix_power
from .ops.norms import torch_norm as norm
from .ops.order import *
from .ops.products import *
from .ops.random import *
from .ops.rearrange import *
from .ops.reduce import *
from .ops.reduce import all_ as all
from .ops.reduce import any_ as any
from .ops.rounding import *
from .ops.scatter import *
from .ops.search import *
from .ops.shape import *
from .ops.signal_windows import *
from .ops.softmax import *
from .ops.solve import *
from .ops.special import *
from .ops.split import *
from .ops.statistics import *
from .ops.stft import *
from .ops.strided import *
from .ops.top_level import *
from .ops.trigonometry import *
from .ops.typed_tensors import *
from .ops.unique import *
from .printing import set_printoptions
from .random import (
    Generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .serialization import load, save
from .tensor import Tensor

_check_all(globals())
__version__ = _version.__version__

from . import numpy_functions as _numpy_functions  # noqa: E402 (it is made of the names above)

if _typing.TYPE_CHECKING:
    from . import data, datasets, func, nn, optim, testing, utils
    from .checkpoints import load_checkpoint, save_checkpoint
    from .testing.gradcheck import gradcheck, gradgradcheck

# Imported on first use, so that `import minigrad` stays light: public name -> its module.
_LAZY = {
    **{name: name for name in ("data", "datasets", "func", "nn", "optim", "testing", "utils")},
    **dict.fromkeys(("load_checkpoint", "save_checkpoint"), "checkpoints"),
    **dict.fromkeys(("gradcheck", "gradgradcheck"), "testing.gradcheck"),
}

globals().update(_IN_PLACE)


def __getattr__(name: str) -> _typing.Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
    module = _importlib.import_module(f"minigrad.{_LAZY[name]}")
    value = module if _LAZY[name] == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


def is_tensor(obj: object) -> _builtins.bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)
