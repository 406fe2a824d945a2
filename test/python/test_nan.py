# SPDX-License-Identifier: Apache-2.0
"""Reductions without NaNs, averages and out=, against NumPy."""
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of NaNs alone

NAMES = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]
UNITS = {np.float16: 4e-3, np.float32: 2e-6, np.float64: 1e-14, np.complex64: 2e-6,
         np.complex128: 1e-14}


def with_nans(shape, dtype, seed=0, share=0.3, width=0.5):
    rng = np.random.default_rng(seed)
    x = rng.uniform(1 - width, 1 + width, shape).astype(dtype)
    if np.dtype(dtype).kind == "c":
        x += 1j * rng.uniform(-width, width, shape).astype(x.real.dtype)
    x[rng.random(shape) < share] = np.nan
    return x


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", UNITS)
def test_as_numpys(name, dtype):
    if name in ("nanmax", "nanmin") and np.dtype(dtype).kind == "c":
        return
    units = UNITS[dtype] * (100 if name == "nanprod" and dtype == np.complex64 else 1)
    for shape, axes in (((), [None]), ((7,), [None, 0]), ((5, 1, 67), [None, 0, 1, -1, (0, 2)]),
                        ((3, 400), [0, 1]), ((2,) * 8, [None, 3, (1, -1)])):
        x = with_nans(shape, dtype, width=0.05 if name == "nanprod" else 0.5)
        for layout in (x, x.T[::-1]) if len(shape) == 3 else (x,):
            for axis in axes:
                wide = layout.astype(np.result_type(dtype, np.float64))
                expected = getattr(np, name)(wide, axis=axis, keepdims=True)
                result = getattr(tsum, name)(layout, axis=axis, keepdims=True).numpy()
                assert result.dtype == expected.astype(dtype).real.dtype or result.dtype == dtype
                np.testing.assert_allclose(result, expected, rtol=units, equal_nan=True)
                assert np.shape(getattr(tsum, name)(layout, axis)) == np.shape(
                    getattr(np, name)(wide, axis))


@given(st.integers(0, 10**6), st.tuples(st.integers(1, 40), st.integers(1, 40)), st.sampled_from(
    [np.float16, np.float32, np.float64]), st.sampled_from([0, 1, None]))
def test_places_and_counts(seed, shape, dtype, axis):
    x = with_nans(shape, dtype, seed)
    x[np.random.default_rng(seed).random(shape) < 0.2] = 1  # several largest ones
    filled = np.where(np.isnan(x), -np.inf, x)
    for name, values in (("nanargmax", filled), ("nanargmin", -np.where(np.isnan(x), np.inf, x))):
        expected = np.where(np.isnan(x).all(axis), -1, values.argmax(axis))
        np.testing.assert_array_equal(getattr(tsum, name)(x, axis).numpy(), expected)
    np.testing.assert_array_equal(tsum.nancount(x, axis), np.count_nonzero(~np.isnan(x), axis))
    np.testing.assert_array_equal(tsum.ptp(filled, axis).numpy(), np.ptp(filled, axis))


def test_integers_have_no_nans():
    x = np.arange(12, dtype=np.int32).reshape(3, 4)
    for name in ("nansum", "nanprod", "nanmax", "nanmin", "nanargmax", "nanargmin"):
        np.testing.assert_array_equal(getattr(tsum, name)(x, 1), getattr(np, name)(x, 1))
    assert tsum.nanmean(x, 0, dtype="f8").tolist() == x.mean(0).tolist()
    assert tsum.nanvar(x, 0, dtype="f8").tolist() == x.var(0).tolist()
    assert tsum.nancount(x, 1, where=x > 5).tolist() == [0, 2, 4]
    assert tsum.nansum(x, where=x > 5).item() == 51
    assert tsum.nanmax(x, 1, where=x < 3, initial=-9).tolist() == [2, -9, -9]
    with pytest.raises(ValueError, match="nanmax: where= of integers needs initial="):
        tsum.nanmax(x, where=x > 5)
    with pytest.raises(tsum.DTypeError, match="nanmean: .*given i32 .dtype= casts first"):
        tsum.nanmean(x, where=x > 5)


