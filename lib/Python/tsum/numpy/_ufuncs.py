# SPDX-License-Identifier: Apache-2.0
"""How NumPy's universal functions are made of tsum's operations."""
from __future__ import annotations

import numpy

from .. import _core
from .._core import DTypeError, Tensor
from .._out import deliver
from ..typing import ArrayLike, DTypeLike, NumPyArray
from ._array import asarray, dtype_of, evaluated, ndarray, wrap
from ._dtypes import BOOL, as_float, in_dtype, promoted

# What NumPy's names mean in tsum, where they are not the same.
_CORE = {
    "absolute": "abs", "fabs": "abs", "conjugate": "conj", "bitwise_not": "invert",
    "bitwise_invert": "invert", "rint": "round", "arctan": "atan", "arctan2": "atan2",
    "arcsin": "asin", "arccos": "acos", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "isnan": "is_nan", "isinf": "is_inf", "isfinite": "is_finite",
    "power": "pow", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
    "true_divide": "divide",
}

# Of booleans, what NumPy means by arithmetic.
_OF_BOOLEANS = {"add": "logical_or", "multiply": "logical_and", "maximum": "logical_or",
                "minimum": "logical_and"}


def operation(name):
    return getattr(_core, _CORE.get(name, name), None)


def finish(name, result, out):
    return wrap(result) if out is None else deliver(name, result, out)


def _call(name, core, operands, out):
    """tsum's operation, or NumPy's on values where it has none for the dtype."""
    if core is not None:
        try:
            return finish(name, core(*operands), out)
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
    operands = [array_or_number(each) for each in operands]
    resolve = getattr(getattr(numpy, name, None), "resolve_dtypes", None)
    if resolve is None:  # NumPy before 1.25
        return [asarray(each, dtype) for each in operands]
    given = [type(each) if type(each) in (int, float, complex) else asarray(each).dtype
             for each in operands]
    found = resolve((*given, None), signature=(*[None] * len(given), numpy.dtype(dtype)))
    return [asarray(each, wanted) for each, wanted in zip(operands, found)]


def as_ufunc(function):
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


def make_unary(name, prepare):
    core = operation(name)

    def function(x, out):
        x = asarray(x)
        made = prepare(x, dtype_of(x))
        if made is not None:
            return finish(name, made, out)
        return _call(name, core, (x,), out)

    return as_ufunc(_named(function, name, "of each element of `x`"))


def _named(function, name, about):
    function.__name__ = function.__qualname__ = name
    function.__module__ = "tsum.numpy"
    lazy = operation(name) is not None
    function.__doc__ = (f"NumPy's `{name}` {about}.\n\n"
                        + ("Builds a node and computes nothing where tsum has the operation for "
                           "the dtype." if lazy else "Evaluates, and calls NumPy."))
    return function


def float_of(name):
    core = operation(name)

    def prepare(x, dtype):
        if name == "fabs" and dtype.kind == "c":
            raise TypeError("fabs: takes real numbers; given complex ones (abs takes both)")
        if core is None or dtype.kind not in "biu":
            return None
        return core(_core.cast(x, as_float(dtype)))

    return prepare


def unless_whole(x, dtype):
    return x if dtype.kind in "biu" else None


def test_of(value):
    return lambda x, dtype: (_core.broadcast_to(_core.asarray(value, BOOL), x.shape)
                             if dtype.kind in "biu" else None)


def prepared(name):
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


def make_binary(name, of_floats=False):
    core = operation(name)
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
        x1, x2 = array_or_number(x1), array_or_number(x2)
        operands, common = promoted(x1, x2)
        if of_floats:
            wanted = _float_for(x1, x2, common)
            if wanted != common:
                operands, common = [in_dtype(each, wanted) for each in operands], wanted
        if of_booleans is not None and common.kind == "b":
            return finish(name, of_booleans(*operands), out)
        if name in ("pow", "power"):
            _check_power(x2, common)
        return _call(name, core, operands, out)

    return _named(function, name, "of each pair of elements, which broadcast")


def array_or_number(x):
    return x if isinstance(x, (Tensor, bool, int, float, complex)) and not isinstance(
        x, numpy.generic) else asarray(x)


def _check_power(exponent, common):
    if type(exponent) is int and exponent < 0 and common.kind in "iu":
        raise ValueError("Integers to negative integer powers are not allowed.")


def make_comparison(name):
    core = operation(name)

    def function(x1: ArrayLike, x2: ArrayLike, /, out: NumPyArray | None = None, *,
                 where: ArrayLike = True, dtype: DTypeLike | None = None) -> ndarray:
        if where is True and dtype is None:
            result = _at_once(core, x1, x2) if out is None else None
            if result is not None:
                return result
            x1, x2 = array_or_number(x1), array_or_number(x2)
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


def make_logical(name):
    core = operation(name)

    def function(x1, x2, out):
        return finish(name, core(truth_of(x1), truth_of(x2)), out)

    return as_ufunc(_named(function, name, "of each pair of elements, which broadcast"))
