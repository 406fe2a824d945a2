# SPDX-License-Identifier: Apache-2.0
"""ONNX's own tests of single nodes: every one passes or is out of scope for a stated reason."""
import collections

import pytest

import onnx_adapter
import tsum

CASES = list(onnx_adapter.cases())
OUTCOMES = collections.defaultdict(collections.Counter)

# Why a test may be out of scope; anything else would hide an operation that tsum has.
REASONS = ("dtype", "operands of two dtypes", "fmod=1 is C's", "training", "no array among")


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_node(case):
    name, operator, model, data_sets = case
    said = onnx_adapter.outcome(operator, model, data_sets)
    OUTCOMES[operator][said == "passes"] += 1
    assert said == "passes" or any(reason in said for reason in REASONS), said


def test_every_operator_passes_some():
    assert len(CASES) > 600
    assert set(OUTCOMES) == set(onnx_adapter.OPERATORS)
    for operator, counts in OUTCOMES.items():
        assert counts[True], operator
    # Reductions are out of scope for booleans alone.
    for operator in filter(lambda name: name.startswith("Reduce"), OUTCOMES):
        assert OUTCOMES[operator][False] <= 2, operator
    assert OUTCOMES["ReduceSum"] == {True: OUTCOMES["ReduceSum"][True]}
    assert OUTCOMES["ReduceSum"][True] >= 12


def test_a_wrong_result_is_found(monkeypatch):
    """What is compared is the value, its dtype and its shape, of every output."""
    name, operator, model, data_sets = next(case for case in CASES
                                            if case[1] == "LayerNormalization")
    compute = onnx_adapter.OPERATORS[operator]
    for broken in (lambda *a: compute(*a)[0] * 1.0001,
                   lambda *a: (compute(*a)[0], compute(*a)[1] + 1, compute(*a)[2]),
                   lambda *a: tsum.cast(compute(*a)[0], "f8"),
                   lambda *a: tsum.expand_dims(compute(*a)[0], 0)):
        monkeypatch.setitem(onnx_adapter.OPERATORS, operator, broken)
        with pytest.raises(AssertionError):
            onnx_adapter.outcome(operator, model, data_sets)
