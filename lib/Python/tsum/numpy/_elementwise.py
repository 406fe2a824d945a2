# SPDX-License-Identifier: Apache-2.0
"""NumPy's elementwise functions: tsum's operations, of operands that are promoted as in NumPy."""
from __future__ import annotations

import math
import typing

import numpy

from .. import _core
from .._core import DTypeError, Tensor
from .._out import deliver
from ..typing import ArrayLike, DTypeLike, NumPyArray
from ._array import asarray, dtype_of, evaluated, ndarray, wrap
from ._dtypes import BOOL, FLOAT64, as_float, in_dtype, promoted, result_type

# What NumPy's names mean in tsum, where they are not the same.
_CORE = {
    "absolute": "abs", "fabs": "abs", "conjugate": "conj", "bitwise_not": "invert",
    "bitwise_invert": "invert", "rint": "round", "arctan": "atan", "arctan2": "atan2",
    "arcsin": "asin", "arccos": "acos", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "isnan": "is_nan", "isinf": "is_inf", "isfinite": "is_finite",
    "power": "pow", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
    "true_divide": "divide",
}

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

# Of booleans, what NumPy means by arithmetic.
_OF_BOOLEANS = {"add": "logical_or", "multiply": "logical_and", "maximum": "logical_or",
                "minimum": "logical_and"}


def _operation(name):
    return getattr(_core, _CORE.get(name, name), None)


def _finish(name, result, out):
    return wrap(result) if out is None else deliver(name, result, out)


def _call(name, core, operands, out):
    """tsum's operation, or NumPy's on values where it has none for the dtype."""
    if core is not None:
        try:
            return _finish(name, core(*operands), out)
        except DTypeError:
            pass
    return evaluated(getattr(numpy, name), operands, {} if out is None else {"out": out})


def _where(name, operands, out, where, dtype):
    """NumPy's function where `where` is true; elsewhere `out` stays as it is."""
    return evaluated(getattr(numpy, name), operands, {"out": out, "where": where, "dtype": dtype})


def _in_loop(name, operands, dtype):
    """Operands in the dtypes that NumPy's function takes to compute in `dtype`.

    Raises TypeError where it has no loop for that, or operands would lose their kind.
    """
    operands = [_array_or_number(each) for each in operands]
    resolve = getattr(getattr(numpy, name, None), "resolve_dtypes", None)
    if resolve is None:  # NumPy before 1.25
        return [asarray(each, dtype) for each in operands]
    given = [type(each) if type(each) in (int, float, complex) else asarray(each).dtype
             for each in operands]
    found = resolve((*given, None), signature=(*[None] * len(given), numpy.dtype(dtype)))
    return [asarray(each, wanted) for each, wanted in zip(operands, found)]


def _as_ufunc(function):
    """Gives a function of one operand or two, and `out`, NumPy's `where` and `dtype`."""
    name = function.__name__

    def unary(x: ArrayLike, /, out: NumPyArray | None = None, *, where: ArrayLike = True,
              dtype: DTypeLike | None = None) -> ndarray:
        if where is not True:
            return _where(name, (x,), out, where, dtype)
        if dtype is not None:
            (x,) = _in_loop(name, (x,), dtype)
        return function(x, out)

    def binary(x1: ArrayLike, x2: ArrayLike, /, out: NumPyArray | None = None, *,
               where: ArrayLike = True, dtype: DTypeLike | None = None) -> ndarray:
        if where is not True:
            return _where(name, (x1, x2), out, where, dtype)
        if dtype is not None:
            x1, x2 = _in_loop(name, (x1, x2), dtype)
        return function(x1, x2, out)

    made = unary if function.__code__.co_argcount == 2 else binary
    made.__name__ = made.__qualname__ = name
    made.__module__ = "tsum.numpy"
    made.__doc__ = function.__doc__
    return made


def _unary(name, prepare):
    core = _operation(name)

    def function(x, out):
        x = asarray(x)
        made = prepare(x, dtype_of(x))
        if made is not None:
            return _finish(name, made, out)
        return _call(name, core, (x,), out)

    return _as_ufunc(_named(function, name, "of each element of `x`"))


def _named(function, name, about):
    function.__name__ = function.__qualname__ = name
    function.__module__ = "tsum.numpy"
    lazy = _operation(name) is not None
    function.__doc__ = (f"NumPy's `{name}` {about}.\n\n"
                        + ("Builds a node and computes nothing where tsum has the operation for "
                           "the dtype." if lazy else "Evaluates, and calls NumPy."))
    return function


def _float_of(name):
    core = _operation(name)

    def prepare(x, dtype):
        if name == "fabs" and dtype.kind == "c":
            raise TypeError("fabs: takes real numbers; given complex ones (abs takes both)")
        if core is None or dtype.kind not in "biu":
            return None
        return core(_core.cast(x, as_float(dtype)))

    return prepare


def _whole(x, dtype):
    return x if dtype.kind in "biu" else None


def _test_of(value):
    return lambda x, dtype: (_core.broadcast_to(_core.asarray(value, BOOL), x.shape)
                             if dtype.kind in "biu" else None)


