# SPDX-License-Identifier: Apache-2.0
"""The arguments of NumPy's reductions: what tsum.numpy takes, refuses, and makes of each."""
import itertools

import ml_dtypes
import numpy as np
import pytest

import tsum
import tsum.numpy as tnp

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

# With and without the axis 0 of a scalar, which NumPy lets ufuncs have.
OF_UFUNCS = ["sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "count_nonzero", "ptp",
             "nansum", "nanprod", "nanmax", "nanmin"]
OF_MEANS = ["mean", "var", "std", "nanmean", "nanvar", "nanstd"]
PLACES = {"argmax", "argmin"}


def outcome(module, name, x, **arguments):
    """The result, its dtype and shape, or the classes of the error."""
    try:
        result = getattr(module, name)(x, **arguments)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        return type(error)
    result = np.asarray(result)
    return result.dtype, result.shape, result.tolist()


def assert_alike(name, x, **arguments):
    theirs, ours = (outcome(module, name, x, **arguments) for module in (np, tnp))
    if isinstance(theirs, type):
        assert isinstance(ours, type), (name, arguments, theirs, ours)
        # tsum's AxisError is NumPy's, and a ValueError.
        assert issubclass(ours, theirs), (name, arguments, theirs, ours)
    else:
        assert repr(ours) == repr(theirs), (name, arguments)


@pytest.mark.parametrize("name", OF_UFUNCS + OF_MEANS)
def test_axes(name):
    x, scalar = np.arange(6).reshape(2, 3), np.array(3)
    axes = [None, 0, -1, np.int8(1), np.array(0), [0], np.array([0]), 1.0, "0", 2, -3]
    if name not in PLACES:
        axes += [(), (0,), (1, 0), (np.int64(-1),), (0, 0), (0, -2), (0, 2), (0, 1.0)]
    for axis, keepdims in itertools.product(axes, (False, True)):
        assert_alike(name, x, axis=axis, keepdims=keepdims)
        assert_alike(name, scalar if name in OF_UFUNCS else x, axis=axis, keepdims=keepdims)
    if name in PLACES:
        assert_alike(name, x, axis=(0,))
    assert outcome(tnp, name, x, axis=True) is TypeError


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "nansum", "nanprod",
                                  "nanmean", "nanvar", "nanstd"])
def test_dtypes_are_numpys(name):
    some = [np.array([[3, 1], [2, 2]], np.int8), np.array([True, False, True]),
            np.array([1.5, 2.5, -4.0], np.float32), np.array([1 + 2j, 3 - 1j], np.complex64)]
    for x, dtype in itertools.product(some, [
            float, int, bool, complex, "i8", "u8", "f8", "f4", "c16", "int16", np.float64, "?",
            np.dtype("f4")]):
        if x.dtype.kind in "fc" and np.dtype(dtype).kind in "iu" and name[-3:] in ("sum", "rod"):
            continue  # floats below 0 as unsigned integers are undefined in NumPy
        assert_alike(name, x, dtype=dtype)


def test_sum_in_the_dtype_that_numpys_name_says():
    x = tnp.asarray(np.full(1000, 100, np.int8))
    assert x.sum(dtype="i8").item() == 100_000
    assert x.sum(dtype=float).dtype == np.float64
    assert np.sum(tsum.asarray(x), dtype=int).dtype == np.int64
    assert tnp.sum(x, dtype=ml_dtypes.bfloat16).dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "nansum", "nanmax", "nanmin"])
def test_initial(name):
    for x, initial in itertools.product(
            [np.array([1, 5], np.int16), np.array([1, 5], np.uint8), np.array([0.5, np.nan])],
            [2.9, 3, True, np.float32(7), np.int8(2), np.nan, -3, 1000, 1j, None]):
        assert_alike(name, x, initial=initial)
    assert outcome(tnp, name, np.ones(2), initial=[1]) is TypeError


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "any", "all"])
def test_where(name):
    x = np.arange(6).reshape(2, 3)
    for where in (1, 0, True, [True, False, True], np.bool_(True),
                  np.array([True, True, False])):
        assert_alike(name, x, where=where)
    for where in (np.array([1, 0, 1]), np.array(1)):
        assert outcome(np, name, x, where=where) is TypeError
        assert issubclass(outcome(tnp, name, x, where=where), TypeError)


def test_nan_reductions_of_each_kind():
    gaps = np.array([[1.0, np.nan, 4.0], [3.0, 2.0, np.nan]])
    for name in ("nanvar", "nanstd"):
        for ddof in (0, 1, 0.5, np.int64(1), True):
            assert_alike(name, gaps, ddof=ddof, axis=1)
    complex_gaps = gaps + 1j
    for name in ("nanargmax", "nanargmin"):
        assert_alike(name, complex_gaps, axis=0)
        assert outcome(tnp, name, np.full(2, np.nan + 1j)) is ValueError
    # bfloat16, which NumPy does not call a float, has NaNs as well.
    brief = tnp.asarray(gaps.astype(ml_dtypes.bfloat16))
    assert tnp.nanmax(brief, axis=0).tolist() == [3.0, 2.0, 4.0]
    assert tnp.nansum(brief).item() == 10.0
    assert tnp.nanargmin(brief, axis=1).tolist() == [0, 1]


def test_axis_errors_are_numpys():
    x = tnp.asarray(np.zeros((2, 3)))
    for fails in (lambda: tnp.sum(x, axis=2), lambda: tnp.moveaxis(x, 0, 5),
                  lambda: tnp.swapaxes(x, 0, -3), lambda: tnp.stack([x, x], axis=4),
                  lambda: np.var(x, axis=7), lambda: tnp.diff(x, axis=3)):
        with pytest.raises(np.exceptions.AxisError, match="out of range"):
            fails()
        with pytest.raises(tsum.AxisError):
            fails()


