# SPDX-License-Identifier: Apache-2.0
"""What is no reduction, elementwise operation or view: evaluated, and computed by NumPy."""
from __future__ import annotations

import types
import typing

import numpy

from ..typing import ArrayLike
from ._array import asarray, evaluated, ndarray

# The functions of NumPy that `tsum.numpy` has under their names, as far as NumPy has them. Each
# evaluates its arguments, together, calls NumPy on their values, and returns arrays that read the
# memory of NumPy's.
FUNCTIONS = """
    partition argpartition lexsort searchsorted nonzero flatnonzero argwhere
    unique unique_all unique_counts unique_inverse unique_values isin intersect1d union1d setdiff1d
    setxor1d
    cumsum cumprod nancumsum nancumprod cumulative_sum cumulative_prod
    median nanmedian quantile nanquantile percentile nanpercentile
    histogram histogram2d histogramdd histogram_bin_edges bincount digitize
    take take_along_axis repeat roll rot90 pad delete insert append choose compress extract select
    piecewise resize trim_zeros
    diag diagonal diagflat trace kron cross inner cov corrcoef convolve correlate interp
    gradient trapezoid unwrap
    split array_split hsplit vsplit dsplit vstack hstack dstack column_stack block
    fliplr flipud atleast_2d atleast_3d rollaxis
    array_equal array_equiv allclose
    logspace geomspace tri vander identity indices fromfunction
    modf frexp ldexp divmod gcd lcm float_power heaviside spacing deg2rad rad2deg degrees radians
    logaddexp2 sinc i0 angle isreal iscomplex isneginf isposinf iscomplexobj isrealobj
    bitwise_count packbits unpackbits fix real_if_close
    apply_along_axis apply_over_axes polyfit polyval
    tril_indices triu_indices tril_indices_from triu_indices_from diag_indices
""".split()

LINALG = """
    cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matrix_norm matrix_power
    matrix_rank multi_dot norm outer pinv qr slogdet solve svd svdvals tensorinv tensorsolve trace
    vector_norm
""".split()

FFT = """
    fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn hfft ihfft fftfreq rfftfreq
    fftshift ifftshift
""".split()


def numpys(module: types.ModuleType, name: str) -> typing.Callable | None:
    """NumPy's function of that name on tensors, or None if NumPy has none."""
    function = getattr(module, name, None)
    if function is None:
        return None

    def on_values(*args: typing.Any, device: str | None = None, **kwargs: typing.Any) -> typing.Any:
        from ._array import check_device

        check_device(device)
        return evaluated(function, args, kwargs)

    on_values.__name__ = on_values.__qualname__ = name
    on_values.__module__ = "tsum." + module.__name__
    on_values.__doc__ = f"NumPy's `{name}`: evaluates, and calls `{module.__name__}.{name}`."
    on_values.__wrapped__ = function
    return on_values


def functions(module: types.ModuleType, names: list[str]) -> dict[str, typing.Callable]:
    """Those of `names` that this NumPy has."""
    found = {name: numpys(module, name) for name in names}
    return {name: function for name, function in found.items() if function is not None}


def sort(x: ArrayLike, /, axis: int | None = -1, kind: str | None = None, *,
         descending: bool = False, stable: bool = True) -> ndarray:
    """NumPy's `sort`, and the standard's `descending`. Evaluates."""
    if descending:
        order = argsort(x, axis, kind, descending=True, stable=stable)
        return evaluated(numpy.take_along_axis, (asarray(x), order), {"axis": axis})
    return evaluated(numpy.sort, (asarray(x), axis, kind or ("stable" if stable else None)), {})


def argsort(x: ArrayLike, /, axis: int | None = -1, kind: str | None = None, *,
            descending: bool = False, stable: bool = True) -> ndarray:
    """NumPy's `argsort`, and the standard's `descending`. Evaluates."""
    kind = kind or ("stable" if stable else None)
    values = asarray(x)
    if not descending:
        return evaluated(numpy.argsort, (values, axis, kind), {})

    def from_the_end(array):
        if array.ndim == 0:
            return numpy.argsort(array, axis, kind)
        # Of equal ones the first comes first, as it does where the last is counted from the end.
        order = numpy.argsort(numpy.flip(array, axis), axis, kind)
        return numpy.flip(array.shape[axis] - 1 - order, axis)

    return evaluated(from_the_end, (values,), {})


def meshgrid(*arrays: ArrayLike, indexing: str = "xy", sparse: bool = False,
             copy: bool = True) -> list[ndarray]:
    """NumPy's `meshgrid`, as a list. Evaluates."""
    return list(evaluated(numpy.meshgrid, arrays, {"indexing": indexing, "sparse": sparse,
                                                       "copy": copy}))
