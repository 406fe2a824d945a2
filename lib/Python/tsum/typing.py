# SPDX-License-Identifier: Apache-2.0
"""The types of what functions of tsum take, for annotations: `from tsum.typing import ArrayLike`.

They say to mypy and pyright what tsum says at run time: strings are no arrays, axes are integers.
Dtypes and extents are not part of a tensor's type.
"""
from __future__ import annotations

import collections.abc
import typing

from ._core import DType, Tensor

# NumPy is not imported here, so that importing tsum stays cheap: its classes are protocols, but for
# those of results, which matter to type checkers alone.
if typing.TYPE_CHECKING:
    import types

    import numpy

    NumPyArray: typing.TypeAlias = numpy.ndarray[typing.Any, numpy.dtype[typing.Any]]
    Ellipsis: typing.TypeAlias = types.EllipsisType
else:
    NumPyArray = typing.Any
    Ellipsis = type(...)


class SupportsArray(typing.Protocol):
    """What NumPy makes an array of: its own arrays and scalars, and columns of pandas."""

    def __array__(self) -> typing.Any: ...


class SupportsArrayInterface(typing.Protocol):
    """What NumPy reads in place by the older protocol."""

    @property
    def __array_interface__(self) -> dict[str, typing.Any]: ...


class SupportsDLPack(typing.Protocol):
    """Arrays of PyTorch, JAX, CuPy and others, which are read in place where they are on the CPU.
    """

    def __dlpack__(self) -> typing.Any: ...

    def __dlpack_device__(self) -> tuple[typing.Any, typing.Any]: ...


class SupportsBuffer(typing.Protocol):
    """What has the buffer protocol: `array.array`, `memoryview`, `bytes`, `mmap`."""

    def __buffer__(self, flags: int, /) -> memoryview: ...


class SupportsDType(typing.Protocol):
    """Scalars of NumPy and of ml_dtypes, whose classes are dtypes."""

    @property
    def dtype(self) -> typing.Any: ...


class NumPyDType(typing.Protocol):
    """NumPy's dtype objects."""

    @property
    def char(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def itemsize(self) -> int: ...


Number: typing.TypeAlias = typing.Union[bool, int, float, complex]
_One: typing.TypeAlias = typing.Union[Tensor, SupportsArray, SupportsArrayInterface, SupportsDLPack,
                                      SupportsBuffer, Number]
# Lists of lists, written out: a type that names itself would take a string for a sequence of
# strings.
_Nested1: typing.TypeAlias = collections.abc.Sequence[_One]
_Nested2: typing.TypeAlias = collections.abc.Sequence[typing.Union[_One, _Nested1]]
_Nested3: typing.TypeAlias = collections.abc.Sequence[typing.Union[_One, _Nested2]]
_Nested4: typing.TypeAlias = collections.abc.Sequence[typing.Union[_One, _Nested3]]

#: What `tsum.asarray` takes: tensors, anything with NumPy's protocols, DLPack or a buffer, numbers,
#: and lists and tuples of these, up to four deep as type checkers see them.
ArrayLike: typing.TypeAlias = typing.Union[_One, _Nested4]

#: What `tsum.as_dtype` takes: tsum's dtypes, NumPy's and their classes, names, Python's numbers.
DTypeLike: typing.TypeAlias = typing.Union[
    DType, str, type[bool], type[int], type[float], type[complex], type[SupportsDType], NumPyDType]

#: The axes that a function goes along: one, several, or None for all; an empty sequence is none.
Axis: typing.TypeAlias = typing.Union[typing.SupportsIndex,
                                      collections.abc.Sequence[typing.SupportsIndex], None]

#: Some axes in an order.
Axes: typing.TypeAlias = collections.abc.Sequence[typing.SupportsIndex]

#: The extents of a tensor, or the one of a tensor of rank 1.
ShapeLike: typing.TypeAlias = typing.Union[typing.SupportsIndex,
                                           collections.abc.Sequence[typing.SupportsIndex]]

_IndexOfOne: typing.TypeAlias = typing.Union[typing.SupportsIndex, slice, Ellipsis, None]
#: What takes a view of a tensor: NumPy's basic indices.
Index: typing.TypeAlias = typing.Union[_IndexOfOne, tuple[_IndexOfOne, ...]]

__all__ = ["ArrayLike", "Axes", "Axis", "DTypeLike", "Index", "Number", "NumPyArray", "NumPyDType",
           "ShapeLike", "SupportsArray", "SupportsArrayInterface", "SupportsBuffer",
           "SupportsDLPack", "SupportsDType"]
