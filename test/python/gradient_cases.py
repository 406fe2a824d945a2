# SPDX-License-Identifier: Apache-2.0
"""Functions whose gradients gradient_values.json has, as another framework computes them.

Each is a function of a namespace of operations and of arrays. tsum is such a namespace; run as a
program, this file makes one of JAX, whose values it writes:

    python gradient_cases.py > gradient_values.json         # with jax installed
"""
import json
import sys

import numpy as np

AXES = [None, 0, 1, -1, (0, 1), ()]
UNARY = ["negative", "abs", "square", "sqrt", "rsqrt", "reciprocal", "relu", "exp", "expm1", "log",
         "log1p", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sigmoid", "softplus", "erf",
         "log2", "log10", "asinh", "cbrt", "erfc"]
INSIDE_ONE = ["asin", "acos", "atanh"]
BINARY = ["add", "subtract", "multiply", "divide", "pow", "atan2", "maximum", "minimum", "floormod",
          "hypot", "logaddexp"]
REDUCTIONS = ["reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_mean",
              "reduce_variance", "reduce_std", "reduce_logsumexp", "reduce_l1", "reduce_sum_square",
              "reduce_euclidean_norm"]


def cases():
    """Names, functions, and the shapes of their operands."""
    for name in UNARY:
        yield name, lambda n, x, name=name: getattr(n, name)(x), [(3, 5)]
    for name in INSIDE_ONE:
        yield name, lambda n, x, name=name: getattr(n, name)(x * 0.6), [(3, 5)]
    yield "acosh", lambda n, x: n.acosh(x + 1), [(3, 5)]
    for name in BINARY:
        for shapes in ([(3, 5), (3, 5)], [(3, 5), (5,)], [(3, 1), (5,)], [(), (2, 3)]):
            yield (f"{name} {shapes}", lambda n, x, y, name=name: getattr(n, name)(x, y), shapes)
    for name in REDUCTIONS:
        for axis in AXES:
            if axis == () and name in ("reduce_std", "reduce_euclidean_norm"):
                continue  # the root of 0, and the absolute value
            for keepdims in (False, True):
                yield (f"{name} {axis} {keepdims}",
                       lambda n, x, name=name, axis=axis, keepdims=keepdims:
                       getattr(n, name)(x, axis, keepdims), [(3, 5)])
    for name in ("softmax", "log_softmax", "standardize", "layer_norm", "rms_norm"):
        for axis in (0, -1, (0, 1)):
            yield (f"{name} {axis}",
                   lambda n, x, name=name, axis=axis: getattr(n, name)(x, axis=axis), [(3, 5)])
    yield "scaled layer_norm", lambda n, x, s, o: n.layer_norm(x, s, o), [(3, 5), (5,), (5,)]
    yield "scaled rms_norm", lambda n, x, s: n.rms_norm(x, s), [(3, 5), (5,)]
    yield "dot", lambda n, x, y: n.dot(x, y), [(3, 5), (5,)]
    yield "cosine_similarity", lambda n, x, y: n.cosine_similarity(x, y), [(3, 5), (5,)]
    yield "transpose", lambda n, x: n.square(n.transpose(x, (2, 0, 1))), [(2, 3, 4)]
    yield "reshape", lambda n, x: n.square(n.reshape(n.reshape(x, (6, 4)), (3, 8))), [(2, 3, 4)]
    yield "broadcast_to", lambda n, x: n.exp(n.broadcast_to(x, (2, 3, 4))), [(3, 1)]
    yield "slices", lambda n, x: n.square(x[1:, ::2]) + n.exp(x[:2, 4::-2]), [(3, 5)]
    yield "where", lambda n, x, y: n.where(x > 0.8, x * y, n.log(x)), [(3, 5), (5,)]
    yield "cross-entropy", lambda n, x, y: (
        -n.reduce_mean(n.reduce_sum(n.softmax(y) * n.log_softmax(x), 1))), [(3, 5), (3, 5)]
    yield "tanh squared", lambda n, x: n.reduce_sum(n.square(n.tanh(x))), [(3, 5)]
    yield "KL of normals", lambda n, m, v: (
        -0.5 * n.reduce_sum(1 + v - n.square(m) - n.exp(v), 1)), [(3, 5), (3, 5)]
    yield "log of a normal", lambda n, x, m, v: n.reduce_sum(
        -0.5 * (n.square(x - m) * n.exp(-v) + v + float(np.log(2 * np.pi))), 1), [(3, 5)] * 3
    yield "attention", lambda n, q, k, v: n.reduce_sum(
        n.expand_dims(n.softmax(n.reduce_sum(n.expand_dims(q, 1) * n.expand_dims(k, 0), -1)), -1)
        * n.expand_dims(v, 0), 1), [(3, 4), (5, 4), (5, 2)]


