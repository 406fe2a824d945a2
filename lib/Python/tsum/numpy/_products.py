# SPDX-License-Identifier: Apache-2.0
"""Sums of products: fused where memory bounds them, by NumPy's BLAS where arithmetic does."""
from __future__ import annotations

import builtins
import collections.abc
import string
import typing

import numpy

from .. import _core
from ..typing import ArrayLike, Axis, DTypeLike, NumPyArray
from ._array import asarray, dtype_of, evaluated, ndarray, wrap
from ._dtypes import promoted
from ._shapes import _axes, _axis, broadcast_to, expand_dims

# A product of matrices reads each element many times, which blocks in cache are for: NumPy's BLAS.
# Of a matrix and a vector, or of lines, each element is read once: one kernel multiplies and adds.


def _multiplied(x, y, axes):
    """The sum of x * y over axes, in NumPy's dtypes."""
    (x, y), dtype = promoted(x, y)
    if dtype.kind == "b":
        return wrap(_core.reduce_any(_core.logical_and(x, y), axes))
    return wrap(_core.reduce_sum(_core.multiply(x, y), axes))


def vecdot(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> ndarray:
    """The sum of conj(x1) * x2 along `axis` of both, which broadcast. One kernel.

    Raises ValueError for another extent of the axis.
    """
    x, y = asarray(x1), asarray(x2)
    if x.shape[axis] != y.shape[axis]:
        raise ValueError(f"vecdot: axis {axis} has extents {x.shape[axis]} and {y.shape[axis]}")
    if axis >= 0:
        axis -= max(x.ndim, y.ndim)
        if axis < -min(x.ndim, y.ndim):
            raise ValueError("vecdot: the axis must be of both arrays")
    return _multiplied(_core.conj(x) if dtype_of(x).kind == "c" else x, y, axis)


def matmul(x1: ArrayLike, x2: ArrayLike, /, out: NumPyArray | None = None) -> ndarray:
    """NumPy's `matmul`: with a vector one kernel, of matrices NumPy's, which evaluates.

    Raises ValueError for extents that do not match and for scalars.
    """
    x, y = asarray(x1), asarray(x2)
    if out is None and x.ndim and y.ndim and 1 in (x.ndim, y.ndim):
        if x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]:
            if y.ndim == 1:
                return _multiplied(x, y, -1)
            return _multiplied(expand_dims(x, -1), y, -2)
    return evaluated(numpy.matmul, (x, y), {} if out is None else {"out": out})


def dot(a: ArrayLike, b: ArrayLike, out: NumPyArray | None = None) -> ndarray:
    """NumPy's `dot`: with a vector one kernel, of matrices NumPy's, which evaluates."""
    x, y = asarray(a), asarray(b)
    if out is None and x.ndim and y.ndim == 1 and x.shape[-1] == y.shape[0]:
        return _multiplied(x, y, -1)
    return evaluated(numpy.dot, (x, y), {} if out is None else {"out": out})


def outer(a: ArrayLike, b: ArrayLike, /) -> ndarray:
    """NumPy's `outer`: every product of two elements. A node."""
    from ._elementwise import multiply
    from ._shapes import ravel

    return multiply(expand_dims(ravel(a), -1), ravel(b))


def tensordot(x1: ArrayLike, x2: ArrayLike, /, axes: Axis = 2) -> ndarray:
    """NumPy's `tensordot`: one kernel where all axes of an array are summed, else NumPy's."""
    x, y = asarray(x1), asarray(x2)
    if isinstance(axes, int):
        pair = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        pair = tuple(list(each) if hasattr(each, "__iter__") else [each] for each in axes)
    if len(pair[0]) == len(pair[1]) and len(pair[0]) in (x.ndim, y.ndim) and not (
            isinstance(axes, int) and not 0 <= axes <= min(x.ndim, y.ndim)):
        first, second = _axes(pair[0], x.ndim), _axes(pair[1], y.ndim)
        if [x.shape[each] for each in first] == [y.shape[each] for each in second]:
            # The array that is summed whole takes the order of the other's axes.
            if len(first) == x.ndim:
                x, y, first, second = y, x, second, first
            order = sorted(range(len(first)), key=first.__getitem__)
            y = _core.transpose(y, [second[each] for each in order])
            y = _core.reshape(y, [x.shape[each] if each in first else 1 for each in range(x.ndim)])
            return _multiplied(x, y, first)
    return evaluated(numpy.tensordot, (x, y, axes), {})


