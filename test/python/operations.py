# SPDX-License-Identifier: Apache-2.0
"""What each operation of tsum means in NumPy: the table that the conformance tests run over.

An operation that is not in it fails a test, so that none goes untested.
"""
import dataclasses
import fractions
import typing

import ml_dtypes
import mpmath
import numpy as np

import tsum


def erf(x):
    return np.vectorize(lambda v: float(mpmath.erf(float(v))), otypes=[np.float64])(x)


def shifted(x, y, left):
    """tsum's shifts, which are defined for every y."""
    bits = x.dtype.itemsize * 8
    wide = np.where((y < 0) | (y >= bits), bits - 1, y).astype(x.dtype)
    if left:
        return np.where((y < 0) | (y >= bits), x.dtype.type(0), np.left_shift(x, wide))
    return np.where((y < 0) | (y >= bits), np.where(x < 0, -1, 0).astype(x.dtype),
                    np.right_shift(x, wide))


def product_error(x, y):
    """By fractions: the arrays are small. Of f16 and bf16, which are computed in f32, 0."""
    if x.dtype.itemsize == 2:
        return np.zeros(np.broadcast_shapes(x.shape, y.shape), x.dtype)

    number = x.dtype.type

    def error(a, b):
        product = number(a) * number(b)
        if not np.isfinite(product):
            return number(0)
        exact = fractions.Fraction(float(a)) * fractions.Fraction(float(b))
        return number(float(exact - fractions.Fraction(float(product))))

    with np.errstate(all="ignore"):
        return np.vectorize(error, otypes=[x.dtype])(x, y)


def power(x, y):
    """Also for negative powers of integers, which NumPy refuses: 1 / x^-y, towards 0."""
    if x.dtype.kind not in "iu":
        return np.power(x, y)
    inverse = np.where(np.abs(x) == 1, np.power(x, y & 1), 0)
    return np.where(y < 0, inverse, np.power(x, np.maximum(y, 0))).astype(x.dtype)


def floor_quotient(x, y):
    """TensorFlow's, of floats as well: the quotient, rounded, is rounded down. NumPy's takes the
    remainder from x first, so that 1 // 0.1 is 9, 1 // -inf is -1 and inf // 1 is NaN."""
    if x.dtype.kind in "iu":
        return np.floor_divide(x, y)
    wide = np.float64 if x.dtype.itemsize == 8 else np.float32
    return np.floor(x.astype(wide) / y.astype(wide)).astype(x.dtype)


def true_quotient(x, y):
    """TensorFlow's: integers are divided as f64, those of up to 16 bits as f32."""
    if x.dtype.kind in "iu":
        float_type = np.float32 if x.dtype.itemsize <= 2 else np.float64
        x, y = x.astype(float_type), y.astype(float_type)
    return np.divide(x, y)


@dataclasses.dataclass
class Elementwise:
    """An operation of NumPy, and how far tsum's may be from the exact value, in units in the last
    place; None if the two must be equal."""

    numpy: typing.Callable
    ulp: typing.Optional[float] = None
    exact: typing.Optional[typing.Callable] = None  # on mpmath's numbers
    low: float = -100.0
    high: float = 100.0


E = Elementwise
UNARY = {
    "negative": E(np.negative),
    "abs": E(np.abs),
    "sign": E(np.sign),
    "square": E(np.square),
    "sqrt": E(np.sqrt, low=0),
    "rsqrt": E(lambda x: 1 / np.sqrt(x), 1.5, lambda x: 1 / mpmath.sqrt(x), low=1e-3),
    "reciprocal": E(lambda x: (1 / x).astype(x.dtype)),
    "relu": E(lambda x: np.maximum(x, x.dtype.type(0))),
    "floor": E(np.floor),
    "ceil": E(np.ceil),
    "round": E(np.rint),
    "trunc": E(np.trunc),
    "exp": E(np.exp, 4, mpmath.exp, -20, 20),
    "expm1": E(np.expm1, 4, mpmath.expm1, -20, 20),
    "log": E(np.log, 4, mpmath.log, 1e-3, 1e3),
    "log1p": E(np.log1p, 4, mpmath.log1p, -0.9, 1e3),
    "log2": E(np.log2, 4, lambda x: mpmath.log(x, 2), 1e-3, 1e3),
    "log10": E(np.log10, 4, mpmath.log10, 1e-3, 1e3),
    "exp2": E(np.exp2, 4, lambda x: mpmath.mpf(2) ** x, -20, 20),
    "sin": E(np.sin, 4, mpmath.sin),
    "cos": E(np.cos, 4, mpmath.cos),
    "tan": E(np.tan, 4, mpmath.tan),
    "asin": E(np.arcsin, 4, mpmath.asin, -1, 1),
    "acos": E(np.arccos, 4, mpmath.acos, -1, 1),
    "atan": E(np.arctan, 4, mpmath.atan),
    "asinh": E(np.arcsinh, 4, mpmath.asinh, -20, 20),
    "acosh": E(np.arccosh, 4, mpmath.acosh, 1, 20),
    "atanh": E(np.arctanh, 4, mpmath.atanh, -0.99, 0.99),
    "cbrt": E(np.cbrt, 1, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))),
    "signbit": E(np.signbit),
    "sinh": E(np.sinh, 4, mpmath.sinh, -20, 20),
    "cosh": E(np.cosh, 4, mpmath.cosh, -20, 20),
    "tanh": E(np.tanh, 4, mpmath.tanh, -20, 20),
    "sigmoid": E(lambda x: 1 / (1 + np.exp(-x)), 4, lambda x: 1 / (1 + mpmath.exp(-x)), -20, 20),
    "softplus": E(lambda x: np.log1p(np.exp(x)), 4, lambda x: mpmath.log1p(mpmath.exp(x)), -20, 20),
    "erf": E(erf, 4, mpmath.erf, -4, 4),
    "erfc": E(lambda x: 1 - erf(x), 4, mpmath.erfc, -4, 8),
    "is_nan": E(np.isnan),
    "is_inf": E(np.isinf),
    "is_finite": E(np.isfinite),
    "logical_not": E(np.logical_not),
    "invert": E(np.invert),
    "real": E(np.real),
    "imag": E(np.imag),
    "conj": E(np.conj),
}
BINARY = {
    "add": E(np.add),
    "subtract": E(np.subtract),
    "multiply": E(np.multiply),
    "product_error": E(product_error),
    "divide": E(true_quotient),
    "floordiv": E(floor_quotient),
    "floormod": E(np.remainder),
    "maximum": E(np.maximum),
    "minimum": E(np.minimum),
    "pow": E(power, 4, lambda x, y: x ** y, 0.1, 10),
    "atan2": E(np.arctan2, 4, mpmath.atan2),
    "hypot": E(np.hypot, 1, lambda x, y: mpmath.sqrt(x * x + y * y)),
    "logaddexp": E(np.logaddexp, 4, lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), 1, 20),
    "copysign": E(np.copysign),
    "equal": E(np.equal),
    "not_equal": E(np.not_equal),
    "less": E(np.less),
    "less_equal": E(np.less_equal),
    "greater": E(np.greater),
    "greater_equal": E(np.greater_equal),
    "logical_and": E(np.logical_and),
    "logical_or": E(np.logical_or),
    "logical_xor": E(np.logical_xor),
    "bitwise_and": E(np.bitwise_and),
    "bitwise_or": E(np.bitwise_or),
    "bitwise_xor": E(np.bitwise_xor),
    "left_shift": E(lambda x, y: shifted(x, y, True)),
    "right_shift": E(lambda x, y: shifted(x, y, False)),
}


