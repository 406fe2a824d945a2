# SPDX-License-Identifier: Apache-2.0
"""docs/tour.md: its examples print what it says, and its pictures are of what they compute."""
import pathlib
import re
import sys
import xml.etree.ElementTree

import pytest

pytest.importorskip("matplotlib", reason="tools/dev setup installs it")

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "examples"))

import matplotlib
import numpy as np
import tour
from matplotlib import cbook


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return tour.draw(tmp_path_factory.mktemp("pictures"))


def test_examples_compute_what_numpy_does():
    found = tour.run()  # raises where an example prints something else
    with cbook.get_sample_data("jacksboro_fault_dem.npz") as file:
        heights = file["elevation"]
    np.testing.assert_allclose(found["profile"].numpy(), heights.mean(0))
    blocks = heights.reshape(43, 8, 31, 13)
    assert np.array_equal(found["relief"].numpy(), np.ptp(blocks, axis=(1, 3)))
    south, east = np.gradient(heights.astype(float), found["to_south"], found["to_east"])
    slope = np.hypot(south, east)[1:-1, 1:-1]
    np.testing.assert_allclose(found["slope"].numpy(), slope, rtol=1e-12)
    assert found["land"].numpy()[heights != 305].mean() == pytest.approx(533.2, abs=0.005)


def test_the_page_shows_every_picture(pictures):
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", tour.TOUR.read_text())
    assert sorted(shown) == sorted(path.name for path in pictures)


def test_pictures_are_current(pictures):
    for path in pictures:
        committed = ROOT / "docs" / path.name
        xml.etree.ElementTree.parse(committed)
        by = re.search(r"Matplotlib v([\d.]+)", committed.read_text())[1]
        if by != matplotlib.__version__:
            pytest.skip(f"{path.name} is of matplotlib {by}, here is {matplotlib.__version__}")
        assert path.read_text() == committed.read_text(), f"{path.name} is stale: tools/dev docs"
