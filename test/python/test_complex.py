# SPDX-License-Identifier: Apache-2.0
"""Elementary functions of complex numbers: C99's special values, and errors against mpmath."""
import cmath
import itertools

import mpmath
import numpy as np
import pytest

import tsum

FUNCTIONS = {
    "exp": mpmath.exp, "expm1": lambda z: mpmath.exp(z) - 1, "log": mpmath.log,
    "log1p": lambda z: mpmath.log(1 + z), "log2": lambda z: mpmath.log(z, 2),
    "log10": mpmath.log10, "sqrt": mpmath.sqrt, "rsqrt": lambda z: 1 / mpmath.sqrt(z),
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "asin": mpmath.asin,
    "acos": mpmath.acos, "atan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
    "tanh": mpmath.tanh, "asinh": mpmath.asinh, "acosh": mpmath.acosh, "atanh": mpmath.atanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)), "sign": lambda z: z / abs(z),
}
# What C99 has, by NumPy's names.
C99 = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan,
       "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
       "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh}


def numbers(count, scale, seed):
    rng = np.random.default_rng(seed)
    size = np.exp(rng.uniform(-scale, scale, count))
    return size * np.exp(2j * np.pi * rng.random(count))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_errors_are_small_beside_the_magnitude(name, dtype):
    z = np.concatenate([numbers(150, 3, 1), numbers(50, 12, 2), 1 + numbers(30, 8, 3) * 1e-3,
                        -1 + numbers(30, 8, 4) * 1e-3, numbers(30, 0, 5)]).astype(dtype)
    if name in ("sin", "cos", "tan", "sinh", "cosh", "exp", "expm1", "sigmoid", "tanh"):
        z = z[np.abs(z) < (20 if dtype == np.complex64 else 300)]
    result = getattr(tsum, name)(z).numpy()
    assert result.dtype == dtype
    unit = float(np.finfo(dtype).eps) / 2
    with mpmath.workdps(60):
        for ours, given in zip(result, z):
            exact = FUNCTIONS[name](mpmath.mpc(complex(given)))
            off = abs(mpmath.mpc(complex(ours)) - exact) / (abs(exact) * unit)
            assert off < 8, (name, given, ours, exact, float(off))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e12, np.inf, -np.inf, np.nan]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", C99)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_special_values_are_those_of_c99(name, dtype):
    z = np.array([complex(a, b) for a, b in itertools.product(SPECIAL, SPECIAL)], dtype)
    ours, theirs = getattr(tsum, name)(z).numpy(), C99[name](z)
    for given, x, y in zip(z, ours, theirs):
        for part, other, of in ((x.real, y.real, "real"), (x.imag, y.imag, "imag")):
            where = (name, given, x, y, of)
            assert np.isnan(part) == np.isnan(other), where
            if np.isnan(part):
                continue
            np.testing.assert_allclose(np.abs(part), np.abs(other), rtol=1e-5, atol=1e-7,
                                       err_msg=str(where))
            # Of a NaN beside it, a sign says nothing.
            if not np.isnan(given.real) and not np.isnan(given.imag) and not np.isnan(x):
                assert np.signbit(part) == np.signbit(other), where


@pytest.mark.parametrize("name, cut", [
    ("log", -2), ("sqrt", -2), ("asin", 2), ("asin", -2), ("acos", 2), ("acos", -2), ("atan", 2j),
    ("atan", -2j), ("asinh", 2j), ("acosh", 0.5), ("acosh", -2), ("atanh", 2), ("atanh", -2)])
def test_branch_cuts_go_by_the_sign_of_zero(name, cut):
    function = getattr(cmath, name)
    for sign in (0.0, -0.0):
        z = complex(cut.real, sign) if cut.imag == 0 else complex(sign, cut.imag)
        ours = getattr(tsum, name)(np.array([z]))
        np.testing.assert_allclose(ours.numpy()[0], function(z), rtol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_extremes_do_not_overflow():
    big = np.array([1.5e308 + 1.5e308j, 1e-310 + 1e-310j, 1e300 - 1e-300j, 5e-324j])
    with mpmath.workdps(700):  # of small numbers the inverse functions cancel their squares
        for name in ("log", "sqrt", "asin", "acos", "atan", "asinh", "acosh", "atanh", "sign",
                     "log1p"):
            for ours, z in zip(getattr(tsum, name)(big).numpy(), big):
                exact = complex(FUNCTIONS[name](mpmath.mpc(complex(z))))
                assert abs(ours - exact) <= 1e-14 * abs(exact) + 1e-323, (name, z, ours, exact)
    # Both parts are in range where e^x is not.
    for name, x in (("exp", 710), ("expm1", 710), ("sinh", 710.5), ("cosh", -710.5)):
        z = np.array([x + 0.785j, x - 2.35j])
        expected = {"expm1": np.exp}.get(name, getattr(np, name))(z)
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(getattr(tsum, name)(z), expected, rtol=1e-12)


def test_powers():
    rng = np.random.default_rng(6)
    z, w = (rng.normal(0, 2, 200) + 1j * rng.normal(0, 2, 200) for _ in range(2))
    np.testing.assert_allclose(tsum.pow(z, w), z**w, rtol=1e-13)
    zero = np.zeros(4, complex)
    exponents = np.array([0, 2, 1 + 1j, -1])
    result = tsum.pow(zero, exponents).numpy()
    assert result[:3].tolist() == [1, 0, 0] and np.isnan(result[3])
    assert tsum.sign(np.array([0j, -3 + 0j, 3 + 4j])).tolist() == [0, -1, 0.6 + 0.8j]
    with pytest.raises(tsum.DTypeError):
        tsum.erf(z)
    with pytest.raises(tsum.DTypeError):
        tsum.atan2(z, w)

