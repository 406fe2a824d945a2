# SPDX-License-Identifier: Apache-2.0
"""The array API standard 2024.12, with NumPy's meaning, on lazy tensors.

    import tsum.numpy as tnp

    x = tnp.asarray(a)                     # reads a NumPy array in place
    y = tnp.sqrt(tnp.nanmean(x * x, axis=0))
    y.numpy()                              # one kernel

Functions have NumPy's names, parameters, promotion and default dtypes. Where tsum has the operation
they build nodes, and all that is built is compiled to few kernels when a value is read. What is no
reduction, elementwise operation or view is evaluated and computed by NumPy: `EVALUATED` lists the
names. Arrays never change.
"""
from __future__ import annotations

import math as _math

import numpy as _numpy

from .. import _calls
from . import _array, _dispatch, _dtypes, _elementwise, _evaluated, _methods, _products
from . import _reductions, _shapes
from ._array import asarray, namespace_info as __array_namespace_info__, ndarray
from ._dtypes import astype, can_cast, result_type
from ..typing import ArrayLike as _ArrayLike, DTypeLike as _DTypeLike

__array_api_version__ = "2024.12"
e, pi, inf, nan, newaxis = _math.e, _math.pi, _math.inf, _math.nan, None

# NumPy's own dtypes, of those that tsum has.
bool = bool_ = _numpy.bool_
int8, int16, int32, int64 = _numpy.int8, _numpy.int16, _numpy.int32, _numpy.int64
uint8, uint16, uint32, uint64 = _numpy.uint8, _numpy.uint16, _numpy.uint32, _numpy.uint64
float16, float32, float64 = _numpy.float16, _numpy.float32, _numpy.float64
complex64, complex128 = _numpy.complex64, _numpy.complex128
dtype, iinfo, errstate = _numpy.dtype, _numpy.iinfo, _numpy.errstate
for _name in ("isdtype", "issubdtype", "promote_types", "broadcast_shapes", "ndindex"):
    if hasattr(_numpy, _name):
        globals()[_name] = getattr(_numpy, _name)


class finfo:
    """What NumPy's `finfo` says of a dtype or an array, in Python's floats."""

    def __init__(self, type: _DTypeLike | _ArrayLike, /) -> None:
        limits = _numpy.finfo(type.dtype if isinstance(type, _array.Tensor) else type)
        self.bits, self.dtype = limits.bits, limits.dtype
        for name in ("eps", "max", "min", "smallest_normal", "tiny", "smallest_subnormal",
                     "resolution", "epsneg"):
            setattr(self, name, float(getattr(limits, name)))

    def __repr__(self) -> str:
        return f"finfo(resolution={self.resolution}, min={self.min}, max={self.max}, " \
               f"dtype={self.dtype})"


def array(object: _ArrayLike, dtype: _DTypeLike | None = None, *, copy: bool | None = True,
          ndmin: int = 0) -> ndarray:
    """NumPy's `array`: a copy of `object`, of at least `ndmin` dimensions."""
    made = asarray(object, dtype, copy=copy)
    return made if made.ndim >= ndmin else reshape(made, (1,) * (ndmin - made.ndim) + made.shape)


def asanyarray(a: _ArrayLike, dtype: _DTypeLike | None = None) -> ndarray:
    """`asarray`."""
    return asarray(a, dtype)


ascontiguousarray = asanyarray


def shape(a: _ArrayLike) -> tuple[int, ...]:
    """The extents of `a`. Computes nothing."""
    return asarray(a).shape


def ndim(a: _ArrayLike) -> int:
    """The number of dimensions of `a`. Computes nothing."""
    return asarray(a).ndim


def size(a: _ArrayLike, axis: int | None = None) -> int:
    """The number of elements of `a`, or its extent along `axis`. Computes nothing."""
    a = asarray(a)
    return a.size if axis is None else a.shape[axis]


globals().update(_evaluated.functions(_numpy, _evaluated.FUNCTIONS))
from ._evaluated import argsort, meshgrid, sort
for _part in (_elementwise, _reductions, _shapes, _products):
    globals().update({_name: getattr(_part, _name) for _name in _part.__all__})

from . import fft, lib, linalg

_evaluated_names = [_name for _name in _evaluated.FUNCTIONS if _name in globals()]

#: The names of functions that evaluate their arguments and call NumPy.
EVALUATED = sorted({*_evaluated_names, *_elementwise.EVALUATED, "nanargmax", "nanargmin",
                    "argsort", "meshgrid", "sort"})


_methods.add_to(ndarray, __import__("sys").modules[__name__])
for _part, _theirs, _names in (
        (_reductions, _numpy, _reductions.__all__), (_shapes, _numpy, _shapes.__all__),
        (_products, _numpy, _products.__all__), (_elementwise, _numpy, _elementwise.__all__),
        (_dtypes, _numpy, ("result_type", "can_cast")),
        (__import__("sys").modules[__name__], _numpy, ("shape", "ndim", "size")),
        (_evaluated, _numpy, ("sort", "argsort", "meshgrid")),
        (linalg, _numpy.linalg, ("norm", "vector_norm"))):
    _dispatch.register(_part, _theirs, _names)

for _part, _name in ((globals(), "tsum.numpy"), (vars(linalg), "tsum.numpy.linalg"),
                     (vars(fft), "tsum.numpy.fft")):
    _calls.publish(_part, _name)

# From now on they need not be looked for.
for _class in (_array.Tensor, ndarray):
    _class.__array_function__ = _dispatch.array_function
    _class.__array_ufunc__ = _dispatch.array_ufunc

__all__ = sorted(_name for _name in globals() if not _name.startswith("_")
                 and _name not in ("annotations",))
