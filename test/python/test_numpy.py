# SPDX-License-Identifier: Apache-2.0
"""tsum.numpy against NumPy, and NumPy's own functions on tensors."""
import copy
import gc
import operator
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum
import tsum.numpy as tnp

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

DTYPES = [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
          np.uint64,
          np.float16, np.float32, np.float64, np.complex64, np.complex128]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, np.inf, -np.inf, np.nan]


def values(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.random(shape) < 0.5
    if kind in "iu":
        return rng.integers(0 if kind == "u" else -9, 10, shape).astype(dtype)
    x = np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, shape), rng.normal(0, 3, shape))
    return (x + 1j * rng.normal(0, 3, shape) if kind == "c" else x).astype(dtype)


def assert_same(ours, theirs, tolerance=0.0):
    assert isinstance(ours, tnp.ndarray), type(ours)
    theirs = np.asarray(theirs)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    result = np.asarray(ours)
    if tolerance or theirs.dtype.kind not in "fc":
        np.testing.assert_allclose(result, theirs, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(result, theirs)
        if theirs.dtype.kind == "f":
            number = ~np.isnan(theirs)
            np.testing.assert_array_equal(np.signbit(result)[number], np.signbit(theirs)[number])


def outcome(function):
    """What it returns, or which error it raises."""
    try:
        return function(), None
    except (TypeError, ValueError, OverflowError) as error:
        return None, error


def tolerance_of(dtype):
    return {2: 2e-3, 4: 5e-6, 8: 2e-14}[np.dtype(dtype).type(0).real.itemsize] if np.dtype(
        dtype).kind in "fc" else 0.0


UNARY = ["abs", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan",
         "arcsin",
         "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "cbrt",
         "exp2",
         "rint", "floor", "ceil", "trunc", "sign", "signbit", "square", "reciprocal", "negative",
         "positive", "conj", "invert", "isnan", "isinf", "isfinite", "logical_not", "real", "imag",
         "round", "nan_to_num", "angle", "deg2rad"]


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    for dtype in DTYPES:
        x = values(dtype, (3, 5))
        theirs, error = outcome(lambda: getattr(np, name)(x))
        ours, our_error = outcome(lambda: getattr(tnp, name)(x))
        assert (error is None) == (our_error is None), (dtype, error, our_error)
        if error is None:
            assert_same(ours, theirs, tolerance_of(theirs.dtype))
            # NumPy's own function on a tensor is the same.
            assert_same(getattr(np, name)(tnp.asarray(x)), theirs, tolerance_of(theirs.dtype))


BINARY = ["add", "subtract", "multiply", "divide", "floor_divide", "remainder", "maximum",
          "minimum",
          "fmax", "fmin", "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "not_equal", "less",
          "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor",
          "arctan2", "hypot", "copysign", "nextafter", "logaddexp", "isclose"]


@pytest.mark.parametrize("name", BINARY)
def test_binary_promotes(name):
    some = [np.bool_, np.int8, np.uint64, np.float16, np.float32, np.complex64]
    for first in some:
        for second in some:
            x, y = values(first, (2, 1, 4)), values(second, (3, 1), 1)
            if name in ("floor_divide", "remainder"):
                y = np.where(y == 0, np.ones_like(y), y)
            if name == "floor_divide" and np.result_type(x, y).kind == "f":
                # With infinities the array API's meaning, which is not NumPy's.
                x, y = (np.where(np.isfinite(z), z, np.ones_like(z)) for z in (x, y))
            theirs, error = outcome(lambda: getattr(np, name)(x, y))
            ours, our_error = outcome(lambda: getattr(tnp, name)(x, y))
            assert (error is None) == (our_error is None), (first, second, error, our_error)
            if error is None:
                near = name in ("arctan2", "hypot", "logaddexp") or theirs.dtype.kind == "c" or (
                    theirs.dtype == np.float16)
                assert_same(ours, theirs, tolerance_of(theirs.dtype) if near else 0.0)


@given(st.sampled_from(DTYPES), st.sampled_from([
    True, 3, -2, 2.5, -0.0, 1j, np.float32(1.5), np.float64(1.5), np.int8(2), np.uint64(7)]),
    st.sampled_from(["add", "subtract", "mul", "truediv", "lt", "eq", "pow", "mod", "floordiv"]))
def test_operators_with_numbers(dtype, number, name):
    function = getattr(operator, name, None) or getattr(operator, name[:3])
    x = values(dtype, (7,))
    if name in ("mod", "floordiv", "pow"):
        x = np.where(np.isfinite(x), np.abs(x), 1).astype(dtype)
        x[x == 0] = 1
    for compute in (lambda z: function(z, number), lambda z: function(number, z)):
        theirs, error = outcome(lambda: compute(x))
        ours, our_error = outcome(lambda: compute(tnp.asarray(x)))
        assert (error is None) == (our_error is None), (error, our_error)
        if error is None:
            assert_same(ours, theirs, tolerance_of(theirs.dtype))


def test_numbers_beyond_a_dtype():
    x = tnp.asarray(np.array([1, 255], np.uint8))
    assert (x < 300).tolist() == [True, True] and (x == -1).tolist() == [False, False]
    with pytest.raises(OverflowError, match="300 out of bounds for uint8"):
        x + 300
    with pytest.raises(ValueError, match="negative integer powers"):
        tnp.asarray([1, 2]) ** -1
    big, small = np.array([2**63, 2**53 + 1], np.uint64), np.array([-1, 2**53], np.int64)
    assert (tnp.asarray(big) > small).tolist() == [True, True]
    assert tnp.clip(x, -5, 400).dtype == np.uint8
    assert (tnp.asarray(np.ones(2, np.float32)) * 1e300).tolist() == [np.inf, np.inf]


REDUCTIONS = ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all", "argmax", "argmin",
              "count_nonzero", "ptp", "nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax",
              "nanmin", "median", "cumsum"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    for dtype in (np.bool_, np.int8, np.uint32, np.float16, np.float32, np.complex128):
        x = values(dtype, (4, 1, 5))
        for axis in (None, -1, (0, 2), ()):
            theirs, error = outcome(lambda: getattr(np, name)(x, axis=axis))
            ours, our_error = outcome(lambda: getattr(tnp, name)(x, axis=axis))
            if error is not None or our_error is not None:
                # tsum's places are found over several axes as well.
                assert our_error is not None or name in ("argmax", "argmin"), (dtype, axis, error)
                assert error is not None, (dtype, axis, our_error)
                continue
            theirs = np.asarray(theirs)
            assert_same(ours, theirs, 4 * tolerance_of(theirs.dtype))
            if name not in ("count_nonzero", "median", "cumsum"):
                same = dict(axis=axis, keepdims=True)
                assert_same(getattr(np, name)(tnp.asarray(x), **same),
                            getattr(np, name)(x, **same), 4 * tolerance_of(theirs.dtype))


def test_reductions_of_nothing():
    empty = np.zeros((0, 3))
    for name in ("max", "min", "nanmax", "nanmin", "argmax", "ptp"):
        for axis in (None, 0):
            with pytest.raises(ValueError):
                getattr(tnp, name)(empty, axis=axis)
    for shape, axis in (((0, 3), 1), ((3, 0), 0), ((0, 0), 0), ((0, 3, 0), 2), ((0, 3, 0), 1)):
        for name in ("max", "nanmin"):
            theirs, error = outcome(lambda: getattr(np, name)(np.zeros(shape), axis=axis))
            ours, our_error = outcome(lambda: getattr(tnp, name)(np.zeros(shape), axis=axis))
            assert (error is None) == (our_error is None)
            if error is None:
                assert_same(ours, theirs)
    assert_same(tnp.max(empty, axis=0, initial=2), np.max(empty, axis=0, initial=2))
    assert np.isnan(tnp.mean(empty).item()) and tnp.sum(empty).item() == 0
    with pytest.raises(ValueError, match="All-NaN slice"):
        tnp.nanargmax(np.full((2, 2), np.nan), axis=1)
    assert tnp.nanargmin([[np.nan, 3, 1]], axis=1).tolist() == [2]


def test_parameters_of_reductions():
    x = values(np.float64, (4, 6), 2)
    mask = x > 0
    x = np.where(np.isfinite(x), x, 1)
    for name, call in [("sum", dict(where=mask, initial=2)), ("prod", dict(dtype=np.float32)),
                       ("max", dict(where=mask, initial=-1)), ("mean", dict(where=mask)),
                       ("var", dict(ddof=1, where=mask)), ("std", dict(correction=1)),
                       ("any", dict(where=mask)), ("nansum", dict(where=mask)),
                       ("sum", dict(dtype=np.int64)), ("average", dict(weights=np.arange(6.0)))]:
        assert_same(getattr(np, name)(tnp.asarray(x), axis=1, **call),
                    getattr(np, name)(x, axis=1, **call), 1e-6)
    out = np.zeros(4)
    assert np.sum(tnp.asarray(x), axis=1, out=out) is out
    np.testing.assert_allclose(out, x.sum(1))
    out = np.zeros((4, 6))
    assert np.sqrt(tnp.asarray(np.abs(x)), out=out) is out
    np.testing.assert_array_equal(out, np.sqrt(np.abs(x)))
    assert_same(np.add.reduce(tnp.asarray(x)), np.add.reduce(x), 1e-14)
    assert_same(np.add.accumulate(tnp.asarray(x)), np.add.accumulate(x))
    assert tnp.sum([1e17, 1.0, -1e17], accuracy="exact").item() == 1


def test_views_and_shapes():
    x = values(np.float32, (2, 3, 4))
    t = tnp.asarray(x)
    for call in [lambda m, z: m.reshape(z, (4, -1)), lambda m, z: m.transpose(z),
                 lambda m, z: m.moveaxis(z, (0, 1), (-1, 0)), lambda m, z: m.swapaxes(z, 0, -1),
                 lambda m, z: m.expand_dims(z, (0, -1)), lambda m, z: m.flip(z, (0, 2)),
                 lambda m, z: m.squeeze(m.expand_dims(z, 1)), lambda m, z: m.ravel(z),
                 lambda m, z: m.broadcast_to(z, (5, 2, 3, 4)), lambda m, z: m.tile(z, (2, 1, 3)),
                 lambda m, z: m.concatenate([z, z], axis=1), lambda m, z: m.stack([z, z, z], -1),
                 lambda m, z: m.concatenate([z, z[:, :1]], axis=1), lambda m, z: m.roll(z, 2, 1),
                 lambda m, z: m.concatenate([z, z], axis=None), lambda m, z: m.tril(z, -1),
                 lambda m, z: m.triu(z, 1), lambda m, z: m.diff(z, axis=1), lambda m, z: z.mT,
                 lambda m, z: m.take(z, [1, 0], axis=2), lambda m, z: m.repeat(z, 2, 0),
                 lambda m, z: m.where(z > 0, z, 0), lambda m, z: z[..., ::-2], lambda m, z: z[1],
                 lambda m, z: z[[1, 0]], lambda m, z: z[z > 0], lambda m, z: z[:, [0, 2], None],
                 lambda m, z: z.T, lambda m, z: m.sort(z, 1), lambda m, z: m.argsort(z, 2),
                 lambda m, z: m.clip(z, -1, 1), lambda m, z: m.nan_to_num(z, posinf=1,
                                                                          neginf=2).astype("i4"),
                 lambda m, z: z.astype(bool), lambda m, z: z.flatten(), lambda m, z: z.copy()]:
        assert_same(call(tnp, t), call(np, x))
        assert_same(call(np, t), call(np, x))
    parts = tnp.unstack(t, axis=1)
    assert len(parts) == 3 and np.array_equal(parts[2], x[:, 2])
    assert [each.shape for each in np.split(t, 2, axis=2)] == [(2, 3, 2)] * 2
    assert all(isinstance(each, tnp.ndarray) for each in np.nonzero(t))
    assert np.broadcast_arrays(t, np.ones(4))[1].shape == (2, 3, 4)
    for shapes in ((), ((0,), (0,)), ((2, 0), (2, 0))):
        if shapes:
            assert_same(tnp.concat([np.zeros(s) for s in shapes], axis=-1),
                        np.concatenate([np.zeros(s) for s in shapes], axis=-1))
    with pytest.raises(ValueError, match="stack: all arrays must have one shape"):
        tnp.stack([t, t[0]])
    with pytest.raises(IndexError):
        t[2]
    with pytest.raises(tsum.AxisError):
        tnp.swapaxes(t, 0, 3)


def test_products():
    rng = np.random.default_rng(4)
    a, v, m = rng.random((3, 4, 5)), rng.random(5), rng.random((5, 2))
    cases = [lambda x: x.matmul(a, v), lambda x: x.matmul(rng_of(4), a), lambda x: x.matmul(a, m),
             lambda x: x.dot(a, v), lambda x: x.vecdot(a, v), lambda x: x.outer(v, v),
             lambda x: x.tensordot(a, v, axes=([2], [0])), lambda x: x.tensordot(a, m, axes=1),
             lambda x: x.tensordot(a, a[0].T, axes=([2, 1], [0, 1])),
             lambda x: x.tensordot(a, a, axes=3), lambda x: x.einsum("ijk->ki", a),
             lambda x: x.einsum("ijk,k->ij", a, v), lambda x: x.einsum("k,ijk->ji", v, a),
             lambda x: x.einsum("ijk,kl", a, m), lambda x: x.einsum("ijk,ijk->", a, a),
             lambda x: x.linalg.norm(a), lambda x: x.linalg.norm(a, axis=1),
             lambda x: x.linalg.norm(a, 1, axis=2), lambda x: x.linalg.norm(m),
             lambda x: x.linalg.norm(m, "fro"), lambda x: x.linalg.vector_norm(a, ord=3),
             lambda x: x.linalg.svd(m)[1], lambda x: x.fft.fft(v), lambda x: x.cumulative_sum(v)]
    for call in cases:
        assert_same(call(tnp), call(np), 1e-13)
    x = tnp.asarray(a)
    assert_same(np.matmul(x, v), a @ v, 1e-14)
    assert_same(np.linalg.norm(x), np.linalg.norm(a), 1e-14)
    assert_same(np.einsum("ijk->k", x), a.sum((0, 1)), 1e-14)
    assert_same(v @ x.T[..., 0], v @ a.T[..., 0], 1e-14)
    z = v + 1j
    assert_same(tnp.vecdot(z, v), np.vecdot(z, v), 1e-14)
    assert_same(tnp.matmul(v > 0.5, v > 0.2), np.matmul(v > 0.5, v > 0.2))
    for bad in (lambda: tnp.matmul(a, 2.0), lambda: tnp.vecdot(a, v[:2]), lambda: x @ v[:3],
                lambda: tnp.tensordot(a, v, axes=2)):
        with pytest.raises(ValueError):
            bad()


def rng_of(extent):
    return np.random.default_rng(5).random(extent)


def test_stays_lazy():
    x = tnp.asarray(np.ones((64, 32), np.float32))
    lazy = [np.sqrt(x), np.sum(x, axis=0), np.concatenate([x, x + 1]), np.mean(x), np.add(x, 1.0),
            np.stack([x, x]), np.where(x > 0, x, 2), np.transpose(x * 2), np.nanmean(x, 0),
            x @ x[0],
            np.clip(x, 0, 1), np.maximum(x, 0), np.var(x), np.einsum("ij,j->i", x, x[0]),
            np.linalg.norm(x, axis=0), np.square(x)[::2], np.ones(32, np.float32) - x, np.diff(x)]
    assert not any(each.is_evaluated for each in lazy)
    plain = tsum.asarray(np.ones((64, 32), np.float32))
    for each in (np.sqrt(plain), np.sum(plain, axis=0), np.concatenate([plain, plain])):
        assert isinstance(each, tnp.ndarray) and not each.is_evaluated
    assert tsum.explain(np.sum(np.sqrt(x * x + 1), axis=1)).count("\n  kernel ") == 1


def test_a_plain_tensor_keeps_its_operators():
    x = tsum.asarray(np.ones((2, 3), np.float32))
    for result in (np.ones((2, 3), np.float32) * x, np.float32(2) * x, np.add(x, x)):
        assert type(result) is tsum.Tensor
    with pytest.raises(tsum.DTypeError):
        np.ones(3) * x
    assert isinstance(np.sum(tsum.asarray(np.ones(3, np.int8))), tnp.ndarray)
    assert np.sum(tsum.asarray(np.ones(3, np.int8))).dtype == np.int64
    mixed = tnp.asarray(x) + x.numpy().astype(np.float64)
    assert isinstance(mixed, tnp.ndarray) and mixed.dtype == np.float64
    assert type(x + tnp.asarray(x)) is tnp.ndarray and type(tsum.add(x,
                                                                     tnp.asarray(x))) is tsum.Tensor
    assert x.__array_namespace__() is tnp and x.mT.shape == (3, 2) and x.device == "cpu"
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError, match="device 'cpu'; given 'gpu'"):
        x.to_device("gpu")
    with pytest.raises(ValueError, match="2024.12; given '2099.12'"):
        x.__array_namespace__(api_version="2099.12")


