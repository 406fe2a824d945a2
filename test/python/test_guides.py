# SPDX-License-Identifier: Apache-2.0
"""The uses of reduce_sum in TensorFlow's guides, with the values that TensorFlow gives."""
import importlib.util
import json
import pathlib

import numpy as np
import pytest

import tsum

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "guides"
VALUES = json.loads((FOLDER / "values.json").read_text("utf-8"))
PROGRAMS = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "values")


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_program_has_values_and_a_row_in_the_table():
    assert set(VALUES) == {*PROGRAMS, "version"}
    table = (FOLDER.parents[1] / "guides.md").read_text("utf-8")
    for name in PROGRAMS:
        assert f"({FOLDER.parent.name}/{FOLDER.name}/{name}.py)" in table


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_give_tensorflows_values(name):
    found = load(name).run(tsum)
    assert list(found) == list(VALUES[name])
    for key, expected in VALUES[name].items():
        value = [np.asarray(v) for v in found[key]] if isinstance(found[key], list) else found[key]
        np.testing.assert_allclose(np.asarray(value, np.float64), expected, rtol=2e-5, atol=2e-6,
                                   err_msg=key)


def test_what_trains_gets_better():
    for name in ("cvae", "customization_basics"):
        losses = VALUES[name]["losses"]
        assert losses[-1] < 0.9 * losses[0]
    losses = VALUES["deep_dream"]["losses"]
    assert losses[-1] > 1.1 * losses[0]