UFUNCS = ["sqrt", "exp", "abs", "negative", "invert", "isnan", "fabs", "positive", "logical_not",
          "conjugate", "add", "multiply", "divide", "remainder", "floor_divide", "fmax", "less",
          "equal", "logical_and", "bitwise_and", "hypot", "power"]


@pytest.mark.parametrize("name", UFUNCS)
def test_dtype_of_ufuncs_is_that_of_the_loop(name):
    for given in ("?", "i4", "u1", "f4", "c8"):
        operands = [np.array([1, 2, 3]).astype(given)] * getattr(np, name).nin
        for dtype in ("?", "i8", "u2", "f2", "f8", "c16", float, ">f8"):
            results = []
            for module in (np, tnp):
                try:
                    result = np.asarray(getattr(module, name)(*operands, dtype=dtype))
                    results.append((result.dtype.newbyteorder("="),
                                    np.round(result.astype(complex), 3).tolist()))
                except TypeError:
                    results.append(TypeError)
            assert results[0] == results[1], (given, dtype)


@pytest.mark.parametrize("name", UFUNCS)
def test_where_of_ufuncs_leaves_out_as_it_is(name):
    ufunc = getattr(np, name)
    operands = [np.array([1.0, 4.0, 9.0]).astype(int if "i->" in "".join(
        each for each in ufunc.types if each.startswith("i")) and name in (
            "invert", "bitwise_and") else float)] * ufunc.nin
    mask = np.array([True, False, True])
    expected = np.full(3, 7, ufunc(*operands).dtype)
    ufunc(*operands, where=mask, out=expected)
    for function, values in ((getattr(tnp, name), operands),
                             (ufunc, [tnp.asarray(each) for each in operands])):
        out = np.full(3, 7, expected.dtype)
        function(*values, where=mask, out=out)
        np.testing.assert_array_equal(out, expected)


def test_numbers_beside_arrays():
    small = np.array([10, 200], np.uint8)
    for number in (300, -2**63, 2**70):
        np.testing.assert_array_equal(np.asarray(tnp.asarray(small) / number), small / number)
        np.testing.assert_array_equal(np.asarray(number / tnp.asarray(small)), number / small)
    x = np.array([0.0, -0.0, 1.0, -1.0, np.inf])
    for number in (np.inf, -np.inf, np.nan, 2.0, -2.0):
        theirs, ours = x % number, np.asarray(tnp.asarray(x) % number)
        np.testing.assert_array_equal(ours, theirs)
        finite = np.isfinite(theirs)
        np.testing.assert_array_equal(np.signbit(ours)[finite], np.signbit(theirs)[finite])
    for other in (None, "a", b"a"):
        assert (tnp.asarray(x) == other).tolist() == [False] * 5
        assert (tnp.asarray(x) != other).tolist() == [True] * 5


def test_dtypes_of_the_other_byte_order_are_native():
    x = tnp.asarray([1.5, 2.5])
    assert x.astype(">f4").dtype == np.float32 and tnp.asarray(x, ">i2").tolist() == [1, 2]
    assert tnp.zeros(2, ">i4").dtype == np.int32 and tnp.sum(x, dtype=">f8").item() == 4.0


def test_scalars_and_lines():
    assert tnp.squeeze(np.float32(2), axis=0).shape == ()
    for name in ("tril", "triu"):
        np.testing.assert_array_equal(np.asarray(getattr(tnp, name)([1, 2, 3])),
                                      getattr(np, name)([1, 2, 3]))
    for decimals in (-400, -3, 3, 400):
        np.testing.assert_array_equal(np.asarray(tnp.round([1234.5678, 2e10], decimals)),
                                      np.round([1234.5678, 2e10], decimals))


def test_divmod_is_numpys():
    x = np.array([7, -7, 3])
    for ours, theirs in zip(divmod(tnp.asarray(x), 4), divmod(x, 4)):
        assert isinstance(ours, tnp.ndarray) and ours.tolist() == theirs.tolist()
    assert [each.item() for each in divmod(7, tnp.asarray(4))] == [1, 3]


def test_masks_are_not_forgotten():
    masked = np.ma.masked_array([1, 2], [False, True])
    with pytest.raises(tsum.DTypeError, match="masked array"):
        tnp.sum(masked)
    with pytest.raises(tsum.DTypeError, match="masked array"):
        tnp.asarray(masked)


def test_nothing_writes_to_the_memory_behind_a_tensor():
    memory = np.array([1.0, 2.0, 3.0])
    x = tnp.asarray(memory)
    for writes in (lambda: np.add.at(x, [0], 1), lambda: np.copyto(x, 0), lambda: np.put(x, [0], 1),
                   lambda: np.asarray(x).__setitem__(0, 1), lambda: np.place(x, x > 1, 0),
                   lambda: np.fill_diagonal(tnp.reshape(x, (1, 3)), 0),
                   lambda: np.negative.at(x, [1]), lambda: np.put_along_axis(x, x > 1, 0, 0)):
        with pytest.raises((TypeError, ValueError, IndexError)):
            writes()
    assert memory.tolist() == [1.0, 2.0, 3.0]


def test_objects_that_hold_no_tensor():
    for cls in (tsum.Tensor, tnp.ndarray):
        empty = cls.__new__(cls)
        for use in (repr, str, np.asarray, len, float, tsum.reduce_sum, lambda x: x + 1,
                    lambda x: x.tolist(), lambda x: x.shape, lambda x: x.__reduce__(),
                    lambda x: x.__dlpack__(), lambda x: np.sum(x), memoryview):
            with pytest.raises((TypeError, BufferError)):
                use(empty)
