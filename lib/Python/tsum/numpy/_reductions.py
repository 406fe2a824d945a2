# SPDX-License-Identifier: Apache-2.0
"""NumPy's reductions, whose integers are summed in 64 bits and averaged as floats."""
from __future__ import annotations

import typing

import numpy

from .. import _core, _reductions, _statistics
from .._out import deliver
from ..typing import ArrayLike, Axis, DTypeLike, NumPyArray
from ._arguments import axis_of, dtype_named, given, initial_of, where_of
from ._array import asarray, dtype_of, evaluated, ndarray, wrap
from ._dtypes import FLOAT64, widened
from ._ufuncs import truth_of

_plain = _reductions.functions(_core)

# Dtypes that sums have, too, by their identity.
_AS_THEY_ARE = {id(dtype) for dtype in (_core.f16, _core.f32, _core.f64, _core.i64, _core.u64)}
_tsums_dtype_of = _core.Tensor.dtype.fget


def _finish(name, result, out):
    return wrap(result) if out is None else deliver(name, result, out)


def _by_numpy(name, a, **arguments):
    """NumPy's function on values, with the arguments that are given."""
    if arguments.get("where") is True:
        del arguments["where"]
    return evaluated(getattr(numpy, name), (a,), {
        key: value for key, value in arguments.items() if given(value, None) is not None})


def sum(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
        out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
        where: ArrayLike = True, *, accuracy: str | None = None) -> ndarray:
    """NumPy's `sum`: of integers and booleans in 64 bits, of `dtype` if that is given.

    `where` says which elements count, `initial` is added, `out` is an array that the result is
    written to, `accuracy="exact"` rounds the exact sum once. Builds nodes and computes nothing.

    Raises AxisError (a ValueError and an IndexError) for an axis out of range or given twice.
    """
    if (type(a) is ndarray and dtype is None and initial is None and where is True
            and accuracy is None and out is None and (axis is None or type(axis) is int)
            and id(_tsums_dtype_of(a)) in _AS_THEY_ARE):
        try:
            return _core.as_subclass(ndarray, _core.reduce_sum(a, axis, bool(keepdims)))
        except _core.AxisError:  # which NumPy may take
            pass
    return _total("sum", a, axis, dtype, out, keepdims, initial, where, accuracy=accuracy)


def prod(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
         out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
         where: ArrayLike = True) -> ndarray:
    """NumPy's `prod`: of integers and booleans in 64 bits, of `dtype` if that is given."""
    return _total("prod", a, axis, dtype, out, keepdims, initial, where)


def _total(name, a, axis, dtype, out, keepdims, initial, where, **accuracy):
    """A sum or a product, by its name."""
    a = asarray(a)
    wanted = dtype_named(dtype) or widened(dtype_of(a))
    if wanted.kind == "b":
        return _by_numpy(name, a, axis=axis, dtype=dtype, out=out, keepdims=bool(keepdims),
                         initial=initial, where=where)
    total = _plain[name](a, axis_of(name, axis, a.ndim), None if wanted == dtype_of(a) else wanted,
                         None, bool(keepdims), initial_of(initial, wanted), where_of(where),
                         **accuracy)
    return _finish(name, total, out)


def _has_something(name, a, axis, initial):
    """Raises ValueError, as NumPy, where there is nothing to choose from."""
    if initial is not None or 0 not in a.shape:
        return
    axes = range(a.ndim) if axis is None else axis if type(axis) is tuple else [axis]
    for each in axes:
        if a.shape[each] == 0:
            raise ValueError(f"{name}: zero-size array to reduction operation which has no "
                             "identity")


def _extreme(name, of_booleans):
    def extreme(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
                keepdims: bool = False, initial: ArrayLike | None = None,
                where: ArrayLike = True) -> ndarray:
        a = asarray(a)
        initial, keepdims = given(initial, None), bool(keepdims)
        kind = dtype_of(a).kind
        if kind == "c" or (kind == "b" and (where is not True or initial is not None)):
            return _by_numpy(name, a, axis=axis, out=out, keepdims=keepdims, initial=initial,
                             where=where)
        axis, where = axis_of(name, axis, a.ndim), where_of(where)
        initial = initial_of(initial, dtype_of(a))
        _has_something(name, a, axis, initial)
        if kind == "b":
            return _finish(name, of_booleans(a, axis, keepdims), out)
        return _finish(name, _plain[name](a, axis, None, None, keepdims, initial, where), out)

    return _documented(extreme, name, "an element of each line. Raises ValueError where there is "
                                      "nothing to choose from and no `initial`")


