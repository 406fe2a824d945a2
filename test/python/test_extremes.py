# SPDX-License-Identifier: Apache-2.0
"""Where libraries crash, hang or answer wrongly: high ranks, nothing at all, the ends of every
dtype, odd memory, deep graphs, nonsense. NumPy says what is right, where it does.
"""
import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import tsum

pytestmark = [pytest.mark.filterwarnings("ignore::RuntimeWarning")]

F32 = np.float32
SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
INTEGERS = SIGNED + UNSIGNED
FLOATS = [np.float16, np.float32, np.float64]


def same(result, expected):
    """The same dtype, shape and values, -0 and NaN among them."""
    result, expected = np.asarray(result), np.asarray(expected)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected, strict=True)
    if expected.dtype.kind == "f":
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(result)[numbers], np.signbit(expected)[numbers])


def by_name(names):
    return pytest.mark.parametrize("function, numpys", [
        pytest.param(getattr(tsum, ours), getattr(np, theirs), id=ours)
        for ours, theirs in names.items()])


def of(dtypes):
    return pytest.mark.parametrize("dtype", dtypes, ids=lambda dtype: dtype.__name__)


class TestHighRanks:
    """Up to 64 dimensions, of which two are not 1: 3 in the middle and 2 at the end."""

    @pytest.fixture(params=[32, 33, 50, 63, 64])
    def tensor(self, request):
        shape = [1] * request.param
        shape[request.param // 2] = 3
        shape[-1] = 2
        return tsum.reshape(np.arange(6, dtype=F32), shape)

    def test_reductions(self, tensor):
        axes = list(range(len(tensor.shape)))
        same(tsum.reduce_sum(tensor), F32(15))
        same(tsum.reshape(tsum.reduce_sum(tensor, -1), [3]), np.array([1, 5, 9], F32))
        same(tsum.reshape(tsum.reduce_mean(tensor, axes, True), [1]), np.array([2.5], F32))
        same(tsum.argmax(tensor, axes), np.int64(5))
        even = np.arange(6, dtype=F32).reshape(3, 2)
        reduced = tuple(axis for axis, dim in enumerate((len(axes) // 2, len(axes) - 1))
                        if dim % 2 == 0)
        same(tsum.reshape(tsum.reduce_max(tensor, axes[::2]), [-1]), even.max(reduced).reshape(-1))

    def test_views(self, tensor):
        same(tsum.reshape(tsum.reduce_sum(tsum.transpose(tensor), 0), [3]),
             np.array([1, 5, 9], F32))
        same(tsum.reshape(tsum.flip(tensor), [6]), np.arange(6, dtype=F32)[::-1])

    def test_more_are_refused(self):
        with pytest.raises(ValueError):
            tsum.reshape(np.ones(1, F32), [1] * 65).numpy()


class TestNothing:
    @pytest.mark.parametrize("axis", [None, 0, -1])
    @pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)], ids=str)
    @by_name({"sum": "sum", "prod": "prod", "mean": "mean", "var": "var"})
    def test_reductions(self, function, numpys, shape, axis):
        x = np.zeros(shape, F32)
        same(function(x, axis), numpys(x, axis=axis))

    def test_very_many_lines_of_nothing(self):
        x = tsum.broadcast_to(np.zeros((1, 0), F32), [2**33, 0])
        same(tsum.reduce_sum(x), F32(0))
        same(tsum.reduce_prod(x), F32(1))
        same(tsum.reduce_sum(x, 0), np.zeros(0, F32))
        same(tsum.reduce_any(x), np.bool_(False))
        same(tsum.prod(np.zeros((3, 0), np.complex64)), np.complex64(1))

    def test_there_is_no_largest(self):
        with pytest.raises(ValueError):
            tsum.argmax(np.zeros(0, F32))


