# SPDX-License-Identifier: Apache-2.0
import functools

import numpy as np

import tsum

OPS = {
    "sum": lambda x, axis: tsum.reduce_sum(x, axis),
    "sqdiff": lambda x, y, axis: tsum.reduce_sum(tsum.square(x - y), axis),
    "dot": lambda x, y, axis: tsum.reduce_sum(x * y),
    "softmax": lambda x, axis: tsum.softmax(x, axis),
    "logsumexp": lambda x, axis: tsum.reduce_logsumexp(x, axis),
    "variance": lambda x, axis: tsum.reduce_variance(x, axis),
    "layer_norm": lambda x, axis: tsum.layer_norm(x, axis=axis),
}


def prepare(case, arrays, axis):
    function = tsum.jit(functools.partial(OPS[case.op], axis=axis))
    operands = [tsum.asarray(array) for array in arrays]
    return lambda: function(*operands), np.asarray


def prepare_single(case, arrays, axis):
    function, to_array = prepare(case, arrays, axis)

    def call():
        tsum.set_threads(1)
        result = function()
        tsum.set_threads(0)
        return result

    return call, to_array


SYSTEMS = {"tsum": prepare, "tsum/1": prepare_single}
