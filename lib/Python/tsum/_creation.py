# SPDX-License-Identifier: Apache-2.0
"""Tensors of copies, and of other libraries' memory."""
from __future__ import annotations

from . import _core
from ._core import DTypeError, Tensor
from .typing import ArrayLike, DTypeLike, ShapeLike, SupportsDLPack


def constant(value: ArrayLike, dtype: DTypeLike | None = None, shape: ShapeLike | None = None,
             name: str | None = None) -> Tensor:
    """A tensor with a copy of `value`: a number, nested lists of numbers, or any array.

    The parameters are TensorFlow's. Whole numbers become i32 and others f32 unless `dtype` says
    otherwise; arrays keep their dtype. With `shape` the elements are laid out in it, and a single
    one is repeated. `tsum.asarray` reads arrays in place instead. O(elements).

    Raises DTypeError (a TypeError) for what is no array and for numbers that the dtype cannot hold,
    ShapeError (a ValueError) if `shape` has another number of elements.
    """
    import numpy

    given = _core.asarray(value, dtype)
    copy = _core.asarray(numpy.array(given), name=name)
    if shape is None:
        return copy
    layout = _core.broadcast_to if copy.size == 1 else _core.reshape
    return layout(copy, shape, name)


def from_dlpack(x: SupportsDLPack, /) -> Tensor:
    """The tensor that reads the memory of `x`, an object with DLPack's `__dlpack__`, in place.

    Raises DTypeError (a TypeError) if `x` is on another device than the CPU or has a dtype that
    tsum does not know. O(rank).
    """
    if not hasattr(x, "__dlpack__"):
        raise DTypeError(f"from_dlpack: {type(x).__name__} has no __dlpack__ (asarray takes more)")
    return _core.asarray(x)
