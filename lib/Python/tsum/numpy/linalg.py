# SPDX-License-Identifier: Apache-2.0
"""NumPy's linear algebra: norms of vectors are kernels, the rest is computed by NumPy."""
from __future__ import annotations


import numpy as _numpy

from .. import _core
from ..typing import ArrayLike, Axis
from ._array import asarray as _asarray, dtype_of as _dtype_of, evaluated as _evaluated
from ._array import ndarray, wrap as _wrap
from ._dtypes import FLOAT64 as _FLOAT64
from ._evaluated import LINALG as _NAMES, functions as _functions
from ._products import matmul, outer, tensordot, vecdot
from ._shapes import matrix_transpose

globals().update(_functions(_numpy.linalg, _NAMES))


def vector_norm(x: ArrayLike, /, *, axis: Axis = None, keepdims: bool = False,
                ord: float = 2) -> ndarray:
    """The norm of vectors along axes, for 1, 2 and infinity one kernel, otherwise NumPy's."""
    return _norm(_numpy.linalg.vector_norm, x, ord, axis, keepdims)


def norm(x: ArrayLike, ord: float | str | None = None, axis: Axis = None,
         keepdims: bool = False) -> ndarray:
    """NumPy's `norm`: of vectors, for 1, 2 and infinity, one kernel, otherwise NumPy's."""
    rank = _numpy.ndim(x)
    is_vector = isinstance(axis, int) or (axis is None and (rank == 1 or ord is None))
    if not is_vector:
        return _evaluated(_numpy.linalg.norm, (x, ord, axis, keepdims), {})
    return _norm(_numpy.linalg.norm, x, 2 if ord is None else ord, axis, keepdims, ord)


def _norm(numpys, x, order, axis, keepdims, given=None):
    x = _asarray(x)
    if _dtype_of(x).kind in "biu":
        x = _asarray(x, _FLOAT64)
    if order == 2:
        return _wrap(_core.reduce_euclidean_norm(x, axis, bool(keepdims)))
    if order == 1:
        return _wrap(_core.reduce_l1(x, axis, bool(keepdims)))
    if order == float("inf") and 0 not in x.shape:
        return _wrap(_core.reduce_max(_core.abs(x), axis, bool(keepdims)))
    return _evaluated(numpys, (x,), dict(ord=order if given is None else given, axis=axis,
                                         keepdims=keepdims))


__all__ = sorted({*(name for name in _NAMES if name in globals()), "vector_norm", "norm", "vecdot",
                  "matmul", "tensordot", "matrix_transpose"})
