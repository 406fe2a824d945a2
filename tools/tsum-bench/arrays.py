# SPDX-License-Identifier: Apache-2.0
"""A case as NumPy sees it: its operands, and what is to come out."""
import numpy as np


def operands(case):
    """The arrays of a case, in its layout."""
    generator = np.random.default_rng(0)
    return [_in_layout(generator, case) for _ in range(case.operands)]


def axes(case):
    """The axes of the arrays that `operands` gives."""
    if case.layout == "transposed":
        return tuple(len(case.shape) - 1 - axis for axis in case.axes)
    return case.axes


def _in_layout(generator, case):
    shape = list(case.shape)
    if case.layout == "outer-slice":
        shape[0] *= 2
    if case.layout == "inner-slice":
        shape[-1] *= 2
    values = _random(generator, tuple(shape), np.dtype(case.dtype))
    return {
        "C": lambda: values,
        "transposed": lambda: values.T,
        "outer-slice": lambda: values[::2],
        "inner-slice": lambda: values[..., ::2],
        "reversed": lambda: values[(slice(None, None, -1),) * values.ndim],
    }[case.layout]()


def _random(generator, shape, dtype):
    if dtype.kind == "i":
        return generator.integers(0, 100, shape, dtype)
    if dtype == np.float16:
        return generator.standard_normal(shape, np.float32).astype(dtype)
    return generator.standard_normal(shape, dtype)


def expected(case, arrays):
    """The result in float64, or in wrapping integers."""
    x = arrays[0]
    axis = axes(case)
    if x.dtype.kind == "i":
        return x.sum(axis, dtype=x.dtype)
    wide = [array.astype(np.float64) for array in arrays]
    x = wide[0]
    if case.op in ("sqdiff", "dot"):
        return ((x - wide[1]) ** 2 if case.op == "sqdiff" else x * wide[1]).sum(axis)
    if case.op == "sum":
        return x.sum(axis)
    if case.op == "variance":
        return x.var(axis)
    if case.op == "layer_norm":
        return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)
    powers = np.exp(x)
    total = powers.sum(axis, keepdims=True)
    return powers / total if case.op == "softmax" else np.log(total).squeeze(axis)


def check(case, arrays, result):
    """Raises AssertionError if `result` is not the case's, within what its dtype may lose."""
    wanted = expected(case, arrays)
    result = np.asarray(result)
    assert result.shape == wanted.shape, f"shape {result.shape} instead of {wanted.shape}"
    if wanted.dtype.kind == "i":
        # Some peers add integers in wider ones.
        np.testing.assert_array_equal(result.astype(wanted.dtype), wanted)
        return
    # The error of a serial sum of normal numbers, generously.
    count = arrays[0].size / max(wanted.size, 1)
    tolerance = float(np.finfo(case.dtype).eps) * (4 + count ** 0.5) * 8
    scale = max(1.0, count ** 0.5)
    np.testing.assert_allclose(result.astype(np.float64), wanted, rtol=tolerance,
                               atol=tolerance * scale)


def memory_runs(array):
    """Address, count, bytes and distance of the runs of memory that hold the elements: one run of
    all that the array spans, or one for each index of the axis with the largest stride, where
    whole lines lie between them."""
    axes = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    array = array.transpose(axes)
    array = array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]
    reaches = [(n - 1) * stride for n, stride in zip(array.shape, array.strides)]
    address = array.__array_interface__["data"][0]
    size = sum(reaches[1:]) + array.itemsize
    if array.strides[0] - size < 64:
        return address, 1, reaches[0] + size, 0
    return address, array.shape[0], size, array.strides[0]
