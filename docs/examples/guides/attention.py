# SPDX-License-Identifier: Apache-2.0
"""Image captioning and translation: a context vector by attention, and a loss that a mask cuts."""
import numpy as np


def context_vector(tf, query, values):
    """Luong's attention: values weighted by the softmax of their products with the query."""
    score = tf.reduce_sum(tf.expand_dims(query, 1) * values, -1)          # [batch, time]
    attention_weights = tf.softmax(score)
    return tf.reduce_sum(tf.expand_dims(attention_weights, -1) * values, axis=1), attention_weights


def masked_loss(tf, labels, logits, one_hot):
    """The mean of the cross-entropy where there are words: label 0 pads."""
    loss = -tf.reduce_sum(one_hot * tf.log_softmax(logits), -1)
    mask = tf.cast(tf.not_equal(labels, 0), loss.dtype)
    return tf.reduce_sum(loss * mask) / tf.reduce_sum(mask)


def run(tf):
    random = np.random.default_rng(6)
    query = tf.constant(random.standard_normal((2, 4)).astype(np.float32))
    values = tf.constant(random.standard_normal((2, 5, 4)).astype(np.float32))
    labels = tf.constant(np.array([[3, 1, 0], [2, 0, 0]], np.int32))
    logits = tf.constant(random.standard_normal((2, 3, 4)).astype(np.float32))
    one_hot = np.eye(4, dtype=np.float32)[np.array([[3, 1, 0], [2, 0, 0]])]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([query, values, logits])
        context, weights = context_vector(tf, query, values)
        attended = tf.reduce_sum(context * context)
        loss = masked_loss(tf, labels, logits, one_hot)
    by_query, by_values = tape.gradient(attended, [query, values])
    return {"context": context, "weights": weights, "by query": by_query, "by values": by_values,
            "loss": loss, "by logits": tape.gradient(loss, logits)}