@pytest.mark.parametrize("name", NAMES)
def test_where_and_initial(name):
    x = with_nans((4, 9), np.float64)
    mask = np.random.default_rng(3).random((4, 9)) < 0.6
    np.testing.assert_allclose(getattr(tsum, name)(x, 1, where=mask),
                               getattr(np, name)(np.where(mask, x, np.nan), 1), rtol=1e-14)
    if name not in ("nanmean", "nanvar", "nanstd"):
        nothing = np.full((2, 3), np.nan)
        for values in (x, nothing):
            np.testing.assert_allclose(getattr(tsum, name)(values, 1, initial=0.75),
                                       getattr(np, name)(values, 1, initial=0.75), rtol=1e-14)
    else:
        for each in (dict(dtype=np.float32), {} if name == "nanmean" else dict(ddof=3)):
            np.testing.assert_allclose(getattr(tsum, name)(x, 1, **each),
                                       getattr(np, name)(x, 1, **each), rtol=2e-6)


@pytest.mark.parametrize("name", ["nansum", "nanmean", "nanvar", "nanstd"])
def test_accuracy(name):
    x = np.array([1e17, np.nan, 3.0, -1e17, 5.0])
    function = getattr(tsum, name)
    exact = function(x, accuracy="exact").item()
    assert exact == {"nansum": 8, "nanmean": 2, "nanvar": 5e33, "nanstd": 5e33**0.5}[name]
    with tsum.accuracy("exact"):
        assert function(x).item() == exact
    assert function(x, accuracy="exact", dtype="f4").dtype == tsum.f32
    with pytest.raises(tsum.Error, match=f"{name}: .*exactly"):
        function(x, accuracy="exactly")


@pytest.mark.parametrize("axis, shape", [(None, (3, 4, 5)), (1, (4,)), (-1, (5,)), ((0, 2), (3, 5)),
                                         ((2, 0), (5, 3)), ((0, 1, 2), (3, 4, 5)), (0, (3, 4, 5))])
def test_average(axis, shape):
    rng = np.random.default_rng(1)
    x, weights = rng.uniform(1, 2, (3, 4, 5)), rng.uniform(1, 2, shape)
    expected = np.average(x, axis, weights, returned=True)
    for result, each in zip(tsum.average(x, axis, weights, returned=True), expected):
        np.testing.assert_allclose(result.numpy(), each, rtol=1e-14)
    np.testing.assert_allclose(tsum.average(x, axis, weights, keepdims=True),
                               np.average(x, axis, weights, keepdims=True), rtol=1e-14)
    full = weights if weights.shape == x.shape else tsum._statistics._along(
        tsum.asarray(x), axis, tsum.asarray(weights)).numpy()
    x[rng.random(x.shape) < 0.4] = np.nan
    masked = np.ma.average(np.ma.masked_invalid(x), axis, np.broadcast_to(full, x.shape))
    np.testing.assert_allclose(tsum.average(x, axis, weights, skipna=True), masked, rtol=1e-13)


def test_average_without_weights():
    x = with_nans((3, 8), np.float64)
    mean, count = tsum.average(x, 1, skipna=True, returned=True)
    np.testing.assert_allclose(mean, np.nanmean(x, 1), rtol=1e-14)
    assert count.tolist() == np.count_nonzero(~np.isnan(x), 1).tolist()
    assert tsum.average(np.ones((3, 2)), returned=True)[1].item() == 6
    with pytest.raises(tsum.ShapeError, match=r"average: weights of shape \(3,\) for \(3, 8\)"):
        tsum.average(x, 1, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all",
                                  "logsumexp", *NAMES, "nancount", "nanargmax", "nanargmin", "ptp"])
