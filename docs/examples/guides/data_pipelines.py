# SPDX-License-Identifier: Apache-2.0
"""Input pipelines: a stream of batches is reduced, one batch in memory at a time."""
import numpy as np


def batches(size):
    """Elements 0, 1, 2, ... in batches, the last of which is shorter."""
    elements = np.arange(1000, dtype=np.float32).reshape(250, 4) * 0.25
    for start in range(0, len(elements), size):
        yield elements[start:start + size]


def run(tf):
    total, count = tf.constant(0.0), 0
    largest = tf.constant(-np.inf)
    per_column = tf.constant(np.zeros(4, np.float32))
    for batch in batches(32):
        total = total + tf.reduce_sum(batch)
        per_column = per_column + tf.reduce_sum(batch, 0)
        largest = tf.maximum(largest, tf.reduce_max(batch))
        count += batch.size
    return {"sum": total, "per column": per_column, "largest": largest, "mean": total / count}