def _documented(function, name, about):
    function.__name__ = function.__qualname__ = name
    function.__module__ = "tsum.numpy"
    function.__doc__ = f"NumPy's `{name}`: {about}.\n\nBuilds nodes and computes nothing."
    return function


max = amax = _extreme("max", _core.reduce_any)
min = amin = _extreme("min", _core.reduce_all)


def mean(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
         out: NumPyArray | None = None, keepdims: bool = False, *, where: ArrayLike = True,
         accuracy: str | None = None) -> ndarray:
    """NumPy's `mean`: of integers and booleans as float64; of nothing NaN, without a warning."""
    a, wanted = asarray(a), dtype_named(dtype)
    if wanted is not None and wanted.kind in "biu":
        return _by_numpy("mean", a, axis=axis, dtype=wanted, out=out, keepdims=bool(keepdims),
                         where=where)
    if wanted is None and dtype_of(a).kind in "biu":
        wanted = FLOAT64
    return _finish("mean", _plain["mean"](
        a, axis_of("mean", axis, a.ndim, of_scalars=False), wanted, None, bool(keepdims), None,
        where_of(where), accuracy=accuracy), out)


def _is_numpys_spread(a, dtype):
    """Whether a variance in `dtype` is none that tsum has: in integers, or of complex numbers."""
    return dtype is not None and (dtype.kind in "biu" or "c" in (dtype.kind, dtype_of(a).kind))


def _spread(name):
    def spread(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
               out: NumPyArray | None = None, ddof: float = 0, keepdims: bool = False, *,
               where: ArrayLike = True, mean: ArrayLike | None = None,
               correction: float | None = None, accuracy: str | None = None) -> ndarray:
        a, wanted = asarray(a), dtype_named(dtype)
        if _is_numpys_spread(a, wanted):
            return _by_numpy(name, a, axis=axis, dtype=wanted, out=out, ddof=ddof, mean=mean,
                             keepdims=bool(keepdims), where=where, correction=correction)
        if wanted is None and dtype_of(a).kind in "biu":
            wanted = FLOAT64
        correction = given(correction, None)
        if isinstance(correction, float) and correction.is_integer():
            correction = int(correction)
        result = _plain[name](a, axis_of(name, axis, a.ndim, of_scalars=False), wanted, None, ddof,
                              bool(keepdims), where=where_of(where), mean=given(mean, None),
                              correction=correction, accuracy=accuracy)
        return _finish(name, result, out)

    return _documented(spread, name, "of integers and booleans as float64; NaN where nothing is "
                                     "left to divide by, without a warning")


var = _spread("var")
std = _spread("std")


def _truth(name, operation):
    def function(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
                 keepdims: bool = False, *, where: ArrayLike = True) -> ndarray:
        a = truth_of(a)
        result = _plain[name](a, axis_of(name, axis, a.ndim), None, None, bool(keepdims), None,
                              where_of(where))
        return _finish(name, result, out)

    return _documented(function, name, "what is not 0 is true")


any = _truth("any", "reduce_any")
all = _truth("all", "reduce_all")


def _line_of(name, axis, a):
    """The one axis that places are counted along, or None for all elements."""
    if type(axis) is tuple:
        raise TypeError(f"{name}: takes one axis, or None for all elements; given {axis}")
    return axis_of(name, axis, a.ndim)


def _place(name):
    core = getattr(_core, name)

    def place(a: ArrayLike, axis: int | None = None, out: NumPyArray | None = None, *,
              keepdims: bool = False) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind == "c":
            return _by_numpy(name, a, axis=axis, out=out, keepdims=bool(keepdims))
        return _finish(name, core(a, _line_of(name, axis, a), bool(keepdims)), out)

    return _documented(place, name, "the place of the first of each line, as int64")