def _prepared(name):
    def prepare(x, dtype):
        if name in ("conj", "conjugate") and dtype.kind == "b":
            return _core.cast(x, "int8")
        if name in ("abs", "absolute", "conj", "conjugate", "real") and dtype.kind in "bu":
            return x
        if name == "sign" and dtype.kind == "f":
            return _core.add(_core.sign(x), 0.0)
        if name == "imag" and dtype.kind != "c":
            return _core.broadcast_to(_core.asarray(0, dtype), x.shape)
        return None

    return prepare


def _float_for(x1, x2, common):
    """The floats of a function of floats: the least that both operands become."""
    dtypes = [as_float(dtype_of(each)) for each in (x1, x2) if isinstance(each, Tensor)]
    return numpy.result_type(*dtypes) if common.kind in "biu" and dtypes else as_float(common)


# Dtypes of which operations are the same in tsum and in NumPy, by their identity, and the numbers
# that each takes as they are.
_SAME = {id(dtype): (float, int) if dtype in (_core.f32, _core.f64) else (int,) for dtype in (
    _core.f32, _core.f64, _core.i8, _core.i16, _core.i32, _core.i64, _core.u8, _core.u16, _core.u32,
    _core.u64)}
_tsums_dtype_of = Tensor.dtype.fget


def _at_once(core, x1, x2):
    """The operation where there is nothing to promote, or None."""
    if type(x1) is not ndarray:
        return None
    dtype = _tsums_dtype_of(x1)
    numbers = _SAME.get(id(dtype))
    if numbers is None or not (type(x2) in numbers or (
            type(x2) is ndarray and _tsums_dtype_of(x2) is dtype)):
        return None
    try:
        return _core.as_subclass(ndarray, core(x1, x2))
    except DTypeError:  # of a number that it cannot hold
        return None


def _binary(name, of_floats=False):
    core = _operation(name)
    of_booleans = getattr(_core, _OF_BOOLEANS.get(name, ""), None)
    is_same = core is not None and not of_floats and not name.startswith("bitwise")

    def function(x1: ArrayLike, x2: ArrayLike, /, out: NumPyArray | None = None, *,
                 where: ArrayLike = True, dtype: DTypeLike | None = None) -> ndarray:
        if is_same and out is None and where is True and dtype is None and not (
                type(x2) is int and x2 < 0):
            result = _at_once(core, x1, x2)
            if result is not None:
                return result
        if where is not True:
            return _where(name, (x1, x2), out, where, dtype)
        if dtype is not None:
            x1, x2 = _in_loop(name, (x1, x2), dtype)
        x1, x2 = _array_or_number(x1), _array_or_number(x2)
        operands, common = promoted(x1, x2)
        if of_floats:
            wanted = _float_for(x1, x2, common)
            if wanted != common:
                operands, common = [in_dtype(each, wanted) for each in operands], wanted
        if of_booleans is not None and common.kind == "b":
            return _finish(name, of_booleans(*operands), out)
        if name in ("pow", "power"):
            _check_power(x2, common)
        return _call(name, core, operands, out)

    return _named(function, name, "of each pair of elements, which broadcast")


def _array_or_number(x):
    return x if isinstance(x, (Tensor, bool, int, float, complex)) and not isinstance(
        x, numpy.generic) else asarray(x)


def _check_power(exponent, common):
    if type(exponent) is int and exponent < 0 and common.kind in "iu":
        raise ValueError("Integers to negative integer powers are not allowed.")


def _comparison(name):
    core = _operation(name)

    def function(x1: ArrayLike, x2: ArrayLike, /, out: NumPyArray | None = None, *,
                 where: ArrayLike = True, dtype: DTypeLike | None = None) -> ndarray:
        if where is True and dtype is None:
            result = _at_once(core, x1, x2) if out is None else None
            if result is not None:
                return result
            x1, x2 = _array_or_number(x1), _array_or_number(x2)
            try:
                operands, common = promoted(x1, x2)
            except OverflowError:  # of a number that is beyond all elements
                return _where(name, (x1, x2), out, where, dtype)
            # Signed and unsigned integers of 64 bits have no common dtype that holds both.
            is_exact = common.kind != "f" or any(
                not isinstance(each, Tensor) or dtype_of(each).kind == "f" for each in (x1, x2))
            if common.kind == "b" and name not in ("equal", "not_equal"):
                operands = [_core.cast(each, "uint8") for each in operands]
            if is_exact:
                return _call(name, core, operands, out)
        return _where(name, (x1, x2), out, where, dtype)

    return _named(function, name, "of each pair of elements, which broadcast")


def truth_of(x: ArrayLike) -> Tensor:
    """Whether elements are not 0."""
    x = asarray(x)
    return x if dtype_of(x).kind == "b" else _core.not_equal(x, 0)


def _logical(name):
    core = _operation(name)

    def function(x1, x2, out):
        return _finish(name, core(truth_of(x1), truth_of(x2)), out)

    return _as_ufunc(_named(function, name, "of each pair of elements, which broadcast"))


