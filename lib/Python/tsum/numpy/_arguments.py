# SPDX-License-Identifier: Apache-2.0
"""What NumPy makes of its reductions' arguments: axes, dtypes, `initial` and `where`."""
from __future__ import annotations

import operator
import typing

import numpy

from .. import _core
from .._core import Tensor
from .._errors import as_numpys

# tsum's and NumPy's: what Python code raises, as C++ does.
AxisError = as_numpys(_core.AxisError)


def given(value: typing.Any, default: typing.Any) -> typing.Any:
    """`value`, or `default` where NumPy's own functions pass their mark of nothing."""
    return default if value is None or type(value).__name__ == "_NoValueType" else value


def axis_of(name: str, axis: typing.Any, rank: int, of_scalars: bool = True) -> typing.Any:
    """The axis, or the tuple of them, that a reduction of a tensor of this rank goes along.

    As NumPy, it takes integers and tuples of them, no lists and no booleans and, with `of_scalars`,
    the axes 0 and -1 of a scalar, which has none. Raises TypeError, or AxisError.
    """
    if axis is None:
        return None
    if type(axis) is tuple:
        return tuple(one_axis(name, each, rank) for each in axis)
    axis = one_axis(name, axis, None)
    if rank == 0 and of_scalars and axis in (0, -1):
        return ()
    return one_axis(name, axis, rank)


def one_axis(name: str, axis: typing.Any, rank: int | None) -> int:
    """An axis as an integer, within -rank and rank - 1 unless that is None."""
    if isinstance(axis, (bool, numpy.bool_)) or not hasattr(axis, "__index__"):
        raise TypeError(f"{name}: an axis is an integer; given {axis!r}")
    place = operator.index(axis)
    if rank is not None and not -rank <= place < rank:
        about = f"valid: {-rank}..{rank - 1}" if rank else "a scalar has no axes"
        raise AxisError(f"{name}: axis {place} is out of range for an array of rank {rank} "
                        f"({about})")
    return place


def dtype_named(dtype: typing.Any) -> numpy.dtype | None:
    """NumPy's dtype of that name: `float` is float64 and "i8" int64, unlike tsum's.

    In the machine's order of bytes, as all tensors are.
    """
    return None if given(dtype, None) is None else numpy.dtype(dtype).newbyteorder("=")


def initial_of(initial: typing.Any, dtype: numpy.dtype) -> typing.Any:
    """What a reduction begins with, in the dtype of its result.

    Numbers are converted as NumPy does it, so that floats lose their fractions among integers.
    Raises OverflowError, ValueError or TypeError for what the dtype cannot hold.
    """
    initial = given(initial, None)
    if initial is None:
        return None
    if isinstance(initial, Tensor):
        return _core.cast(initial, dtype)
    with numpy.errstate(all="ignore"):
        number = numpy.array(initial, dtype)
    if number.ndim != 0:
        raise TypeError(f"initial= is a number; given an array of shape {number.shape}")
    return number.item()


def where_of(where: typing.Any) -> typing.Any:
    """Which elements count: True, or booleans. Of lists and numbers, what is not 0 counts."""
    where = given(where, True)
    if where is True or isinstance(where, (Tensor, numpy.ndarray)):
        return where
    where = numpy.asarray(where, bool)
    return True if where.ndim == 0 and where else where
