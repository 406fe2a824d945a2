# SPDX-License-Identifier: Apache-2.0
"""NumPy's promotion of dtypes, Python's numbers among them."""
from __future__ import annotations

import typing

import numpy

from .. import _core
from .._core import Tensor
from ..typing import ArrayLike, DTypeLike
from ._arguments import dtype_named
from ._array import asarray, dtype_of, ndarray, wrap

BOOL, INT64, UINT64, FLOAT64 = map(numpy.dtype, ("bool", "int64", "uint64", "float64"))

# Python's numbers, in the order in which one becomes another; they take the dtype of what they meet
# if it is of their kind or a later one.
_WEAK = {bool: 0, int: 1, float: 2, complex: 3}
_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "V": 2, "c": 3}
_DEFAULT = (BOOL, INT64, FLOAT64, numpy.dtype("complex128"))


def result_type(*arrays_and_dtypes: ArrayLike | DTypeLike) -> numpy.dtype:
    """NumPy's dtype of an operation on arrays, dtypes and Python's numbers.

    Raises TypeError if there is none, or nothing is given.
    """
    strong, weak = [], -1
    for value in arrays_and_dtypes:
        rank = _WEAK.get(type(value))
        if rank is not None:
            weak = max(weak, rank)
        elif isinstance(value, Tensor):
            strong.append(dtype_of(value))
        elif hasattr(value, "dtype") and not isinstance(value, type):
            strong.append(numpy.dtype(value.dtype))
        else:
            strong.append(numpy.dtype(value))
    if not strong:
        if weak < 0:
            raise ValueError("result_type: at least one array or dtype is needed")
        return _DEFAULT[weak]
    dtype = numpy.result_type(*strong)
    if weak > _RANK.get(dtype.kind, 3):
        if weak == 3 and dtype.kind in "fV":
            return numpy.result_type(dtype, numpy.complex64)
        return _DEFAULT[weak]
    return dtype


def promoted(*values: typing.Any) -> tuple[list[typing.Any], numpy.dtype]:
    """Operands in their common dtype, which comes second: tensors, and numbers that take it."""
    values = [value if type(value) in _WEAK or isinstance(value, Tensor) else asarray(value)
              for value in values]
    dtype = result_type(*values)
    if all(type(value) in _WEAK for value in values):
        values[0] = asarray(values[0], dtype)
    return [in_dtype(value, dtype) for value in values], dtype


def in_dtype(value: typing.Any, dtype: numpy.dtype) -> typing.Any:
    """A tensor or a number as an operand of `dtype`.

    Raises OverflowError for an integer that the dtype cannot hold, as NumPy 2 does.
    """
    if isinstance(value, Tensor):
        return value if dtype_of(value) == dtype else wrap(_core.cast(value, dtype))
    if dtype.kind == "f":
        with numpy.errstate(all="ignore"):
            return float(dtype.type(value))
    if dtype.kind in "iu":
        limits = numpy.iinfo(dtype)
        if not limits.min <= value <= limits.max:
            raise OverflowError(f"Python integer {value} out of bounds for {dtype}")
        return int(value)
    return asarray(value, dtype)


def as_float(dtype: numpy.dtype) -> numpy.dtype:
    """What NumPy computes elementary functions of `dtype` in: of integers, floats twice as long."""
    if dtype.kind not in "biu":
        return dtype
    names = ("float16", "float32", "float64", "float64")
    return numpy.dtype(names[dtype.itemsize.bit_length() - 1])


def widened(dtype: numpy.dtype) -> numpy.dtype:
    """What NumPy's sums of `dtype` are of: of integers, those of 64 bits."""
    if dtype.kind in "bi":
        return INT64
    return UINT64 if dtype.kind == "u" else dtype


def can_cast(from_: ArrayLike | DTypeLike, to: DTypeLike, casting: str = "safe") -> bool:
    """Whether NumPy's promotion turns `from_`, a dtype or an array, into `to`."""
    dtype = dtype_of(from_) if isinstance(from_, Tensor) else from_
    return numpy.can_cast(dtype, to, casting)


def astype(x: ArrayLike, dtype: DTypeLike, /, *, copy: bool = True,
           device: str | None = None) -> ndarray:
    """`x` with its elements converted to `dtype`. Arrays never change, so that nothing is copied.

    From a float to an integer towards zero, saturated, NaN to 0, where NumPy's result is undefined.
    Raises ValueError for another device than "cpu".
    """
    from ._array import check_device

    check_device(device)
    x = asarray(x)
    wanted = dtype_named(dtype)
    if wanted == x.dtype:
        return x
    if x.dtype.kind == "c" and wanted.kind != "c":
        if wanted.kind == "b":
            return wrap(_core.not_equal(x, 0))
        return wrap(_core.cast(_core.real(x), wanted))
    return wrap(_core.cast(x, wanted))
