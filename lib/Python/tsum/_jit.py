# SPDX-License-Identifier: Apache-2.0
"""tsum.jit: functions of tensors that are traced once per signature."""
from __future__ import annotations

import collections.abc
import dataclasses
import operator
import typing

from . import _core
from .typing import DTypeLike


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Input:
    """What a function of `tsum.jit` takes as one of its tensors: see `tsum.input`."""
    dtype: _core.DType
    shape: tuple[int | None, ...]
    name: str = ""

    def __repr__(self):
        name = f", {self.name!r}" if self.name else ""
        return f"tsum.input({self.dtype.name!r}, {self.shape}{name})"


def input(dtype: DTypeLike, shape: collections.abc.Iterable[int | None],
          name: str = "") -> Input:
    """Says what a function of `tsum.jit` takes: tensors of `dtype` and `shape`, stored in any way.

    An extent of None leaves it open, as in TensorFlow's `tf.TensorSpec`: any may come, 0 and 1
    among them. It is no tensor and no operand, since what operations do depends on extents: the
    function is run for each shape that it meets. `name` is what errors call it.

        tsum.input("f32", (None, 4096))

    Raises DTypeError (a TypeError) for what is no dtype, ShapeError (a ValueError) for a negative
    extent.
    """
    shape = tuple(None if extent is None else operator.index(extent) for extent in shape)
    for dimension, extent in enumerate(shape):
        if extent is not None and extent < 0:
            raise _core.ShapeError(f"input: extent {extent} in dimension {dimension} of {shape} "
                                   "(extents are 0 or more, or None for any)")
    return Input(_core.as_dtype(dtype), shape, name)


def _declared(signature: collections.abc.Iterable[Input]) -> list[tuple]:
    """`signature` as the core takes it, with -1 for an open extent."""
    inputs = list(signature)
    for each in inputs:
        if not isinstance(each, Input):
            raise TypeError(f"jit: input_signature has a {type(each).__name__} (make each by "
                            "tsum.input(dtype, shape))")
    return [(each.dtype, [-1 if extent is None else extent for extent in each.shape], each.name)
            for each in inputs]


@typing.overload
def jit(function: typing.Callable, *,
        static_argnums: int | collections.abc.Iterable[int] = (),
        static_argnames: str | collections.abc.Iterable[str] = (),
        dynamic: bool | None = None,
        input_signature: collections.abc.Iterable[Input] | None = None) -> _core.Function: ...


@typing.overload
def jit(function: None = None, *,
        static_argnums: int | collections.abc.Iterable[int] = (),
        static_argnames: str | collections.abc.Iterable[str] = (),
        dynamic: bool | None = None,
        input_signature: collections.abc.Iterable[Input] | None = None
        ) -> typing.Callable[[typing.Callable], _core.Function]: ...


def jit(function: typing.Callable | None = None, *,
        static_argnums: int | collections.abc.Iterable[int] = (),
        static_argnames: str | collections.abc.Iterable[str] = (),
        dynamic: bool | None = None,
        input_signature: collections.abc.Iterable[Input] | None = None) -> typing.Any:
    """Traces a function of tensors once per signature and from then on evaluates its graph.

    The result is called like `function`, with tensors, arrays and anything else among the
    arguments, and returns evaluated tensors in the structure (tuples, lists, dictionaries, None)
    that `function` returned. The first call with a signature runs `function` on tensors without
    values; later ones run no Python code. The signature is the dtypes and shapes of tensors and
    arrays, what `tsum.accuracy` says, and the values of all other arguments: numbers (NumPy's
    among them, which take the dtype of what they meet as they do outside), strings, None, tuples
    of them and whatever else is hashable. Values of two types are two, as 1 and 1.0 are, and so are
    0.0 and -0.0. So a number that changes with each call is better given as an array.

    `static_argnums` and `static_argnames` name arguments that are never taken for an array; those
    by name must be passed by name. `f.trace_count` says how often `function` has run.

    `dynamic=True` is for functions that meet many shapes: a new one costs a run of `function` and
    no compilation. Generic code, which is part of the library, evaluates it at once, to the same
    bits, and shapes on which it spends long get compiled code of their own in the background. With
    `dynamic=False` each shape is compiled before it runs; without either, `set_specialize` decides:
    unless it has been called, the first shape is compiled, and others are as with `dynamic=True`.

    `input_signature` says which tensors the function takes, those among the arguments in their
    order, as `tf.function` has it: a list of `tsum.input(dtype, shape)`, where an extent of None
    is open. Others are an error before `function` runs. Where some are open, `dynamic` is True
    unless it is given.

        @tsum.jit(input_signature=[tsum.input("f32", (None, 4096))])
        def centered(x):
            return x - tsum.reduce_mean(x, axis=0)

        @tsum.jit
        def norm(x, y):
            return tsum.sqrt(tsum.reduce_sum(tsum.square(x - y), axis=-1))

    Inside, asking for a value (`float(x)`, `x.numpy()`, `if x:`) raises ConcretizationError, which
    is a TypeError. Python side effects happen only while tracing. Tensors from outside keep the
    values they had then.

    Raises DTypeError (a TypeError) for an argument that is neither an array nor hashable, what
    `function` raises, and with an `input_signature` Error, DTypeError and ShapeError (a ValueError)
    for other tensors, which name the input, the dimension, and what would be right.
    """
    if function is None:
        return lambda function: jit(function, static_argnums=static_argnums,
                                    static_argnames=static_argnames, dynamic=dynamic,
                                    input_signature=input_signature)
    if not callable(function):
        raise TypeError(f"jit: {type(function).__name__} is not callable")
    if not isinstance(static_argnums, collections.abc.Iterable):
        static_argnums = (static_argnums,)
    if isinstance(static_argnames, str):
        static_argnames = (static_argnames,)
    inputs = None if input_signature is None else _declared(input_signature)
    if dynamic is None and inputs and any(-1 in shape for _, shape, _ in inputs):
        dynamic = True
    return _core._make_function(function, list(static_argnums), list(static_argnames), dynamic,
                                inputs)