argmax = _place("argmax")
argmin = _place("argmin")


def count_nonzero(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> ndarray:
    """NumPy's `count_nonzero`, as int64. Builds nodes and computes nothing."""
    a = asarray(a)
    return wrap(_core.count_nonzero(a, axis_of("count_nonzero", axis, a.ndim), bool(keepdims)))


def ptp(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
        keepdims: bool = False) -> ndarray:
    """NumPy's `ptp`: the largest element less the smallest. Builds nodes and computes nothing."""
    a = asarray(a)
    if dtype_of(a).kind in "bc":
        return _by_numpy("ptp", a, axis=axis, out=out, keepdims=bool(keepdims))
    return _finish("ptp", _core.ptp(a, axis_of("ptp", axis, a.ndim), bool(keepdims)), out)


def nansum(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
           out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
           where: ArrayLike = True, *, accuracy: str | None = None) -> ndarray:
    """NumPy's `nansum`: `sum` of what is not NaN. One pass, without a copy or a mask."""
    return _nan_total("nansum", sum, a, axis, dtype, out, keepdims, initial, where,
                      accuracy=accuracy)


def nanprod(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
            out: NumPyArray | None = None, keepdims: bool = False, initial: ArrayLike | None = None,
            where: ArrayLike = True) -> ndarray:
    """NumPy's `nanprod`: `prod` of what is not NaN. One pass, without a copy or a mask."""
    return _nan_total("nanprod", prod, a, axis, dtype, out, keepdims, initial, where)


def _nan_total(name, plain, a, axis, dtype, out, keepdims, initial, where, **accuracy):
    """A sum or a product of what is not NaN; of dtypes without NaNs it is `plain`."""
    a, wanted = asarray(a), dtype_named(dtype)
    if dtype_of(a).kind in "biu":
        return plain(a, axis, wanted, out, keepdims, initial, where)
    if wanted is not None and wanted.kind == "b":
        return _by_numpy(name, a, axis=axis, dtype=wanted, out=out, keepdims=bool(keepdims),
                         initial=initial, where=where)
    total = getattr(_statistics, name)(
        a, axis_of(name, axis, a.ndim), wanted, None, bool(keepdims),
        initial_of(initial, wanted or dtype_of(a)), where_of(where), **accuracy)
    return _finish(name, total, out)


def nanmean(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
            out: NumPyArray | None = None, keepdims: bool = False, *, where: ArrayLike = True,
            accuracy: str | None = None) -> ndarray:
    """NumPy's `nanmean`: the mean of what is not NaN; NaN where all is, without a warning."""
    a, wanted = asarray(a), dtype_named(dtype)
    if dtype_of(a).kind in "biu":
        return mean(a, axis, wanted, out, keepdims, where=where, accuracy=accuracy)
    if wanted is not None and wanted.kind in "biu":
        raise TypeError("nanmean: the mean of floats is a float; given "
                        f"dtype={wanted} (cast the result: astype)")
    return _finish("nanmean", _statistics.nanmean(
        a, axis_of("nanmean", axis, a.ndim, of_scalars=False), wanted, None, bool(keepdims),
        where=where_of(where), accuracy=accuracy), out)


def _nan_spread(name, plain):
    function = getattr(_statistics, name)

    def spread(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
               out: NumPyArray | None = None, ddof: float = 0, keepdims: bool = False, *,
               where: ArrayLike = True, mean: ArrayLike | None = None,
               correction: float | None = None, accuracy: str | None = None) -> ndarray:
        a, wanted = asarray(a), dtype_named(dtype)
        if dtype_of(a).kind in "biu":
            return plain(a, axis, wanted, out, ddof, keepdims, where=where, mean=mean,
                         correction=correction, accuracy=accuracy)
        if given(mean, None) is not None or _is_numpys_spread(a, wanted):
            return _by_numpy(name, a, axis=axis, dtype=wanted, out=out, ddof=ddof, mean=mean,
                             keepdims=bool(keepdims), where=where, correction=correction)
        axis = axis_of(name, axis, a.ndim, of_scalars=False)
        return _finish(name, function(a, axis, wanted, None, ddof, bool(keepdims),
                                      where=where_of(where), correction=given(correction, None),
                                      accuracy=accuracy), out)

    return _documented(spread, name, "of what is not NaN; NaN where nothing is left to divide by, "
                                     "without a warning")


nanvar = _nan_spread("nanvar", var)
nanstd = _nan_spread("nanstd", std)


def _nan_extreme(name, plain):
    function = getattr(_statistics, name)

    def extreme(a: ArrayLike, axis: Axis = None, out: NumPyArray | None = None,
                keepdims: bool = False, initial: ArrayLike | None = None,
                where: ArrayLike = True) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind == "c":
            return _by_numpy(name, a, axis=axis, out=out, keepdims=bool(keepdims),
                             initial=initial, where=where)
        if dtype_of(a).kind in "biu":
            return plain(a, axis, out, keepdims, initial, where)
        axis, initial = axis_of(name, axis, a.ndim), initial_of(initial, dtype_of(a))
        _has_something(name, a, axis, initial)
        return _finish(name, function(a, axis, None, bool(keepdims), initial, where_of(where)),
                       out)

    return _documented(extreme, name, "of what is not NaN; NaN where all is, without a warning. "
                                      "Raises ValueError where there is nothing to choose from")


nanmax = _nan_extreme("nanmax", max)
nanmin = _nan_extreme("nanmin", min)


def _nan_place(name, plain):
    function = getattr(_statistics, name)

    def place(a: ArrayLike, axis: int | None = None, out: NumPyArray | None = None, *,
              keepdims: bool = False) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind == "c":
            return _by_numpy(name, a, axis=axis, out=out, keepdims=bool(keepdims))
        if dtype_of(a).kind in "biu":
            return plain(a, axis, out, keepdims=keepdims)
        places = function(a, _line_of(name, axis, a), None, keepdims=bool(keepdims))
        if (places.numpy() < 0).any():
            raise ValueError("All-NaN slice encountered")
        return _finish(name, places, out)

    _documented(place, name, "")
    place.__doc__ = (f"NumPy's `{name}`: the place of the first of what is not NaN, as int64.\n\n"
                     "Evaluates, since it raises ValueError where all is NaN; `tsum." + name +
                     "` is lazy, and -1 there.")
    return place


nanargmax = _nan_place("nanargmax", argmax)
nanargmin = _nan_place("nanargmin", argmin)


@typing.overload
def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None,
            returned: typing.Literal[False] = False, *, keepdims: bool = False,
            skipna: bool = False, accuracy: str | None = None) -> ndarray: ...


