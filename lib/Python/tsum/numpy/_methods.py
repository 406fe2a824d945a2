# SPDX-License-Identifier: Apache-2.0
"""The operators, methods and attributes of NumPy's arrays, for tsum.numpy.ndarray."""
from __future__ import annotations

import typing

import numpy

from .. import _calls
from .._core import Tensor
from ..typing import ArrayLike, Axis, DTypeLike, ShapeLike
from ._array import check_device, dtype_of, ndarray, wrap_array

BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide",
    "floordiv": "floor_divide", "mod": "remainder", "pow": "power", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift",
    "matmul": "matmul", "divmod": "divmod",
}
COMPARISONS = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
               "ge": "greater_equal"}
UNARY = {"neg": "negative", "abs": "abs", "invert": "invert", "pos": "positive"}

# Functions whose first argument is the array.
METHODS = ["sum", "prod", "max", "min", "mean", "any", "all", "var", "std", "argmax", "argmin",
           "ptp",
           "clip", "round", "conj", "nonzero", "cumsum", "cumprod", "take", "repeat", "argsort",
           "argpartition", "searchsorted", "trace", "diagonal", "dot", "squeeze", "swapaxes",
           "ravel", "compress", "choose"]

_OPERANDS = (Tensor, numpy.ndarray, numpy.generic, bool, int, float, complex, list, tuple)


def _is_operand(other):
    """Whether it is for us: others that take part in NumPy's protocols know better."""
    if isinstance(other, _OPERANDS):
        return True
    return not hasattr(other, "__array_ufunc__") and hasattr(other, "__dlpack__")


def _operator(function):
    def operator(self: ndarray, other: ArrayLike, /) -> ndarray:
        return function(self, other) if _is_operand(other) else NotImplemented

    return operator


def _reflected(function):
    def operator(self: ndarray, other: ArrayLike, /) -> ndarray:
        return function(other, self) if _is_operand(other) else NotImplemented

    return operator


def _comparison(name, function):
    """As `_operator`; what is no number is equal to no element."""
    def operator(self: ndarray, other: ArrayLike, /) -> ndarray:
        if _is_operand(other):
            return function(self, other)
        if name in ("eq", "ne") and (other is None or isinstance(other, (str, bytes))):
            return wrap_array(numpy.full(self.shape, name == "ne"))
        return NotImplemented

    return operator


def astype(self: ndarray, dtype: DTypeLike, order: str = "K", casting: str = "unsafe",
           subok: bool = True, copy: bool = True) -> ndarray:
    """The elements converted to `dtype`: see `tsum.numpy.astype`."""
    from ._dtypes import astype as convert

    wanted = numpy.dtype(dtype)
    if casting != "unsafe" and not numpy.can_cast(dtype_of(self), wanted, casting):
        raise TypeError(f"Cannot cast array data from {dtype_of(self)!r} to {wanted!r} according "
                        f"to the rule {casting!r}")
    return convert(self, wanted)


def reshape(self: ndarray, *shape: ShapeLike, order: str = "C") -> ndarray:
    """The elements in another shape, given as a sequence or as numbers."""
    from ._shapes import reshape as function

    return function(self, shape[0] if len(shape) == 1 else shape, order)


def transpose(self: ndarray, *axes: Axis) -> ndarray:
    """The axes in another order, given as a sequence or as numbers, or reversed; a view."""
    from ._shapes import transpose as function

    return function(self, None if axes in ((), (None,)) else axes[0] if len(axes) == 1 and
                    hasattr(axes[0], "__iter__") else axes)


def copy(self: ndarray, order: str = "C") -> ndarray:
    """An array with memory of its own, evaluated."""
    return wrap_array(numpy.array(self, order=order))


def flatten(self: ndarray, order: str = "C") -> ndarray:
    """The elements in one dimension."""
    return self.ravel(order)


def view(self: ndarray, dtype: DTypeLike | None = None, type: type | None = None) -> ndarray:
    """NumPy's `view`: the bytes as another dtype. Evaluates."""
    return self if dtype is None else wrap_array(self.__array__().view(dtype))


def tobytes(self: ndarray, order: str = "C") -> bytes:
    """The bytes of the elements. Evaluates."""
    return self.__array__().tobytes(order)


def to_device(self: Tensor, device: str, /, *, stream: None = None) -> Tensor:
    """The array itself, for "cpu". Raises ValueError for another device."""
    check_device(device)
    if stream is not None:
        raise ValueError(f"to_device: the CPU has no streams; given {stream!r}")
    return self


def add_to(cls: type, module: typing.Any) -> None:
    """Gives `cls` what NumPy's arrays have, of the functions of `module`."""
    def set_method(name, method):
        # The type stubs find them by these.
        method.__name__ = name
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        method.__module__ = cls.__module__
        setattr(cls, name, method)

    def set_property(name, getter, about):
        set_method(name, getter)
        getter.__doc__ = about
        setattr(cls, name, property(getter))

    for name, function in BINARY.items():
        set_method(f"__{name}__", _operator(getattr(module, function)))
        set_method(f"__r{name}__", _reflected(getattr(module, function)))
    for name, function in COMPARISONS.items():
        set_method(f"__{name}__", _comparison(name, getattr(module, function)))
    for name, function in UNARY.items():
        set_method(f"__{name}__", _unary(getattr(module, function)))
    for name in METHODS:
        set_method(name, _of_self(_calls.checked(getattr(module, name), "tsum.numpy")))
    cls.conjugate = cls.conj
    for method in (astype, reshape, transpose, copy, flatten, view, tobytes, to_device):
        set_method(method.__name__, method)
    for name, (function, about) in {
            "real": (module.real, "The real parts."),
            "imag": (module.imag, "The imaginary parts."),
            "T": (module.transpose, "The axes reversed; a view."),
            "mT": (module.matrix_transpose, "The last two axes exchanged; a view."),
    }.items():
        set_property(name, _unary(function), about)
    set_property("device", _device, "Where the values are: \"cpu\".")
    cls.__hash__ = None  # element by element equal: nothing to find in a dictionary by


def _device(self: ndarray) -> str:
    return "cpu"


def _unary(function):
    def method(self: ndarray) -> ndarray:
        return function(self)

    return method


def _of_self(function):
    def method(self: ndarray, *args: typing.Any, **kwargs: typing.Any) -> ndarray:
        return function(self, *args, **kwargs)

    method.__doc__ = function.__doc__
    method.__wrapped__ = function
    return method