class TestIntegers:
    @of(SIGNED)
    @by_name({"floordiv": "floor_divide", "floormod": "mod", "multiply": "multiply",
              "subtract": "subtract", "maximum": "maximum", "less": "less"})
    def test_signed_pairs(self, function, numpys, dtype):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        x = np.array([low, low, high, -7, 7, -7, 7, 0, 1], dtype)
        y = np.array([-1, 1, -1, 2, -2, -2, 2, 5, low], dtype)
        same(function(x, y), numpys(x, y))

    @of(UNSIGNED)
    @by_name({"floordiv": "floor_divide", "floormod": "mod", "multiply": "multiply",
              "subtract": "subtract", "maximum": "maximum", "less": "less"})
    def test_unsigned_pairs(self, function, numpys, dtype):
        high = np.iinfo(dtype).max
        x = np.array([0, 1, high, high // 2 + 1, 7], dtype)
        y = np.array([1, high, high, 3, high], dtype)
        same(function(x, y), numpys(x, y))

    @of(INTEGERS)
    @by_name({"negative": "negative", "abs": "abs", "square": "square"})
    def test_ends(self, function, numpys, dtype):
        x = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 7], dtype)
        if dtype in UNSIGNED and function in (tsum.negative, tsum.abs):
            x = x[2:3]  # of unsigned ones only 0 has a negative
        same(function(x), numpys(x))

    @of(INTEGERS)
    def test_reductions(self, dtype):
        x = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 7, 3, 1], dtype)
        for function in ("sum", "prod"):
            same(getattr(tsum, function)(x), getattr(np, function)(x, dtype=dtype))
        for function in ("max", "min", "argmax", "argmin"):
            same(getattr(tsum, function)(x, 0), getattr(np, function)(x, 0))

    @of(INTEGERS)
    def test_division_by_0_is_no_signal(self, dtype):
        x = np.array([np.iinfo(dtype).min, 0, 1], dtype)
        for function in (tsum.floordiv, tsum.floormod):
            assert function(x, dtype(0)).numpy().shape == (3,)

    @of(SIGNED)
    def test_shifts(self, dtype):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        by = np.arange(np.iinfo(dtype).bits, dtype=dtype)
        for function, x in ((tsum.left_shift, np.ones_like(by)),
                            (tsum.right_shift, np.full_like(by, low))):
            same(function(x, by), getattr(np, function.__name__)(x, by))
        ends = np.array([low, high, -1], dtype)
        same(tsum.left_shift(ends, dtype(100)), np.array([0, 0, 0], dtype))
        same(tsum.right_shift(ends, dtype(100)), np.array([-1, 0, -1], dtype))


class TestCasts:
    VALUES = [math.nan, math.inf, -math.inf, 1e30, -1e30, 0.0, -0.0, 1.9, -1.9, 255.9, 256, -1]

    @of(INTEGERS)
    @pytest.mark.parametrize("source", FLOATS, ids=lambda dtype: dtype.__name__)
    def test_floats_saturate(self, source, dtype):
        values = np.array(self.VALUES).astype(source)
        ends = np.iinfo(dtype)

        def expected(value):
            if math.isnan(value):
                return 0
            if value >= float(ends.max):
                return ends.max
            return ends.min if value <= ends.min else int(value)

        same(tsum.cast(values, dtype), np.array([expected(float(v)) for v in values], dtype))

    @of(UNSIGNED)
    def test_unsigned_ends_become_floats(self, dtype):
        x = np.array([0, 1, np.iinfo(dtype).max, np.iinfo(dtype).max // 2 + 1, 7], dtype)
        for target in (np.float32, np.float64):
            same(tsum.cast(x, target), x.astype(target))

    def test_nan_is_no_truth(self):
        # As NumPy has it NaN is true; docs/numerics.md has the table.
        values = np.array(self.VALUES)
        same(tsum.cast(values, np.bool_), values.astype(bool))


class TestSpecialFloats:
    NANS = np.array([0x7FC12345, 0xFFC00001, 0x7F800001, 0x3F800000], np.uint32).view(F32)

    def test_nans_of_any_payload(self):
        assert math.isnan(tsum.reduce_sum(self.NANS).item())
        assert math.isnan(tsum.reduce_max(self.NANS).item())
        same(tsum.argmax(self.NANS[::-1], 0), np.int64(1))

    def test_zeros_have_signs(self):
        zeros = np.array([0.0, -0.0], F32)
        same(tsum.reduce_max(zeros), F32(0.0))
        same(tsum.reduce_min(zeros), F32(-0.0))
        same(tsum.reduce_sum(zeros[1:].reshape(1, 1), 1), np.array([-0.0], F32))

    def test_subnormals_are_not_flushed(self):
        x = np.array([1e-45, 2e-45, 1e-40], F32)
        same(tsum.reduce_sum(x), F32(np.sum(x.astype(np.float64))))
        same(tsum.multiply(x, F32(1)), x)
        same(tsum.sqrt(x), np.sqrt(x))
        least = np.full(1000, 5e-324)
        for accuracy in ("standard", "exact"):
            same(tsum.reduce_sum(least, accuracy=accuracy), np.float64(1000 * 5e-324))

    def test_f16_overflows_at_the_end_only(self):
        x = np.array([65504, 65504, -65504], np.float16)
        same(tsum.reduce_sum(x), np.float16(65504))
        same(tsum.reduce_sum(x[:2]), np.float16(np.inf))

    @pytest.mark.parametrize("values", [(np.inf, 1), (np.inf, -np.inf), (np.nan, 1)], ids=str)
    @by_name({name: name for name in ("sum", "prod", "max", "min", "mean", "var")})
    def test_infinities(self, function, numpys, values):
        x = np.array(values, F32)
        same(function(x), numpys(x))

    def test_complex_parts(self):
        x = np.array([1 + 2j, complex(np.inf, 1), complex(np.nan, 0), 0, -0.0 + 1j])
        for name in ("isnan", "isinf", "isfinite"):
            same(getattr(tsum, name)(x), getattr(np, name)(x))

    @pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 2), -1], ids=str)
    def test_complex_products_and_variances(self, axis):
        rng = np.random.default_rng(0)
        x = rng.standard_normal((5, 6, 7)) + 1j * rng.standard_normal((5, 6, 7))
        np.testing.assert_allclose(tsum.prod(x, axis), np.prod(x, axis=axis))
        np.testing.assert_allclose(tsum.var(x, axis), np.var(x, axis=axis))


