# SPDX-License-Identifier: Apache-2.0
"""Customization basics: a linear model y = 3 x + 2 + noise, trained by gradient descent."""
import numpy as np


def run(tf):
    random = np.random.default_rng(4)
    x = np.linspace(-2, 2, 201).astype(np.float32)
    y = (3 * x + 2 + random.standard_normal(201)).astype(np.float32)
    def step(w, b):
        with tf.GradientTape() as tape:
            tape.watch([w, b])
            loss = tf.reduce_mean(tf.square(w * x + b - y))
        dw, db = tape.gradient(loss, [w, b])
        return loss, w - 0.1 * dw, b - 0.1 * db

    step = tf.jit(step)
    w, b = tf.constant(5.0), tf.constant(0.0)
    losses = []
    for _ in range(10):
        loss, w, b = step(w, b)
        losses.append(float(loss))
    return {"losses": losses, "w": w, "b": b}