def test_functions_that_only_numpy_has():
    x = np.array([[3.0, 1.0], [2.0, 5.0]])
    t = tnp.asarray(x)
    assert_same(np.linalg.inv(t), np.linalg.inv(x))
    assert_same(np.percentile(t, 30, axis=0), np.percentile(x, 30, axis=0))
    assert np.array2string(t) == np.array2string(x) and np.shape(t) == (2, 2)
    assert np.allclose(t, x) and np.array_equal(t, x) and np.result_type(t,
                                                                         np.float32) == np.float64
    eigenvalues = np.linalg.eigh(t)
    assert isinstance(eigenvalues.eigenvalues,
                      tnp.ndarray) and type(eigenvalues).__name__ == "EighResult"
    assert np.apply_along_axis(sum, 0, t).tolist() == [5, 6]
    with pytest.raises(TypeError, match="out= takes a NumPy array"):
        np.sort_complex(t) if False else np.cumsum(t, out=t)
    assert set(tnp.EVALUATED) <= set(dir(tnp)) and "sort" in tnp.EVALUATED
    assert "sum" not in tnp.EVALUATED and "concat" not in tnp.EVALUATED


def test_creation():
    for call in [lambda m: m.zeros((2, 3)), lambda m: m.ones(4, dtype=np.int8),
                 lambda m: m.full((2,), 7),
                 lambda m: m.arange(5), lambda m: m.arange(1, 4, 0.5), lambda m: m.linspace(0, 1,
                                                                                            5),
                 lambda m: m.eye(3, 4, k=1), lambda m: m.zeros_like(np.ones(3, np.int16)),
                 lambda m: m.asarray([1, 2]), lambda m: m.asarray([1.5, 2]),
                 lambda m: m.asarray(True),
                 lambda m: m.asarray(3), lambda m: m.asarray([1, 2], dtype="f4"),
                 lambda m: m.asarray(2j),
                 lambda m: m.array([[1, 2]], ndmin=3), lambda m: m.asarray([], dtype=np.float32)]:
        assert_same(call(tnp), call(np))
    assert [each.shape for each in tnp.meshgrid([1, 2], [3, 4, 5])] == [(3, 2), (3, 2)]
    x = np.ones(3)
    assert np.shares_memory(tnp.asarray(x), x) and not np.shares_memory(tnp.asarray(x, copy=True),
                                                                        x)
    with pytest.raises(ValueError, match="needs a copy"):
        tnp.asarray([1, 2], copy=False)
    with pytest.raises(ValueError, match="another dtype needs a copy"):
        tnp.asarray(x, dtype=np.float32, copy=False)
    with pytest.raises(TypeError):
        tnp.asarray(["a"])
    nested = tnp.asarray([tnp.asarray(1.0), tnp.asarray(2.0)])
    assert nested.tolist() == [1, 2]


