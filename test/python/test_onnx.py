# SPDX-License-Identifier: Apache-2.0
"""ONNX's own tests of single nodes: every one passes or is out of scope for a stated reason."""
import collections

import pytest

import onnx_adapter
import tsum

CASES = list(onnx_adapter.cases())
OUTCOMES = collections.defaultdict(collections.Counter)

# What can be computed with the operations that tsum has, by operator: a reason would be a lie.
COMPOSED = {"ReduceSum": "reduce_sum", "ReduceL1": "reduce_sum", "ReduceL2": "reduce_sum",
            "ReduceSumSquare": "reduce_sum", "ReduceMean": "reduce_mean", "ReduceMax": "reduce_max",
            "ReduceMin": "reduce_min", "ReduceProd": "reduce_prod", "ReduceLogSum": "log",
            "ReduceLogSumExp": "reduce_logsumexp", "Softmax": "softmax",
            "LogSoftmax": "log_softmax", **onnx_adapter.ELEMENTWISE}


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_node(case):
    name, operator, model, data_sets = case
    said = onnx_adapter.outcome(operator, model, data_sets)
    OUTCOMES[operator][said == "passes"] += 1
    if said != "passes":
        missing = not hasattr(tsum, COMPOSED.get(operator, ""))
        assert missing or "dtype" in said or "floats alone" in said or "is C's" in said, said


def test_every_operator_that_tsum_has_passes_some():
    assert len(CASES) > 250
    for operator, counts in OUTCOMES.items():
        if hasattr(tsum, COMPOSED.get(operator, "")):
            assert counts[True], operator
    assert OUTCOMES["ReduceSum"] == {True: OUTCOMES["ReduceSum"][True]}
    assert OUTCOMES["ReduceSum"][True] >= 12
