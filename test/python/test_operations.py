# SPDX-License-Identifier: Apache-2.0
"""Every operation against NumPy, over dtypes, shapes, axes and layouts."""
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum
from layouts import arrays, axes_of, shapes
from operations import BINARY, DTYPES, OTHERS, REDUCTIONS, UNARY, numpy_dtype, random_values
from tsum import _core, _names, _reductions

OPERATIONS = _names.operations(_core)


def takes(name):
    """The dtypes that an operation's documentation lists."""
    text = OPERATIONS[name].__doc__.partition("Takes ")[2]
    names = text.partition(".")[0].partition(";")[0].partition(", both")[0].split(", ")
    assert names and all(n in DTYPES for n in names), names
    return [DTYPES[n] for n in names]


def test_every_operation_has_a_meaning_in_numpy():
    tested = {*UNARY, *BINARY, *REDUCTIONS, *OTHERS}
    assert sorted(set(OPERATIONS) - tested) == []


def test_math_has_the_same_operations():
    assert sorted(tsum.math.__all__) == sorted(OPERATIONS)
    for name, operation in OPERATIONS.items():
        assert getattr(tsum.math, name) is getattr(tsum, name)
        assert getattr(tsum, name).__wrapped__ is operation


@pytest.mark.parametrize("name", [n for n in [*UNARY, *BINARY, *REDUCTIONS] if n in OPERATIONS])
def test_only_the_dtypes_of_the_documentation_are_taken(name):
    operands = 2 if name in BINARY else 1
    for dtype in DTYPES.values():
        x = tsum.asarray(np.ones((2, 3), numpy_dtype(dtype)))
        if dtype in takes(name):
            OPERATIONS[name](*[x] * operands).numpy()
        else:
            with pytest.raises(tsum.DTypeError, match=f"{name}: "):
                OPERATIONS[name](*[x] * operands)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.int32, np.bool_])
def test_results_have_the_names_that_are_given(dtype):
    x = tsum.asarray(np.ones((2, 1, 3), dtype))
    named = set()
    for operand in (x, tsum.where(np.array(True), x, x)):  # data, and what is computed
        for name, operation in OPERATIONS.items():
            for others in ((), (x,), (x, x), (0,), ((2, 3),), ((2, 4, 3),), ((2, 0, 1),),
                           (tsum.f64,)):
                try:
                    result = operation(operand, *others, name="of the result")
                except (TypeError, ValueError):
                    continue
                named.add(name)
                assert result.name == "of the result", name
                assert tsum.graph_to_string(result).count('"of the result"') == 1, name
    assert dtype != np.complex64 or {"transpose", "reshape", "real", "conj", "reduce_prod"} <= named


def assert_same(result, expected):
    result = np.asarray(result)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind == "V":  # NumPy does not know bfloat16's NaN
        result, expected = result.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_array_equal(result, expected)


def assert_near(result, exact, operands, entry):
    """Within `entry.ulp` units in the last place of the exact value, computed with 50 digits."""
    with mpmath.workdps(50), np.errstate(all="ignore"):
        for index in np.ndindex(result.shape):
            true = entry.exact(*[mpmath.mpf(float(x[index])) for x in operands])
            got = float(result[index])
            if not np.isfinite(np.asarray(float(true)).astype(result.dtype)):
                assert np.isinf(got) and (got > 0) == (true > 0)
                continue
            unit = float(np.spacing(np.abs(np.asarray(float(true)).astype(result.dtype))))
            assert abs(mpmath.mpf(got) - true) <= entry.ulp * unit, (operands, index, got, true)


def assert_near_complex(result, operands, entry):
    """Within 4 units of the result's magnitude, computed in a wider type; infinities and NaN where
    NumPy has them."""
    result = np.asarray(result)
    wide = [x.astype(np.clongdouble) for x in operands]
    with np.errstate(all="ignore"):
        expected, exact = np.asarray(entry.numpy(*operands)), np.asarray(entry.numpy(*wide))
    assert result.dtype == expected.dtype and result.shape == expected.shape
    finite = np.isfinite(expected)
    unit = np.finfo(result.dtype).eps
    with np.errstate(all="ignore"):
        near = np.abs(result - exact) <= 4 * unit * np.abs(exact)
    assert np.all(near | ~finite)
    np.testing.assert_array_equal(result[~finite], expected[~finite])