@typing.overload
def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None, *,
            returned: typing.Literal[True], keepdims: bool = False, skipna: bool = False,
            accuracy: str | None = None) -> tuple[ndarray, ndarray]: ...


def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None,
            returned: bool = False, *, keepdims: bool = False, skipna: bool = False,
            accuracy: str | None = None) -> ndarray | tuple[ndarray, ndarray]:
    """NumPy's `average`, in one pass; with `skipna`, of what is not NaN.

    Where the weights sum to 0 it is what dividing by 0 gives: NumPy raises ZeroDivisionError.
    """
    from ._dtypes import result_type

    a = asarray(a)
    dtype = result_type(a, *([] if weights is None else [asarray(weights)]))
    if dtype.kind in "biu":
        dtype = FLOAT64
    result = _statistics.average(asarray(a, dtype), axis, None if weights is None
                                 else asarray(weights, dtype), returned, keepdims=bool(keepdims),
                                 skipna=skipna, accuracy=accuracy)
    return tuple(map(wrap, result)) if returned else wrap(result)


__all__ = ["sum", "prod", "max", "amax", "min", "amin", "mean", "var", "std", "any", "all",
           "argmax",
           "argmin", "count_nonzero", "ptp", "nansum", "nanprod", "nanmean", "nanvar", "nanstd",
           "nanmax", "nanmin", "nanargmax", "nanargmin", "average"]
