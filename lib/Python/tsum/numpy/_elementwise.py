# SPDX-License-Identifier: Apache-2.0
"""NumPy's elementwise functions: tsum's operations, of operands that are promoted as in NumPy."""
from __future__ import annotations

import math
import typing

import numpy

from .. import _core
from .._core import Tensor
from ..typing import ArrayLike, NumPyArray
from ._array import asarray, evaluated, ndarray, wrap
from ._dtypes import FLOAT64, in_dtype, promoted, result_type
from ._ufuncs import (array_or_number, as_ufunc, finish, float_of, make_binary, make_comparison,
                      make_logical, make_unary, operation, prepared, test_of, truth_of,
                      unless_whole)

# Of integers they are computed in floats.
_OF_FLOATS = ["sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin",
              "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "arcsin", "arccos",
              "arctan", "arcsinh", "arccosh", "arctanh", "cbrt", "exp2", "rint", "signbit", "fabs"]
_OF_ALL = ["abs", "absolute", "sign", "square", "reciprocal", "negative", "conj", "conjugate",
           "invert", "bitwise_invert", "bitwise_not", "real", "imag"]
# Integers are whole already.
_TO_WHOLE = ["floor", "ceil", "trunc"]
# What there is to say of integers without a look at them.
_TESTS = {"isnan": False, "isinf": False, "isfinite": True}

_BINARY = ["add", "subtract", "multiply", "pow", "power", "maximum", "minimum", "bitwise_and",
           "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "bitwise_left_shift",
           "bitwise_right_shift"]
_BINARY_OF_FLOATS = ["atan2", "arctan2", "hypot", "copysign", "nextafter", "logaddexp"]
_COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
_LOGICAL = ["logical_and", "logical_or", "logical_xor"]


@as_ufunc
def logical_not(x, out):
    """NumPy's `logical_not`: whether elements are 0."""
    return finish("logical_not", _core.logical_not(truth_of(x)), out)


@as_ufunc
def positive(x, out):
    """NumPy's `positive`: `x` itself, of numbers."""
    x = asarray(x)
    if x.dtype.kind == "b":
        raise TypeError("positive: takes numbers; given bool")
    return finish("positive", x, out)


@as_ufunc
def divide(x1, x2, out):
    """NumPy's `divide`: the quotient; of integers in float64."""
    x1, x2 = array_or_number(x1), array_or_number(x2)
    common = result_type(x1, x2)
    if common.kind in "biu":  # a number need not fit them
        common = FLOAT64
    operands = [in_dtype(each, common) for each in (x1, x2)]
    if not any(isinstance(each, Tensor) for each in operands):
        operands[0] = asarray(operands[0], common)
    return finish("divide", _core.divide(*operands), out)


@as_ufunc
def remainder(x1, x2, out):
    """NumPy's `remainder`: what is left of multiples of `x2`, with its sign, zeros as well."""
    (x, y), common = promoted(x1, x2)
    if common.kind == "b":
        x, y = in_dtype(x, numpy.dtype("int8")), in_dtype(y, numpy.dtype("int8"))
    elif common.kind not in "iuf":
        return evaluated(numpy.remainder, (x1, x2), {} if out is None else {"out": out})
    left = _core.floormod(x, y)
    if common.kind == "f":
        zero = (_core.multiply(_sign_of(y), 0.0) if isinstance(y, Tensor)
                else y if math.isnan(y) else math.copysign(0.0, y))
        left = _core.where(_core.equal(left, 0.0), zero, left)
    return finish("remainder", left, out)


def _sign_of(y):
    """1 or -1 with the sign of y, zeros as well; of NaN NaN."""
    return _core.where(_core.equal(y, 0.0), _core.sign(_core.reciprocal(y)), _core.sign(y))


@as_ufunc
def floor_divide(x1, x2, out):
    """NumPy's `floor_divide`: (x1 - remainder) / x2, so that 1 // 0.1 is 9.

    With infinities it is the quotient rounded down, as the array API has it: inf // 2 is inf and
    1 // -inf is -0, where NumPy has NaN and -1.
    """
    (x, y), common = promoted(x1, x2)
    if common.kind == "b":
        x, y = in_dtype(x, numpy.dtype("int8")), in_dtype(y, numpy.dtype("int8"))
    if common.kind in "biu":
        return finish("floor_divide", _core.floordiv(x, y), out)
    if common.kind != "f" or common.itemsize == 2:
        return evaluated(numpy.floor_divide, (x1, x2), {} if out is None else {"out": out})
    x, y = asarray(x, common), asarray(y, common)
    quotient = _core.divide(x, y)
    whole = _core.round(_core.divide(_core.subtract(x, _core.floormod(x, y)), y))
    # A zero has the quotient's sign.
    whole = _core.where(_core.equal(whole, 0.0), _core.multiply(_sign_of(quotient), 0.0), whole)
    is_number = _core.logical_and(_core.logical_and(_core.is_finite(x), _core.is_finite(y)),
                                  _core.not_equal(y, 0.0))
    return finish("floor_divide", _core.where(is_number, whole, _core.floor(quotient)), out)


@as_ufunc
def fmax(x1, x2, out):
    """NumPy's `fmax`: the larger of two, or the one that is not NaN."""
    return finish("fmax", _ignoring_nan(_core.maximum, numpy.fmax, x1, x2), out)


