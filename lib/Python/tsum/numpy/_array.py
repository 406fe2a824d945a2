# SPDX-License-Identifier: Apache-2.0
"""tsum.numpy.ndarray: tensors whose operators, methods and dtypes are NumPy's."""
from __future__ import annotations

import types
import typing

import numpy

from .. import _core
from .._core import DTypeError, Tensor
from ..typing import ArrayLike, DTypeLike, Index
from ._arguments import dtype_named

_dtype_of = Tensor.dtype.fget
_get_item = Tensor.__getitem__
_BASIC = (int, slice, type(None), type(...), numpy.integer)

# NumPy's dtype objects by the identity of tsum's, of which there is one each.
_NUMPYS: dict[int, numpy.dtype] = {}


def dtype_of(tensor: Tensor) -> numpy.dtype:
    """NumPy's dtype of a tensor of either class."""
    dtype = _dtype_of(tensor)
    found = _NUMPYS.get(id(dtype))
    if found is None:
        found = _NUMPYS[id(dtype)] = numpy.dtype(dtype.numpy)
    return found


class ndarray(Tensor):
    """A lazy tensor with NumPy's meaning: `tsum.numpy.asarray` makes one.

    It is a `tsum.Tensor`, which every function of tsum takes, with NumPy's dtype objects, promotion
    of mixed dtypes, methods and indexing. Operators and methods build nodes where tsum has the
    operation, and evaluate and call NumPy otherwise; `tsum.numpy.EVALUATED` lists which do.
    Assigning to a part makes a copy: the memory that an array was made of never changes.
    """

    __slots__ = ()
    __hash__ = None
    __array_priority__ = 200

    @property
    def dtype(self) -> numpy.dtype:
        """NumPy's dtype object."""
        return dtype_of(self)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return dtype_of(self).itemsize

    def __repr__(self) -> str:
        return super().__repr__().replace("<tsum.Tensor:", "<tsum.numpy.ndarray:", 1)

    def __str__(self) -> str:
        return str(self.__array__()) if _core.is_known(self) else super().__str__()

    def __getitem__(self, index: Index | ArrayLike | tuple[Index | ArrayLike, ...]) -> ndarray:
        """Views by integers, slices, None and `...`; what arrays and lists choose is copied.

        Raises IndexError as NumPy does.
        """
        if _is_basic(index):
            return wrap(_get_item(self, index))
        return wrap_array(self.__array__()[to_numpy(index)])

    def __setitem__(self, index: Index | ArrayLike | tuple[Index | ArrayLike, ...],
                    value: ArrayLike) -> None:
        """Has this object stand for another array, that with `value` at `index`.

        A node where `index` is a mask of the whole array and `value` a number; otherwise the array
        is evaluated and copied. Views of it and graphs that it is part of stay as they are.
        """
        if _is_whole_mask(index, self.shape) and type(value) in (bool, int, float, complex):
            from ._dtypes import in_dtype

            _core.rebind(self, _core.where(index, in_dtype(value, dtype_of(self)), wrap(self)))
            return
        array = numpy.array(self)
        array[to_numpy(index)] = to_numpy(value)
        _core.rebind(self, _core.asarray(array))

    def __iter__(self) -> typing.Iterator[ndarray]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __copy__(self) -> ndarray:
        return wrap(self)

    def __deepcopy__(self, memo: dict[int, typing.Any], /) -> ndarray:
        return wrap(self)

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return _restore, (self.__array__(),)

    def __array_namespace__(self, /, *, api_version: str | None = None) -> types.ModuleType:
        """`tsum.numpy`. Raises ValueError for a version of the standard that it has not."""
        return namespace(api_version)


def _is_basic(index):
    """Whether the index is one of views: integers, slices, None and `...`."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(part, _BASIC) and type(part) is not bool for part in parts)


def _is_whole_mask(index, shape):
    return (isinstance(index, (Tensor, numpy.ndarray)) and index.shape == shape
            and numpy.dtype(index.dtype) == numpy.bool_)


def namespace(api_version: str | None) -> types.ModuleType:
    from .. import numpy as module

    if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
        raise ValueError(f"tsum.numpy has the array API standard 2024.12; given {api_version!r}")
    return module


def namespace_info() -> typing.Any:
    """What the array API asks of a namespace: NumPy's dtypes and the device "cpu"."""
    return numpy.__array_namespace_info__()


def _restore(array):
    return wrap_array(array)