def logsumexp(x, axis, keepdims):
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    total = np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top
    return total if keepdims else total.reshape(np.sum(x, axis).shape)


def norm(x, axis, keepdims):
    return np.sqrt(np.sum(np.abs(x) ** 2, axis, keepdims=keepdims))


def place(function):
    def compute(x, axis, keepdims):
        axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = sorted(a % x.ndim for a in axes)
        kept = [a for a in range(x.ndim) if a not in axes]
        flat = x.transpose(kept + axes).reshape([x.shape[a] for a in kept] + [-1])
        result = function(flat, -1)
        return result.reshape([1 if a in axes else x.shape[a] for a in range(x.ndim)]
                              if keepdims else [x.shape[a] for a in kept])
    return compute


@dataclasses.dataclass
class Reduction:
    """A reduction of NumPy, of values in f64 or c128, and the error that is allowed, in units of
    the result's dtype and of the largest of the results; None if the two must be equal."""

    numpy: typing.Callable
    units: typing.Optional[float] = None
    needs_elements: bool = False


R = Reduction
REDUCTIONS = {
    "reduce_sum": R(np.sum, 64),
    "reduce_prod": R(np.prod, 64),
    "reduce_max": R(np.max, needs_elements=True),
    "reduce_min": R(np.min, needs_elements=True),
    "reduce_any": R(np.any),
    "reduce_all": R(np.all),
    "reduce_mean": R(np.mean, 64, needs_elements=True),
    "reduce_variance": R(np.var, 64, needs_elements=True),
    "reduce_std": R(np.std, 64, needs_elements=True),
    "reduce_logsumexp": R(logsumexp, 64, needs_elements=True),
    "reduce_sum_square": R(lambda x, *a, **k: np.sum(np.abs(x) ** 2, *a, **k), 64),
    "reduce_l1": R(lambda x, *a, **k: np.sum(np.abs(x), *a, **k), 64),
    "reduce_euclidean_norm": R(norm, 64),
    "count_nonzero": R(lambda x, axis, keepdims: np.count_nonzero(x, axis, keepdims=keepdims)),
    "argmax": R(place(np.argmax), needs_elements=True),
    "argmin": R(place(np.argmin), needs_elements=True),
}

# Tested by name in test_operations.py and test_composites.py.
OTHERS = ["cast", "broadcast_to", "reshape", "transpose", "expand_dims", "squeeze", "flip", "slice",
          "where", "clip_by_value", "complex", "softmax", "log_softmax", "moments", "standardize",
          "layer_norm", "rms_norm", "dot", "cosine_similarity"]

DTYPES = {str(d): d for d in vars(tsum).values() if isinstance(d, tsum.DType)}

# What a dtype's values are drawn from beside ordinary numbers.
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, np.inf, -np.inf, np.nan]


def numpy_dtype(dtype):
    return np.dtype(ml_dtypes.bfloat16) if dtype.name == "bf16" else dtype.numpy


def random_values(rng, dtype, shape, low=-100.0, high=100.0, special=False):
    """Values of `dtype`, for floats between `low` and `high`; some of them special ones."""
    target = numpy_dtype(dtype)
    if target.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if target.kind in "iu":
        limits = np.iinfo(target)
        values = rng.integers(limits.min, limits.max, shape, dtype=target, endpoint=True)
        return np.where(rng.random(shape) < 0.5, values, (values % 5).astype(target)).astype(target)
    values = rng.uniform(low, high, shape)
    if special:
        chosen = rng.choice(SPECIAL, shape)
        values = np.where(rng.random(shape) < 0.2, chosen, values)
    if target.kind == "c":
        values = values + 1j * rng.uniform(low, high, shape)
    return values.astype(target)
