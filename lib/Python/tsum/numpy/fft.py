# SPDX-License-Identifier: Apache-2.0
"""NumPy's Fourier transforms, which evaluate and are computed by NumPy."""
from __future__ import annotations as _annotations

import numpy as _numpy

from ..typing import DTypeLike as _DTypeLike
from ._array import asarray as _asarray, check_device as _check_device, ndarray
from ._evaluated import FFT as _NAMES, functions as _functions

globals().update(_functions(_numpy.fft, _NAMES))


def fftfreq(n: int, /, d: float = 1.0, *, dtype: _DTypeLike | None = None,
            device: str | None = None) -> ndarray:
    """NumPy's `fftfreq`: the frequencies of a transform, of `dtype` if that is given."""
    _check_device(device)
    return _asarray(_numpy.fft.fftfreq(n, d), dtype)


def rfftfreq(n: int, /, d: float = 1.0, *, dtype: _DTypeLike | None = None,
             device: str | None = None) -> ndarray:
    """NumPy's `rfftfreq`: the frequencies of a transform of real numbers."""
    _check_device(device)
    return _asarray(_numpy.fft.rfftfreq(n, d), dtype)


__all__ = sorted(name for name in _NAMES if name in globals())