@_as_ufunc
def logical_not(x, out):
    """NumPy's `logical_not`: whether elements are 0."""
    return _finish("logical_not", _core.logical_not(truth_of(x)), out)


@_as_ufunc
def positive(x, out):
    """NumPy's `positive`: `x` itself, of numbers."""
    x = asarray(x)
    if x.dtype.kind == "b":
        raise TypeError("positive: takes numbers; given bool")
    return _finish("positive", x, out)


@_as_ufunc
def divide(x1, x2, out):
    """NumPy's `divide`: the quotient; of integers in float64."""
    x1, x2 = _array_or_number(x1), _array_or_number(x2)
    common = result_type(x1, x2)
    if common.kind in "biu":  # a number need not fit them
        common = FLOAT64
    operands = [in_dtype(each, common) for each in (x1, x2)]
    if not any(isinstance(each, Tensor) for each in operands):
        operands[0] = asarray(operands[0], common)
    return _finish("divide", _core.divide(*operands), out)


@_as_ufunc
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
    return _finish("remainder", left, out)


def _sign_of(y):
    """1 or -1 with the sign of y, zeros as well; of NaN NaN."""
    return _core.where(_core.equal(y, 0.0), _core.sign(_core.reciprocal(y)), _core.sign(y))


@_as_ufunc
def floor_divide(x1, x2, out):
    """NumPy's `floor_divide`: (x1 - remainder) / x2, so that 1 // 0.1 is 9.

    With infinities it is the quotient rounded down, as the array API has it: inf // 2 is inf and
    1 // -inf is -0, where NumPy has NaN and -1.
    """
    (x, y), common = promoted(x1, x2)
    if common.kind == "b":
        x, y = in_dtype(x, numpy.dtype("int8")), in_dtype(y, numpy.dtype("int8"))
    if common.kind in "biu":
        return _finish("floor_divide", _core.floordiv(x, y), out)
    if common.kind != "f" or common.itemsize == 2:
        return evaluated(numpy.floor_divide, (x1, x2), {} if out is None else {"out": out})
    x, y = asarray(x, common), asarray(y, common)
    quotient = _core.divide(x, y)
    whole = _core.round(_core.divide(_core.subtract(x, _core.floormod(x, y)), y))
    # A zero has the quotient's sign.
    whole = _core.where(_core.equal(whole, 0.0), _core.multiply(_sign_of(quotient), 0.0), whole)
    is_number = _core.logical_and(_core.logical_and(_core.is_finite(x), _core.is_finite(y)),
                                  _core.not_equal(y, 0.0))
    return _finish("floor_divide", _core.where(is_number, whole, _core.floor(quotient)), out)


@_as_ufunc
def fmax(x1, x2, out):
    """NumPy's `fmax`: the larger of two, or the one that is not NaN."""
    return _finish("fmax", _ignoring_nan(_core.maximum, numpy.fmax, x1, x2), out)


@_as_ufunc
def fmin(x1, x2, out):
    """NumPy's `fmin`: the smaller of two, or the one that is not NaN."""
    return _finish("fmin", _ignoring_nan(_core.minimum, numpy.fmin, x1, x2), out)


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
            return _finish("round", x, out)
        if x.dtype.kind == "b":
            return _finish("round", _core.cast(x, "float16"), out)
        if x.dtype.kind == "c":
            return _finish("round", _core.complex(_core.round(_core.real(x)),
                                                  _core.round(_core.imag(x))), out)
        return _finish("round", _core.round(x), out)
    if x.dtype.kind == "f" and x.dtype.itemsize > 2 and -300 < decimals < 300:
        # In NumPy's steps, which give its bits.
        scale = 10.0 ** (decimals if decimals > 0 else -decimals)
        first, last = (_core.multiply, _core.divide) if decimals > 0 else (_core.divide,
                                                                           _core.multiply)
        return _finish("round", last(_core.round(first(x, scale)), scale), out)
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
    return _finish("clip", result, out)


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
    **{name: _unary(name, _float_of(name)) for name in _OF_FLOATS},
    **{name: _unary(name, _prepared(name)) for name in _OF_ALL},
    **{name: _unary(name, _whole) for name in _TO_WHOLE},
    **{name: _unary(name, _test_of(value)) for name, value in _TESTS.items()},
    **{name: _binary(name) for name in _BINARY},
    **{name: _binary(name, of_floats=True) for name in _BINARY_OF_FLOATS},
    **{name: _comparison(name) for name in _COMPARISONS},
    **{name: _logical(name) for name in _LOGICAL},
}
globals().update(_functions)
true_divide = divide
mod = remainder

__all__ = sorted([*_functions, "logical_not", "positive", "divide", "true_divide", "remainder",
                  "mod",
                  "floor_divide", "fmax", "fmin", "round", "clip", "where", "nan_to_num",
                  "isclose"])

# Those of them that tsum has no operation for.
EVALUATED = sorted(name for name in _functions if _operation(name) is None)
