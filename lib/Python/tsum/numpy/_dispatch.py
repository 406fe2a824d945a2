# SPDX-License-Identifier: Apache-2.0
"""NumPy's own functions on tensors: `np.sum(x)` is `tsum.numpy.sum(x)`."""
from __future__ import annotations

import typing

import numpy

from .. import _core
from .._core import DTypeError, Tensor
from . import _array

# Reductions by the ufunc whose `reduce` they are.
_REDUCTIONS = {numpy.add: "sum", numpy.multiply: "prod", numpy.maximum: "max",
               numpy.minimum: "min", numpy.logical_and: "all", numpy.logical_or: "any"}

# Ufuncs that are operators of a plain tensor, which keeps its own meaning of them.
_OPERATORS = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide",
    "true_divide": "divide", "floor_divide": "floordiv", "remainder": "floormod", "power": "pow",
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
    "left_shift": "left_shift", "right_shift": "right_shift", "equal": "equal",
    "not_equal": "not_equal", "less": "less", "less_equal": "less_equal", "greater": "greater",
    "greater_equal": "greater_equal",
}

_functions: dict[typing.Any, typing.Any] = {}


def _keywords_of(function):
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    return frozenset(code.co_varnames[:count])


def register(module: typing.Any, numpys: typing.Any, names: typing.Iterable[str]) -> None:
    """Has NumPy's functions of these names on tensors be those of `module`."""
    for name in names:
        theirs = getattr(numpys, name, None)
        ours = getattr(module, name)
        # Under several names it is the one that its own name says.
        if getattr(theirs, "__name__", name) != name and hasattr(module, theirs.__name__):
            continue
        if callable(theirs) and not isinstance(theirs, type) and not isinstance(
                theirs, numpy.ufunc) and hasattr(ours, "__code__"):
            has_all = ours.__code__.co_flags & 0x08  # takes any keyword
            _functions.setdefault(theirs, (ours, None if has_all else _keywords_of(ours)))


def array_function(self: Tensor, function: typing.Any, types: typing.Any, args: typing.Any,
                   kwargs: typing.Any) -> typing.Any:
    """NumPy's protocol: `function`, of NumPy, of arguments that have tensors among them.

    That of `tsum.numpy` with its name, if that has these parameters; NumPy's, on values, otherwise.
    """
    ours, keywords = _functions.get(function, (None, None))
    if ours is None or (keywords is not None and not keywords.issuperset(kwargs)):
        return _array.evaluated(function, args, kwargs)
    return ours(*args, **kwargs)


def array_ufunc(self: Tensor, ufunc: numpy.ufunc, method: str, *inputs: typing.Any,
                **kwargs: typing.Any) -> typing.Any:
    """NumPy's protocol: `ufunc`, or its `method`, of inputs that have tensors among them."""
    from .. import numpy as module

    out = kwargs.pop("out", None)
    if out is not None and len(out) == 1:
        kwargs["out"] = out[0]
    elif out is not None:
        kwargs["out"] = out
    if method == "__call__":
        if not kwargs and all(type(each) is not _array.ndarray for each in inputs):
            plain = _OPERATORS.get(ufunc.__name__)
            if plain is not None:
                return getattr(_core, plain)(*inputs)
        function = getattr(module, ufunc.__name__, None)
        if function is not None and set(kwargs) <= {"out", "where", "dtype"} and _is_ours(function):
            try:
                return function(*inputs, **kwargs)
            except DTypeError:
                if kwargs:
                    raise
        return _array.evaluated(ufunc, inputs, kwargs)
    if method == "reduce" and ufunc in _REDUCTIONS:
        (x,) = inputs
        kwargs.setdefault("axis", 0)
        return array_function(self, getattr(numpy, _REDUCTIONS[ufunc]), (), (x,), kwargs)
    if method == "at":  # NumPy writes to read-only memory there
        raise TypeError(f"{ufunc.__name__}.at: changes its first argument, and tensors never "
                        "change (copy it to NumPy: numpy.array(x))")
    return _array.evaluated(getattr(ufunc, method), inputs, kwargs)


def _is_ours(function):
    return getattr(function, "__module__", "").startswith("tsum.numpy")
