# SPDX-License-Identifier: Apache-2.0
"""Better performance with functions: `while reduce_sum(x) > 1: x = tanh(x)`."""
import numpy as np


def f(tf, x, squash):
    steps = 0
    while tf.reduce_sum(x) > 1:     # values decide how often: outside the compiled function
        x = squash(x)
        steps += 1
    return x, steps


def run(tf):
    x = tf.constant(np.array([0.9, 0.7, 0.5, 0.3, 0.1], np.float32))
    x, steps = f(tf, x, tf.jit(lambda x: tf.tanh(x)))
    return {"x": x, "steps": float(steps), "sum": tf.reduce_sum(x)}