def test_out(name):
    x = with_nans((3, 5), np.float32, share=0.0)
    function = getattr(tsum, name)
    expected = function(x, axis=1).numpy()
    for out in (np.zeros(3, expected.dtype), np.zeros((3, 2), expected.dtype)[:, 1],
                np.zeros(24, np.uint8)[1:1 + 3 * expected.itemsize].view(expected.dtype)
                if expected.itemsize < 8 else np.zeros(3, expected.dtype)):
        assert function(x, axis=1, out=out) is out
        np.testing.assert_array_equal(out, expected)
    scalar = np.zeros((), expected.dtype)
    assert function(x, out=scalar) == function(x).numpy()


def test_out_is_computed_in_place_and_checked():
    x = np.arange(6.0).reshape(2, 3)
    result = tsum.reduce_sum(x, 1)
    out = np.zeros(2)
    assert tsum._core.evaluate_into(result, out) and out.tolist() == [3, 12]
    assert not result.is_evaluated
    # What the graph reads is not overwritten before it is read.
    row = x[0]
    assert not tsum._core.evaluate_into(tsum.reduce_sum(x, 0), row)
    assert tsum.sum(x, axis=0, out=row) is row and row.tolist() == [3, 5, 7]
    wide = np.zeros(2, np.complex128)
    tsum.sum(x, axis=1, out=wide)
    assert wide.tolist() == [15, 12]
    with pytest.raises(TypeError, match="sum: out= takes a NumPy array; given Tensor"):
        tsum.sum(x, out=result)
    with pytest.raises(tsum.ShapeError, match=r"sum: out= has shape \(2,\), the result \(3,\)"):
        tsum.sum(x, axis=0, out=out)
    with pytest.raises(tsum.DTypeError, match="sum: out= has dtype int64, which float64 does not"):
        tsum.sum(x, axis=1, out=np.zeros(2, np.int64))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="sum: out= is read-only"):
        tsum.sum(x, axis=1, out=out)
    with pytest.raises(tsum.ConcretizationError):
        tsum.jit(lambda x: tsum.sum(x, axis=1, out=np.zeros(2)))(x)


def test_one_kernel_reads_the_data_once():
    x = with_nans((300, 200), np.float64)
    for name in ["nansum", "nanmean", "nanmax", "nanmin", "nanprod"]:
        for axis in (0, 1):
            text = tsum.explain(getattr(tsum, name)(x, axis))
            assert text.count("\n  kernel ") == 1 and "480 KB read" in text, text
    assert tsum.explain(tsum.average(x, 0, np.ones(300), skipna=True)).count("\n  kernel ") == 1


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NAMES:
            getattr(tsum, name)(np.full((2, 3), np.nan), axis=1).numpy()


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_narrow_results_of_wide_data(dtype):
    # Blocks of bytes, of 4 bytes and of the data's width, alone and in one loop.
    rng = np.random.default_rng(5)
    for shape in [(1, 67), (131, 3), (37, 515), (515, 37)]:
        x = rng.integers(0, 200, shape).astype(dtype)
        x[rng.random(shape) < 0.05] = np.nan
        for view in (x, np.repeat(x, 2, 1)[::-1, ::2]):
            for axis in (0, 1):
                y = tsum.asarray(view)
                large = tsum.greater(y, np.dtype(dtype).type(198))
                several = [tsum.reduce_any(large, axis),
                           tsum.reduce_all(tsum.logical_not(large), axis),
                           tsum.count_nonzero(large, axis), tsum.nanmax(y, axis),
                           tsum.nancount(y, axis)]
                alone = [each.numpy() for each in several[:2]]
                tsum.eval(*several)
                expected = [(view > 198).any(axis), ~(view > 198).any(axis),
                            np.count_nonzero(view > 198, axis), np.fmax.reduce(view, axis),
                            np.sum(view == view, axis)]
                for ours, theirs in zip(several + alone, expected + expected[:2]):
                    np.testing.assert_array_equal(np.asarray(ours), theirs)
