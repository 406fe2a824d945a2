# SPDX-License-Identifier: Apache-2.0
"""Reductions with accuracy="exact" against fractions: what is rounded once has one answer."""
import asyncio
import fractions
import math
import os
import threading

import ml_dtypes
import mpmath
import numpy as np
import pytest

import tsum

F = fractions.Fraction
RNG = np.random.default_rng(15)
DTYPES = {"f16": np.dtype(np.float16), "bf16": np.dtype(ml_dtypes.bfloat16),
          "f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}
# Digits of the significand, the exponents of the smallest and the largest power of two.
FORMATS = {"f16": (11, -24, 15), "bf16": (8, -133, 127), "f32": (24, -149, 127),
           "f64": (53, -1074, 1023)}


def rounded(exact, dtype):
    """The fraction as a float of `dtype`, to nearest even; as Python's, which hold all."""
    digits, smallest, largest = FORMATS[dtype]
    if exact == 0:
        return 0.0
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < F(2) ** exponent:
        exponent -= 1
    unit = F(2) ** max(exponent - digits + 1, smallest)
    result = round(size / unit) * unit  # to even
    if result >= F(2) ** (largest + 1):
        return math.inf if exact > 0 else -math.inf
    return float(result) if exact > 0 else -float(result)


def wide(array):
    return np.asarray(array).astype(np.float64)


def sample(dtype, size, spread=None, rng=RNG):
    """Floats of any sign and of exponents up to `spread` apart, as float64 that `dtype` holds."""
    digits, smallest, largest = FORMATS[dtype]
    if spread is None:
        exponents = rng.integers(smallest, largest + 1, size)
    else:
        exponents = rng.integers(-(spread // 2), spread // 2 + 1, size)
    values = np.ldexp(rng.uniform(1, 2, size) * rng.choice([-1.0, 1.0], size), exponents)
    with np.errstate(all="ignore"):
        values = wide(values.astype(DTYPES[dtype]))
    return np.where(np.isfinite(values), values, 1.0)


def cancelling(dtype, size, spread=None):
    """Half of them cancel the others but for a few."""
    values = sample(dtype, size, spread)
    values[: size // 2] = -values[size - size // 2:][::-1]
    values[RNG.integers(0, size, 2)] = sample(dtype, 2, spread)
    return RNG.permutation(values)


def exact_values(array):
    return [F(float(x)) for x in np.asarray(array).ravel()]


def check(result, expected, dtype):
    """`expected` is a fraction for each row."""
    got = wide(result).ravel()
    want = [rounded(each, dtype) for each in expected]
    np.testing.assert_array_equal(got, want)


CASES = [(name, spread) for name in DTYPES for spread in (4, 40, None)]


@pytest.mark.parametrize("dtype, spread", CASES)
def test_sums_and_means_are_rounded_once(dtype, spread):
    for shape in ((40, 3), (40, 7), (20, 100)):
        rows = np.stack([cancelling(dtype, shape[1], spread) for _ in range(shape[0])])
        x = rows.astype(DTYPES[dtype])
        sums = [sum(exact_values(row)) for row in rows]
        check(tsum.reduce_sum(x, 1, accuracy="exact"), sums, dtype)
        check(tsum.reduce_mean(x, 1, accuracy="exact"), [s / shape[1] for s in sums], dtype)
        check(tsum.reduce_mean(x.T.copy(), 0, accuracy="exact"),
              [s / shape[1] for s in sums], dtype)
        for to in DTYPES:
            check(tsum.reduce_sum(x, 1, accuracy="exact", dtype=to), sums, to)
            check(tsum.reduce_mean(x, 1, accuracy="exact", dtype=to),
                  [s / shape[1] for s in sums], to)


@pytest.mark.parametrize("dtype", DTYPES)
def test_quotients_at_every_exponent(dtype):
    digits, smallest, largest = FORMATS[dtype]
    exponents = np.arange(smallest, largest + 1)
    for count in (2, 3, 5, 11):
        rows = np.zeros((len(exponents), count))
        rows[:, 0] = np.ldexp(1.0, exponents)
        rows[:, 1] = np.ldexp(RNG.integers(1, 4, len(exponents)).astype(np.float64), smallest)
        x = rows.astype(DTYPES[dtype])
        check(tsum.reduce_mean(x, 1, accuracy="exact"),
              [sum(exact_values(row)) / count for row in rows], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ties_and_thresholds(dtype):
    digits, smallest, largest = FORMATS[dtype]
    tiny, one = F(2) ** smallest, F(1)
    half = F(2) ** -digits
    top = F(2) ** largest * (2 - F(2) ** (1 - digits))  # the largest number
    rows = [[one, half, 0], [one, half, tiny], [one, half, -tiny], [one, 3 * half, 0],
            [one, 3 * half, -tiny], [-one, -half, -tiny], [tiny, 0, 0], [tiny, tiny, 0],
            [tiny, 3 * tiny, 0], [-tiny, 0, 0], [top, F(2) ** (largest - digits), 0],
            [top, F(2) ** (largest - digits), -tiny], [top, top, top], [top, top, -top],
            [-top, -F(2) ** (largest - digits), 0]]
    x = np.array([[float(v) for v in row] for row in rows]).astype(DTYPES[dtype])
    np.testing.assert_array_equal([exact_values(row) for row in wide(x)], rows)
    check(tsum.reduce_sum(x, 1, accuracy="exact"), [sum(row) for row in rows], dtype)
    check(tsum.reduce_mean(x, 1, accuracy="exact"), [sum(row) / 3 for row in rows], dtype)


@pytest.mark.parametrize("dtype, spread", [("f16", 8), ("f16", None), ("bf16", 40),
                                           ("bf16", None), ("f32", 40), ("f32", None),
                                           ("f64", 40), ("f64", 900)])
def test_products_are_exact(dtype, spread):
    for shape in ((30, 3), (20, 65)):
        a = np.stack([cancelling(dtype, shape[1], spread) for _ in range(shape[0])])
        b = np.stack([cancelling(dtype, shape[1], spread) for _ in range(shape[0])])
        b[: shape[0] // 2] = a[: shape[0] // 2][:, ::-1] * RNG.choice([-1, 1], shape[1])
        x, y = a.astype(DTYPES[dtype]), b.astype(DTYPES[dtype])
        dots = [sum(p * q for p, q in zip(exact_values(v), exact_values(w))) for v, w in zip(a, b)]
        squares = [sum(p * p for p in exact_values(v)) for v in a]
        check(tsum.dot(x, y, accuracy="exact"), dots, dtype)
        check(tsum.reduce_sum_square(x, 1, accuracy="exact"), squares, dtype)
        check(tsum.reduce_l1(x, 1, accuracy="exact"),
              [sum(abs(p) for p in exact_values(v)) for v in a], dtype)
        roots = [math.sqrt(rounded(s, "f64")) for s in squares]
        check(tsum.reduce_euclidean_norm(x, 1, accuracy="exact"),
              [F(r) for r in roots], dtype)


def ulps(result, expected, dtype):
    """How far the result is from a fraction, in units in the last place of that."""
    digits, smallest, _ = FORMATS[dtype]
    size = abs(expected)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < F(2) ** exponent:
        exponent -= 1
    return abs(F(float(result)) - expected) / F(2) ** max(exponent - digits + 1, smallest)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ddof", [0, 1, -2])
def test_variance_is_within_an_ulp(dtype, ddof):
    for offset in (0, 1, 1000):
        for n in (2, 3, 17, 300):
            values = sample(dtype, (12, n), 6)
            x = (values + offset).astype(DTYPES[dtype])
            if ddof >= n:
                continue
            got = wide(tsum.reduce_variance(x, 1, ddof=ddof, accuracy="exact"))
            roots = wide(tsum.reduce_std(x, 1, ddof=ddof, accuracy="exact"))
            for row, variance, root in zip(wide(x), got, roots):
                elements = exact_values(row)
                mean = sum(elements) / n
                expected = sum((e - mean) ** 2 for e in elements) / (n - ddof)
                if expected == 0:
                    assert variance == 0 and root == 0
                    continue
                if not np.isfinite(variance):
                    assert math.isinf(rounded(expected, dtype))
                    continue
                assert ulps(variance, expected, dtype) <= F(1, 2) + F(1, 2 ** 20)
                with mpmath.workprec(200):
                    exact_root = mpmath.sqrt(mpmath.mpf(expected.numerator) / expected.denominator)
                    ratio = F(str(mpmath.nstr(exact_root, 50)))
                assert ulps(root, ratio, dtype) <= 1


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_any_divisor(dtype):
    """By a variance whose terms and mean are exact: [a, -a] over 2 - ddof."""
    digits, smallest, largest = FORMATS[dtype]
    exponents = RNG.integers(smallest // 2 + 10, largest // 2, 300)  # squares do not underflow
    a = np.ldexp(RNG.integers(2**10, 2**11, 300) / 2.0**10, exponents)
    x = np.stack([a, -a], 1).astype(DTYPES[dtype])
    divisors = [3, 2**16 - 1, 2**16, 2**32 - 1, 2**32 + 1, 2**46 + 1, 2**47 - 1]
    for divisor in divisors + [int(d) for d in 2 ** RNG.uniform(1, 47, 8)]:
        variance = tsum.reduce_variance(x, 1, ddof=2 - divisor, accuracy="exact")
        check(variance, [2 * v**2 / divisor for v in exact_values(wide(x)[:, 0])], dtype)


def test_complex():
    for dtype, part in (("complex64", "f32"), ("complex128", "f64")):
        shape = (9, 31)
        parts = [np.stack([cancelling(part, 31, 30) for _ in range(9)]) for _ in range(4)]
        x = (parts[0] + 1j * parts[1]).astype(dtype)
        y = (parts[2] + 1j * parts[3]).astype(dtype)
        a, b, c, d = ([exact_values(row) for row in p] for p in parts)
        total = tsum.reduce_sum(x, 1, accuracy="exact").numpy()
        check(total.real, [sum(r) for r in a], part)
        check(total.imag, [sum(r) for r in b], part)
        mean = tsum.reduce_mean(x, 1, accuracy="exact").numpy()
        check(mean.imag, [sum(r) / shape[1] for r in b], part)
        squares = [sum(p * p for p in r + s) for r, s in zip(a, b)]
        check(tsum.reduce_sum_square(x, 1, accuracy="exact"), squares, part)
        dot = tsum.dot(x, y, accuracy="exact").numpy()
        rows = range(shape[0])
        check(dot.real, [sum(p * r - q * s for p, q, r, s in zip(a[n], b[n], c[n], d[n]))
                         for n in rows], part)
        check(dot.imag, [sum(p * s + q * r for p, q, r, s in zip(a[n], b[n], c[n], d[n]))
                         for n in rows], part)
        variance = wide(tsum.reduce_variance(x, 1, accuracy="exact"))
        for n in rows:
            expected = sum(sum((e - sum(r) / 31) ** 2 for e in r) for r in (a[n], b[n])) / 31
            assert ulps(variance[n], expected, part) <= F(1, 2) + F(1, 2 ** 20)
        narrow = tsum.reduce_sum(x, 1, accuracy="exact", dtype="complex64").numpy()
        check(narrow.real, [sum(r) for r in a], "f32")


def test_similarity():
    for dtype in DTYPES:
        a, b = sample(dtype, (6, 50), 4), sample(dtype, (6, 50), 4)
        x, y = a.astype(DTYPES[dtype]), b.astype(DTYPES[dtype])
        got = wide(tsum.cosine_similarity(x, y, accuracy="exact"))
        for n in range(6):
            p, q = exact_values(a[n]), exact_values(b[n])
            with mpmath.workprec(200):
                real = lambda f: mpmath.mpf(f.numerator) / f.denominator
                value = (real(sum(s * t for s, t in zip(p, q)))
                         / mpmath.sqrt(real(sum(s * s for s in p)) * real(sum(t * t for t in q))))
                expected = F(str(mpmath.nstr(value, 50)))
            assert ulps(got[n], expected, dtype) <= 4


def test_integers_to_floats():
    x = np.array([2**63 - 1, 2**62 + 1, -(2**63), 3, -5], np.int64)
    u = np.array([2**64 - 1, 2**63 + 1, 7], np.uint64)
    for values in (x, u, np.arange(-100, 100, dtype=np.int8)):
        total = F(sum(int(v) for v in values))
        check(tsum.reduce_sum(values, accuracy="exact", dtype="f64"), [total], "f64")
        check(tsum.reduce_mean(values, accuracy="exact", dtype="f32"), [total / len(values)], "f32")
    assert tsum.reduce_sum(x, accuracy="exact").item() == int(np.sum(x))
    assert tsum.reduce_mean(np.array([1, 2], np.int32), accuracy="exact").item() == 1


def test_special_values():
    inf, nan = math.inf, math.nan
    for dtype in (np.float32, np.float64):
        for row, expected in (([inf, 1, 2], inf), ([-inf, 1, 2], -inf), ([inf, -inf, 1], nan),
                              ([nan, 1, 2], nan)):
            x = np.array(row, dtype)
            for reduction in (tsum.reduce_sum, tsum.reduce_mean):
                np.testing.assert_equal(reduction(x, accuracy="exact").item(), expected)
            y = np.array([2, 3, 4], dtype)
            np.testing.assert_equal(tsum.dot(x, y, accuracy="exact").item(), expected)
            np.testing.assert_equal(tsum.reduce_sum_square(x, accuracy="exact").item(),
                                    nan if np.isnan(row).any() else inf)
            assert math.isnan(tsum.reduce_variance(x, accuracy="exact").item())
    empty = np.zeros((0, 2))
    assert tsum.reduce_sum(empty, 0, accuracy="exact").numpy().tolist() == [0, 0]
    assert np.isnan(tsum.reduce_mean(empty, 0, accuracy="exact").numpy()).all()
    assert np.isnan(tsum.reduce_variance(empty, 0, accuracy="exact").numpy()).all()
    assert tsum.dot(empty, empty, 0, accuracy="exact").numpy().tolist() == [0, 0]
    one = np.array([[1.7]])
    assert tsum.reduce_mean(one, accuracy="exact").item() == 1.7
    assert tsum.reduce_sum(one, 1, accuracy="exact", dtype="f32").numpy()[0] == np.float32(1.7)
    assert tsum.reduce_variance(one, accuracy="exact").item() == 0
    assert math.isnan(tsum.reduce_variance(one, ddof=1, accuracy="exact").item())


def test_any_order_gives_the_same():
    x = cancelling("f32", 2000).astype(np.float32)
    functions = [lambda v: tsum.reduce_mean(v, accuracy="exact"),
                 lambda v: tsum.reduce_sum_square(v, accuracy="exact"),
                 lambda v: tsum.reduce_variance(v / 2 ** 70, accuracy="exact"),
                 lambda v: tsum.dot(v, v, accuracy="exact")]
    for function in functions:
        expected = function(x).numpy()
        for _ in range(5):
            np.testing.assert_array_equal(function(RNG.permutation(x)).numpy(), expected)


#===-- The context -----------------------------------------------------------------------------===#

HARD = np.array([1e16, 1, -1e16, 1], np.float64)
EXACT, STANDARD = 2.0, tsum.reduce_sum(HARD).item()


def test_a_block_says_it():
    assert tsum.get_accuracy() == "standard"
    x = tsum.asarray(HARD)
    many = np.tile(HARD, 1000)
    with tsum.accuracy("exact"):
        assert tsum.get_accuracy() == "exact"
        for total in (tsum.reduce_sum(many), tsum.sum(many), np.sum(tsum.asarray(many)),
                      tsum.asarray(many).sum(), tsum.reduce_mean(many) * 4000,
                      tsum.dot(many, np.ones_like(many))):
            assert total.item() == 2000
        with tsum.accuracy("standard"):
            assert tsum.get_accuracy() == "standard"
            assert "exact" not in tsum.graph_to_string(tsum.reduce_sum(x))
            assert "exact" in tsum.graph_to_string(tsum.reduce_sum(x, accuracy="exact"))
        assert "exact" in tsum.graph_to_string(tsum.reduce_sum(x))
        assert "exact" not in tsum.graph_to_string(tsum.reduce_sum(x, accuracy="standard"))
        for function in (tsum.reduce_mean, tsum.reduce_variance, tsum.reduce_std, tsum.reduce_l1,
                         tsum.reduce_sum_square, tsum.reduce_euclidean_norm, tsum.reduce_logsumexp,
                         tsum.mean, tsum.var, tsum.std, tsum.logsumexp):
            assert "exact" in tsum.graph_to_string(function(x)), function
            assert "exact" not in tsum.graph_to_string(function(x, accuracy="standard")), function
    assert tsum.get_accuracy() == "standard"
    assert tsum.sum(many, accuracy="exact").item() == 2000
    assert tsum.var(HARD, accuracy="exact").item() == tsum.reduce_variance(
        HARD, accuracy="exact").item()


def test_exceptions_leave_blocks():
    with pytest.raises(ValueError, match="mine"), tsum.accuracy("exact"):
        raise ValueError("mine")
    assert tsum.get_accuracy() == "standard"


def test_decorators():
    @tsum.accuracy("exact")
    def total(x):
        return tsum.reduce_sum(x)

    @tsum.accuracy("exact")
    async def later(x):
        await asyncio.sleep(0)
        return tsum.get_accuracy()

    assert total.__name__ == "total"
    assert total(HARD).item() == EXACT
    assert asyncio.run(later(HARD)) == "exact"
    assert tsum.get_accuracy() == "standard"


def test_threads_and_tasks_have_their_own():
    seen = []
    with tsum.accuracy("exact"):
        thread = threading.Thread(target=lambda: seen.append(tsum.get_accuracy()))
        thread.start()
        thread.join()
    assert seen == ["standard"]

    async def ask(accuracy):
        with tsum.accuracy(accuracy):
            await asyncio.sleep(0.001)
            return tsum.get_accuracy()

    async def both():
        return await asyncio.gather(ask("exact"), ask("standard"), ask("exact"))

    assert asyncio.run(both()) == ["exact", "standard", "exact"]


def test_traces_know_it():
    calls = []

    @tsum.jit
    def total(x):
        calls.append(tsum.get_accuracy())
        return tsum.reduce_sum(x)

    many = np.tile(HARD, 1000)
    standard = total(many).item()
    with tsum.accuracy("exact"):
        assert total(many).item() == 2000
        assert total(many).item() == 2000
    assert total(many).item() == standard
    assert calls == ["standard", "exact"]

    exact = tsum.accuracy("exact")(total)
    assert exact(many).item() == 2000 and len(calls) == 2


def test_other_accuracies_are_refused():
    for call in (lambda: tsum.reduce_sum(HARD, accuracy="best"), lambda: tsum.accuracy("best"),
                 lambda: tsum.sum(HARD, accuracy="best"),
                 lambda: tsum.dot(HARD, HARD, accuracy="best"),
                 lambda: tsum.reduce_std(HARD, accuracy=1)):
        with pytest.raises(tsum.Error, match="valid: 'standard', 'exact'"):
            call()
    with pytest.raises(TypeError):
        tsum.reduce_max(HARD, accuracy="exact")
    with pytest.raises(tsum.Error, match="at most 2\\^47 - 1"):
        tsum.reduce_variance(HARD, ddof=-2**50, accuracy="exact")


def test_the_environment_says_it(run_python, monkeypatch):
    program = ("import tsum; print(tsum.get_accuracy(), "
               "tsum.reduce_sum([1e16, 1.0, -1e16, 1.0]).numpy())")
    monkeypatch.setenv("TSUM_ACCURACY", "exact")
    assert run_python(program).startswith("exact")
    monkeypatch.setenv("TSUM_ACCURACY", "good")
    assert "valid: 'standard', 'exact'" in run_python(
        "import tsum\ntry:\n    tsum.reduce_sum([1.0])\nexcept tsum.Error as e:\n    print(e)")
    assert os.environ["TSUM_ACCURACY"] == "good"


# Short rows side by side, rows of a block, lines of several, shuffled rows, columns of one block
# and of many, pieces; with what vectors leave over.
SHAPES = [((50, 3), 1), ((50, 5), 1), ((37, 9), 1), ((33, 13), 1), ((21, 40), 1), ((17, 300), 1),
          ((3, 5000), 1), ((300, 7), 0), ((70, 33), 0), ((9, 20, 11), 1), ((5, 6, 17), (0, 2)),
          ((1,), 0), ((2, 0), 1)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", SHAPES)
def test_every_way_to_add(shape, axis, dtype):
    for spread in (4, 20, None):
        values = sample(dtype, int(np.prod(shape)), spread).reshape(shape).astype(DTYPES[dtype])
        values[values.shape[0] // 2] *= 0  # zeros are within every window
        axes = (axis,) if isinstance(axis, int) else axis
        kept = [n for n in range(len(shape)) if n not in axes]
        lines = np.transpose(values, kept + list(axes)).reshape(
            int(np.prod([shape[n] for n in kept])), -1)
        expected = [sum(exact_values(line), F(0)) for line in lines]
        apart = np.zeros(shape[:-1] + (3 * shape[-1],), DTYPES[dtype])[..., ::3]
        apart[...] = values
        for each in (values, np.asfortranarray(values), apart):
            check(tsum.reduce_sum(each, axis, accuracy="exact"), expected, dtype)


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("shape, axis", [((600_001,), 0), ((40_000, 20), 0), ((3, 250_000), 1),
                                         ((200_000, 3), (0, 1)), ((1300, 700), 0)])
def test_pieces_of_large_sums(shape, axis, dtype):
    numbers = RNG.integers(-2**20, 2**20, shape)
    powers = RNG.integers(0, 18, shape)
    powers[(powers.shape[0] // 3,)] = 22  # a block of its own
    values = np.ldexp(numbers.astype(DTYPES[dtype]), powers - 60)
    sums = np.sum(numbers << powers, axis=axis)
    expected = [F(int(each)) / 2**60 for each in np.ravel(sums)]
    results = {}
    for threads in (1, 2):
        with tsum.threads(threads):
            results[threads] = tsum.reduce_sum(values, axis, accuracy="exact")
            check(results[threads], expected, dtype)
    mean = tsum.reduce_mean(values, axis, accuracy="exact")
    count = values.size // max(1, np.size(sums))
    check(mean, [each / count for each in expected], dtype)
    for others, which in (([np.inf], np.isposinf), ([-np.inf], np.isneginf),
                          ([np.inf, -np.inf], np.isnan), ([np.nan], np.isnan)):
        values[(0,) * len(shape)], values[(-1,) * len(shape)] = others[0], others[-1]
        result = tsum.reduce_sum(values, tuple(range(len(shape))), accuracy="exact")
        assert which(result.numpy()), others


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("shape, axis", [((40, 1000), 1), ((40, 4000), 1), ((30_000,), 0),
                                         ((9000, 3), 0), ((5000, 80), 0), ((600_000,), 0)])
def test_integers_of_the_largest_elements_of_a_window(shape, axis, dtype):
    """8 is the first number above the window that kernels begin with: all bits of each element."""
    largest = np.nextafter(DTYPES[dtype].type(8), DTYPES[dtype].type(0))
    for value in (largest, -largest):
        values = np.full(shape, value)
        expected = F(float(value)) * shape[axis]
        check(tsum.reduce_sum(values, axis, accuracy="exact"),
              [expected] * (values.size // shape[axis]), dtype)


def test_sums_that_no_window_holds():
    for dtype in ("f32", "f64"):
        for shape, axis in (((40, 300), 1), ((300, 40), 0), ((9000,), 0), ((60, 3), 1)):
            values = sample(dtype, int(np.prod(shape))).reshape(shape).astype(DTYPES[dtype])
            lines = values.reshape(1, -1) if len(shape) == 1 else values if axis else values.T
            expected = [sum(exact_values(line)) for line in lines]
            check(tsum.reduce_sum(values, axis, accuracy="exact"), expected, dtype)
            values[(0,) * len(shape)] = np.inf
            assert np.isinf(np.ravel(tsum.reduce_sum(values, axis, accuracy="exact"))[0])
            values[(-1,) * len(shape)] = np.nan
            assert np.isnan(np.ravel(tsum.reduce_sum(values, axis, accuracy="exact"))[-1])
    ones = np.broadcast_to(np.float32(0.1), (10**8,))
    check(tsum.reduce_sum(ones, accuracy="exact"), [F(float(np.float32(0.1))) * 10**8], "f32")


def test_explain_says_what_went_to_limbs():
    ones = np.ones((40, 320), np.float32)
    assert "in limbs" not in tsum.explain(tsum.reduce_sum(ones, 1, accuracy="exact"))
    ones[:, ::2] = 1e30
    assert "12.8 K elements" in tsum.explain(tsum.reduce_sum(ones, 1, accuracy="exact"))


@pytest.mark.parametrize("shape, axis", [((1, 20011), 1), ((33, 700), 1), ((900, 3), 1),
                                         ((48, 13), 1), ((640, 50), 0)])
def test_squares_of_f32_are_within_a_window_that_spans_twice_their_binades(shape, axis):
    x = sample("f32", int(np.prod(shape)), 20).reshape(shape).astype(np.float32)
    total = tsum.reduce_sum(tsum.square(tsum.constant(x)), axis, accuracy="exact")
    lines = np.square(x) if axis else np.square(x).T
    check(total, [sum(exact_values(line)) for line in lines], "f32")
    assert "in limbs" not in tsum.explain(total)
