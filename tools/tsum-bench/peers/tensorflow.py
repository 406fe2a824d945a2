# SPDX-License-Identifier: Apache-2.0
import functools

import tensorflow as tf


def layer_norm(x, axis):
    mean, variance = tf.nn.moments(x, axis, keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-5)


OPS = {
    "sum": lambda x, axis: tf.reduce_sum(x, axis),
    "sqdiff": lambda x, y, axis: tf.reduce_sum(tf.square(x - y), axis),
    "dot": lambda x, y, axis: tf.tensordot(x, y, 1),
    "softmax": lambda x, axis: tf.nn.softmax(x, axis[0]),
    "logsumexp": lambda x, axis: tf.reduce_logsumexp(x, axis),
    "variance": lambda x, axis: tf.math.reduce_variance(x, axis),
    "layer_norm": layer_norm,
}


def prepare(compiled, case, arrays, axis):
    if case.layout != "C":
        raise NotImplementedError("tensors of TensorFlow are in C order")
    function = functools.partial(OPS[case.op], axis=axis)
    if compiled:
        function = tf.function(function, jit_compile=True)
    operands = [tf.constant(array) for array in arrays]
    # numpy() waits; it does not copy.
    return lambda: function(*operands).numpy(), lambda result: result


SYSTEMS = {
    "tensorflow": functools.partial(prepare, False),
    "tf.xla": functools.partial(prepare, True),
}
