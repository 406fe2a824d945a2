# SPDX-License-Identifier: Apache-2.0
"""NumPy's reductions that TensorFlow has not: those that leave out NaNs, and weighted averages."""
from __future__ import annotations

import typing
import contextlib

from . import _core, _reductions
from ._accuracy import accuracy as block
from ._core import ShapeError, Tensor
from ._out import deliver
from .typing import ArrayLike, Axis, DTypeLike, NumPyArray

# These read their operand once, and keep no mask and no copy: what is NaN is seen on the way.

_NAN = float("nan")
FLOATS = (_core.f16, _core.bf16, _core.f32, _core.f64, _core.complex64, _core.complex128)


def _block(accuracy):
    return contextlib.nullcontext() if accuracy is None else block(accuracy)


def _leave_out(name, a, where, plain):
    """`a` with NaN where `where` is false; of integers, which have none, with `plain`."""
    a = _core.asarray(a)
    if where is True:
        return a
    if a.dtype in FLOATS:
        return _core.where(_core.broadcast_to(where, a.shape), a, _NAN)
    if plain is None:
        raise ValueError(f"{name}: where= of integers needs initial=, the result of nothing")
    return _core.where(_core.broadcast_to(where, a.shape), a, plain)


def nansum(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
           out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
           where: ArrayLike = True, *, accuracy: str | None = None) -> Tensor:
    """NumPy's `nansum`: the sum of what is not NaN; where all is, 0.

    The parameters are those of `tsum.sum`: the result has the dtype of `a`, or `dtype`; elements
    where `where` is false are left out, too; `initial` is added; `out` is an array that the result
    is written to; `accuracy` may be "exact". One pass over `a`, without a copy or a mask.

    Raises AxisError for an axis out of range or given twice, DTypeError for booleans.
    """
    total = _core.nansum(_leave_out("nansum", a, where, 0), axis, keepdims, dtype=dtype,
                         accuracy=accuracy)
    return deliver("nansum", total if initial is None else _core.add(total, initial), out)


def nanprod(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
            out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
            where: ArrayLike = True) -> Tensor:
    """NumPy's `nanprod`: the product of what is not NaN; where all is, 1.

    The parameters are those of `tsum.prod`. One pass over `a`, without a copy or a mask.

    Raises AxisError for an axis out of range or given twice, DTypeError for booleans.
    """
    product = _core.nanprod(_leave_out("nanprod", a, where, 1), axis, keepdims, dtype=dtype)
    return deliver("nanprod", product if initial is None else _core.multiply(product, initial), out)


def nancount(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
             keepdims: bool = False, *, where: ArrayLike = True) -> Tensor:
    """How many elements are not NaN, as i64, of those where `where` is true.

    Takes every dtype. One pass over `a`, none where it has no NaNs.

    Raises AxisError for an axis out of range or given twice.
    """
    a = _core.asarray(a)
    if where is not True and a.dtype not in FLOATS:
        count = _core.count_nonzero(_core.broadcast_to(where, a.shape), axis, keepdims)
    else:
        count = _core.nancount(_leave_out("nancount", a, where, 0), axis, keepdims)
    return deliver("nancount", count, out)


def nanmean(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
            out: NumPyArray | None = None, keepdims: bool = False, *, where: ArrayLike = True,
            accuracy: str | None = None) -> Tensor:
    """NumPy's `nanmean`: the mean of what is not NaN; where all is, NaN, without a warning.

    The parameters are those of `tsum.mean`. If `accuracy` is "exact", the exact sum is rounded to
    f64 and divided. One pass over `a`, without a copy or a mask.

    Raises AxisError for an axis out of range or given twice, DTypeError for booleans and, with
    `where`, for integers.
    """
    if where is not True:
        a = _in_float("nanmean", a, dtype)
        a = _leave_out("nanmean", a, where, None)
    return deliver("nanmean", _core.nanmean(a, axis, keepdims, dtype=dtype, accuracy=accuracy), out)