def einsum(subscripts: ArrayLike | str, /, *operands: ArrayLike, out: NumPyArray | None = None,
           dtype: DTypeLike | None = None, order: str = "K", casting: str = "safe",
           optimize: bool | str | collections.abc.Sequence[typing.Any] = False) -> ndarray:
    """NumPy's `einsum`.

    One kernel where the letters of one operand are all that there are, each once: a sum, or a sum
    of products with what broadcasts to it. NumPy's, which evaluates, otherwise.
    """
    options = {name: value for name, value, default in (
        ("out", out, None), ("dtype", dtype, None), ("order", order, "K"),
        ("casting", casting, "safe"), ("optimize", optimize, False)) if value is not default}
    letters = _letters(subscripts, operands) if not options else None
    if letters is None:
        return evaluated(numpy.einsum, (subscripts, *operands), options)
    inputs, output = letters
    arrays = [asarray(each) for each in operands]
    every = max(inputs, key=len)
    arrays = [_aligned(array, given, every) for array, given in zip(arrays, inputs)]
    total = arrays[0]
    for array in arrays[1:]:
        from ._elementwise import multiply

        total = multiply(total, array)
    summed = [place for place, letter in enumerate(every) if letter not in output]
    kind = dtype_of(asarray(total)).kind
    if summed:
        total = (_core.reduce_any if kind == "b" else _core.reduce_sum)(total, summed)
    kept = [letter for letter in every if letter in output]
    return wrap(_core.transpose(total, [kept.index(letter) for letter in output]))


def _letters(subscripts, operands):
    """What operands and result are called, or None if it is not one kernel."""
    if not isinstance(subscripts, str):
        return None
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    if "..." in left:
        if not arrow:
            return None
        left, output = _without_ellipses(left, output, operands)
    inputs = left.split(",")
    if not arrow:
        output = "".join(sorted(each for each in set(left) - {","} if left.count(each) == 1))
    every = max(inputs, key=len)
    is_simple = (len(inputs) == len(operands) and left.replace(",", "").isalpha()
                 and all(len(set(each)) == len(each) for each in [*inputs, output])
                 and all(set(each) <= set(every) for each in [*inputs, output]))
    if not is_simple:
        return None
    extents: dict[str, int] = {}
    for letters, operand in zip(inputs, operands):
        shape = numpy.shape(operand)
        if len(shape) != len(letters):
            return None
        for letter, extent in zip(letters, shape):
            if extents.setdefault(letter, extent) != extent:
                return None
    return inputs, output


def _without_ellipses(left, output, operands):
    """The same with letters of their own for what `...` stands for, aligned at the last."""
    spare = [letter for letter in string.ascii_letters if letter not in left]
    inputs, most = left.split(","), 0
    for place, (letters, operand) in enumerate(zip(inputs, operands)):
        if "..." in letters:
            count = numpy.ndim(operand) - len(letters) + 3
            if not 0 <= count <= len(spare):
                return left, output  # which is refused later
            most = builtins.max(most, count)
            inputs[place] = letters.replace("...", "".join(spare[-count:] if count else []))
    return ",".join(inputs), output.replace("...", "".join(spare[-most:] if most else []))


def _aligned(array, given, every):
    """`array` with axes in the order of `every`, and new ones of extent 1."""
    order = sorted(range(len(given)), key=lambda place: every.index(given[place]))
    turned = _core.transpose(array, order)
    shape = iter(turned.shape)
    return wrap(_core.reshape(turned, [next(shape) if letter in given else 1 for letter in every]))


__all__ = ["vecdot", "matmul", "dot", "outer", "tensordot", "einsum"]
