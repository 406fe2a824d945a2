# SPDX-License-Identifier: Apache-2.0
"""Eager execution: values are there when somebody looks at them."""


def run(tf):
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    b = a + 1
    total = tf.reduce_sum(a * b)
    steps = 0
    while float(total) > 1:       # control flow of Python, on values
        total = total / 2
        steps += 1
    return {"sum": tf.reduce_sum(a * b), "rows": tf.reduce_sum(a, 1), "halved": total,
            "steps": float(steps)}