def check(entry, operation, operands):
    kind = operands[0].dtype.kind
    result = operation(*operands)
    if kind == "c" and result.dtype != tsum.bool_:
        assert_near_complex(result, operands, entry)
        return
    with np.errstate(all="ignore"):
        expected = np.asarray(entry.numpy(*operands))
    if entry.ulp is None or kind in "biu":
        assert_same(result, expected)
    else:
        assert tuple(result.shape) == expected.shape
        operands = np.broadcast_arrays(*operands)
        assert_near(np.asarray(result), expected, operands, entry)


@pytest.mark.parametrize("name", [n for n in UNARY if n in OPERATIONS])
@given(data=st.data())
def test_unary(name, data):
    entry = UNARY[name]
    dtype = data.draw(st.sampled_from(takes(name)))
    shape = data.draw(shapes(max_size=4096 if entry.ulp is None else 100))
    x = data.draw(arrays(dtype, shape, low=entry.low, high=entry.high, special=entry.ulp is None))
    check(entry, OPERATIONS[name], [x])


@pytest.mark.parametrize("name", [n for n in BINARY if n in OPERATIONS])
@given(data=st.data())
def test_binary(name, data):
    entry = BINARY[name]
    dtype = data.draw(st.sampled_from(takes(name)))
    shape = data.draw(shapes(max_size=4096 if entry.ulp is None else 100))
    # Each operand may lack leading dimensions, and have extents of 1 where the other does not.
    repeats = data.draw(st.lists(st.sampled_from("xyn"), min_size=len(shape), max_size=len(shape)))
    first = [1 if r == "x" else extent for r, extent in zip(repeats, shape)]
    second = [1 if r == "y" else extent for r, extent in zip(repeats, shape)]
    second = second[data.draw(st.integers(0, len(shape))):]
    values = dict(low=entry.low, high=entry.high, special=entry.ulp is None)
    x = data.draw(arrays(dtype, first, **values))
    y = data.draw(arrays(dtype, second, **values))
    if data.draw(st.booleans()):
        x, y = y, x
    check(entry, OPERATIONS[name], [x, y])


