# SPDX-License-Identifier: Apache-2.0
"""Other projects on tsum's arrays: each does with them what it does with NumPy's."""
import os
import pickle

import numpy as np
import pytest

import tsum
import tsum.numpy as tnp

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NaNs alone


def data(shape=(4, 6), share=0.3):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    x[rng.random(shape) < share] = np.nan
    return x


@pytest.fixture
def labelled():
    xarray = pytest.importorskip("xarray")
    x = data()
    return [xarray.DataArray(array, dims=("x", "y"), coords={"x": np.arange(4)})
            for array in (tnp.asarray(x), x)]


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var", "max", "min", "prod", "median",
                                  "count"])
@pytest.mark.parametrize("options", [{}, {"skipna": False}])
def test_xarray_reductions(labelled, name, options):
    if name == "count":
        options = {}
    for dims in ("x", "y", None):
        ours, theirs = (getattr(each, name)(dims, **options) for each in labelled)
        assert isinstance(ours.data, tnp.ndarray) and ours.dtype == theirs.dtype
        assert name == "median" or not ours.data.is_evaluated
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-13)


def test_xarray_operations(labelled):
    import xarray

    weights = xarray.DataArray(np.arange(1.0, 5), dims="x")
    for call in [lambda d: d.weighted(weights).mean("x"), lambda d: d.weighted(weights).std("x"),
                 lambda d: d.weighted(weights).sum(), lambda d: (d * 2 - d.isel(x=0)) / 3,
                 lambda d: d.where(d > 0, 0), lambda d: d.fillna(0), lambda d: d.isnull(),
                 lambda d: d.T, lambda d: d.sel(x=[1, 2]).isel(y=slice(0, 2)),
                 lambda d: d.shift(x=1),
                 lambda d: xarray.concat([d, d], "x"), lambda d: d.cumsum("x"),
                 lambda d: d.groupby(xarray.DataArray([0, 0, 1, 1], dims="x", name="g")).mean(),
                 lambda d: d.rolling(y=2).mean(), lambda d: d.coarsen(x=2).max(),
                 lambda d: d.fillna(0).argmax("x"), lambda d: d.quantile(0.5, "x"),
                 lambda d: d.sortby("x", ascending=False), lambda d: d.round(1),
                 lambda d: d.pad(x=1),
                 lambda d: xarray.apply_ufunc(np.sqrt, abs(d)), lambda d: d.clip(-1, 1),
                 lambda d: xarray.dot(d.fillna(0), weights, dim="x"), lambda d: d.diff("x")]:
        ours, theirs = map(call, labelled)
        assert isinstance(ours.data, tnp.ndarray) and ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-13)


def test_dask_arrays_of_tensors():
    da = pytest.importorskip("dask.array")
    import tsum.dask  # noqa: F401

    x = data((40, 50))
    ours = da.from_array(tnp.asarray(x), chunks=(13, 17), asarray=False)
    theirs = da.from_array(x, chunks=(13, 17))
    for call in [lambda z: z.sum(0), lambda z: z.mean(1), lambda z: z.std(), lambda z: da.nansum(z,
                                                                                                 0),
                 lambda z: da.nanmean(z, 1), lambda z: da.nanvar(z), lambda z: da.nanmax(z, 1),
                 lambda z: da.sqrt(abs(z) * 2 + 1), lambda z: da.where(z > 0, z, 0) @ z.T,
                 lambda z: da.nanargmax(z, 1), lambda z: z[::2, 3], lambda z: da.concatenate([z,
                                                                                              z]),
                 lambda z: z.cumsum(0), lambda z: (z > 2).any()]:
        result = call(ours).compute(scheduler="threads")
        assert isinstance(result, tnp.ndarray)
        np.testing.assert_allclose(result, call(theirs).compute(scheduler="sync"), rtol=1e-12)


