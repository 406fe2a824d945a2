# SPDX-License-Identifier: Apache-2.0
"""Creating arrays, other views of them, and putting them together."""
from __future__ import annotations

import builtins
import math
import operator
import typing

import numpy

from .. import _core
from .._core import Tensor
from ..typing import ArrayLike, Axis, DTypeLike, ShapeLike
from ._arguments import AxisError, axis_of
from ._array import asarray, check_device, dtype_of, evaluated, ndarray, wrap, wrap_array
from ._dtypes import result_type

# Of how many arrays of one shape each element may look for its own; more are copied.
_MOST_PARTS = 8


def _shape(shape):
    if hasattr(shape, "__iter__"):
        return tuple(operator.index(extent) for extent in shape)
    return (operator.index(shape),)


#---- Creation -------------------------------------------------------------------------------------

def full(shape: ShapeLike, fill_value: ArrayLike, dtype: DTypeLike | None = None, *,
         device: str | None = None) -> ndarray:
    """NumPy's `full`: one number everywhere, without memory for it."""
    check_device(device)
    return wrap(_core.broadcast_to(asarray(fill_value, dtype), _shape(shape)))


def zeros(shape: ShapeLike, dtype: DTypeLike | None = None, *,
          device: str | None = None) -> ndarray:
    """NumPy's `zeros`, without memory for them; float64 without a `dtype`."""
    return full(shape, 0, numpy.float64 if dtype is None else dtype, device=device)


def ones(shape: ShapeLike, dtype: DTypeLike | None = None, *, device: str | None = None) -> ndarray:
    """NumPy's `ones`, without memory for them; float64 without a `dtype`."""
    return full(shape, 1, numpy.float64 if dtype is None else dtype, device=device)


def full_like(x: ArrayLike, /, fill_value: ArrayLike, dtype: DTypeLike | None = None, *,
              device: str | None = None, shape: ShapeLike | None = None) -> ndarray:
    """NumPy's `full_like`: one number everywhere, of the shape and dtype of `x`."""
    x = asarray(x)
    return full(x.shape if shape is None else shape, fill_value,
                dtype_of(x) if dtype is None else dtype, device=device)


def zeros_like(x: ArrayLike, /, dtype: DTypeLike | None = None, *, device: str | None = None,
               shape: ShapeLike | None = None) -> ndarray:
    """NumPy's `zeros_like`."""
    return full_like(x, 0, dtype, device=device, shape=shape)


def ones_like(x: ArrayLike, /, dtype: DTypeLike | None = None, *, device: str | None = None,
              shape: ShapeLike | None = None) -> ndarray:
    """NumPy's `ones_like`."""
    return full_like(x, 1, dtype, device=device, shape=shape)


# An array that cannot change has no use for memory that says nothing.
empty, empty_like = zeros, zeros_like


def _created(name):
    numpys = getattr(numpy, name)

    def create(*args: typing.Any, device: str | None = None, **kwargs: typing.Any) -> ndarray:
        check_device(device)
        return evaluated(numpys, args, kwargs)

    create.__name__ = create.__qualname__ = name
    create.__module__ = "tsum.numpy"
    create.__doc__ = f"NumPy's `{name}`: computed by it, and read in place."
    return create


def arange(start: ArrayLike, /, stop: ArrayLike | None = None, step: ArrayLike = 1,
           dtype: DTypeLike | None = None, *, device: str | None = None) -> ndarray:
    """NumPy's `arange`: computed by it, and read in place."""
    check_device(device)
    if stop is None:
        start, stop = 0, start
    return wrap_array(numpy.arange(start, stop, step, dtype))


def linspace(start: ArrayLike, stop: ArrayLike, /, num: int = 50, *, endpoint: bool = True,
             retstep: bool = False, dtype: DTypeLike | None = None, device: str | None = None,
             axis: int = 0) -> typing.Any:
    """NumPy's `linspace`: computed by it, and read in place."""
    check_device(device)
    return evaluated(numpy.linspace, (start, stop), dict(num=num, endpoint=endpoint, dtype=dtype,
                                                         retstep=retstep, axis=axis))