COMPLEX_PARTS = [0.0, -0.0, 1.0, -2.5, 3e-5, 1e6, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("name", ["divide", "reciprocal"])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_quotients_of_special_values(name, dtype):
    x = np.array([complex(re, im) for re in COMPLEX_PARTS for im in COMPLEX_PARTS], dtype)
    operands = [x] if name == "reciprocal" else [x[:, None], x[None, :]]
    result = OPERATIONS[name](*operands).numpy()
    with np.errstate(all="ignore"):
        expected = {"divide": np.divide, "reciprocal": np.reciprocal}[name](*operands)
    for part in ("real", "imag"):
        got, wanted = getattr(result, part), getattr(expected, part)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
        np.testing.assert_array_equal(np.signbit(got)[~np.isnan(got)],
                                      np.signbit(wanted)[~np.isnan(got)])
        np.testing.assert_allclose(got, wanted, rtol=4 * np.finfo(dtype).eps)


def test_floor_quotients_are_tensorflows():
    x, y = [1.0, 1.0, np.inf, -1.0], np.float32([0.1, -np.inf, 1, np.inf])
    np.testing.assert_array_equal(tsum.constant(x) // y, [10, -0.0, np.inf, -0.0])


OPERATORS = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "floordiv": lambda x, y: x // y, "floormod": lambda x, y: x % y,
    "pow": lambda x, y: x ** y, "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y, "bitwise_xor": lambda x, y: x ^ y,
    "left_shift": lambda x, y: x << y, "right_shift": lambda x, y: x >> y,
    "less": lambda x, y: x < y, "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y, "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y, "not_equal": lambda x, y: x != y,
}


@pytest.mark.parametrize("name", [n for n in OPERATORS if n in OPERATIONS])
def test_operators_take_tensors_arrays_and_numbers_on_either_side(name):
    dtype = takes(name)[-1]
    rng = np.random.default_rng(0)
    a = random_values(rng, dtype, (3, 4), low=1, high=6)
    b = random_values(rng, dtype, (4,), low=1, high=6)
    x, y = tsum.asarray(a), tsum.asarray(b)
    operator, operation = OPERATORS[name], OPERATIONS[name]
    expected = operation(x, y).numpy()
    for left, right in [(x, y), (x, b), (a, y)]:
        result = operator(left, right)
        assert isinstance(result, tsum.Tensor)
        assert_same(result, expected)
    assert isinstance(operator(a, y), tsum.Tensor), "arrays leave it to the tensor"
    if numpy_dtype(dtype).kind != "b":
        assert_same(operator(x, 2), operation(x, tsum.asarray(np.array(2, a.dtype))).numpy())
        assert_same(operator(2, x), operation(tsum.asarray(np.array(2, a.dtype)), x).numpy())


def test_unary_operators():
    x = tsum.asarray(np.array([-1.5, 2], np.float32))
    assert_same(-x, np.array([1.5, -2], np.float32))
    assert_same(abs(x), np.array([1.5, 2], np.float32))


@given(data=st.data())
def test_reduce_sum(data):
    dtype = data.draw(st.sampled_from(takes("reduce_sum")))
    shape = data.draw(shapes())
    x = data.draw(arrays(dtype, shape))
    axis = data.draw(axes_of(len(shape)))
    keepdims = data.draw(st.booleans())
    result = tsum.reduce_sum(x, axis=axis, keepdims=keepdims)
    axes = tuple(axis) if isinstance(axis, list) else axis
    assert result.dtype == tsum.as_dtype(x.dtype)
    kind = numpy_dtype(dtype).kind
    if kind in "iu":
        with np.errstate(over="ignore"):
            assert_same(result, np.asarray(np.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype)))
        return
    wide = np.complex128 if kind == "c" else np.float64
    expected = np.asarray(np.sum(x.astype(wide), axis=axes, keepdims=keepdims))
    assert tuple(result.shape) == expected.shape
    magnitude = np.asarray(np.sum(np.abs(x.astype(wide)), axis=axes, keepdims=keepdims))
    unit = {"bf16": 2.0**-8, "f16": 2.0**-11}.get(dtype.name)
    unit = unit or float(np.finfo(numpy_dtype(dtype)).eps) / 2
    # NumPy's own error, in f64, is less than a unit here.
    bound = (36 if dtype.name in ("f64", "complex128") else 18) * unit * magnitude
    assert np.all(np.abs(np.asarray(result).astype(wide) - expected) <= bound)


