# SPDX-License-Identifier: Apache-2.0
"""A compiler for tensor reductions: TensorFlow's functions on lazy tensors, NumPy's names too.

    import numpy as np, tsum

    x = np.random.rand(1024, 4096).astype(np.float32)
    norms = tsum.sqrt(tsum.reduce_sum(tsum.square(x), axis=1))   # a graph: computes nothing
    norms.numpy()                                                # one kernel, compiled once

Arrays are read in place. Where they lie, and in which order, costs nothing: any strides do.
"""
from __future__ import annotations as _annotations

import copyreg as _copyreg
import sys as _sys
import typing as _typing

if not getattr(_sys, "_is_gil_enabled", lambda: True)():
    raise ImportError("tsum needs Python's global interpreter lock: run python with -X gil=1")

from . import _calls, _core, _names
from ._core import *
from ._accuracy import accuracy
from ._check_gradients import check_gradients
from ._core import __version__
from ._elementwise import clip, positive
from ._gradients import GradientTape, grad, gradients, jvp, value_and_grad, vjp
from ._inspect import Lowered, explain, lower
from ._jit import Input, input, jit
from ._threads import threads

# Pickle finds nanobind's functions by their names, as Python's own: tensors are made by one.
_copyreg.pickle(type(_core.asarray), lambda function: function.__qualname__)

newaxis = None
inf = float("inf")
nan = float("nan")


def constant(value: _typing.Any, dtype: _typing.Any = None, shape: _typing.Any = None,
             name: str | None = None) -> Tensor:
    """A tensor with a copy of `value`: a number, nested lists of numbers, or any array.

    The parameters are TensorFlow's. Whole numbers become i32 and others f32 unless `dtype` says
    otherwise; arrays keep their dtype. With `shape` the elements are laid out in it, and a single
    one is repeated. `tsum.asarray` reads arrays in place instead. O(elements).

    Raises DTypeError (a TypeError) for what is no array and for numbers that the dtype cannot hold,
    ShapeError (a ValueError) if `shape` has another number of elements.
    """
    import numpy

    given = asarray(value, dtype)
    copy = asarray(numpy.array(given), name=name)
    if shape is None:
        return copy
    shape = tuple(shape)
    return broadcast_to(copy, shape, name) if copy.size == 1 else reshape(copy, shape, name)


def from_dlpack(x: _typing.Any, /) -> Tensor:
    """The tensor that reads the memory of `x`, an object with DLPack's `__dlpack__`, in place.

    Raises DTypeError (a TypeError) if `x` is on another device than the CPU or has a dtype that
    tsum does not know. O(rank).
    """
    if not hasattr(x, "__dlpack__"):
        raise DTypeError(f"from_dlpack: {type(x).__name__} has no __dlpack__ (asarray takes more)")
    return asarray(x)


convert_to_tensor = asarray

for _name in _names.INTERNAL:
    del globals()[_name]
globals().update(_names.functions(_core))
_names.add_methods(Tensor, globals())

from . import math

for _part in (vars(math), globals()):
    _calls.publish(_part, "tsum")
_calls.publish_methods(Tensor)

__all__ = sorted(
    name for name, value in globals().items()
    if not name.startswith("_") and type(value) is not type(_sys)
) + ["math"]
