# SPDX-License-Identifier: Apache-2.0
"""NumPy's `lib`, of which others ask for one function."""
from __future__ import annotations

import types
import typing

import numpy

from ._array import evaluated, ndarray


def sliding_window_view(x: typing.Any, window_shape: typing.Any, axis: typing.Any = None,
                        **options: typing.Any) -> ndarray:
    """NumPy's `sliding_window_view`: windows of `x` along new last axes; evaluates, no copy."""
    return evaluated(numpy.lib.stride_tricks.sliding_window_view, (x, window_shape, axis), options)


stride_tricks = types.SimpleNamespace(sliding_window_view=sliding_window_view)
