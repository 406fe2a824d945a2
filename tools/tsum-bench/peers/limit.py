# SPDX-License-Identifier: Apache-2.0
"""No peer but the limit: how long reading the memory that a case must touch takes."""
import ctypes
import functools
import os

import numpy as np

LIBRARY = ctypes.CDLL(os.environ["TSUM_BENCH_STREAM"])
THREADS = len(os.sched_getaffinity(0))

LINE = 64


def runs(array):
    """Address, count, bytes and distance of the runs of whole lines that hold `array`'s elements:
    one run of all that it spans, or one for each index of an axis of larger stride."""
    order = np.argsort([abs(stride) for stride in array.strides])[::-1]
    array = array.transpose(order)
    array = array[tuple(slice(None, None, -1) if s < 0 else slice(None) for s in array.strides)]
    span = sum((n - 1) * s for n, s in zip(array.shape, array.strides)) + array.itemsize
    inner = sum((n - 1) * s for n, s in zip(array.shape[1:], array.strides[1:])) + array.itemsize
    address = array.__array_interface__["data"][0]
    skip = -address % LINE
    if array.strides[0] - inner < LINE:
        return address + skip, 1, span - skip, 0
    return address + skip, array.shape[0], inner - skip, array.strides[0]


def prepare(streams, threads, case, arrays, axis):
    requests = [tuple(map(ctypes.c_int64, runs(array))) for array in arrays]

    def call():
        for address, *rest in requests:
            LIBRARY.tsum_bench_read(address, *rest, streams, threads)

    return call, None


SYSTEMS = {f"limit/{threads}/{streams}": functools.partial(prepare, streams, threads)
           for threads in (1, THREADS) for streams in (1, 4)}
