# SPDX-License-Identifier: Apache-2.0
"""The order of additions of docs/numerics.md in NumPy, step by step: what the bits of every float
sum and product are tested against. Shares no code with tsum."""
import math
from fractions import Fraction

import ml_dtypes
import numpy as np

BLOCK = 256  # elements
LANES = 16

# The significant bits of a dtype and its smallest exponent, as `math.frexp` counts: those of
# subnormal numbers.
PRECISION = {"float16": (11, -24), "bfloat16": (8, -133), "float32": (24, -149)}


def reduce_sum(x, axes):
    return _reduce(x, axes, np.add)


def reduce_prod(x, axes):
    return _reduce(x, axes, np.multiply)


def _reduce(x, axes, operation):
    """The sum or product of an array of any float dtype over `axes`, which keep extent 1."""
    x = np.asarray(x)
    shape = tuple(1 if axis in axes else extent for axis, extent in enumerate(x.shape))
    reduced = [axis for axis in sorted(axes) if x.shape[axis] != 1]
    if not reduced:
        return x.reshape(shape)
    if any(x.shape[axis] == 0 for axis in reduced):
        return np.full(shape, 0 if operation is np.add else 1, x.dtype)
    kept = [axis for axis in range(x.ndim) if axis not in reduced]
    # Lists of lists: of the elements along the outermost reduced dimension, and so on. An element
    # is an array over the kept dimensions.
    with np.errstate(all="ignore"):
        wide = x.astype(_block_type(x.dtype, operation)).transpose(reduced + kept)
        node = _node(wide, len(reduced), x.dtype, operation)
        return _result(node, x.dtype, operation).reshape(shape)


def _block_type(dtype, operation):
    """Step 1: what the elements of a block are combined in."""
    narrow = dtype.name != "float64" and operation is np.add
    return np.float32 if narrow else np.float64


def _node(elements, dimensions, dtype, operation):
    """Steps 2 to 4: the node of all elements along the first `dimensions` dimensions."""
    if dimensions == 1:
        blocks = [elements[begin:begin + BLOCK] for begin in range(0, len(elements), BLOCK)]
        nodes = [_widen(_block(block, operation), dtype) for block in blocks]
    else:
        nodes = [_node(line, dimensions - 1, dtype, operation) for line in elements]
    merge = MERGES[operation, _is_pair(dtype)]
    while len(nodes) > 1:
        nodes = [merge(*nodes[i:i + 2]) if i + 1 < len(nodes) else nodes[i]
                 for i in range(0, len(nodes), 2)]
    return nodes[0]


def _block(elements, operation):
    """Step 2: lanes in order, then by halves."""
    lanes = list(elements[:LANES])
    for i in range(LANES, len(elements)):
        lanes[i % LANES] = operation(lanes[i % LANES], elements[i])
    for half in (8, 4, 2, 1):
        for lane in range(half):
            if lane + half < len(lanes):
                lanes[lane] = operation(lanes[lane], lanes[lane + half])
        lanes = lanes[:half]
    return lanes[0]


def _is_pair(dtype):
    return dtype.name == "float64"


def _widen(block, dtype):
    """Step 3: a block's value as a node, an f64 or a pair of them."""
    block = np.asarray(block, np.float64)
    return (block, np.zeros_like(block)) if _is_pair(dtype) else block


def _fma(x, y, z):
    """x * y + z, rounded once."""
    product = x * y
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        return product + z
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:  # of which only the sign is left to say
        return math.copysign(0.0, x) * math.copysign(1.0, y) + z if z == 0 else 0.0
    try:
        return float(exact)
    except OverflowError:
        return math.copysign(math.inf, exact)


fma = np.vectorize(lambda x, y, z: _fma(float(x), float(y), float(z)), otypes=[np.float64])


def _two_sum(a, b):
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def _two_product(a, b):
    p = a * b
    return p, fma(a, b, -p)


def _merge_pair_sums(x, y):
    high, error = _two_sum(x[0], y[0])
    return high, (x[1] + y[1]) + error


def _merge_pair_products(x, y):
    high, error = _two_product(x[0], y[0])
    return high, fma(x[0], y[1], fma(x[1], y[0], error))


MERGES = {
    (np.add, False): lambda x, y: x + y,
    (np.multiply, False): lambda x, y: x * y,
    (np.add, True): _merge_pair_sums,
    (np.multiply, True): _merge_pair_products,
}


def _result(node, dtype, operation):
    """Step 5: rounded once."""
    if _is_pair(dtype):
        high, low = node
        value = np.where(np.isfinite(high) & (low != 0), high + low, high)
    else:
        value = node
    if operation is np.add:
        value = value + 0.0
    return round_to(value, dtype)


def round_to(value, dtype):
    """f64 rounded to `dtype`, to nearest even, at once."""
    if dtype.name == "float64":
        return np.asarray(value, np.float64)
    digits, least = PRECISION[dtype.name]
    _, exponent = np.frexp(value)
    unit = np.maximum(exponent - digits, least)
    rounded = np.ldexp(np.rint(np.ldexp(value, -unit)), unit)
    rounded = np.where(np.isfinite(value), rounded, value)
    largest = float(ml_dtypes.finfo(dtype).max)
    rounded = np.where(np.abs(rounded) > largest, np.copysign(np.inf, rounded), rounded)
    return rounded.astype(np.float32).astype(dtype)  # exact
