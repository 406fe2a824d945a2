# SPDX-License-Identifier: Apache-2.0
"""Gradients of random functions against JAX's; `tools/dev conformance gradients` is what calls it.

    gradients.py [--count N] [--seed S] [--second N]

Functions of the seeds from S on, f64 and f32 in turns: their values, gradients with respect to all
arguments and, of every fourth, derivatives along a direction; of the first N of --second the second
derivatives as well. f32 is compared with JAX's gradients in f64 of the same data. Where functions
have no derivative, JAX's side is written so that it is TensorFlow's, which is tsum's
(docs/gradients.md). What differs is printed, as a program, and makes the exit status 1.

A difference counts unless JAX has the like of it with itself: between f32 and f64, or, in f64, when
its data change in the last bit.
"""
import argparse
import os
import pathlib
import sys
import time

os.environ.setdefault("TSUM_SPECIALIZE", "never")  # many small graphs, each seen once
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))

import numpy as np

import tsum
import jax_by_numpy
from gradient_cases import Jax
from random_functions import Maker



class Tsum:
    """The namespace of functions, for arrays of one dtype."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __getattr__(self, name):
        return getattr(tsum, name)

    def array(self, x):
        return tsum.asarray(x if x.dtype == bool else np.asarray(x).astype(self.dtype))

    def through_f64(self, function, x):
        return tsum.cast(function(tsum.cast(x, tsum.f64)), x.dtype)


class TensorFlowsConventions(Jax):
    """JAX's functions, with TensorFlow's gradients where there is no derivative."""

    def __init__(self, dtype=np.float64):
        super().__init__()
        self.dtype = dtype

    def array(self, x):
        return x if x.dtype == bool else np.asarray(x).astype(self.dtype)

    def compute(self, function, *arguments):
        """The result of a function of the namespace."""
        arguments = [self.array(x) for x in arguments]
        return jax_by_numpy.compute(self.jax, lambda *xs: function(self, *xs), *arguments)[0]

    def through_f64(self, function, x):
        return function(x)

    def stop_gradient(self, x):
        return self.jax.lax.stop_gradient(x)

    def abs(self, x):
        jnp = self.jnp
        if jnp.iscomplexobj(x):
            return jnp.abs(x)
        return x * self.jax.lax.stop_gradient(jnp.sign(x))

    def relu(self, x):
        return self.jnp.where(x > 0, x, 0.0)

    def maximum(self, x, y):
        return self.jnp.where(self.jnp.greater_equal(x, y), x, y)

    def minimum(self, x, y):
        return self.jnp.where(self.jnp.less_equal(x, y), x, y)

    def clip_by_value(self, x, low, high):
        return self.minimum(self.maximum(x, low), high)

    def flat(self, x):
        return self.jax.lax.stop_gradient(x)

    def floor(self, x):
        return self.flat(self.jnp.floor(x))

    def ceil(self, x):
        return self.flat(self.jnp.ceil(x))

    def trunc(self, x):
        return self.flat(self.jnp.trunc(x))

    def round(self, x):
        return self.flat(self.jnp.round(x))

    def floordiv(self, x, y):
        return self.flat(self.jnp.floor_divide(x, y))

    def product_error(self, x, y):
        return 0 * self.flat(x * y)

    def reciprocal(self, x):
        return 1 / x

    def cbrt(self, x):
        return self.jnp.cbrt(x)

    def complex(self, x, y):
        x, y = self.jnp.broadcast_arrays(x, y)
        return self.jax.lax.complex(x, y)

    def reduce_l1(self, x, axis=None, keepdims=False):
        return self.jnp.sum(self.abs(x), axis=axis, keepdims=keepdims)

    def ptp(self, x, axis=None, keepdims=False):
        return (self.jnp.max(x, axis=axis, keepdims=keepdims)
                - self.jnp.min(x, axis=axis, keepdims=keepdims))

    def moments(self, x, axes):
        return self.jnp.mean(x, axis=axes), self.jnp.var(x, axis=axes)

    def average(self, x, weights, axis=None):
        return self.jnp.sum(x * weights, axis=axis) / self.jnp.sum(weights, axis=axis)


def derivatives_of_jax(n, f, leaves, along, order, by_xla=False):
    """The value, gradients, and for order 2 those of the gradients along `along`."""
    leaves = [n.array(x) for x in leaves]
    arguments = tuple(range(len(leaves)))
    loss = lambda *xs: f(n, *xs)

    def derivatives(*xs):
        value, gradients = n.jax.value_and_grad(loss, arguments)(*xs)
        if order == 1:
            return value, *gradients
        inner = n.jax.grad(loss, arguments)
        second = n.jax.grad(lambda *xs: sum(n.jnp.sum(g * n.array(v))
                                            for g, v in zip(inner(*xs), along)), arguments)(*xs)
        return value, *gradients, *second

    results = derivatives(*leaves) if by_xla else jax_by_numpy.compute(n.jax, derivatives, *leaves)
    return [np.asarray(x, np.float64) for x in results]


def derivatives_of_tsum(n, f, leaves, along, order):
    leaves = [n.array(x) for x in leaves]
    loss = f(n, *leaves)
    gradients = tsum.gradients(loss, leaves, unconnected_gradients="zero")
    results = [loss, *gradients]
    if order == 2:
        results += tsum.gradients(gradients, leaves, [n.array(v) for v in along],
                                  unconnected_gradients="zero")
    tsum.eval(*results)
    for x, g in zip(leaves, gradients):
        assert g.dtype == x.dtype and g.shape == x.shape, (g.dtype, g.shape, x.dtype, x.shape)
    return [np.asarray(x, np.float64) for x in results]


def direction_of_tsum(n, f, leaves, along):
    leaves = [n.array(x) for x in leaves]
    tangent = tsum.jvp(lambda *xs: f(n, *xs), tuple(leaves), tuple(map(n.array, along)))[1]
    return np.asarray(tangent, np.float64)


def distance(found, expected):
    """The largest difference, of what is no number infinity, for the size of what is expected."""
    if found.shape != expected.shape:
        return np.inf
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0, np.abs(found - expected))
    if not np.all(np.isfinite(difference)):
        return np.inf
    return difference.max(initial=0) / max(1, np.abs(expected).max(initial=0))


class Comparison:
    def __init__(self):
        self.jax = TensorFlowsConventions(np.float64)
        self.jax_f32 = TensorFlowsConventions(np.float32)
        self.steps, self.loose, self.by_xla = {}, 0, 0

    def differences(self, seed, second):
        """What differs of the function of a seed: (which result, how far, a bound), and it."""
        dtype = (np.float64, np.float32)[seed % 2]
        f = Maker(self.jax, seed, dtype).function()
        if not f.results:
            return None, []
        for step in f.steps:
            name = step.text.split()[0]
            self.steps[name] = self.steps.get(name, 0) + 1
        random = np.random.default_rng(seed)
        along = [random.uniform(-1, 1, x.shape) for x in f.leaves]
        order = 2 if second else 1
        arguments = f, f.leaves, along, order
        expected = derivatives_of_jax(self.jax, *arguments)
        if seed % 100 == 0:  # that NumPy computes what JAX does
            self.by_xla += 1
            for a, e in zip(derivatives_of_jax(self.jax, *arguments, by_xla=True), expected):
                assert distance(a, e) < 1e-9, ("JAX by NumPy", a, e)
        found = derivatives_of_tsum(Tsum(dtype), *arguments)
        names = ["value", *(f"gradient {i}" for i in range(len(f.leaves))),
                 *(f"second derivative {i}" for i in range(len(f.leaves)))]
        if seed % 4 < 2:
            tangent = sum((g * v).sum() for g, v in zip(expected[1:], along))
            expected.append(np.asarray(tangent, np.float64))
            found.append(direction_of_tsum(Tsum(dtype), f, f.leaves, along))
            names = names[:len(expected) - 1] + ["jvp"]
        bound = 1e-11 if dtype == np.float64 else 1e-5
        distances = [distance(a, e) for a, e in zip(found, expected, strict=True)]
        if all(d <= bound for d in distances):
            return f, []
        own = self.own_errors(dtype, *arguments)
        if len(own) < len(expected):  # the sum of products with gradients
            own.append(sum(own))
        self.loose += 1
        return f, [(name, d, bound + 30 * o, a, e)
                   for name, d, o, a, e in zip(names, distances, own, found, expected)
                   if not d <= bound + 30 * o]

    def own_errors(self, dtype, f, leaves, along, order):
        """How far JAX is from itself: the condition of the function."""
        expected = derivatives_of_jax(self.jax, f, leaves, along, order)
        if dtype == np.float32:
            others = [derivatives_of_jax(self.jax_f32, f, leaves, along, order)]
        else:
            others = [derivatives_of_jax(self.jax, f, [x * (1 + s * 2.0**-52) for x in leaves],
                                         along, order) for s in (2, -1)]
        errors = [max(distance(other[i], expected[i]) for other in others)
                  for i in range(len(expected))]
        return [e if np.isfinite(e) else 0 for e in errors]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--second", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    comparison = Comparison()
    jax = comparison.jax.jax
    start, compared, differing = time.monotonic(), 0, []
    for k in range(options.count):
        seed = options.seed + k
        try:
            f, differences = comparison.differences(seed, k < options.second)
        except Exception as error:
            print(f"== seed {seed}: {type(error).__name__}: {error}", flush=True)
            differing.append(seed)
            continue
        compared += f is not None
        if differences:
            differing.append(seed)
            print(f"== seed {seed}, {('f64', 'f32')[seed % 2]}\n{f}")
            for name, far, bound, found, expected in differences:
                print(f"{name}: {far:.2e} of at most {bound:.2e}\n{found}\nJAX:\n{expected}")
        if (k + 1) % 500 == 0:
            print(f"{k + 1} seeds, {compared} functions, {len(differing)} differ, "
                  f"{time.monotonic() - start:.0f} s", flush=True)
    print(f"jax {jax.__version__}: {compared} functions of {options.count} seeds from "
          f"{options.seed}, second derivatives of the first {min(options.second, options.count)}; "
          f"{len(differing)} differ: {differing[:20]}; JAX's own error was asked for of "
          f"{comparison.loose}; {comparison.by_xla} computed by XLA as well; "
          f"{time.monotonic() - start:.0f} s")
    print("primitives that JAX computed:", jax_by_numpy.others)
    print("operations:", ", ".join(f"{name} {count}"
                                   for name, count in sorted(comparison.steps.items())))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
