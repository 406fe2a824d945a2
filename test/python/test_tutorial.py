# SPDX-License-Identifier: Apache-2.0
import doctest
import pathlib

import tsum

TUTORIAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python.md"


def test_the_tutorial_says_what_happens():
    try:
        failures, examples = doctest.testfile(
            str(TUTORIAL), module_relative=False,
            optionflags=doctest.ELLIPSIS)
    finally:
        tsum.set_cache_capacity(1024)
    assert failures == 0
    assert examples > 30
