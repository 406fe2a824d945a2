# SPDX-License-Identifier: Apache-2.0
"""Runs the guides' programs in TensorFlow and writes what they give, which the tests compare with:

    python values.py > values.json          # with tensorflow installed
"""
import importlib
import json
import pathlib
import sys

GUIDES = sorted(file.stem for file in pathlib.Path(__file__).parent.glob("*.py")
                if file.stem != "values")


class TensorFlow:
    """TensorFlow, with those of its names that tsum has at the top."""

    def __init__(self):
        import tensorflow as tf

        self.tf = tf
        self.version = tf.__version__

    def __getattr__(self, name):
        tf = self.tf
        if name == "jit":
            return lambda f: f
        if name.startswith("reduce_") or name in ("softplus", "argmax"):
            return getattr(tf.math, name)
        return getattr(tf, name) if hasattr(tf, name) else getattr(tf.nn, name)


def lists(value):
    import numpy as np

    return np.asarray(value).tolist()


def main():
    tf = TensorFlow()
    values = {}
    for guide in GUIDES:
        values[guide] = {name: lists(value) for name, value in
                         importlib.import_module(guide).run(tf).items()}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()]
    sys.stdout.write("{\"version\": " + json.dumps(f"tensorflow {tf.version}") + ",\n"
                     + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
