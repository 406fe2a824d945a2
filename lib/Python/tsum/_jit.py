# SPDX-License-Identifier: Apache-2.0
"""tsum.jit: functions of tensors that are traced once per signature."""
from __future__ import annotations

import collections.abc
import typing

from . import _core


def jit(function: typing.Callable | None = None, *,
        static_argnums: int | collections.abc.Iterable[int] = (),
        static_argnames: str | collections.abc.Iterable[str] = (),
        dynamic: bool | None = None) -> typing.Any:
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

        @tsum.jit
        def norm(x, y):
            return tsum.sqrt(tsum.reduce_sum(tsum.square(x - y), axis=-1))

    Inside, asking for a value (`float(x)`, `x.numpy()`, `if x:`) raises ConcretizationError, which
    is a TypeError. Python side effects happen only while tracing. Tensors from outside keep the
    values they had then.

    Raises DTypeError (a TypeError) for an argument that is neither an array nor hashable, and what
    `function` raises.
    """
    if function is None:
        return lambda function: jit(function, static_argnums=static_argnums,
                                    static_argnames=static_argnames, dynamic=dynamic)
    if not callable(function):
        raise TypeError(f"jit: {type(function).__name__} is not callable")
    if not isinstance(static_argnums, collections.abc.Iterable):
        static_argnums = (static_argnums,)
    if isinstance(static_argnames, str):
        static_argnames = (static_argnames,)
    return _core.Function(function, list(static_argnums), list(static_argnames), dynamic)
