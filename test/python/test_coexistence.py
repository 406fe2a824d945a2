# SPDX-License-Identifier: Apache-2.0
"""tsum in one process with other libraries, several of which bring an LLVM of their own, in either
order of import. The neighbours that are installed are tested; `tools/dev coexist` installs all.
"""
import importlib.util
import itertools
import os

import pytest

# What each does with its own compiler, and its array of 0..11 in 3 rows as `theirs`.
NEIGHBOURS = {
    "numpy": """
theirs = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
def work():
    return float(numpy.linalg.svd(theirs, compute_uv=False)[0])
""",
    "torch": """
theirs = torch.arange(12, dtype=torch.float32).reshape(3, 4)
def work():
    f = torch.jit.script(lambda_ := torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU()))
    f(theirs).sum().backward()
    return float(torch.softmax(theirs, 1).sum())
""",
    "jax": """
import jax.numpy
theirs = jax.numpy.arange(12, dtype="float32").reshape(3, 4)
def work():
    return float(jax.jit(lambda x: jax.numpy.tanh(x).sum())(theirs))
""",
    "tensorflow": """
theirs = tensorflow.reshape(tensorflow.range(12, dtype="float32"), (3, 4))
def work():
    f = tensorflow.function(lambda x: tensorflow.reduce_sum(tensorflow.tanh(x)), jit_compile=True)
    return float(f(theirs))
""",
    "numba": """
import numpy
theirs = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
def work():
    @numba.njit(parallel=True)
    def f(x):
        total = 0.0
        for i in numba.prange(x.shape[0]):
            total += x[i].sum()
        return total
    return f(theirs)
""",
    "onnxruntime": """
import numpy
from onnx_model import MODEL
theirs = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
def work():
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    return float(session.run(None, {"x": theirs})[0].sum())
""",
}

OURS = """
import tsum
assert tsum.reduce_sum([[1, 1, 1], [1, 1, 1]]).item() == 6
"""

TOGETHER = """
first = work()
for _ in range(3):
    # In place, and back.
    x = tsum.asarray(theirs)
    assert x.shape == (3, 4) and x.dtype == "f32", x
    assert tsum.reduce_sum(x, 1).tolist() == [6, 22, 38]
    assert tsum.reduce_sum(tsum.sqrt(tsum.square(x)) + 1, 0).tolist() == [15, 18, 21, 24]
    assert work() == first
import numpy
big = numpy.ones((2000, 1000), numpy.float32)
assert tsum.reduce_sum(big).item() == 2e6  # on all threads
assert work() == first
for other in [tsum.asarray(theirs), tsum.reduce_sum(theirs, 0)]:
    taken = TAKE(other)
    assert numpy.asarray(taken).tolist() == other.tolist()
print("together")
"""

TAKES = {
    "torch": "torch.from_dlpack",
    "jax": "jax.numpy.asarray",
    "tensorflow": "tensorflow.convert_to_tensor",
}

REQUIRED = os.environ.get("TSUM_NEIGHBOURS", "numpy").split()
INSTALLED = [name for name in NEIGHBOURS if importlib.util.find_spec(name)]


def test_the_neighbours_are_there():
    assert set(REQUIRED) <= set(INSTALLED)


def program(name, imports):
    """Imports in that order and works together with the neighbour `name`."""
    lines = [f"import sys; sys.path.append({os.path.dirname(__file__)!r})\n"]
    lines += [OURS if each == "tsum" else f"import {each}\n" for each in imports]
    return "".join(lines) + NEIGHBOURS[name] + TOGETHER.replace(
        "TAKE", TAKES.get(name, "numpy.asarray"))


ORDERS = [(name, order) for name in INSTALLED for order in [("tsum", name), (name, "tsum")]]
ORDERS += [(second, (first, "tsum", second))
           for first, second in itertools.permutations(set(INSTALLED) - {"numpy"}, 2)]
ORDERS.sort()


@pytest.mark.parametrize("name, imports", ORDERS,
                         ids=[" ".join(imports) for _, imports in ORDERS])
def test_import_order(name, imports, run_python):
    assert "together" in run_python(program(name, imports))
