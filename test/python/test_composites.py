# SPDX-License-Identifier: Apache-2.0
"""Operations on shapes, choices and composites against NumPy."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum
from layouts import arrays, shapes
from operations import DTYPES

RNG = np.random.default_rng(3)
X = RNG.standard_normal((3, 5, 7)).astype(np.float32)
Y = RNG.standard_normal((3, 5, 7)).astype(np.float32)


def near(result, expected):
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@given(data=st.data())
def test_shapes(data):
    dtype = data.draw(st.sampled_from(list(DTYPES.values())))
    shape = data.draw(shapes(max_size=500))
    x = data.draw(arrays(dtype, shape))
    rank = len(shape)
    permutation = data.draw(st.permutations(range(rank)))
    axis = data.draw(st.integers(-rank - 1, rank))
    for tensor in (tsum.asarray(x), tsum.where(True, x, x)):  # data, and computed
        np.testing.assert_array_equal(tsum.transpose(tensor, permutation), x.transpose(permutation))
        np.testing.assert_array_equal(tensor.T, x.T)
        np.testing.assert_array_equal(tsum.expand_dims(tensor, axis), np.expand_dims(x, axis))
        np.testing.assert_array_equal(tsum.squeeze(tensor), np.squeeze(x))
        np.testing.assert_array_equal(tsum.flip(tensor), np.flip(x))
        if rank:
            np.testing.assert_array_equal(tsum.flip(tensor, 0), np.flip(x, 0))
            np.testing.assert_array_equal(tsum.slice(tensor, [slice(None, None, -2)]), x[::-2])


def test_indexing_of_what_is_to_be_computed_builds_a_node():
    y = tsum.square(X)[1:, ::-2, None, 3]
    assert not y.is_evaluated
    np.testing.assert_array_equal(y, np.square(X)[1:, ::-2, None, 3])
    f = tsum.jit(lambda x: tsum.reduce_sum(x[..., 1:] - x[..., :-1], -1))
    near(f(X), X[..., -1] - X[..., 0])


def test_choices():
    np.testing.assert_array_equal(tsum.where(X > Y, X, Y), np.where(X > Y, X, Y))
    np.testing.assert_array_equal(tsum.where(tsum.asarray(X) > 0, X, 0), np.where(X > 0, X, 0))
    np.testing.assert_array_equal(tsum.clip_by_value(X, -1, 0.5), np.clip(X, -1, np.float32(0.5)))
    np.testing.assert_array_equal(tsum.asarray(X).clip(-1, Y), np.clip(X, np.float32(-1), Y))


@pytest.mark.parametrize("bounds", [(None, None), (-1, None), (None, 0.5), (-1, 0.5), (0.5, -1),
                                    (Y, None), (None, Y), (np.nan, None)])
def test_clip_takes_numpys_bounds(bounds):
    expected = np.clip(X, *bounds)
    low, high = bounds
    for clipped in (tsum.clip(X, low, high), tsum.clip(X, min=low, max=high),
                    tsum.asarray(X).clip(low, max=high), np.clip(tsum.asarray(X), low, high)):
        np.testing.assert_array_equal(clipped, expected)


def test_positive_reads_the_same_memory():
    for positive in (tsum.positive(X), +tsum.asarray(X)):
        assert np.shares_memory(positive, X)
    np.testing.assert_array_equal(tsum.complex(X, Y), X + 1j * Y)
    with pytest.raises(tsum.DTypeError):
        tsum.where(X, X, Y)


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
def test_rows(axis):
    exp = np.exp(X - X.max(axis, keepdims=True))
    softmax = exp / exp.sum(axis, keepdims=True)
    near(tsum.softmax(X, axis), softmax)
    near(tsum.log_softmax(X, axis), np.log(softmax))
    mean, variance = tsum.moments(X, axis)
    near(mean, X.mean(axis))
    near(variance, X.var(axis))
    centred = X - X.mean(axis, keepdims=True)
    near(tsum.standardize(X, axis, 1e-3), centred / np.sqrt(X.var(axis, keepdims=True) + 1e-3))
    scale = RNG.standard_normal(7).astype(np.float32)
    normal = centred / np.sqrt(X.var(axis, keepdims=True) + 1e-5)
    near(tsum.layer_norm(X, scale, scale, axis), normal * scale + scale)
    near(tsum.rms_norm(X, scale, axis),
         X / np.sqrt((X * X).mean(axis, keepdims=True) + 1e-6) * scale)
    near(tsum.dot(X, Y, axis), (X * Y).sum(axis))
    norms = np.sqrt((X * X).sum(axis)) * np.sqrt((Y * Y).sum(axis))
    near(tsum.cosine_similarity(X, Y, axis), (X * Y).sum(axis) / norms)


def test_numpys_spreads():
    near(tsum.var(X, axis=1, ddof=1), X.var(1, ddof=1))
    near(tsum.asarray(X).std(axis=0, keepdims=True), X.std(0, keepdims=True))
