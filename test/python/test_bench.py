# SPDX-License-Identifier: Apache-2.0
"""The parts of tools/tsum-bench: that they measure what they say, whatever the time."""
import argparse
import dataclasses
import itertools
import pathlib
import sys
import time

import numpy as np
import pytest

BENCH = pathlib.Path(__file__).parents[2] / "tools" / "tsum-bench"
sys.path.insert(0, str(BENCH))

import arrays
import bench
import cases
import systems
import table
import targets
from cases import Case

OPS = ("sum", "sqdiff", "dot", "softmax", "logsumexp", "variance", "layer_norm")


@pytest.fixture
def workers():
    started = {module: systems.Worker([sys.executable, str(BENCH / "worker.py"), module])
               for module in ("numpy", "tsum")}
    yield {"numpy": started["numpy"], "tsum": started["tsum"], "tsum/1": started["tsum"]}
    systems.stop(started)


def tiny_cases():
    for op in OPS:
        shape, axes = ((50,), (0,)) if op == "dot" else ((3, 50), (1,))
        yield Case(op, op, shape, "float32", axes)
    for dtype in ("float64", "float16", "int32", "int8"):
        yield Case(dtype, "sum", (3, 50), dtype, (0,))
    yield from cases.sweep([(2, 3, 5)])


def test_systems_compute_every_case_and_are_measured(workers, capsys):
    options = argparse.Namespace(rounds=1, seconds=0)
    results = {case.name: bench.measure(case, workers, options) for case in tiny_cases()}
    for name, result in results.items():
        assert result["refusals"] == {}, name
        assert list(result["systems"]) == list(workers)
        assert all(values["seconds"] > 0 for values in result["systems"].values())
    sweep = {name: result for name, result in results.items() if name.startswith("sweep/")}
    assert len(sweep) == 7 * len(cases.LAYOUTS)
    table.print_cases({name: results[name] for name in OPS})
    table.print_sweep(sweep)
    printed = capsys.readouterr().out
    assert "geometric mean of fastest peer / tsum" in printed
    assert "\n2x3x5\n" in printed
    targets.shortfalls(tiny_cases(), results)


def test_a_failing_system_leaves_the_others(workers):
    case = Case("x", "no_such_op", (2, 3), "float32", (1,))
    result = bench.measure(case, workers, argparse.Namespace(rounds=1, seconds=0))
    assert result["systems"] == {}
    assert set(result["refusals"]) == {"numpy", "tsum", "tsum/1"}
    assert "no_such_op" in result["refusals"]["numpy"]
    good = dataclasses.replace(case, op="sum")
    assert not bench.measure(good, workers, argparse.Namespace(rounds=1, seconds=0))["refusals"]


def test_workers_die_with_their_parent(run_python):
    worker = int(run_python(f"""
import sys
sys.path.insert(0, {str(BENCH)!r})
import systems
print(systems.Worker([sys.executable, {str(BENCH / "worker.py")!r}, "numpy"]).process.pid)
import os
os._exit(0)
"""))
    for _ in range(100):
        state = pathlib.Path(f"/proc/{worker}/stat")
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail(f"process {worker} is still there")


def test_missing_environments_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(systems, "ENVIRONMENTS", tmp_path)
    started, missing = systems.start(["jax"])
    assert started == {}
    assert list(missing) == ["jax"]
    assert str(tmp_path) in missing["jax"]


@pytest.mark.parametrize("op", OPS)
def test_wrong_results_are_noticed(op):
    shape, axes = ((50,), (0,)) if op == "dot" else ((3, 50), (1,))
    case = Case("", op, shape, "float32", axes)
    operands = arrays.operands(case)
    right = arrays.expected(case, operands)
    arrays.check(case, operands, right.astype(np.float32))
    with pytest.raises(AssertionError):
        arrays.check(case, operands, right + 0.01)
    with pytest.raises(AssertionError):
        arrays.check(case, operands, right[..., None])


def test_lines_of_cases_are_read_back():
    every = [*cases.CASES, *cases.sweep()]
    assert len({case.name for case in every}) == len(every)
    for case in every:
        assert dataclasses.replace(Case.parse(case.line()), name=case.name) == case


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@pytest.mark.parametrize("shape", [(70,), (3, 50), (50, 3), (4, 5, 40), (2, 3, 2, 30)])
def test_the_limit_reads_what_a_case_must_touch(shape, layout):
    array, = arrays.operands(Case("", "sum", shape, "float32", (0,), layout))
    address, count, size, distance = arrays.memory_runs(array)
    touched = {address + run * distance + byte for run in range(count) for byte in range(size)}
    first = array.__array_interface__["data"][0]
    elements = {first + sum(i * stride for i, stride in zip(index, array.strides))
                for index in itertools.product(*map(range, array.shape))}
    assert elements <= touched
    # No whole line is read in vain.
    assert not {byte // 64 for byte in touched} - {(at + byte) // 64 for at in elements
                                                   for byte in range(4)}


def test_what_falls_short_is_named_the_worst_first():
    def result(times):
        return {"read": 1 << 22,
                "systems": {name: {"seconds": time} for name, time in times.items()}}

    limits = {f"limit/{threads}/{streams}": 1.0 for threads in (1, systems.THREADS)
              for streams in (1, 4)}
    slow, fast = [case for case in cases.sweep([(1024, 1024)], ("C",)) if len(case.axes) == 1]
    results = {slow.name: result({"tsum": 4.0, "tsum/1": 1.1, **limits}),
               fast.name: result({"tsum": 1.0, "tsum/1": 1.0, "numpy": 0.9, **limits})}
    share, spread, ratio = targets.shortfalls([slow, fast], results)
    assert share.startswith(slow.name) and "25% of the limit" in share
    assert "axes (0,) are 4.00 times as slow" in spread
    assert "0.90 times as fast as numpy" in ratio
