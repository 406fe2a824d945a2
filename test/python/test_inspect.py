# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

import tsum

A = np.ones((16, 200), np.float32)


def norm(x):
    return tsum.sqrt(tsum.reduce_sum(tsum.square(x), axis=1))


@pytest.mark.parametrize("stage, text", [
    ("simplify", "tsum.reduce_sum"), ("kernels", "tsum.launch"), ("linalg", "linalg.generic"),
    ("fuse", "linalg.generic"), ("cut", "linalg.generic"), ("tile", "scf.for"),
    ("bufferize", "memref<16x200xf32"), ("vector", "affine.vector_load"), ("llvm", "llvm.func"),
])
def test_mlir_of_every_stage(stage, text):
    assert stage in tsum.stages()
    assert text in tsum.lower(norm, A).mlir(stage)


def test_code():
    lowered = tsum.lower(tsum.jit(norm), A)
    assert "define void @" in lowered.llvm()
    assert "sqrt" in lowered.asm() and "ret" in lowered.asm()
    assert repr(lowered) == "<tsum.Lowered: 1 graph>"
    assert "reduce_sum" in str(lowered)


def test_lower_takes_tensors_structures_and_static_arguments():
    x = tsum.asarray(A)
    assert tsum.lower(norm(x)).mlir() == tsum.lower(norm, A).mlir()
    several = tsum.lower(lambda x, axis: {"a": tsum.reduce_sum(x, axis), "b": [x + 1, None]}, A, 0)
    assert several.mlir().count("tsum.launch") == 2
    assert tsum.lower(x).mlir() == ""  # nothing to compute


def test_several_graphs_where_a_value_is_needed_first():
    x = tsum.square(A[:, :16])
    lowered = tsum.lower(tsum.reduce_sum(x, 0) + tsum.reduce_sum(x, 1))
    assert len(lowered.graphs) == 2
    assert lowered.mlir("kernels").count("module {") == 2


def test_explain():
    text = tsum.explain(norm, A)
    assert "%0 = constant : f32[16,200]" in text
    assert "kernel square_reduce_sum_sqrt_0: %0 -> %1 f32[16]" in text
    assert "12.8 KB read, 64 B written" in text
    assert "of the streaming limit" in text
    x = norm(A)
    (graph,) = json.loads(tsum.explain(x, format="json"))["graphs"]
    assert [kernel["steps"] for kernel in graph["kernels"]] == [6416]
    assert x.is_evaluated
    assert "<svg" in tsum.explain(norm(A), format="html")
    assert "nothing to compute" in tsum.explain(A)
    with pytest.raises(tsum.Error, match="no format 'pdf'"):
        tsum.explain(x, format="pdf")


def test_python_m_tsum(run_python):
    text = run_python("import runpy; runpy.run_module('tsum', run_name='__main__')")
    for title in ("tsum ", "LLVM ", "target features ", "threads ", "kernels in memory "):
        assert f"\n{title}" in "\n" + text
    assert tsum.__version__ in text