class TestOddMemory:
    @pytest.mark.parametrize("view", [
        lambda x: x.T,
        lambda x: x[::-1, :, ::-2],
        lambda x: x[:, 1],
        lambda x: x[None, :, None],
        lambda x: x[..., 1:4:2],
        lambda x: x[::-1][:, ::-1][:, :, 1:][..., ::2].T,
        lambda x: x[:, 3:],
        lambda x: x[1:, 1:2],
        lambda x: x[-1, -1, -1],
        lambda x: x.reshape(6, 20)[::2].T[::-3].reshape(-1)[1::2],
        lambda x: x[-100:100],
    ])
    def test_views_of_views(self, view):
        x = np.arange(120, dtype=F32).reshape(2, 3, 4, 5)
        for tensor in (tsum.asarray(x), tsum.asarray(x) * 1):  # data, and computed
            same(view(tensor), view(x))
            same(tsum.reduce_sum(view(tensor)), np.sum(view(x)))
            same(tsum.reduce_sum(view(tensor), -1), np.sum(view(x), axis=-1))

    @pytest.mark.parametrize("step", [4, -4])
    def test_windows_that_overlap(self, step):
        x = as_strided(np.arange(10, dtype=F32)[::step // 4], (8, 3), (step, step))
        for axis in (0, 1):
            same(tsum.reduce_sum(x, axis), x.sum(axis))
            same(tsum.reduce_max(x, axis), x.max(axis))

    @pytest.mark.parametrize("field", ["a", "b", "c"])
    def test_fields_of_packed_records(self, field):
        records = np.zeros(50, [("a", "i1"), ("b", "<f4"), ("c", "<f8")])
        records[field] = np.arange(50)
        x = records[field]
        same(tsum.reduce_sum(x), np.sum(x, dtype=x.dtype))


class TestDeepGraphs:
    def test_chain(self):
        x = tsum.asarray(np.ones(4, F32))
        for _ in range(3000):
            x = x + 1
        same(tsum.reduce_sum(x), F32(4 * 3001))

    def test_flips(self):
        x = tsum.asarray(np.arange(64, dtype=F32)) + 0
        for _ in range(200):
            x = x[::-1]
        same(x, np.arange(64, dtype=F32))

    def test_halves(self):
        x = tsum.asarray(np.arange(4096)) * 1
        while x.shape[0] > 1:
            x = x[:x.shape[0] // 2] + x[x.shape[0] // 2:]
        same(x, np.array([4096 * 4095 // 2]))

    def test_pascals_triangle(self):
        expected = np.arange(500)
        x = tsum.asarray(expected) * 1
        for _ in range(120):
            x = x[1:] + x[:-1]
            expected = expected[1:] + expected[:-1]
        same(x, expected)


X = np.ones((2, 3), F32)


@pytest.mark.parametrize("axis", [2, -3, (0, 0), (0, -2), "x", 1.5, [[0]], 2**70, {0: 1}], ids=str)
def test_nonsense_axes(axis):
    with pytest.raises((ValueError, TypeError, OverflowError)):
        tsum.reduce_sum(X, axis)


@pytest.mark.parametrize("shape", [[7], [-1, -1], [-2, 3], [0, -1], [2**40, 2**40]], ids=str)
def test_nonsense_shapes(shape):
    with pytest.raises(ValueError):
        tsum.reshape(X, shape)


@pytest.mark.parametrize("index, error", [
    (slice(None, None, 0), ValueError), (5, IndexError), ((0, 0, 0), IndexError)], ids=str)
def test_nonsense_indices(index, error):
    with pytest.raises(error):
        tsum.asarray(X)[index]


@pytest.mark.parametrize("permutation", [[0, 0], [0], [0, 2]], ids=str)
def test_nonsense_permutations(permutation):
    with pytest.raises(ValueError):
        tsum.transpose(X, permutation)


@pytest.mark.parametrize("value", [[[1], [1, 2]], "abc", np.array([None])], ids=repr)
def test_what_is_no_tensor(value):
    with pytest.raises((ValueError, TypeError)):
        tsum.asarray(value)


def test_more_than_can_be_addressed():
    with pytest.raises((MemoryError, ValueError)):
        tsum.broadcast_to(F32(1), [2**62]).numpy()


def test_repeated_results_take_no_memory():
    sums = tsum.reduce_sum(tsum.broadcast_to(F32(1), [2**45, 2]), 1).numpy()
    assert sums.shape == (2**45,) and sums.strides == (0,) and sums[-1] == 2
