# SPDX-License-Identifier: Apache-2.0
"""JAX's tests of reductions, with tsum.numpy's functions in place of jax.numpy's.

    jax_reducers.py CHECKOUT [PYTEST OPTION...]

CHECKOUT is one of github.com/jax-ml/jax, of the installed version of JAX. Its
tests/lax_numpy_reducers_test.py runs as it is, but that functions which tsum.numpy has are its own,
on NumPy's arrays, and that nothing is compiled by XLA: the tests compare with NumPy. JAX's own
numbers are of 64 bits then, and means of integers are expected as float64, both as in NumPy. What
is JAX's alone is deselected, with a reason.
"""
import os
import pathlib
import sys

os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("JAX_NUM_GENERATED_CASES", "10")

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parents[1] / "build" / "conformance"

# Put before the file: `jnp` is tsum.numpy where it has the name.
HEADER = '''
import jax.numpy as _jnp
import numpy as _numpy
import tsum.numpy as _tnp


class _Namespace:
    """tsum.numpy, and jax.numpy for the rest."""

    def __getattr__(self, name):
        found = getattr(_tnp, name, None)
        if name in OURS and callable(found):
            def function(*args, **kwargs):
                result = found(*map(_plain, args),
                               **{key: _plain(each) for key, each in kwargs.items()})
                if isinstance(result, (tuple, list)):
                    return type(result)(_numpy.asarray(each) for each in result)
                return _numpy.asarray(result)
            return function
        return getattr(_jnp, name)


def _plain(value):
    """NumPy's array in place of JAX's, and NumPy's dtype in place of a scalar class of JAX's."""
    if isinstance(value, jax.Array):
        return _numpy.asarray(value)
    return getattr(value, "dtype", value) if type(value).__name__ == "_ScalarMeta" else value


OURS = {"all", "any", "amax", "amin", "average", "max", "mean", "min", "nanmax", "nanmean",
        "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp", "std", "sum", "var",
        "median", "nanmedian", "quantile", "nanquantile", "percentile", "nanpercentile", "cumsum",
        "cumprod", "nancumsum", "nancumprod", "cumulative_sum", "cumulative_prod", "cov"}


class _DTypes:
    """JAX's rules for dtypes, but for means of integers, which are float64 in NumPy."""

    def __getattr__(self, name):
        return getattr(_jax_dtypes, name)

    def to_inexact_dtype(self, dtype):
        dtype = _numpy.dtype(dtype)
        return _numpy.dtype("f8") if dtype.kind in "biu" else dtype


_jax_dtypes, dtypes = dtypes, _DTypes()
jnp = _Namespace()
jtu.JaxTestCase._CompileAndCheck = lambda *args, **kwargs: None
'''

# What is JAX's alone.
DESELECTED = {
    "testReducerPromoteInt": "promote_integers is a parameter of JAX",
    "testReducerBadInitial": "the words of JAX's errors",
    "testReducerWhereNonBooleanErrorInitial": "the words of JAX's errors",
    "testReducerWhereNonBooleanErrorNoInitial": "the words of JAX's errors",
    "testReductionOfOutOfBoundsAxis": "the words of JAX's errors",
    "testReductionWithRepeatedAxisError": "the words of JAX's errors",
    "testCumulativeSumErrors": "the words of JAX's errors",
    "testCumulativeProdErrors": "the words of JAX's errors",
    "testCovDtype": "the words of JAX's errors",
    "testMeanVeryLargeArray": "the shape of what JAX would compile, without values",
    "test_cumsum_boolean": "cumsum of int32 in 32 bits, where NumPy has 64",
    "testNanStdGrad": "a gradient, which `conformance gradients` is about",
    "testReducerF16Casts": "the text of what JAX compiles",
    "testMeanF16Casts": "the text of what JAX compiles",
}


def main():
    checkout, *options = sys.argv[1:]
    source = pathlib.Path(checkout) / "tests" / "lax_numpy_reducers_test.py"
    if not source.exists():
        sys.exit(f"{checkout} has no tests/lax_numpy_reducers_test.py "
                 "(git clone https://github.com/jax-ml/jax)")
    text = source.read_text()
    anchor = "config.parse_flags_with_absl()\n"
    assert text.count(anchor) == 1, "JAX's test has changed"
    text = text.replace(anchor, anchor + HEADER)
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / "jax_reducers_test.py"
    file.write_text(text)
    import pytest

    deselected = " or ".join(DESELECTED)
    print("left out:")
    for name, reason in DESELECTED.items():
        print(f"  {name}: {reason}")
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", f"not ({deselected})", str(file),
                          *options]))


if __name__ == "__main__":
    main()
