# SPDX-License-Identifier: Apache-2.0
"""NumPy's reductions: TensorFlow's, with NumPy's parameters."""
from __future__ import annotations

import math

from . import _core
from ._accuracy import accuracy as block
from ._core import DTypeError, Tensor
from ._out import deliver
from .typing import ArrayLike, Axis, DTypeLike, NumPyArray

# Elements are cast to `dtype` first, as NumPy does.
REDUCTIONS = {
    "sum": "reduce_sum",
    "prod": "reduce_prod",
    "max": "reduce_max",
    "amax": "reduce_max",
    "min": "reduce_min",
    "amin": "reduce_min",
    "mean": "reduce_mean",
    "any": "reduce_any",
    "all": "reduce_all",
    "logsumexp": "reduce_logsumexp",
}

# What these have beside the others' parameters.
SPREADS = {"var": "reduce_variance", "std": "reduce_std"}

# Those of the first that can be exact, as the second all can.
ROUNDED = {"sum", "mean", "logsumexp"}

# What combines a result with `initial`, and what stands for an element that `where` leaves out;
# None where that is `initial`.
INITIAL = {"reduce_sum": ("add", 0), "reduce_prod": ("multiply", 1),
           "reduce_max": ("maximum", None), "reduce_min": ("minimum", None)}
LEFT_OUT = {"reduce_any": 0, "reduce_all": 1}

COMPLEX = (_core.complex64, _core.complex128)


def functions(core):
    """The reductions with NumPy's names, of the operations that `core` has."""
    found = {}
    for name, operation in REDUCTIONS.items():
        reduction = _reduction(name, getattr(core, operation))
        if name in ROUNDED:
            reduction = _with_accuracy(reduction)
        found[name] = _as_numpys(reduction, name, operation)
    found.update((name, _as_numpys(spread(name, getattr(core, operation)), name, operation))
                 for name, operation in SPREADS.items())
    return found


def _as_numpys(reduction, name, operation):
    reduction.__name__ = reduction.__qualname__ = name
    reduction.__module__ = "tsum"
    about = getattr(_core, operation).__doc__.partition("\n")[2]
    reduction.__doc__ = (
        f"NumPy's `{name}`: `{operation}` with NumPy's parameters.\n\n"
        "Elements are cast to `dtype` first, if it is given; without it the result has the dtype\n"
        f"of `a`, as `{operation}`'s has. `where` says which elements count,\n"
        f"`out` is an array that the result is written to.\n\n{about}")
    return reduction


def _reduction(name, operation):
    combiner, neutral = INITIAL.get(operation.__name__, (None, LEFT_OUT.get(operation.__name__)))

    def reduction(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
                  out: NumPyArray | None = None, keepdims: bool = False,
                  initial: ArrayLike | None = None, where: ArrayLike = True) -> Tensor:
        if out is not None:
            return deliver(name, reduction(a, axis, dtype, None, keepdims, initial, where), out)
        is_plain = initial is None and where is True
        if is_plain and name in ROUNDED and _rounds_last(a, dtype):
            return operation(a, axis, keepdims, dtype=dtype)
        if dtype is not None:
            a = _core.asarray(a, dtype)
        if is_plain:
            return operation(a, axis, keepdims)
        if initial is not None and combiner is None:
            raise TypeError(f"{name}: there is no initial=")
        if name == "mean":
            return _in_float(name, a, lambda x: _mean(x, axis, keepdims, where))
        if name == "logsumexp":
            raise TypeError(f"{name}: there is no where=")
        if where is not True:
            left_out = initial if neutral is None else neutral
            if left_out is None:
                raise ValueError(f"{name}: where= needs initial=, which is the result of nothing")
            a = _only(a, where, left_out)
        result = operation(a, axis, keepdims)
        return result if initial is None else getattr(_core, combiner)(result, initial)

    return reduction


def _rounds_last(a, dtype):
    """Whether elements are not cast to `dtype`: of an exact value only the result is rounded."""
    return dtype is not None and hasattr(a, "dtype") and _core.get_accuracy() == "exact"


