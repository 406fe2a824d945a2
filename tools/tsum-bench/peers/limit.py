# SPDX-License-Identifier: Apache-2.0
"""No peer but the limit: how long reading the memory that a case must touch takes."""
import ctypes
import functools
import os

import numpy as np

from arrays import memory_runs
from systems import THREADS

LINE = 64

read = ctypes.CDLL(os.environ["TSUM_BENCH_STREAM"]).tsum_bench_read
read.restype = ctypes.c_uint64
read.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int, ctypes.c_int]


def prepare(streams, threads, case, arrays, axis):
    requests = []
    for array in arrays:
        address, count, size, distance = memory_runs(array)
        skip = -address % LINE
        requests.append((address + skip, count, (size - skip) // LINE * LINE, distance))
    for request in requests:
        assert read(*request, streams, threads) == exclusive_or(*request)

    def call():
        for request in requests:
            read(*request, streams, threads)

    return call, None


def exclusive_or(address, count, size, distance):
    """What the reader is to give."""
    span = (count - 1) * distance + size
    memory = np.frombuffer((ctypes.c_char * span).from_address(address), np.uint8)
    runs = np.lib.stride_tricks.as_strided(memory, (count, size), (distance, 1))
    columns = np.bitwise_xor.reduce(runs, 0)
    return int(np.bitwise_xor.reduce(columns.view(np.uint64)))


SYSTEMS = {f"limit/{threads}/{streams}": functools.partial(prepare, streams, threads)
           for threads in (1, THREADS) for streams in (1, 4)}
