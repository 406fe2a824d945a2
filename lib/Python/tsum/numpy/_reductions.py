# SPDX-License-Identifier: Apache-2.0
"""NumPy's reductions, whose integers are summed in 64 bits and averaged as floats."""
from __future__ import annotations

import typing

import numpy

from .. import _core, _reductions, _statistics
from .._out import deliver
from ._array import asarray, dtype_of, evaluated, ndarray, wrap
from ._dtypes import FLOAT64, widened
from ._elementwise import truth_of

_plain = _reductions.functions(_core)

# Dtypes that sums have, too, by their identity.
_AS_THEY_ARE = {id(dtype) for dtype in (_core.f16, _core.f32, _core.f64, _core.i64, _core.u64)}
_tsums_dtype_of = _core.Tensor.dtype.fget


def _finish(name, result, out):
    return wrap(result) if out is None else deliver(name, result, out)


def _given(value, default):
    """`value`, or `default` where NumPy's own functions pass their mark of nothing."""
    return default if value is None or type(value).__name__ == "_NoValueType" else value


def sum(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None, out: typing.Any = None,
        keepdims: bool = False, initial: typing.Any = None, where: typing.Any = True, *,
        accuracy: str | None = None) -> ndarray:
    """NumPy's `sum`: of integers and booleans in 64 bits, of `dtype` if that is given.

    `where` says which elements count, `initial` is added, `out` is an array that the result is
    written to, `accuracy="exact"` rounds the exact sum once. Builds nodes and computes nothing.

    Raises AxisError (a ValueError and an IndexError) for an axis out of range or given twice.
    """
    if (type(a) is ndarray and dtype is None and initial is None and where is True
            and accuracy is None and out is None and id(_tsums_dtype_of(a)) in _AS_THEY_ARE):
        return _core.as_subclass(ndarray, _core.reduce_sum(a, axis, bool(keepdims)))
    a = asarray(a)
    if dtype is None:
        dtype = widened(dtype_of(a))
        if dtype == dtype_of(a):
            dtype = None
    total = _plain["sum"](a, axis, dtype, None, bool(keepdims), _given(initial, None), where,
                          accuracy=accuracy)
    return _finish("sum", total, out)


def prod(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None, out: typing.Any = None,
         keepdims: bool = False, initial: typing.Any = None, where: typing.Any = True) -> ndarray:
    """NumPy's `prod`: of integers and booleans in 64 bits, of `dtype` if that is given."""
    a = asarray(a)
    dtype = widened(dtype_of(a)) if dtype is None else dtype
    product = _plain["prod"](a, axis, dtype, None, bool(keepdims), _given(initial, None), where)
    return _finish("prod", product, out)


def _has_something(name, a, axis, initial):
    """Raises ValueError, as NumPy, where there is nothing to choose from."""
    if initial is not None or 0 not in a.shape:
        return
    axes = range(a.ndim) if axis is None else axis if hasattr(axis, "__iter__") else [axis]
    for each in axes:
        if -a.ndim <= each < a.ndim and a.shape[each] == 0:
            raise ValueError(f"{name}: zero-size array to reduction operation which has no "
                             "identity")


def _extreme(name, of_booleans):
    def extreme(a: typing.Any, axis: typing.Any = None, out: typing.Any = None,
                keepdims: bool = False, initial: typing.Any = None,
                where: typing.Any = True) -> ndarray:
        a = asarray(a)
        initial, keepdims = _given(initial, None), bool(keepdims)
        kind = dtype_of(a).kind
        if kind == "c" or (kind == "b" and (where is not True or initial is not None)):
            return evaluated(getattr(numpy, name), (a,), _chosen(
                axis=axis, out=out, keepdims=keepdims, initial=initial,
                where=None if where is True else where))
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


def _chosen(**arguments):
    return {name: value for name, value in arguments.items() if value is not None}


max = amax = _extreme("max", _core.reduce_any)
min = amin = _extreme("min", _core.reduce_all)


def mean(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None, out: typing.Any = None,
         keepdims: bool = False, *, where: typing.Any = True,
         accuracy: str | None = None) -> ndarray:
    """NumPy's `mean`: of integers and booleans as float64; of nothing NaN, without a warning."""
    a = asarray(a)
    if dtype is None and dtype_of(a).kind in "biu":
        dtype = FLOAT64
    return _finish("mean", _plain["mean"](a, axis, dtype, None, bool(keepdims), None, where,
                                          accuracy=accuracy), out)


def _spread(name):
    def spread(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None,
               out: typing.Any = None, ddof: float = 0, keepdims: bool = False, *,
               where: typing.Any = True, mean: typing.Any = None, correction: typing.Any = None,
               accuracy: str | None = None) -> ndarray:
        a = asarray(a)
        if dtype is None and dtype_of(a).kind in "biu":
            dtype = FLOAT64
        correction = _given(correction, None)
        if isinstance(correction, float) and correction.is_integer():
            correction = int(correction)
        result = _plain[name](a, axis, dtype, None, ddof, bool(keepdims), where=where,
                              mean=_given(mean, None), correction=correction, accuracy=accuracy)
        return _finish(name, result, out)

    return _documented(spread, name, "of integers and booleans as float64; NaN where nothing is "
                                     "left to divide by, without a warning")


var = _spread("var")
std = _spread("std")


def _truth(name, operation):
    def function(a: typing.Any, axis: typing.Any = None, out: typing.Any = None,
                 keepdims: bool = False, *, where: typing.Any = True) -> ndarray:
        result = _plain[name](truth_of(a), axis, None, None, bool(keepdims), None, where)
        return _finish(name, result, out)

    return _documented(function, name, "what is not 0 is true")


