# SPDX-License-Identifier: Apache-2.0
"""Value and gradient of losses of f32, of tsum and of JAX, PyTorch or both, in one process.

Prints the median of the times of each, and of the first call, which compiles: set TSUM_CACHE_DIR=
so that tsum compiles as well. They take turns, so that all meet the same machine, of some calls, of
which the first two don't count, and a while apart: threads of another may still look for work.
"""
import argparse
import functools
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

import tsum

PARSER = argparse.ArgumentParser(description=__doc__.splitlines()[0])
PARSER.add_argument("--turns", type=int, default=15)
PARSER.add_argument("--shape", type=int, nargs=2, default=(1024, 4096))
PARSER.add_argument("--peers", nargs="+", choices=("jax", "torch"), default=("jax", "torch"))
OPTIONS = PARSER.parse_args()
ROWS, COLUMNS = OPTIONS.shape
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((ROWS, COLUMNS)).astype(np.float32)
CLASSES = RANDOM.integers(0, COLUMNS, ROWS)
LABELS = np.eye(COLUMNS, dtype=np.float32)[CLASSES]
WEIGHTS = RANDOM.standard_normal((ROWS, COLUMNS)).astype(np.float32)


def normalized(x):
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5)


def losses():
    """In tsum, in JAX and in PyTorch."""
    labels, weights = tsum.asarray(LABELS), tsum.asarray(WEIGHTS)
    jax_labels, jax_weights = jnp.asarray(LABELS), jnp.asarray(WEIGHTS)
    torch_labels, torch_weights = torch.from_numpy(LABELS), torch.from_numpy(WEIGHTS)
    return {
        "sum(tanh(x)^2)": (lambda x: tsum.reduce_sum(tsum.square(tsum.tanh(x))),
                           lambda x: jnp.sum(jnp.square(jnp.tanh(x))),
                           lambda x: torch.sum(torch.square(torch.tanh(x)))),
        "mean squared error": (lambda x: tsum.reduce_mean(tsum.square(x - weights)),
                               lambda x: jnp.mean(jnp.square(x - jax_weights)),
                               lambda x: torch.mean(torch.square(x - torch_weights))),
        "softplus": (lambda x: tsum.reduce_mean(tsum.log1p(tsum.exp(x)) * weights),
                     lambda x: jnp.mean(jnp.log1p(jnp.exp(x)) * jax_weights),
                     lambda x: torch.mean(torch.log1p(torch.exp(x)) * torch_weights)),
        "softmax cross-entropy": (
            lambda x: -tsum.reduce_mean(tsum.reduce_sum(labels * tsum.log_softmax(x), 1)),
            lambda x: -jnp.mean(jnp.sum(jax_labels * jax.nn.log_softmax(x), 1)),
            lambda x: -torch.mean(torch.sum(torch_labels * F.log_softmax(x, 1), 1))),
        "variance of rows": (lambda x: tsum.reduce_sum(tsum.reduce_variance(x, 1)),
                             lambda x: jnp.sum(jnp.var(x, 1)),
                             lambda x: torch.sum(torch.var(x, 1, correction=0))),
        "logsumexp of rows": (lambda x: tsum.reduce_sum(tsum.reduce_logsumexp(x, 1)),
                              lambda x: jnp.sum(jax.nn.logsumexp(x, 1)),
                              lambda x: torch.sum(torch.logsumexp(x, 1))),
        "layer norm": (lambda x: tsum.reduce_sum(tsum.layer_norm(x) * weights),
                       lambda x: jnp.sum(normalized(x) * jax_weights),
                       lambda x: torch.sum(F.layer_norm(x, (COLUMNS,)) * torch_weights)),
    }


def torch_value_and_grad(loss):
    compiled = torch.compile(loss)

    def compute(x):
        x.grad = None
        value = compiled(x)
        value.backward()
        return value.detach(), x.grad
    return compute


def timed(call):
    start = time.perf_counter()
    result = call()
    if isinstance(result[1], jax.Array):
        jax.block_until_ready(result)
    return time.perf_counter() - start, np.asarray(result[1])


def main():
    torch.set_num_threads(2)
    arguments = {"tsum": tsum.asarray(X), "jax": jnp.asarray(X),
                 "torch": torch.from_numpy(X).requires_grad_()}
    names = ["tsum", *OPTIONS.peers]
    print(f"{'':22}", *(f"{name:>9}" for name in names), "  faster than", "first calls")
    for name, (f, g, h) in losses().items():
        functions = {"tsum": tsum.jit(tsum.value_and_grad(f)),
                     "jax": jax.jit(jax.value_and_grad(g)), "torch": torch_value_and_grad(h)}
        calls = [functools.partial(functions[each], arguments[each]) for each in names]
        firsts, gradients = zip(*(timed(call) for call in calls))
        for gradient in gradients[1:]:
            np.testing.assert_allclose(gradients[0], gradient, rtol=1e-3,
                                       atol=1e-5 * float(np.abs(gradient).max()))
        times = [[] for _ in calls]
        for _ in range(OPTIONS.turns):
            for call, column in zip(calls, times):
                time.sleep(0.05)
                column += [timed(call)[0] for _ in range(7)][2:]
        medians = [statistics.median(column) * 1e3 for column in times]
        print(f"{name:22}", *(f"{each:6.2f} ms" for each in medians),
              f"{min(medians[1:]) / medians[0]:11.2f}x ",
              *(f"{first * 1e3:5.0f} ms" for first in firsts))


if __name__ == "__main__":
    main()
