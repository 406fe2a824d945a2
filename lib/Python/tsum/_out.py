# SPDX-License-Identifier: Apache-2.0
"""NumPy's `out=`: results that are written to an array of the caller's."""
from __future__ import annotations

import typing

from . import _core
from ._core import DTypeError, ShapeError, Tensor
from .typing import NumPyArray


def deliver(name: str, result: Tensor, out: NumPyArray | None) -> typing.Any:
    """`result`, or `out` with its values, which are computed there.

    They are computed in place where `out` lies as kernels write (row-major, aligned, of the
    result's dtype, apart from what the graph reads), and copied there otherwise.

    Raises TypeError unless `out` is a NumPy array, ShapeError for another shape, DTypeError for a
    dtype that the result's does not become without loss of kind, ValueError for a read-only array.
    """
    if out is None:
        return result
    import numpy

    if isinstance(out, tuple) and len(out) == 1:
        (out,) = out
    if not isinstance(out, numpy.ndarray):
        hint = " (tensors never change)" if isinstance(out, Tensor) else ""
        raise TypeError(f"{name}: out= takes a NumPy array; given {type(out).__name__}{hint}")
    if out.shape != result.shape:
        raise ShapeError(f"{name}: out= has shape {out.shape}, the result {result.shape}")
    if not out.flags.writeable:
        raise ValueError(f"{name}: out= is read-only")
    target = result.dtype.numpy
    if not numpy.can_cast(target, out.dtype, "same_kind"):
        raise DTypeError(f"{name}: out= has dtype {out.dtype}, which {target} does not become "
                         "(dtype= casts first)")
    if out.dtype != target or not out.flags.carray or not _core.evaluate_into(result, out):
        numpy.copyto(out, result.numpy(), casting="same_kind")
    return out
