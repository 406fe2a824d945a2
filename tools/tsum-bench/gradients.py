# SPDX-License-Identifier: Apache-2.0
"""Value and gradient of losses of 1024x4096 f32, of tsum and of JAX, in one process.

usage: python gradients.py [REPETITIONS]        with tsum and jax installed

Prints the least of the times of each, and of the first call, which compiles: set TSUM_CACHE_DIR= so
that tsum compiles as well. Calls of the two alternate, so that both meet the same machine.
"""
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

import tsum

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((1024, 4096)).astype(np.float32)
LABELS = np.eye(4096, dtype=np.float32)[RANDOM.integers(0, 4096, 1024)]
WEIGHTS = RANDOM.standard_normal((1024, 4096)).astype(np.float32)


def normalized(x):
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5)


def losses(labels, weights):
    """In tsum and in JAX."""
    return {
        "sum(tanh(x)^2)": (lambda x: tsum.reduce_sum(tsum.square(tsum.tanh(x))),
                           lambda x: jnp.sum(jnp.square(jnp.tanh(x)))),
        "softmax cross-entropy": (
            lambda x: -tsum.reduce_mean(tsum.reduce_sum(labels * tsum.log_softmax(x), 1)),
            lambda x: -jnp.mean(jnp.sum(LABELS * jax.nn.log_softmax(x), 1))),
        "variance of rows": (lambda x: tsum.reduce_sum(tsum.reduce_variance(x, 1)),
                             lambda x: jnp.sum(jnp.var(x, 1))),
        "logsumexp of rows": (lambda x: tsum.reduce_sum(tsum.reduce_logsumexp(x, 1)),
                              lambda x: jnp.sum(jax.nn.logsumexp(x, 1))),
        "layer norm": (lambda x: tsum.reduce_sum(tsum.layer_norm(x) * weights),
                       lambda x: jnp.sum(normalized(x) * WEIGHTS)),
    }


def timed(call):
    start = time.perf_counter()
    result = call()
    jax.block_until_ready(result[1]) if isinstance(result[1], jax.Array) else None
    return time.perf_counter() - start, result


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    ours, theirs = tsum.asarray(X), jnp.asarray(X)
    print(f"{'':22} {'tsum':>9} {'jax':>9}         first call")
    for name, (f, g) in losses(tsum.asarray(LABELS), tsum.asarray(WEIGHTS)).items():
        f, g = tsum.jit(tsum.value_and_grad(f)), jax.jit(jax.value_and_grad(g))
        f_first, (_, f_gradient) = timed(lambda: f(ours))
        g_first, (_, g_gradient) = timed(lambda: g(theirs))
        np.testing.assert_allclose(f_gradient, g_gradient, rtol=1e-3,
                                   atol=1e-5 * float(jnp.abs(g_gradient).max()))
        times = [(timed(lambda: f(ours))[0], timed(lambda: g(theirs))[0])
                 for _ in range(repetitions)]
        of_f, of_g = (min(column) * 1e3 for column in zip(*times))
        print(f"{name:22} {of_f:6.2f} ms {of_g:6.2f} ms  {of_g / of_f:5.2f}x  "
              f"{f_first * 1e3:5.0f} ms {g_first * 1e3:5.0f} ms")


if __name__ == "__main__":
    main()
