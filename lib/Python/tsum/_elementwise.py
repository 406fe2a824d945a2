# SPDX-License-Identifier: Apache-2.0
"""NumPy's elementwise functions that have other parameters than TensorFlow's, or that it has not.
"""
from __future__ import annotations


from . import _core
from ._core import DTypeError, Tensor
from ._out import deliver
from .typing import ArrayLike, NumPyArray


def clip(a: ArrayLike, a_min: ArrayLike | None = None, a_max: ArrayLike | None = None,
         out: NumPyArray | None = None, *, min: ArrayLike | None = None,
         max: ArrayLike | None = None) -> Tensor:
    """NumPy's `clip`: minimum(maximum(a, a_min), a_max), where a bound may be None for none.

    `min` and `max` are other names of the bounds, which broadcast to `a`; NaNs stay, and where a
    bound is NaN, so is the result.

    Raises DTypeError for mixed dtypes, complex numbers and booleans, ShapeError for shapes that do
    not broadcast. Builds nodes and computes nothing; O(rank).
    """
    if out is not None:
        return deliver("clip", clip(a, a_min, a_max, min=min, max=max), out)
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise TypeError("clip: a bound is given twice (min and a_min are one, so are max and "
                        "a_max)")
    low = a_min if min is None else min
    high = a_max if max is None else max
    a = positive(a)
    if low is not None and high is not None:
        return _core.clip_by_value(a, low, high)
    if low is not None:
        return _core.maximum(a, low)
    return a if high is None else _core.minimum(a, high)


def positive(x: ArrayLike) -> Tensor:
    """NumPy's `positive`: `x` itself, which must be of numbers.

    Raises DTypeError for booleans. Computes nothing; O(1).
    """
    x = _core.asarray(x)
    if x.dtype == _core.boolean:
        raise DTypeError("positive: takes numbers; given boolean")
    return x
