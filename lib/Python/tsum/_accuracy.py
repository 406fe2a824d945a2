# SPDX-License-Identifier: Apache-2.0
"""tsum.accuracy: how accurate reductions are, for a block or a function."""
from __future__ import annotations

import functools
import inspect
import typing

from . import _core

_Function = typing.TypeVar("_Function", bound=typing.Callable)


class accuracy:
    """Gives reductions that are not told otherwise the accuracy `value`, "standard" or "exact".

    It holds for what is built inside a `with` block, NumPy's functions on tensors among it, or in
    calls of a function that it decorates, `async` ones as well. It is a context variable: it holds
    for the thread, or the task of asyncio, that the block is in, and not for threads begun there.
    Blocks nest. Outside all of them the environment variable TSUM_ACCURACY says it for the process.

        with tsum.accuracy("exact"):
            total = np.sum(x)          # the exact sum, rounded once

        @tsum.accuracy("exact")
        def mean(x):
            return tsum.reduce_mean(x, axis=-1)

    Raises Error for another accuracy.
    """

    def __init__(self, value: str) -> None:
        self._value = value
        self._tokens: list[object] = []
        _core.leave_accuracy(_core.enter_accuracy(value))  # raises for what there is not

    def __enter__(self) -> None:
        self._tokens.append(_core.enter_accuracy(self._value))

    def __exit__(self, *exception: object) -> None:
        _core.leave_accuracy(self._tokens.pop())

    def __call__(self, function: _Function) -> _Function:
        """`function`, each call of which is a block of its own."""
        value = self._value
        if inspect.iscoroutinefunction(function):
            @functools.wraps(function)
            async def call(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
                with accuracy(value):
                    return await function(*args, **kwargs)
        else:
            @functools.wraps(function)
            def call(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
                with accuracy(value):
                    return function(*args, **kwargs)
        return typing.cast(_Function, call)
