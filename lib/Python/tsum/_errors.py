# SPDX-License-Identifier: Apache-2.0
"""Errors that are NumPy's as well; asked for when one is raised, and NumPy has been imported."""
from __future__ import annotations

import sys


def as_numpys(axis_error: type) -> type:
    """A class derived from `axis_error`, tsum's, and from NumPy's AxisError."""
    numpy = sys.modules["numpy"]
    # NumPy before 1.25 has no exceptions module.
    numpys = getattr(numpy, "exceptions", numpy).AxisError

    class AxisError(axis_error, numpys):
        __doc__ = axis_error.__doc__
        __module__ = axis_error.__module__
        __qualname__ = axis_error.__qualname__

        def __reduce__(self):  # its name leads to `axis_error`
            return axis_error, self.args

    return AxisError
