# SPDX-License-Identifier: Apache-2.0
"""tsum.threads: how many threads kernels use, for a block."""
from __future__ import annotations

import collections.abc
import contextlib

from . import _core


@contextlib.contextmanager
def threads(count: int) -> collections.abc.Iterator[None]:
    """Lets kernels use at most `count` threads inside a `with` block; 0 is one per core.

    The limit is the process's, so blocks in several Python threads overwrite each other's. No
    number of threads changes a bit of any result.

        with tsum.threads(1):
            y = f(x)

    Raises Error unless 0 <= count <= 1024.
    """
    before = _core.get_threads()
    _core.set_threads(count)
    try:
        yield
    finally:
        _core.set_threads(before)