def nanvar(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
           out: NumPyArray | None = None, ddof: int = 0, keepdims: bool = False, *,
           where: ArrayLike = True, correction: int | None = None,
           accuracy: str | None = None) -> Tensor:
    """NumPy's `nanvar`: the variance of what is not NaN; NaN where nothing is left to divide by.

    The parameters are those of `tsum.var`. If `accuracy` is "exact", mean and deviations are
    rounded to f64, and the sum of the squares is exact. Two passes over `a`.

    Raises AxisError for an axis out of range or given twice, DTypeError for integers and booleans.
    """
    return _spread("nanvar", a, axis, dtype, out, ddof, keepdims, where, correction, accuracy)


def nanstd(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
           out: NumPyArray | None = None, ddof: int = 0, keepdims: bool = False, *,
           where: ArrayLike = True, correction: int | None = None,
           accuracy: str | None = None) -> Tensor:
    """NumPy's `nanstd`: the square root of `nanvar`, which has the same parameters."""
    return _spread("nanstd", a, axis, dtype, out, ddof, keepdims, where, correction, accuracy)


# With a `ddof` that is no integer.
_SPREADS = {"nanvar": _reductions.spread("var", _core.reduce_variance),
            "nanstd": _reductions.spread("std", _core.reduce_std)}


def _spread(name, a, axis, dtype, out, ddof, keepdims, where, correction, accuracy):
    if correction is not None:
        if ddof != 0:
            raise ValueError(f"{name}: ddof={ddof} and correction={correction} are the same "
                             "parameter (give one)")
        ddof = correction
    if where is not True:
        a = _leave_out(name, _in_float(name, a, dtype), where, None)
    if isinstance(ddof, int):
        result = getattr(_core, name)(a, axis, keepdims, ddof=ddof, dtype=dtype, accuracy=accuracy)
    else:
        a = _core.asarray(a, dtype)
        result = _SPREADS[name](a, axis, ddof=ddof, keepdims=keepdims, accuracy=accuracy,
                                where=_core.logical_not(_core.is_nan(a)))
    return deliver(name, result, out)


def _in_float(name, a, dtype):
    """`a`, whose elements can be NaN, cast to `dtype` if they cannot."""
    a = _core.asarray(a)
    if a.dtype in FLOATS:
        return a
    if dtype is None or _core.as_dtype(dtype) not in FLOATS:
        raise _core.DTypeError(f"{name}: takes floats and complex numbers with where=; given "
                               f"{a.dtype.name} (dtype= casts first, as in dtype=tsum.f64)")
    return _core.cast(a, dtype)


def nanmax(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None, keepdims: bool = False,
           initial: ArrayLike | None = None, where: ArrayLike = True) -> Tensor:
    """NumPy's `nanmax`: the largest element that is not NaN; where all is, NaN, without a warning.

    Elements where `where` is false are left out, too; the result is at least `initial`; `out` is
    an array that the result is written to. One pass over `a`, without a copy or a mask.

    Raises AxisError for an axis out of range or given twice, DTypeError for complex numbers and
    booleans.
    """
    return _extreme("nanmax", _core.maximum, a, axis, out, keepdims, initial, where)


def nanmin(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None, keepdims: bool = False,
           initial: ArrayLike | None = None, where: ArrayLike = True) -> Tensor:
    """NumPy's `nanmin`: the smallest element that is not NaN, likewise; at most `initial`."""
    return _extreme("nanmin", _core.minimum, a, axis, out, keepdims, initial, where)


def _extreme(name, combine, a, axis, out, keepdims, initial, where):
    result = getattr(_core, name)(_leave_out(name, a, where, initial), axis, keepdims)
    if initial is None or initial != initial:  # NaN is left out, too
        return deliver(name, result, out)
    combined = combine(result, initial)
    if result.dtype in FLOATS:
        combined = _core.where(_core.is_nan(result), initial, combined)
    return deliver(name, combined, out)