@pytest.mark.parametrize("operation", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("accuracy", [None, "exact"])
def test_dask_reductions_have_the_bits_of_the_whole(operation, accuracy):
    da = pytest.importorskip("dask.array")
    import tsum.dask

    rng = np.random.default_rng(1)
    x = (rng.standard_normal((20, 30, 7)) * 10.0**rng.integers(-8, 8, (20, 30, 7))).astype("f4")
    given = {"accuracy": accuracy} if operation == "sum" and accuracy else {}
    for axis in (None, 0, (0, 1), -1):
        whole = getattr(tsum, f"reduce_{operation}")(x, axis, **given).numpy()
        for chunks in ((13, 17, 3), (20, 30, 7), (1, 30, 4), (11, 7, 7)):
            result = tsum.dask.reduction(da.from_array(x, chunks=chunks), operation, axis,
                                         accuracy=accuracy, split_every=3)
            assert (result.shape, result.dtype) == (whole.shape, whole.dtype)
            np.testing.assert_array_equal(result.compute(scheduler="threads"), whole)


def test_dask_reductions_are_checked():
    da = pytest.importorskip("dask.array")
    import tsum.dask

    x = da.from_array(data((6, 8)), chunks=3)
    assert tsum.dask.reduction(x > 0, "any", 1, keepdims=True).compute().shape == (6, 1)
    assert tsum.dask.reduction(x, "all", dtype=bool).compute() == np.all(data((6, 8)).astype(bool))
    assert tsum.dask.reduction(x, axis=()).shape == (6, 8)
    with pytest.raises(ValueError, match="no operation 'mean'"):
        tsum.dask.reduction(x, "mean")
    with pytest.raises(tsum.AxisError, match="axis 2 is out of range"):
        tsum.dask.reduction(x, axis=2)
    with pytest.raises(ValueError, match="unknown sizes"):
        tsum.dask.reduction(x[x > 0])


def test_partial_reductions():
    x = data((10, 3), share=0)
    whole = tsum.reduce_sum(x).numpy()
    parts = [tsum.PartialReduction(tsum.reduce_sum(x[a:b]), axis=0, begin=a, extent=10)
             for a, b in ((7, 10), (0, 3), (3, 7))]
    sent = [pickle.loads(pickle.dumps(part)) for part in parts]
    total = sent[0]
    total.merge(sent[1])
    assert total.ranges == [(0, 3), (7, 10)] and not total.is_complete
    with pytest.raises(tsum.Error, match="3"):
        total.result()
    total.merge(sent[2])
    assert total.is_complete and total.result().numpy() == whole
    assert parts[0].ranges == [(7, 10)] and "sum" in repr(parts[0])
    with pytest.raises(tsum.Error):
        total.merge(parts[0])
    with pytest.raises(tsum.Error):
        tsum.PartialReduction.from_bytes(b"nothing")
    with pytest.raises(tsum.AxisError):
        tsum.PartialReduction(tsum.reduce_sum(x, 0), axis=1, begin=0, extent=3)


def test_einops():
    einops = pytest.importorskip("einops.array_api")
    x = data((6, 4), share=0)
    t = tnp.asarray(x)
    for name in ("sum", "mean", "max", "min", "prod"):
        result = einops.reduce(t, "(a b) c -> a c", name, b=3)
        assert isinstance(result, tnp.ndarray)
        np.testing.assert_allclose(result, getattr(np, name)(x.reshape(2, 3, 4), axis=1),
                                   rtol=1e-14)
    assert einops.rearrange(t, "a c -> c a").tolist() == x.T.tolist()
    assert einops.repeat(t, "a c -> a c 2").shape == (6, 4, 2)


def test_scikit_learn(run_python):
    pytest.importorskip("sklearn")
    os.environ["SCIPY_ARRAY_API"] = "1"
    run_python("""
import numpy as np, sklearn, tsum.numpy as tnp
from sklearn import decomposition, linear_model, metrics, preprocessing
sklearn.set_config(array_api_dispatch=True)
rng = np.random.default_rng(0)
x = rng.standard_normal((60, 5)); y = x @ np.arange(5.0); c = (y > 0).astype(int)
for f in [lambda x, y, c: decomposition.PCA(2, svd_solver="full").fit_transform(x),
          lambda x, y, c: linear_model.Ridge(solver="svd").fit(x, y).predict(x),
          lambda x, y, c: preprocessing.MinMaxScaler().fit_transform(x),
          lambda x, y, c: metrics.r2_score(y, y * 1.1), lambda x, y, c: metrics.f1_score(c, 1 - c),
          lambda x, y, c: metrics.pairwise.rbf_kernel(x, x[:7])]:
    ours = f(*map(tnp.asarray, (x, y, c)))
    np.testing.assert_allclose(ours, f(x, y, c), rtol=1e-9, atol=1e-12)
""")


def test_columns_are_read_in_place():
    for package, make in [("pandas", lambda m: m.Series([1.0, 2, 3])),
                          ("polars", lambda m: m.Series([1.0, 2, 3])),
                          ("pyarrow", lambda m: m.array([1.0, 2, 3]))]:
        try:
            column = make(__import__(package))
        except ImportError:
            continue
        tensor = tsum.asarray(column)
        assert np.shares_memory(tensor.numpy(), np.asarray(column))
        assert tsum.sum(column).item() == 6