@pytest.mark.parametrize("name", [n for n in REDUCTIONS if n != "reduce_sum"])
@given(data=st.data())
def test_reduction(name, data):
    entry = REDUCTIONS[name]
    dtype = data.draw(st.sampled_from(takes(name)))
    kind = numpy_dtype(dtype).kind
    shape = data.draw(shapes(max_size=1000))
    if entry.needs_elements and 0 in shape:
        shape = tuple(extent or 1 for extent in shape)
    near_one = name == "reduce_prod" and kind in "fV"
    values = dict(low=0.9, high=1.1) if near_one else dict(low=-4, high=4)
    x = data.draw(arrays(dtype, shape, **values))
    axis = data.draw(axes_of(len(shape)))
    axes = tuple(axis) if isinstance(axis, list) else axis
    keepdims = data.draw(st.booleans())
    if name in ("argmax", "argmin") and axes == ():
        return
    result = OPERATIONS[name](x, axis=axis, keepdims=keepdims)
    got = np.asarray(result)
    if kind in "iu" and entry.units is not None:
        wide = np.array([int(v) for v in x.reshape(-1)], object).reshape(x.shape)
        with np.errstate(all="ignore"):
            if name == "reduce_mean":
                count = x.size // max(got.size, 1)
                total = np.asarray(np.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype))
                towards_zero = lambda v: (abs(int(v)) // max(count, 1)) * (1 if v >= 0 else -1)
                expected = np.asarray(np.vectorize(towards_zero, otypes=[object])(total))
                expected = expected.astype(x.dtype)
                if np.any(np.asarray(np.sum(wide, axis=axes, keepdims=keepdims)) != total):
                    return  # wraps
            else:
                expected = entry.numpy(x if name != "reduce_l1" else np.abs(x), axis=axes,
                                       keepdims=keepdims)
                if name != "reduce_prod":
                    same = dict(axis=axes, keepdims=keepdims, dtype=x.dtype)
                    expected = np.sum(x * x if "square" in name else np.abs(x), **same)
                else:
                    expected = np.prod(x, axis=axes, keepdims=keepdims, dtype=x.dtype)
        assert_same(result, np.asarray(expected).astype(x.dtype))
        return
    wide = {"c": np.complex128, "b": bool, "i": x.dtype, "u": x.dtype}.get(kind, np.float64)
    with np.errstate(all="ignore"):
        expected = np.asarray(entry.numpy(x.astype(wide), axis=axes, keepdims=keepdims))
    assert got.shape == expected.shape
    if entry.units is None:
        np.testing.assert_array_equal(got.astype(expected.dtype), expected)
        return
    unit = {"bf16": 2.0**-8, "f16": 2.0**-11}.get(result.dtype.name)
    unit = unit or float(np.finfo(got.dtype).eps) / 2
    scale = np.max(np.abs(expected), initial=1) + (
        np.max(np.sum(np.abs(x.astype(wide)), axis=axes), initial=0) if "sum" in name else 0)
    # Each multiplication of a product rounds once, and these errors add up.
    units = max(entry.units, x.size if name == "reduce_prod" else 0)
    assert np.all(np.abs(got.astype(wide) - expected) <= units * unit * scale)


def test_exact_sums_are_those_of_math_fsum():
    random = np.random.default_rng(0)
    x = random.standard_normal((300, 70)) * 10.0 ** random.integers(-300, 300, (300, 70))
    assert tsum.reduce_sum(x, accuracy="exact").item() == math.fsum(x.flat)
    for axis in (0, 1):
        sums = tsum.reduce_sum(x, axis, accuracy="exact").numpy()
        np.testing.assert_array_equal(sums, [math.fsum(line) for line in np.moveaxis(x, axis, 1)])
    with pytest.raises(tsum.Error, match="accuracy 'best' .valid: 'standard', 'exact'"):
        tsum.reduce_sum(x, accuracy="best")


def test_reduce_sum_error_does_not_grow():
    x = np.random.default_rng(1).random(3_000_001).astype(np.float32)
    assert abs(float(tsum.reduce_sum(x)) - math.fsum(x)) <= 2**-24 * math.fsum(x) * 2


@given(data=st.data())
def test_cast(data):
    source, target = (data.draw(st.sampled_from(list(DTYPES.values()))) for _ in range(2))
    x = data.draw(arrays(source, data.draw(shapes(max_size=300)), low=0, high=100))
    if "complex" in source.name and "complex" not in target.name:
        return
    with np.errstate(all="ignore"):
        expected = x.astype(numpy_dtype(target))
    if "f" in source.name and numpy_dtype(target).kind in "iu":
        expected = np.trunc(x.astype(np.float64)).astype(numpy_dtype(target))
    assert_same(tsum.cast(x, target), expected)
    assert_same(tsum.asarray(x).astype(target), expected)


@given(data=st.data())
def test_reshape_and_broadcast_to(data):
    dtype = data.draw(st.sampled_from(list(DTYPES.values())))
    shape = data.draw(shapes())
    x = data.draw(arrays(dtype, shape))
    for new in [(-1,)] if x.size else [(0, 3)]:
        assert_same(tsum.reshape(x, new), x.reshape(new))
        assert_same(tsum.asarray(x).reshape(*new), x.reshape(new))
    assert_same(tsum.reshape(x, shape[::-1]), x.reshape(shape[::-1]))
    assert_same(tsum.broadcast_to(x, (2, *shape)), np.broadcast_to(x, (2, *shape)))


def test_results_of_booleans_are_bytes_of_0_and_1():
    # NumPy takes any other byte for true as well.
    bytes_ = np.random.default_rng(0).choice(np.array([0, 1, 2, 4, 128, 255], np.uint8), (5, 300),
                                             p=[0.05, 0.5, 0.2, 0.1, 0.1, 0.05])
    for x in (bytes_.view(bool), bytes_[:, :1].view(bool), bytes_[:1, ::2].view(bool)):
        true = x.view(np.uint8) != 0
        other, other_true = x[::-1, ::-1], true[::-1, ::-1]
        cases = [(tsum.logical_not(tsum.logical_not(x)), true),
                 (tsum.invert(x), ~true),
                 (tsum.where(x, x, other), np.where(true, true, other_true))]
        cases += [(getattr(tsum, name)(x, axis), np.asarray(getattr(np, name)(true, axis=axis)))
                  for name in ("any", "all") for axis in (None, 0, 1, ())]
        cases += [(getattr(tsum, name)(x, other), getattr(np, name)(true, other_true))
                  for name in ("logical_and", "logical_or", "logical_xor", "equal", "bitwise_and")]
        cases += [(tsum.logical_and(x, x), true), (tsum.logical_or(x, x), true)]
        for result, expected in cases:
            np.testing.assert_array_equal(result.numpy().view(np.uint8), expected.view(np.uint8))
        assert tsum.count_nonzero(x).item() == true.sum()
        assert_same(tsum.cast(x, tsum.i32), true.astype(np.int32))
        assert_same(tsum.argmax(x, 1), true.argmax(1))


def test_numpy_names():
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert_same(tsum.sum(x, axis=1, keepdims=True), np.sum(x, axis=1, keepdims=True))
    assert_same(tsum.sum(x, dtype=np.float64), np.asarray(np.sum(x, dtype=np.float64)))
    assert_same(tsum.asarray(x).sum(axis=(0, -1)), np.sum(x, axis=(0, -1)))
    assert_same(tsum.absolute(-x), np.absolute(-x))
    assert_same(tsum.true_divide(x, 4), x / np.float32(4))
    zeros = np.array([[0.0, -0.0], [np.nan, 1.0]], np.float32)
    assert_same(tsum.any(zeros, axis=1), np.any(zeros, axis=1))
    assert_same(tsum.asarray(zeros).all(axis=-1, keepdims=True), zeros.all(axis=-1, keepdims=True))
    assert_same(tsum.any([0, 2]), np.asarray(True))
    # NumPy's functions call methods of their name where there are some.
    tensor = tsum.asarray(x)
    assert isinstance(np.sum(tensor, axis=0), tsum.Tensor)
    assert_same(np.std(tensor, axis=0, ddof=1), np.std(x, axis=0, ddof=1))
    assert np.argmax(tensor) == 23
    names = {**_reductions.REDUCTIONS, **_names.ALIASES, **_reductions.SPREADS}
    for name, operation in names.items():
        assert hasattr(tsum, name) or operation not in OPERATIONS


MASK = np.random.default_rng(0).random((2, 3, 4)) < 0.6


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of means of nothing
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "any", "all", "var", "std"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, np.int32, np.float16])
@pytest.mark.parametrize("axis", [None, 1, (0, -1)])
def test_where_and_initial_are_numpys(name, dtype, axis):
    if name in ("max", "min") and dtype == np.complex128:
        return
    x = (np.arange(24).reshape(2, 3, 4) % 7 - 3).astype(dtype)
    if dtype == np.complex128:
        x = x + 0.5j
    same = dict(axis=axis, keepdims=True)
    if name in ("sum", "prod"):
        same["dtype"] = dtype
    elif dtype == np.int32 and name in ("mean", "var", "std"):
        same["dtype"] = np.float64
    calls = [dict(where=MASK), dict(where=MASK[0]), dict(where=MASK[:, :1])]
    if name in ("max", "min"):
        calls = [dict(initial=1, **call) for call in calls] + [dict(initial=1)]
    elif name in ("sum", "prod"):
        calls += [dict(initial=2, where=MASK), dict(initial=2)]
    elif name in ("var", "std"):
        calls += [dict(where=MASK, ddof=1), dict(correction=1), dict(where=MASK, correction=1.5),
                  dict(mean=np.mean(x, axis=axis, keepdims=True, dtype=same.get("dtype")))]
    for call in calls:
        expected = np.asarray(getattr(np, name)(x, **same, **call))
        for result in (getattr(tsum, name)(x, **same, **call),
                       getattr(np, name)(tsum.asarray(x), **same, **call)):
            assert result.numpy().dtype == expected.dtype
            np.testing.assert_allclose(result, expected, rtol=4e-3 if dtype == np.float16 else 1e-5)


