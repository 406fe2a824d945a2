# SPDX-License-Identifier: Apache-2.0
"""Automatic differentiation: the examples of the tape."""
import numpy as np


def of_a_scalar(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x ** 2
    return tape.gradient(y, x)


def of_a_model(tf):
    """A dense layer: gradients of a loss with respect to all its variables."""
    random = np.random.default_rng(2)
    w = tf.constant(random.standard_normal((3, 2)).astype(np.float32))
    b = tf.constant(np.zeros(2, np.float32))
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([w, b])
        y = tf.reduce_sum(tf.expand_dims(x, -1) * w, 1) + b
        loss = tf.reduce_mean(y ** 2)
    return tape.gradient(loss, [w, b])


def of_higher_order(tf):
    x = tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        dy_dx = inner.gradient(y, x)
    return dy_dx, outer.gradient(dy_dx, x)


def run(tf):
    dw, db = of_a_model(tf)
    first, second = of_higher_order(tf)
    x = tf.constant(np.array([1.0, 2.0, 3.0], np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * tf.sigmoid(x))
    return {"scalar": of_a_scalar(tf), "w": dw, "b": db, "first": first, "second": second,
            "elements": tape.gradient(y, x)}