def test_assignment_changes_the_object_alone():
    data = np.arange(6.0).reshape(2, 3)
    x = tnp.asarray(data)
    view, double, array, buffer = x[0], x * 2, np.asarray(x), memoryview(x)
    capsule = np.from_dlpack(x)
    x[0, 1] = 100
    x[x > 50] = -1.0
    assert not x.is_evaluated
    x[1] = [7, 8, 9]
    assert x.tolist() == [[0, -1, 2], [7, 8, 9]] and data[0, 1] == 1
    made = x * 1
    kept = np.asarray(made), memoryview(made), np.from_dlpack(made)
    made[...] = 5
    gc.collect()
    assert [np.asarray(each).tolist() for each in kept] == [x.tolist()] * 3
    assert view.tolist() == [0, 1, 2] and double.tolist() == (data * 2).tolist()
    assert array.tolist() == capsule.tolist() == buffer.tolist() == data.tolist()
    y = x
    y += 1
    assert x.tolist()[0] == [0, -1, 2] and y.tolist()[0] == [1, 0, 3]
    with pytest.raises(IndexError):
        x[5] = 0


def test_an_array_as_an_object():
    x = tnp.asarray(np.arange(3.0))
    assert repr(x).startswith("<tsum.numpy.ndarray: shape=(3,)") and str(x) == "[0. 1. 2.]"
    assert pickle.loads(pickle.dumps(x)).tolist() == [0, 1, 2]
    assert type(pickle.loads(pickle.dumps(x))) is tnp.ndarray
    assert type(copy.deepcopy(x)) is tnp.ndarray or copy.deepcopy(x).tolist() == [0, 1, 2]
    assert [float(each) for each in x] == [0, 1, 2] and len(x) == 3 and x.itemsize == 8
    with pytest.raises(TypeError):
        hash(x)
    with pytest.raises(TypeError):
        iter(tnp.asarray(1.0))
    with pytest.raises(TypeError):
        x + object()

    class Other:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "reflected"

    assert x + Other() == "reflected"
    traced = tsum.jit(lambda z: tnp.asarray(z).sum() / 2)
    assert traced(np.arange(4)).item() == 3
    with pytest.raises(tsum.ConcretizationError):
        tsum.jit(lambda z: np.sort(z))(np.arange(4.0))


def test_no_warnings_and_no_import_of_numpy_by_tsum(run_python):
    run_python("import sys, tsum; assert 'tsum.numpy' not in sys.modules")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tnp.nanmax(np.full((2, 3), np.nan), axis=1).numpy()