def _with_accuracy(reduction):
    def exact_or_not(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
                     out: NumPyArray | None = None, keepdims: bool = False,
                     initial: ArrayLike | None = None, where: ArrayLike = True, *,
                     accuracy: str | None = None) -> Tensor:
        if accuracy is None:
            return reduction(a, axis, dtype, out, keepdims, initial, where)
        with block(accuracy):
            return reduction(a, axis, dtype, out, keepdims, initial, where)

    return exact_or_not


def spread(name, operation):
    """NumPy's `var` or `std`, of TensorFlow's `operation`."""
    def function(a: ArrayLike, axis: Axis = None, dtype: DTypeLike | None = None,
                 out: NumPyArray | None = None, ddof: int = 0, keepdims: bool = False, *,
                 where: ArrayLike = True, mean: ArrayLike | None = None,
                 correction: float | None = None, accuracy: str | None = None) -> Tensor:
        if out is not None:
            return deliver(name, function(a, axis, dtype, None, ddof, keepdims, where=where,
                                          mean=mean, correction=correction, accuracy=accuracy),
                           out)
        if accuracy is not None:
            with block(accuracy):
                return function(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean,
                                correction=correction)
        if correction is not None:
            if ddof != 0:
                raise ValueError(f"{name}: ddof={ddof} and correction={correction} are the same "
                                 "parameter (give one)")
            ddof = correction
        is_plain = (where is True and mean is None and isinstance(ddof, int)
                    and -2**63 <= ddof < 2**63)
        if is_plain and _rounds_last(a, dtype):
            return operation(a, axis, keepdims, ddof=ddof, dtype=dtype)
        if dtype is not None:
            a = _core.asarray(a, dtype)
        if is_plain:
            return operation(a, axis, keepdims, ddof=ddof)
        root = _core.sqrt if name == "std" else lambda x: x
        return _in_float(name, a,
                         lambda x: root(_variance(x, axis, ddof, keepdims, where, mean)))

    return function


def _only(a, where, neutral):
    """`a`, with `neutral` in place of what `where` leaves out."""
    a = _core.asarray(a)
    if a.dtype == _core.boolean:
        neutral = bool(neutral)
    return _core.where(_core.broadcast_to(where, a.shape), a, neutral)


def _count(a, axis, keepdims, where):
    """How many elements count for each result, in f64."""
    chosen = _core.broadcast_to(where, a.shape)
    return _core.cast(_core.count_nonzero(chosen, axis, keepdims), _core.f64)


def _in_float(name, a, compute):
    """Computes f16 and bf16 in f32, and rounds once."""
    a = _core.asarray(a)
    if a.dtype in (_core.f16, _core.bf16):
        return _core.cast(compute(_core.cast(a, _core.f32)), a.dtype)
    if a.dtype not in (_core.f32, _core.f64, *COMPLEX):
        raise DTypeError(f"{name}: takes floats and complex numbers with these parameters; given "
                         f"{a.dtype.name} (dtype= casts first, as in dtype=tsum.f64)")
    return compute(a)


# These give the bits of the operations of C++ where both could be asked: the count is exact, and
# complex numbers are two real ones.

def _mean(a, axis, keepdims, where):
    if a.dtype in COMPLEX:
        return _core.complex(_mean(_core.real(a), axis, keepdims, where),
                             _mean(_core.imag(a), axis, keepdims, where))
    total = _core.reduce_sum(_only(a, where, 0), axis, keepdims)
    return _core.divide(total, _core.cast(_count(a, axis, keepdims, where), a.dtype))


def _variance(a, axis, ddof, keepdims, where, mean):
    if mean is not None:
        mean = _core.cast(mean, a.dtype)
    if a.dtype in COMPLEX:
        return _core.add(*(_variance(part(a), axis, ddof, keepdims, where,
                                     None if mean is None else part(mean))
                           for part in (_core.real, _core.imag)))
    if mean is None:
        mean = _mean(a, axis, True, where)
    square = _core.square(_core.subtract(a, mean))
    total = _core.reduce_sum(_only(square, where, 0), axis, keepdims)
    divisor = _core.subtract(_count(square, axis, keepdims, where), float(ddof))
    # Where nothing is left to divide by, there is no answer.
    variance = _core.divide(total, _core.cast(divisor, a.dtype))
    return _core.where(_core.greater(divisor, 0), variance, math.nan)
