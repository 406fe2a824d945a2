#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The errors of sums of 2^24 floats beside those of other libraries.

usage: accuracy.py [--seeds=COUNT] [PYTHON...]

Each PYTHON is an interpreter whose libraries take part, beside those of the one that runs this:
whichever of tsum, NumPy, PyTorch, JAX and TensorFlow can be imported. Prints a Markdown table of
the largest |error| / (u sum|x|) of each case, where u is half a unit in the last place of 1: what
bounds of summation are stated in. Sums of one sign that are rounded once have up to 1.

A single sum of random numbers may be right by luck: each cell is the median over COUNT draws (11)
of the data and, where there is one result, over ROTATIONS of each, which are added in other blocks.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SIZE = 1 << 24
FORMS = {"[2^24]": ((SIZE,), 0), "[4096,4096], axis 0": ((4096, 4096), 0),
         "[4096,4096], axis 1": ((4096, 4096), 1)}
ROTATIONS = [0, 1234567, 4567891, 8910113]
# Bits of the significand, and what rounds to infinity.
DTYPES = {"f16": (11, 65520.0), "bf16": (8, float.fromhex("0x1.FFp127")),
          "f32": (24, float.fromhex("0x1.FFFFFFp127")), "f64": (53, math.inf)}
COLUMNS = ["tsum", "tsum exact", "NumPy", "PyTorch", "JAX", "TensorFlow"]