def operands(shapes):
    """Values without ties, in the domain of every function."""
    random = np.random.default_rng(17)
    return [random.uniform(0.3, 1.6, shape) for shape in shapes]


def weights(shape, seed):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


class Jax:
    """tsum's functions, of JAX's."""

    def __init__(self):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        self.jax, self.jnp = jax, jnp
        self.names = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
                      "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2",
                      "floormod": "mod", "pow": "power"}

    def __getattr__(self, name):
        jax, jnp = self.jax, self.jnp
        if name.startswith("reduce_"):
            of = {"reduce_logsumexp": jax.nn.logsumexp, "reduce_variance": jnp.var,
                  "reduce_l1": lambda x, **k: jnp.sum(jnp.abs(x), **k),
                  "reduce_sum_square": lambda x, **k: jnp.sum(x * x, **k),
                  "reduce_euclidean_norm": lambda x, **k: jnp.sqrt(jnp.sum(x * x, **k))}.get(name)
            of = of or getattr(jnp, name[len("reduce_"):])
            return lambda x, axis=None, keepdims=False: of(x, axis=axis, keepdims=keepdims)
        if name == "rsqrt":
            return jax.lax.rsqrt
        if name in ("erf", "erfc"):
            return getattr(jax.scipy.special, name)
        if hasattr(jax.nn, name) and name != "standardize":
            return getattr(jax.nn, name)
        return getattr(jnp, self.names.get(name, name))

    def standardize(self, x, axis=-1, epsilon=0.0):
        mean = self.jnp.mean(x, axis=axis, keepdims=True)
        variance = self.jnp.var(x, axis=axis, keepdims=True)
        return (x - mean) / self.jnp.sqrt(variance + epsilon)

    def layer_norm(self, x, scale=1.0, offset=0.0, axis=-1):
        return self.standardize(x, axis, 1e-5) * scale + offset

    def rms_norm(self, x, scale=1.0, axis=-1):
        return x / self.jnp.sqrt(self.jnp.mean(x * x, axis=axis, keepdims=True) + 1e-6) * scale

    def dot(self, x, y):
        return self.jnp.sum(x * y, axis=-1)

    def cosine_similarity(self, x, y):
        norm = lambda v: self.jnp.sqrt(self.jnp.sum(v * v, -1))
        return self.dot(x, y) / (norm(x) * norm(y))


def main():
    n = Jax()
    values = {}
    for name, function, shapes in cases():
        xs = operands(shapes)
        along = [weights(x.shape, 2) for x in xs]

        def loss(*xs):
            y = function(n, *xs)
            return n.jnp.sum(y * weights(y.shape, 1))

        gradient = n.jax.grad(loss, tuple(range(len(xs))))
        second = n.jax.grad(lambda *xs: sum(n.jnp.sum(g * v) for g, v in zip(gradient(*xs), along)),
                            tuple(range(len(xs))))
        values[name] = {"value": float(loss(*xs)),
                        "gradients": [np.asarray(g).ravel().tolist() for g in gradient(*xs)],
                        "second": [np.asarray(g).ravel().tolist() for g in second(*xs)]}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()]
    sys.stdout.write("{\"version\": " + json.dumps(f"jax {n.jax.__version__}") + ",\n"
                     + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
