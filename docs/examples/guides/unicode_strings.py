# SPDX-License-Identifier: Apache-2.0
"""Unicode strings: sentences of different lengths, padded, and counts of what is in each."""
import numpy as np


def run(tf):
    sentences = ["Hello, world.", "世界こんにちは"]
    longest = max(map(len, sentences))
    codepoints = np.array([[ord(c) for c in s] + [-1] * (longest - len(s)) for s in sentences],
                          np.int32)
    is_there = tf.greater_equal(codepoints, 0)
    count = lambda condition: tf.reduce_sum(tf.cast(condition, tf.int32), axis=1)
    is_ascii = tf.logical_and(is_there, tf.less(codepoints, 128))
    return {"lengths": count(is_there), "ascii": count(is_ascii),
            "spaces": count(tf.equal(codepoints, ord(" "))),
            "all": tf.reduce_sum(tf.cast(is_there, tf.int32))}