def samples(dtype, seed):
    """The data, by name, in f64 but rounded to `dtype`."""
    random = np.random.default_rng(seed)
    yield "uniform", rounded(random.random(SIZE), dtype)
    yield "normal", rounded(random.standard_normal(SIZE), dtype)
    # Half of the elements cancel to 0, far above the others.
    large = 1e4 if dtype == "f16" else 1e8
    pairs = np.repeat([large, -large], SIZE // 4)
    data = np.concatenate([pairs, random.random(SIZE // 2)])
    random.shuffle(data)
    yield "pairs of ±%.0e" % large, rounded(data, dtype)


def rounded(data, dtype):
    if dtype != "bf16":
        return data.astype(f"float{dtype[1:]}").astype(np.float64)
    bits = data.astype(np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def two_sum(a, b):
    """The rounded sums and their errors."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def exact_sums(data, axis):
    """To twice f64's digits, as two f64 each; the extent of the axis is a power of two."""
    high = np.moveaxis(data, axis, 0)
    low = np.zeros(high.shape[1:])
    while len(high) > 1:
        high, errors = two_sum(high[:len(high) // 2], high[len(high) // 2:])
        low = low + np.sum(errors, axis=0)
    return two_sum(high[0], low)


def largest_error(result, exact, scale, dtype):
    """Of sums whose terms have the magnitudes `scale` together."""
    digits, largest = DTYPES[dtype]
    high, low = exact
    result = np.asarray(result, np.float64).reshape(high.shape)
    # What rounds to an infinity is right as one.
    is_right = (np.abs(high) >= largest) & (result == np.copysign(np.inf, high))
    with np.errstate(invalid="ignore"):
        errors = np.where(is_right, 0, np.abs((result - high) - low) / (scale * 2.0**-digits))
    return float(np.max(errors))


def stored(data, dtype):
    """The data as it lies in memory; bf16 as its bits."""
    if dtype == "bf16":
        return (data.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return data.astype(f"float{dtype[1:]}")


# One function for each library: (stored data, dtype, axis) -> the sums in f64, by column.

def tsum_sums(data, dtype, axis):
    import tsum

    if dtype == "bf16":
        import ml_dtypes

        data = data.view(ml_dtypes.bfloat16)
    wide = lambda x: x.numpy().astype(np.float64)
    return {"tsum": wide(tsum.reduce_sum(data, axis)),
            "tsum exact": wide(tsum.reduce_sum(data, axis, accuracy="exact"))}


def numpy_sums(data, dtype, axis):
    if dtype == "bf16":
        import ml_dtypes

        data = data.view(ml_dtypes.bfloat16)
    return {"NumPy": np.asarray(np.sum(data, axis=axis)).astype(np.float64)}


def torch_sums(data, dtype, axis):
    import torch

    x = torch.from_numpy(data.view(np.int16) if dtype == "bf16" else data)
    if dtype == "bf16":
        x = x.view(torch.bfloat16)
    return {"PyTorch": torch.sum(x, axis).to(torch.float64).numpy()}


def jax_sums(data, dtype, axis):
    import jax

    jax.config.update("jax_enable_x64", True)
    if dtype == "bf16":
        import ml_dtypes

        data = data.view(ml_dtypes.bfloat16)
    sums = jax.jit(jax.numpy.sum, static_argnums=1)(jax.numpy.asarray(data), axis)
    return {"JAX": np.asarray(sums.astype(np.float64))}


def tensorflow_sums(data, dtype, axis):
    import tensorflow as tf

    x = tf.constant(data)
    if dtype == "bf16":
        x = tf.bitcast(x, tf.bfloat16)
    return {"TensorFlow": tf.cast(tf.math.reduce_sum(x, axis), tf.float64).numpy()}


def work():
    """For each file named on stdin prints the errors of the libraries that can be imported."""
    for line in sys.stdin:
        case = np.load(line.rstrip("\n"), allow_pickle=False)
        dtype = str(case["dtype"])
        stored_data = case["data"]
        errors = []
        for form, (shape, axis) in FORMS.items():
            exact, scale = case[form + " exact"], case[form + " scale"]
            for rotation in ROTATIONS if len(shape) == 1 else [0]:
                data = np.roll(stored_data, rotation).reshape(shape)
                for library in (tsum_sums, numpy_sums, torch_sums, jax_sums, tensorflow_sums):
                    try:
                        sums = library(data, dtype, axis)
                    except ImportError:
                        continue
                    for column, result in sums.items():
                        errors.append([form, column, largest_error(result, exact, scale, dtype)])
        print(json.dumps(errors), flush=True)


def measure(dtype, seed, path, workers, errors):
    """Adds to `errors` those of one draw of the data, which goes to `path` meanwhile."""
    for sample, data in samples(dtype, seed):
        truth = {}
        for form, (shape, axis) in FORMS.items():
            values = data.reshape(shape)
            truth[form + " exact"] = np.stack(exact_sums(values, axis))
            truth[form + " scale"] = np.sum(np.abs(values), axis=axis)
        np.savez(path, data=stored(data, dtype), dtype=dtype, **truth)
        measured = set()
        for worker in workers:
            print(path, file=worker.stdin, flush=True)
            found = json.loads(worker.stdout.readline())
            for form, column, error in found:
                if column not in measured:  # by another interpreter
                    case = errors.setdefault((dtype, sample, form), {})
                    case.setdefault(column, []).append(error)
            measured.update(column for _, column, _ in found)


def main():
    arguments = sys.argv[1:]
    seeds = 11
    if arguments and arguments[0].startswith("--seeds="):
        seeds = int(arguments.pop(0).removeprefix("--seeds="))
    workers = [subprocess.Popen([python, __file__, "--work"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
               for python in [sys.executable, *arguments]]
    errors = {}
    with tempfile.TemporaryDirectory() as folder:
        for dtype in DTYPES:
            for seed in range(seeds):
                measure(dtype, seed, pathlib.Path(folder) / "case.npz", workers, errors)
    for worker in workers:
        worker.stdin.close()
        worker.wait()

    columns = [column for column in COLUMNS if any(column in case for case in errors.values())]
    print("| dtype | data | sum of | " + " | ".join(columns) + " |")
    print("|---" * (3 + len(columns)) + "|")
    for (dtype, sample, form), case in errors.items():
        cells = [f"{np.median(case[column]):.3g}" if column in case else ""
                 for column in columns]
        print(f"| {dtype} | {sample} | {form} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1:] == ["--work"]:
        work()
    else:
        main()