def wrap(tensor: Tensor) -> ndarray:
    """The same tensor as one of NumPy's meaning. O(1)."""
    return _core.as_subclass(ndarray, tensor)


def wrap_array(array: typing.Any) -> ndarray:
    """The array that reads the memory of NumPy's `array` in place, or holds a NumPy scalar.

    Of the other byte order a copy.
    """
    array = numpy.asarray(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return _core.as_subclass(ndarray, _core.asarray(array))


def to_numpy(value: typing.Any) -> typing.Any:
    """`value` with NumPy's arrays in place of tensors, inside tuples, lists and dictionaries too.

    What has no values is evaluated, all of it together.
    """
    if isinstance(value, Tensor):
        return value.__array__()
    if type(value) in (tuple, list):
        return type(value)([to_numpy(each) for each in value])
    if type(value) is dict:
        return {key: to_numpy(each) for key, each in value.items()}
    return value


def _tensors_in(value, found):
    if isinstance(value, Tensor):
        found.append(value)
    elif type(value) in (tuple, list):
        for each in value:
            _tensors_in(each, found)
    elif type(value) is dict:
        _tensors_in(list(value.values()), found)
    return found


def from_numpy(value: typing.Any) -> typing.Any:
    """`value` with tsum arrays in place of NumPy's arrays and scalars of dtypes that tsum has."""
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        if type(value) in (numpy.ndarray, *numpy.ndarray.__subclasses__()) and isinstance(
                value, numpy.ma.MaskedArray):
            return value
        try:
            return wrap_array(value)
        except DTypeError:
            return value
    if type(value) in (tuple, list):
        return type(value)([from_numpy(each) for each in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[from_numpy(each) for each in value])
    return value


def evaluated(function: typing.Callable, args: typing.Any, kwargs: typing.Any) -> typing.Any:
    """`function(*args, **kwargs)` of NumPy on the values of tensors, as tsum arrays again."""
    tensors = _tensors_in([list(args), kwargs], [])
    if len(tensors) > 1:
        _core.eval(*tensors)
    if isinstance(kwargs.get("out"), Tensor):
        raise TypeError(f"{function.__name__}: out= takes a NumPy array (tensors never change)")
    out = kwargs.get("out")
    result = function(*to_numpy(list(args)), **to_numpy(kwargs))
    return result if out is not None else from_numpy(result)


def asarray(obj: ArrayLike, /, dtype: DTypeLike | None = None, *, device: str | None = None,
            copy: bool | None = None) -> ndarray:
    """NumPy's `asarray`: an array that reads `obj` in place where it is memory.

    Numbers and lists of them get NumPy's dtypes (int64, float64, complex128, bool). Memory is read
    when a graph over it is evaluated, so it must not change before. `copy=True` copies it,
    `copy=False` refuses to. Of another `dtype`, elements are cast.

    Raises DTypeError (a TypeError) for a dtype that tsum has not, ValueError for another device
    than "cpu" and where copy=False cannot be.
    """
    check_device(device)
    if isinstance(obj, Tensor):
        result = obj if type(obj) is ndarray else wrap(obj)
        if dtype is not None and (wanted := dtype_named(dtype)) != dtype_of(obj):
            if copy is False:
                raise ValueError("asarray: another dtype needs a copy")
            return wrap(_core.cast(obj, wanted))
        return wrap_array(numpy.array(result)) if copy else result
    if copy is False and not isinstance(obj, numpy.ndarray) and not hasattr(obj, "__dlpack__"):
        raise ValueError(f"asarray: {type(obj).__name__} needs a copy")
    if hasattr(obj, "__dlpack__") and not isinstance(obj, (numpy.ndarray, numpy.generic)):
        return asarray(wrap(_core.asarray(obj)), dtype, copy=copy)
    array = _from_lists(obj, dtype)
    if copy is False and array is not obj and not numpy.shares_memory(array, obj):
        raise ValueError("asarray: another dtype needs a copy")
    return wrap_array(numpy.array(array) if copy else array)


def _from_lists(obj, dtype):
    if isinstance(obj, (list, tuple)) and _tensors_in(obj, []):
        obj = to_numpy(obj)
    if isinstance(obj, numpy.ndarray) and hasattr(obj, "mask"):
        _core.asarray(obj)  # says so if something is masked, which NumPy's asarray forgets
    return numpy.asarray(obj, dtype)


def check_device(device: typing.Any) -> None:
    """Raises ValueError for another device than the one there is."""
    if device not in (None, "cpu"):
        raise ValueError(f"tsum has the device 'cpu'; given {device!r}")