def nanargmax(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None, *,
              keepdims: bool = False) -> Tensor:
    """The place of the largest element that is not NaN, as i64, the first of several.

    Over several axes, or all of them, the place in row-major order of these. Where all is NaN, -1,
    as in JAX; NumPy's `nanargmax` raises ValueError, for which it has to look at the values.

    Raises AxisError for an axis out of range or given twice, ShapeError (a ValueError) if there is
    nothing to choose from, DTypeError for complex numbers.
    """
    return deliver("nanargmax", _core.nanargmax(a, axis, keepdims), out)


def nanargmin(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None, *,
              keepdims: bool = False) -> Tensor:
    """The place of the smallest element that is not NaN, likewise."""
    return deliver("nanargmin", _core.nanargmin(a, axis, keepdims), out)


def ptp(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
        keepdims: bool = False) -> Tensor:
    """NumPy's `ptp`: the largest element less the smallest. Integers wrap. One pass over `a`.

    Raises AxisError for an axis out of range or given twice, ShapeError (a ValueError) if there is
    no element, DTypeError for complex numbers and booleans.
    """
    return deliver("ptp", _core.ptp(a, axis, keepdims), out)


@typing.overload
def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None,
            returned: typing.Literal[False] = False, *, keepdims: bool = False,
            skipna: bool = False, accuracy: str | None = None) -> Tensor: ...


@typing.overload
def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None, *,
            returned: typing.Literal[True], keepdims: bool = False, skipna: bool = False,
            accuracy: str | None = None) -> tuple[Tensor, Tensor]: ...


def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None,
            returned: bool = False, *, keepdims: bool = False, skipna: bool = False,
            accuracy: str | None = None) -> Tensor | tuple[Tensor, Tensor]:
    """NumPy's `average`: sum(a * weights) / sum(weights), in one pass.

    `weights` have the shape of `a`, or that of the axes given by `axis`, and are cast to its dtype;
    None are all 1. With `skipna` elements that are NaN count for nothing. With `returned` the sums
    of the weights come too. If `accuracy` is "exact", both sums are, and are rounded to f64 before
    they are divided. Where the weights sum to 0 the result is what dividing by 0 gives: NumPy,
    which looks at the values, raises ZeroDivisionError.

    Raises AxisError for an axis out of range or given twice, DTypeError for integers, ShapeError
    for weights of another shape.
    """
    a = _core.asarray(a)
    if weights is None:
        with _block(accuracy):
            result = (nanmean if skipna else _core.reduce_mean)(a, axis, keepdims=keepdims)
        if not returned:
            return result
        counted = _core.nancount(a if skipna else _core.not_equal(a, a), axis, keepdims)
        return result, _core.cast(counted, result.dtype)
    weights = _along(a, axis, _core.cast(weights, a.dtype))
    result = _core.average(a, weights, axis, keepdims, skipna, accuracy=accuracy)
    if not returned:
        return result
    counted = _core.broadcast_to(weights, a.shape)
    if skipna:
        counted = _core.where(_core.is_nan(a), 0, counted)
    return result, _core.reduce_sum(counted, axis, keepdims, accuracy=accuracy)


def _along(a, axis, weights):
    """`weights` of the shape of `a`, or of its axes, so that they broadcast to it."""
    if weights.shape == a.shape:
        return weights
    axes = range(a.ndim) if axis is None else [axis] if not hasattr(axis, "__iter__") else axis
    axes = [each + a.ndim if each < 0 else each for each in axes]
    if weights.shape != tuple(a.shape[each] for each in axes if 0 <= each < a.ndim):
        raise ShapeError(f"average: weights of shape {weights.shape} for {a.shape} (they have its "
                         "shape, or that of the axes)")
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return _core.reshape(_core.transpose(weights, order),
                         [a.shape[each] if each in axes else 1 for each in range(a.ndim)])


FUNCTIONS = [nansum, nanprod, nancount, nanmean, nanvar, nanstd, nanmax, nanmin, nanargmax,
             nanargmin, ptp, average]
