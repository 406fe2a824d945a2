#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The errors of sums of 2^24 floats beside those of other libraries.

usage: accuracy.py [PYTHON...]

Each PYTHON is an interpreter whose libraries take part, beside those of the one that runs this:
whichever of tsum, NumPy, PyTorch, JAX and TensorFlow can be imported. Prints a Markdown table of
the largest |error| / (u sum|x|) of each case, where u is half a unit in the last place of 1: what
bounds of summation are stated in. Sums of one sign that are rounded once have up to 1.
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
# Bits of the significand, and what rounds to infinity.
DTYPES = {"f16": (11, 65520.0), "bf16": (8, float.fromhex("0x1.FFp127")),
          "f32": (24, float.fromhex("0x1.FFFFFFp127")), "f64": (53, math.inf)}
COLUMNS = ["tsum", "tsum exact", "NumPy", "PyTorch", "JAX", "TensorFlow"]


def samples(dtype):
    """The data, by name, in f64 but rounded to `dtype`."""
    random = np.random.default_rng(24)
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


def lines_of(data, shape, axis):
    return np.moveaxis(data.reshape(shape), axis, -1).reshape(-1, shape[axis])


def exact_sums(data, shape, axis):
    return np.array([math.fsum(line.tolist()) for line in lines_of(data, shape, axis)])


def largest_error(result, exact, scale, dtype):
    """Of sums whose terms have the magnitudes `scale` together."""
    digits, largest = DTYPES[dtype]
    result = np.asarray(result, np.float64).reshape(-1)
    # What rounds to an infinity is right as one.
    is_right = (np.abs(exact) >= largest) & (result == np.copysign(np.inf, exact))
    with np.errstate(invalid="ignore"):
        errors = np.where(is_right, 0, np.abs(result - exact) / (scale * 2.0**-digits))
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
    sums = jax.jit(lambda x: jax.numpy.sum(x, axis))(jax.numpy.asarray(data))
    return {"JAX": np.asarray(sums.astype(np.float64))}


def tensorflow_sums(data, dtype, axis):
    import tensorflow as tf

    x = tf.constant(data)
    if dtype == "bf16":
        x = tf.bitcast(x, tf.bfloat16)
    return {"TensorFlow": tf.cast(tf.math.reduce_sum(x, axis), tf.float64).numpy()}


def work(folder):
    """Prints the errors of all cases in `folder`, of the libraries that can be imported."""
    errors = []
    for path in sorted(pathlib.Path(folder).glob("*.npz")):
        case = np.load(path, allow_pickle=False)
        dtype = str(case["dtype"])
        for library in (tsum_sums, numpy_sums, torch_sums, jax_sums, tensorflow_sums):
            try:
                sums = library(case["data"], dtype, int(case["axis"]))
            except ImportError:
                continue
            for column, result in sums.items():
                error = largest_error(result, case["exact"], case["scale"], dtype)
                errors.append([path.stem, column, error])
    print(json.dumps(errors))


def main():
    pythons = [sys.executable, *sys.argv[1:]]
    titles = {}
    errors = {}
    with tempfile.TemporaryDirectory() as folder:
        # One dtype at a time: the data of all would fill a small disk.
        for dtype in DTYPES:
            cases = []
            for sample, data in samples(dtype):
                for form, (shape, axis) in FORMS.items():
                    name = f"{len(titles):03}"
                    titles[name] = (sample, form, dtype)
                    cases.append(pathlib.Path(folder) / f"{name}.npz")
                    np.savez(cases[-1], data=stored(data, dtype).reshape(shape), dtype=dtype,
                             axis=axis, exact=exact_sums(data, shape, axis),
                             scale=np.sum(np.abs(lines_of(data, shape, axis)), axis=1))
            for python in pythons:
                worker = [python, __file__, "--work", folder]
                output = subprocess.run(worker, stdout=subprocess.PIPE, text=True, check=True)
                for name, column, error in json.loads(output.stdout.splitlines()[-1]):
                    errors.setdefault((name, column), error)
            for case in cases:
                case.unlink()

    columns = [column for column in COLUMNS if any(key[1] == column for key in errors)]
    print("| dtype | data | sum of | " + " | ".join(columns) + " |")
    print("|---" * (3 + len(columns)) + "|")
    for name, (sample, form, dtype) in titles.items():
        cells = [f"{errors[name, column]:.3g}" if (name, column) in errors else ""
                 for column in columns]
        print(f"| {dtype} | {sample} | {form} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2])
    else:
        main()
