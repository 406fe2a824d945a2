# SPDX-License-Identifier: Apache-2.0
"""NumPy's `lib`, of which others ask for one function."""
from __future__ import annotations

import types

import numpy

from ..typing import ArrayLike, Axis, ShapeLike
from ._array import evaluated, ndarray


def sliding_window_view(x: ArrayLike, window_shape: ShapeLike, axis: Axis = None, *,
                        subok: bool = False, writeable: bool = False) -> ndarray:
    """NumPy's `sliding_window_view`: windows of `x` along new last axes; evaluates, no copy."""
    return evaluated(numpy.lib.stride_tricks.sliding_window_view, (x, window_shape, axis),
                     {"subok": subok, "writeable": writeable})


stride_tricks = types.SimpleNamespace(sliding_window_view=sliding_window_view)