any = _truth("any", "reduce_any")
all = _truth("all", "reduce_all")


def _place(name):
    core = getattr(_core, name)

    def place(a: typing.Any, axis: int | None = None, out: typing.Any = None, *,
              keepdims: bool = False) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind == "c":
            return evaluated(getattr(numpy, name), (a, axis, out), dict(keepdims=bool(keepdims)))
        return _finish(name, core(a, axis, bool(keepdims)), out)

    return _documented(place, name, "the place of the first of each line, as int64")


argmax = _place("argmax")
argmin = _place("argmin")


def count_nonzero(a: typing.Any, axis: typing.Any = None, *, keepdims: bool = False) -> ndarray:
    """NumPy's `count_nonzero`, as int64. Builds nodes and computes nothing."""
    return wrap(_core.count_nonzero(asarray(a), axis, bool(keepdims)))


def ptp(a: typing.Any, axis: typing.Any = None, out: typing.Any = None,
        keepdims: bool = False) -> ndarray:
    """NumPy's `ptp`: the largest element less the smallest. Builds nodes and computes nothing."""
    a = asarray(a)
    if dtype_of(a).kind in "bc":
        return evaluated(numpy.ptp, (a, axis, out, bool(keepdims)), {})
    return _finish("ptp", _core.ptp(a, axis, bool(keepdims)), out)


def nansum(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None,
           out: typing.Any = None, keepdims: bool = False, initial: typing.Any = None,
           where: typing.Any = True, *, accuracy: str | None = None) -> ndarray:
    """NumPy's `nansum`: `sum` of what is not NaN. One pass, without a copy or a mask."""
    a = asarray(a)
    if dtype_of(a).kind in "biu":
        return sum(a, axis, dtype, out, keepdims, initial, where)
    return _finish("nansum", _statistics.nansum(a, axis, dtype, None, bool(keepdims),
                                                _given(initial, None), where,
                                                accuracy=accuracy), out)


def nanprod(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None,
            out: typing.Any = None, keepdims: bool = False, initial: typing.Any = None,
            where: typing.Any = True) -> ndarray:
    """NumPy's `nanprod`: `prod` of what is not NaN. One pass, without a copy or a mask."""
    a = asarray(a)
    if dtype_of(a).kind in "biu":
        return prod(a, axis, dtype, out, keepdims, initial, where)
    return _finish("nanprod", _statistics.nanprod(a, axis, dtype, None, bool(keepdims),
                                                  _given(initial, None), where), out)


def nanmean(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None,
            out: typing.Any = None, keepdims: bool = False, *, where: typing.Any = True,
            accuracy: str | None = None) -> ndarray:
    """NumPy's `nanmean`: the mean of what is not NaN; NaN where all is, without a warning."""
    a = asarray(a)
    if dtype_of(a).kind in "biu":
        return mean(a, axis, dtype, out, keepdims, where=where, accuracy=accuracy)
    return _finish("nanmean", _statistics.nanmean(a, axis, dtype, None, bool(keepdims), where=where,
                                                  accuracy=accuracy), out)


def _nan_spread(name, plain):
    function = getattr(_statistics, name)

    def spread(a: typing.Any, axis: typing.Any = None, dtype: typing.Any = None,
               out: typing.Any = None, ddof: int = 0, keepdims: bool = False, *,
               where: typing.Any = True, mean: typing.Any = None, correction: typing.Any = None,
               accuracy: str | None = None) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind in "biu":
            return plain(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean,
                         correction=correction, accuracy=accuracy)
        if _given(mean, None) is not None:
            return evaluated(getattr(numpy, name), (a, axis, dtype, out, ddof, bool(keepdims)),
                             dict(where=where, mean=mean))
        return _finish(name, function(a, axis, dtype, None, ddof, bool(keepdims), where=where,
                                      correction=_given(correction, None), accuracy=accuracy), out)

    return _documented(spread, name, "of what is not NaN; NaN where nothing is left to divide by, "
                                     "without a warning")


nanvar = _nan_spread("nanvar", var)
nanstd = _nan_spread("nanstd", std)


def _nan_extreme(name, plain):
    function = getattr(_statistics, name)

    def extreme(a: typing.Any, axis: typing.Any = None, out: typing.Any = None,
                keepdims: bool = False, initial: typing.Any = None,
                where: typing.Any = True) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind == "c":
            return evaluated(getattr(numpy, name), (a,), _chosen(
                axis=axis, out=out, keepdims=bool(keepdims), initial=_given(initial, None),
                where=None if where is True else where))
        if dtype_of(a).kind != "f":
            return plain(a, axis, out, keepdims, initial, where)
        initial = _given(initial, None)
        _has_something(name, a, axis, initial)
        return _finish(name, function(a, axis, None, bool(keepdims), initial, where), out)

    return _documented(extreme, name, "of what is not NaN; NaN where all is, without a warning. "
                                      "Raises ValueError where there is nothing to choose from")


nanmax = _nan_extreme("nanmax", max)
nanmin = _nan_extreme("nanmin", min)


def _nan_place(name, plain):
    function = getattr(_statistics, name)

    def place(a: typing.Any, axis: int | None = None, out: typing.Any = None, *,
              keepdims: bool = False) -> ndarray:
        a = asarray(a)
        if dtype_of(a).kind != "f":
            return plain(a, axis, out, keepdims=keepdims)
        places = function(a, axis, None, keepdims=bool(keepdims))
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


def average(a: typing.Any, axis: typing.Any = None, weights: typing.Any = None,
            returned: bool = False, *, keepdims: bool = False, skipna: bool = False,
            accuracy: str | None = None) -> typing.Any:
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