def eye(n_rows: int, n_cols: int | None = None, /, k: int = 0, dtype: DTypeLike | None = None, *,
        device: str | None = None) -> ndarray:
    """NumPy's `eye`: ones on a diagonal; float64 without a `dtype`."""
    check_device(device)
    return wrap_array(numpy.eye(n_rows, n_cols, k, numpy.float64 if dtype is None else dtype))


def from_dlpack(x: ArrayLike, /, *, device: str | None = None,
                copy: bool | None = None) -> ndarray:
    """The array that reads the memory of `x`, an object with DLPack's `__dlpack__`, in place."""
    check_device(device)
    if isinstance(x, Tensor):
        return asarray(x, copy=copy)
    from .. import from_dlpack as of_tsum

    return asarray(wrap(of_tsum(x)), copy=copy)


def _triangle(name):
    def triangle(x: ArrayLike, /, k: int = 0) -> ndarray:
        x = asarray(x)
        if x.ndim == 0:
            raise ValueError(f"{name}: takes arrays of at least one dimension; given a scalar")
        below = numpy.tri(*(x.shape * 2)[-2:], k=k if name == "tril" else k - 1, dtype=bool)
        kept = below if name == "tril" else ~below
        return wrap(_core.where(kept, x, asarray(0, dtype_of(x))))

    triangle.__name__ = triangle.__qualname__ = name
    triangle.__doc__ = (f"NumPy's `{name}`: zeros beyond a diagonal of the last two dimensions.\n\n"
                        "Of one dimension each row is `x`. "
                        "Builds a node; its mask is a matrix of booleans.")
    return triangle


tril = _triangle("tril")
triu = _triangle("triu")


#---- Views ----------------------------------------------------------------------------------------

def _axis(axis, rank):
    place = operator.index(axis)
    if not -rank <= place < rank:
        raise AxisError(f"axis {axis} is out of range for an array of rank {rank}")
    return place % rank if rank else 0


def _axes(axis, rank):
    axes = axis if hasattr(axis, "__iter__") else [axis]
    places = [_axis(each, rank) for each in axes]
    if len(set(places)) != len(places):
        raise ValueError(f"an axis is given twice in {axis}")
    return places


def reshape(x: ArrayLike, /, shape: ShapeLike, order: str = "C", *,
            copy: bool | None = None) -> ndarray:
    """NumPy's `reshape`: the elements in another shape, one extent of which may be -1.

    A view where strides can say it; what is computed is evaluated first otherwise. Raises
    ValueError for another number of elements.
    """
    x = asarray(x)
    if order not in ("C", "A", None) or copy is not None:
        given = {} if copy is None else {"copy": copy}
        return evaluated(numpy.reshape, (x, shape), {"order": order or "C", **given})
    return wrap(_core.reshape(x, _shape(shape)))


def ravel(x: ArrayLike, /, order: str = "C") -> ndarray:
    """NumPy's `ravel`: the elements in one dimension."""
    return reshape(x, (-1,), order)


def permute_dims(x: ArrayLike, /, axes: Axis) -> ndarray:
    """The axes in another order; a view."""
    return wrap(_core.transpose(asarray(x), _shape(axes)))


def transpose(x: ArrayLike, /, axes: Axis = None) -> ndarray:
    """NumPy's `transpose`: the axes in another order, or reversed; a view."""
    return wrap(_core.transpose(asarray(x), None if axes is None else _shape(axes)))


def matrix_transpose(x: ArrayLike, /) -> ndarray:
    """The last two axes exchanged; a view."""
    return swapaxes(x, -1, -2)


