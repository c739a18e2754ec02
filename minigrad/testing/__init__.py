"""Tools that test operations, the library's and users' own: `check_op`, `gradcheck`."""

from .check_op import check_op
from .gradcheck import gradcheck, gradgradcheck
from .op import Draw, Op, Sample, sample

__all__ = ["Draw", "Op", "Sample", "check_op", "gradcheck", "gradgradcheck", "sample"]
