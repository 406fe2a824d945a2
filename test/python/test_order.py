# SPDX-License-Identifier: Apache-2.0
"""The bits of sums and products are those of the order in docs/numerics.md, as order_model.py
follows it, and depend on the elements alone."""
import itertools
import math
import zlib
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import order_model
import tsum

DTYPES = [np.dtype(t) for t in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)]

# Extents around lanes, blocks and the halves of trees, lines that nest, and extents of 0 and 1.
SHAPES = [
    (1,), (2,), (15,), (16,), (17,), (31,), (33,), (48,), (255,), (256,), (257,), (272,), (273,),
    (511,), (513,), (767,), (1025,), (4095,), (4096,), (4097,), (20001,),
    (3, 257), (257, 3), (16, 16), (17, 15), (300, 5), (5, 300), (1, 40), (40, 1), (2, 4097),
    (600, 33), (5, 17, 33), (2, 256, 3), (257, 2, 16), (7, 1, 9), (3, 4, 5, 6), (2, 1, 300, 2),
    (0,), (0, 3), (3, 0), (2, 0, 3)]

LAYOUTS = {
    "row major": lambda x: x,
    "column major": np.asfortranarray,
    "first dimension innermost": lambda x: np.moveaxis(
        np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0) if x.ndim else x,
    "with gaps": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "padded rows": lambda x: np.concatenate([x, x[..., :1]], axis=-1)[..., :-1]
    if x.shape[-1] else x,
    "reversed": lambda x: np.ascontiguousarray(np.flip(x))[(slice(None, None, -1),) * x.ndim],
    "unaligned": lambda x: np.frombuffer(
        b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape) if x.size else x,
}


def values(shape, dtype, name):
    """Numbers of which every order of additions, or of multiplications, makes something else; now
    and then special ones."""
    random = np.random.default_rng(zlib.crc32(repr((shape, dtype.name, name)).encode()))
    if name == "reduce_prod":
        x = 1 + random.uniform(-1, 1, shape) / max(16, math.prod(shape)) ** 0.5
        x *= random.choice([-1, 1], shape)
    else:
        x = random.standard_normal(shape) * 2.0 ** random.integers(-4, 4, shape)
    return x.astype(dtype)


def bits(x):
    """With one NaN."""
    x = np.array(x)
    unsigned = x.view(f"u{x.dtype.itemsize}")
    wide = x.astype(np.float64)
    unsigned[np.isnan(wide)] = 0x7fff
    return unsigned


def assert_same_bits(result, expected):
    result = np.asarray(result)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    wrong = bits(result) != bits(expected)
    assert not wrong.any(), (f"{wrong.sum()} of {wrong.size} differ: {result[wrong][0]!r}, "
                             f"expected {expected[wrong][0]!r}")


def axes_of(rank):
    return [axes for count in range(1, rank + 1)
            for axes in itertools.combinations(range(rank), count)]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", ["reduce_sum", "reduce_prod"])
def test_bits_are_the_models(name, dtype):
    layouts = itertools.cycle(LAYOUTS.items())  # three of them for each case
    for shape in SHAPES:
        if name == "reduce_prod" and dtype == np.float64 and math.prod(shape) > 5000:
            continue  # the model is slow
        x = values(shape, dtype, name)
        for axes in axes_of(len(shape)):
            expected = getattr(order_model, name)(x, axes)
            for layout, lay_out in itertools.islice(layouts, 3):
                y = lay_out(x)
                assert (bits(y) == bits(x)).all(), layout
                assert_same_bits(getattr(tsum, name)(y, axes, keepdims=True), expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_bits_of_special_values(dtype):
    info = ml_dtypes.finfo(dtype)
    special = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, float(info.max), -float(info.max),
               float(info.smallest_subnormal), float(info.tiny)]
    random = np.random.default_rng(5)
    lines = [np.array([a, b]) for a in special for b in special]
    lines += [random.choice(special, n) for n in (17, 255, 300, 700) for _ in range(40)]
    lines += [np.full(n, -0.0) for n in (1, 2, 16, 300)]
    for line in lines:
        x = line.astype(dtype)
        for name in ("reduce_sum", "reduce_prod"):
            assert_same_bits(getattr(tsum, name)(x, keepdims=True),
                             getattr(order_model, name)(x, (0,)))


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_sums_are_two_real_ones(dtype):
    for shape in [(300,), (40, 70), (3, 257, 5)]:
        part = np.zeros(0, dtype).real.dtype
        x = np.empty(shape, dtype)
        x.real, x.imag = values(shape, part, "real"), values(shape, part, "imag")
        for axes in axes_of(len(shape)):
            result = tsum.reduce_sum(x, axes, keepdims=True).numpy()
            assert_same_bits(result.real.copy(), order_model.reduce_sum(x.real, axes))
            assert_same_bits(result.imag.copy(), order_model.reduce_sum(x.imag, axes))


def test_bits_of_computed_operands():
    x = values((37, 530), np.dtype(np.float32), "x")
    for axes in axes_of(2):
        for make in (tsum.exp, tsum.tanh, tsum.square, lambda x: x * 1.0, tsum.transpose):
            operand = make(tsum.asarray(x))
            assert_same_bits(tsum.reduce_sum(make(x), axes, keepdims=True),
                             order_model.reduce_sum(operand.numpy(), axes))


def test_dtype_is_that_of_the_additions():
    x = values((40, 300), np.dtype(np.float32), "x")
    for axes in axes_of(2):
        assert_same_bits(tsum.sum(x, axes, dtype=tsum.f64, keepdims=True),
                         order_model.reduce_sum(x.astype(np.float64), axes))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_of_long_sums_on_threads(dtype):
    x = values(((1 << 19) + 4099,), np.dtype(dtype), "x")
    try:
        for shape in [(x.size,), (x.size // 3, 3), (3, x.size // 3), (1031, x.size // 1031)]:
            y = x[:math.prod(shape)].reshape(shape)
            axes = tuple(range(len(shape)))
            expected = order_model.reduce_sum(y, axes)
            for threads in (1, 2, 5):
                tsum.set_threads(threads)
                assert_same_bits(tsum.reduce_sum(y, keepdims=True), expected)
    finally:
        tsum.set_threads(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bound_on_adversarial_data(dtype):
    unit = np.finfo(dtype).eps / 2
    n = 1 << 18
    data = {
        "ascending": np.arange(1, n + 1),
        "alternating": np.resize([1.0, -1 + unit], n),
        "one and many tiny": np.r_[1.0, np.full(n - 1, unit / 2)],
        "tiny and one": np.r_[np.full(n - 1, unit / 2), 1.0],
        "steps": np.repeat(2.0 ** np.arange(-20, 20), n // 40),
    }
    for name, x in data.items():
        x = x.astype(dtype)
        for shape in [(-1,), (2, -1), (-1, 2), (64, -1)]:
            y = x[:len(x) // 128 * 128].reshape(shape)
            for axis in (None, *range(len(shape))):
                sums = np.asarray(tsum.reduce_sum(y, axis)).astype(np.float64)
                lines = np.moveaxis(y, axis, -1).reshape(-1, y.shape[axis]) \
                    if axis is not None else y.reshape(1, -1)
                for line, value in zip(lines[:64], sums.flat):
                    exact = math.fsum(line)
                    bound = 20 * unit * math.fsum(np.abs(line))
                    assert abs(Fraction(value) - Fraction(exact)) <= bound, (name, shape, axis)