def swapaxes(x: ArrayLike, /, axis1: int, axis2: int) -> ndarray:
    """NumPy's `swapaxes`: two axes exchanged; a view."""
    x = asarray(x)
    order = list(range(x.ndim))
    first, second = _axis(axis1, x.ndim), _axis(axis2, x.ndim)
    order[first], order[second] = order[second], order[first]
    return permute_dims(x, order)


def moveaxis(x: ArrayLike, source: ShapeLike, destination: ShapeLike, /) -> ndarray:
    """NumPy's `moveaxis`: axes at other places, the rest in order; a view."""
    x = asarray(x)
    moved = dict(zip(_axes(destination, x.ndim), _axes(source, x.ndim), strict=True))
    rest = iter(axis for axis in range(x.ndim) if axis not in moved.values())
    return permute_dims(x, [moved[place] if place in moved else next(rest)
                            for place in range(x.ndim)])


def expand_dims(x: ArrayLike, /, axis: Axis = 0) -> ndarray:
    """NumPy's `expand_dims`: new dimensions of extent 1, at places of the result; a view."""
    x = asarray(x)
    rank = x.ndim + (len(tuple(axis)) if hasattr(axis, "__iter__") else 1)
    for place in sorted(_axes(axis, rank)):
        x = _core.expand_dims(x, place)
    return wrap(x)


def squeeze(x: ArrayLike, /, axis: Axis = None) -> ndarray:
    """NumPy's `squeeze`: without dimensions of extent 1; a view."""
    x = asarray(x)
    return wrap(_core.squeeze(x, axis_of("squeeze", axis, x.ndim)))


def flip(x: ArrayLike, /, axis: Axis = None) -> ndarray:
    """NumPy's `flip`: elements reversed along all axes or some; a view."""
    return wrap(_core.flip(asarray(x), axis))


def broadcast_to(x: ArrayLike, /, shape: ShapeLike) -> ndarray:
    """NumPy's `broadcast_to`; a view. Raises ValueError for shapes that do not broadcast."""
    return wrap(_core.broadcast_to(asarray(x), _shape(shape)))


def broadcast_arrays(*arrays: ArrayLike) -> list[ndarray]:
    """NumPy's `broadcast_arrays`: all in one shape; views."""
    arrays = [asarray(each) for each in arrays]
    shape = numpy.broadcast_shapes(*[each.shape for each in arrays])
    return [broadcast_to(each, shape) for each in arrays]


def atleast_1d(x: ArrayLike, *more: ArrayLike) -> typing.Any:
    """NumPy's `atleast_1d`; a view."""
    arrays = [each if each.ndim else reshape(each, (1,)) for each in map(asarray, (x, *more))]
    return arrays[0] if not more else tuple(arrays)


def diff(x: ArrayLike, /, *, axis: int = -1, n: int = 1, prepend: ArrayLike | None = None,
         append: ArrayLike | None = None) -> ndarray:
    """NumPy's `diff`: differences of neighbours, `n` times."""
    from ._elementwise import not_equal, subtract

    x = asarray(x)
    if n < 0:
        raise ValueError(f"diff: n is at least 0; given {n}")
    if x.ndim == 0:
        raise ValueError("diff: takes arrays of at least one dimension; given a scalar")
    place = _axis(axis, x.ndim)
    parts = [part for part in (prepend, x, append) if part is not None]
    if len(parts) > 1:
        line = x.shape[:place] + (1,) + x.shape[place + 1:]
        x = concat([broadcast_to(part, line) if asarray(part).ndim == 0 else part
                    for part in parts], axis=place)
    before = (slice(None),) * place
    for _ in range(n):
        step = not_equal if dtype_of(x).kind == "b" else subtract
        x = step(x[(*before, slice(1, None))], x[(*before, slice(None, -1))])
    return x


#---- Several in one -------------------------------------------------------------------------------