def test_where_that_leaves_nothing():
    x = np.ones((2, 3), np.float32)
    nothing = np.zeros(3, bool)
    assert tsum.sum(x, where=nothing).item() == 0 and tsum.prod(x, where=nothing).item() == 1
    assert tsum.all(x, where=nothing).item() and not tsum.any(x, where=nothing).item()
    assert np.isnan(tsum.mean(x, where=nothing).item())
    assert np.isnan(tsum.var(x, axis=1, where=nothing).numpy()).all()
    assert tsum.max(x, where=nothing, initial=-7).item() == -7
    # What is left out does not count, whatever it is.
    x[0, 0] = np.nan
    some = np.array([[False, True, True], [True, True, True]])
    assert tsum.sum(x, where=some).item() == 5 and tsum.std(x, where=some).item() == 0


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_variances_have_one_answer_however_they_are_asked(name, dtype):
    spread = getattr(tsum, name)
    x = np.random.default_rng(2).standard_normal((3, 2, 90)).astype(dtype)
    everything = np.ones(x.shape, bool)
    for axis, count in ((1, 2), (2, 90), (None, 540), ((0, 1), 6)):
        for ddof in (0, 1, 2, 3, 90, -1, -2**63, 2**63 - 1, 2**70):
            answers = [spread(x, axis, ddof=ddof), spread(x, axis, ddof=float(ddof)),
                       spread(x, axis, correction=ddof), spread(x, axis, ddof=ddof, where=True),
                       spread(x, axis, ddof=ddof, where=everything),
                       spread(x, axis, ddof=ddof, mean=tsum.mean(x, axis, keepdims=True))]
            if dtype == np.float16:  # whose mean is rounded
                answers.pop()
            for answer in answers:
                np.testing.assert_array_equal(answer, answers[0])
                assert np.isnan(answer.numpy()).all() == (count <= ddof)
    # Of nothing.
    for answer in (spread(x[:0]), spread(x[:0], mean=0), spread(x, where=~everything),
                   spread(x, where=~everything, mean=0)):
        assert np.isnan(answer.item())


def test_parameters_that_reductions_do_not_have():
    x = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match="max: where= needs initial="):
        tsum.max(x, where=x > 0)
    with pytest.raises(TypeError, match="mean: there is no initial="):
        tsum.mean(x, initial=1)
    with pytest.raises(TypeError, match="logsumexp: there is no where="):
        tsum.logsumexp(x, where=x > 0)
    with pytest.raises(ValueError, match="ddof=1 and correction=1 are the same parameter"):
        tsum.var(x, ddof=1, correction=1)
    with pytest.raises(tsum.DTypeError, match="mean: takes floats .* given i32 .dtype= casts"):
        tsum.mean(np.ones(3, np.int32), where=[True, False, True])
    with pytest.raises(tsum.ShapeError):
        tsum.sum(x, where=np.ones((4, 2, 3), bool))
    with pytest.raises(tsum.DTypeError):
        tsum.sum(x, where=np.ones((2, 3), np.int32))
