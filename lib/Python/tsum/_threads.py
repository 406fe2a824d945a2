# SPDX-License-Identifier: Apache-2.0
"""tsum.threads: how many threads kernels use, for a block."""
from __future__ import annotations

import collections.abc
import contextlib

from . import _core


@contextlib.contextmanager
def threads(count: int) -> collections.abc.Iterator[None]:
    """Lets kernels use at most `count` threads inside a `with` block; 0 is one per core.

    The limit is a context variable: it holds for the thread, or the task of asyncio, that the block
    is in, and not for threads begun there; `set_threads` is for the process. Around the `yield` of
    a generator it holds for whoever runs the generator, too, until that goes on. No number of
    threads changes a bit of any result.

        with tsum.threads(1):
            y = f(x)

    Raises Error unless 0 <= count <= 1024.
    """
    token = _core.enter_threads(count)
    try:
        yield
    finally:
        _core.leave_threads(token)