def stack(arrays: ArrayLike, /, axis: int = 0, *, dtype: DTypeLike | None = None) -> ndarray:
    """NumPy's `stack`: arrays of one shape along a new axis.

    Of up to 8 arrays a node, each element of which chooses among them; others are copied by NumPy.
    """
    arrays = _in_one_dtype(arrays, dtype)
    if len({each.shape for each in arrays}) != 1:
        raise ValueError("stack: all arrays must have one shape; given "
                         + ", ".join(str(each.shape) for each in arrays))
    if len(arrays) > _MOST_PARTS:
        return evaluated(numpy.stack, (arrays, axis), {})
    rank = arrays[0].ndim + 1
    place = _axis(axis, rank)
    return wrap(_stacked(arrays, place))


def _stacked(arrays, place):
    count, rank = len(arrays), arrays[0].ndim + 1
    parts = [_core.expand_dims(each, place) for each in arrays]
    if count == 1:
        return parts[0]
    number = numpy.arange(count).reshape([count if axis == place else 1 for axis in range(rank)])
    result = parts[-1]
    for which in range(count - 2, -1, -1):
        result = _core.where(number == which, parts[which], result)
    return result


def concat(arrays: ArrayLike, /, axis: int | None = 0, *,
           dtype: DTypeLike | None = None) -> ndarray:
    """NumPy's `concatenate`: arrays one behind the other.

    Of up to 8 arrays of one shape a node, each element of which chooses among them; others are
    copied by NumPy. Raises ValueError for extents that differ beside `axis`.
    """
    arrays = _in_one_dtype(arrays, dtype)
    if axis is None:
        arrays, axis = [ravel(each) for each in arrays], 0
    shape = arrays[0].shape
    if not 0 < len(shape) or len(arrays) > _MOST_PARTS or any(
            each.shape != shape for each in arrays) or 0 in shape:
        return evaluated(numpy.concatenate, (arrays, axis), {})
    place = _axis(axis, len(shape))
    merged = [*shape[:place], len(arrays) * shape[place], *shape[place + 1:]]
    return wrap(_core.reshape(_stacked(arrays, place), merged))


def _in_one_dtype(arrays, dtype):
    arrays = [asarray(each) for each in arrays]
    if not arrays:
        raise ValueError("need at least one array")
    dtype = result_type(*arrays) if dtype is None else dtype
    return [asarray(each, dtype) for each in arrays]


concatenate = concat


def unstack(x: ArrayLike, /, *, axis: int = 0) -> tuple[ndarray, ...]:
    """The array's parts along `axis`; views."""
    x = asarray(x)
    place = _axis(axis, x.ndim)
    return tuple(x[(slice(None),) * place + (i,)] for i in builtins.range(x.shape[place]))


def tile(x: ArrayLike, repetitions: ShapeLike, /) -> ndarray:
    """NumPy's `tile`: `x` repeated along each axis, which is evaluated with its result."""
    x, repetitions = asarray(x), _shape(repetitions)
    rank = max(x.ndim, len(repetitions))
    shape = (1,) * (rank - x.ndim) + x.shape
    repetitions = (1,) * (rank - len(repetitions)) + repetitions
    pairs = [extent for pair in zip(repetitions, shape) for extent in pair]
    one = _core.reshape(x, [part for extent in shape for part in (1, extent)])
    return wrap(_core.reshape(_core.broadcast_to(one, pairs),
                              [math.prod(pair) for pair in zip(repetitions, shape)]))


__all__ = ["full", "zeros", "ones", "full_like", "zeros_like", "ones_like", "empty", "empty_like",
           "arange", "linspace", "eye", "from_dlpack", "tril", "triu", "reshape", "ravel",
           "permute_dims", "transpose", "matrix_transpose", "swapaxes", "moveaxis", "expand_dims",
           "squeeze", "flip", "broadcast_to", "broadcast_arrays", "atleast_1d", "diff", "stack",
           "concat", "concatenate", "unstack", "tile"]