@as_ufunc
def fmin(x1, x2, out):
    """NumPy's `fmin`: the smaller of two, or the one that is not NaN."""
    return finish("fmin", _ignoring_nan(_core.minimum, numpy.fmin, x1, x2), out)


def _ignoring_nan(choose, numpys, x1, x2):
    operands, common = promoted(x1, x2)
    x, y = [asarray(each, common) for each in operands]
    if common.kind in "bc":
        return evaluated(numpys, (x, y), {})
    if common.kind in "iu":
        return choose(x, y)
    return _core.where(_core.is_nan(x), y, _core.where(_core.is_nan(y), x, choose(x, y)))


def round(x: ArrayLike, /, decimals: int = 0, out: NumPyArray | None = None) -> ndarray:
    """NumPy's `round`: to `decimals` places, halves to even."""
    x = asarray(x)
    if decimals == 0:
        if x.dtype.kind in "iu":
            return finish("round", x, out)
        if x.dtype.kind == "b":
            return finish("round", _core.cast(x, "float16"), out)
        if x.dtype.kind == "c":
            return finish("round", _core.complex(_core.round(_core.real(x)),
                                                 _core.round(_core.imag(x))), out)
        return finish("round", _core.round(x), out)
    if x.dtype.kind == "f" and x.dtype.itemsize > 2 and -300 < decimals < 300:
        # In NumPy's steps, which give its bits.
        scale = 10.0 ** (decimals if decimals > 0 else -decimals)
        first, last = (_core.multiply, _core.divide) if decimals > 0 else (_core.divide,
                                                                           _core.multiply)
        return finish("round", last(_core.round(first(x, scale)), scale), out)
    return evaluated(numpy.round, (x, decimals), {} if out is None else {"out": out})


def clip(x: ArrayLike, /, min: ArrayLike | None = None, max: ArrayLike | None = None,
         out: NumPyArray | None = None, *, a_min: ArrayLike | None = None,
         a_max: ArrayLike | None = None) -> ndarray:
    """NumPy's `clip`: minimum(maximum(x, min), max), where a bound may be None for none."""
    x = asarray(x)
    low = a_min if min is None else min
    high = a_max if max is None else max
    result = x
    if x.dtype.kind in "iu":
        # What is beyond all elements is no bound.
        limits = numpy.iinfo(x.dtype)
        if type(low) is int and low < limits.min:
            low = None
        if type(high) is int and high > limits.max:
            high = None
    if low is not None:
        result = maximum(result, low)
    if high is not None:
        result = minimum(result, high)
    return finish("clip", result, out)


def where(condition: ArrayLike, x1: ArrayLike | None = None, x2: ArrayLike | None = None,
          /) -> typing.Any:
    """NumPy's `where`: `x1` where `condition` is true, `x2` elsewhere; alone, where it is true."""
    if x1 is None and x2 is None:
        return evaluated(numpy.where, (condition,), {})
    operands, common = promoted(x1, x2)
    if not any(isinstance(each, Tensor) for each in operands):
        operands[0] = asarray(operands[0], common)
    return wrap(_core.where(truth_of(condition), *operands))


def nan_to_num(x: ArrayLike, copy: bool = True, nan: float = 0.0, posinf: float | None = None,
               neginf: float | None = None) -> ndarray:
    """NumPy's `nan_to_num`: `nan` in place of NaNs, the largest numbers in place of infinities."""
    x = asarray(x)
    if x.dtype.kind != "f":
        return evaluated(numpy.nan_to_num, (x,), dict(nan=nan, posinf=posinf, neginf=neginf))
    limits = numpy.finfo(x.dtype)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf
    numbers = _core.where(_core.is_nan(x), float(nan), x)
    numbers = _core.where(_core.equal(x, float("inf")), float(high), numbers)
    return wrap(_core.where(_core.equal(x, -float("inf")), float(low), numbers))


def isclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> ndarray:
    """NumPy's `isclose`: whether |a - b| <= atol + rtol |b|, infinities of one sign as well."""
    operands, common = promoted(a, b)
    if common.kind in "biu":
        common = FLOAT64
    x, y = [asarray(each, common) for each in operands]
    near = _core.less_equal(abs(subtract(x, y)), add(multiply(abs(y), rtol), atol))
    near = _core.where(_core.logical_and(_core.is_finite(x), _core.is_finite(y)), near,
                       _core.equal(x, y))
    if equal_nan:
        near = _core.logical_or(near, _core.logical_and(_core.is_nan(x), _core.is_nan(y)))
    return wrap(near)


_functions = {
    **{name: make_unary(name, float_of(name)) for name in _OF_FLOATS},
    **{name: make_unary(name, prepared(name)) for name in _OF_ALL},
    **{name: make_unary(name, unless_whole) for name in _TO_WHOLE},
    **{name: make_unary(name, test_of(value)) for name, value in _TESTS.items()},
    **{name: make_binary(name) for name in _BINARY},
    **{name: make_binary(name, of_floats=True) for name in _BINARY_OF_FLOATS},
    **{name: make_comparison(name) for name in _COMPARISONS},
    **{name: make_logical(name) for name in _LOGICAL},
}
globals().update(_functions)
true_divide = divide
mod = remainder

__all__ = sorted([*_functions, "logical_not", "positive", "divide", "true_divide", "remainder",
                  "mod",
                  "floor_divide", "fmax", "fmin", "round", "clip", "where", "nan_to_num",
                  "isclose"])

# Those of them that tsum has no operation for.
EVALUATED = sorted(name for name in _functions if operation(name) is None)
