# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys

import hypothesis
import pytest

# What is tested is the compiler, and not what an earlier run left on the user's disk. This comes
# before tsum is imported; processes that tests start inherit it.
os.environ["TSUM_CACHE_DIR"] = ""
# Nor generic code, which has tests of its own.
os.environ["TSUM_SPECIALIZE"] = "always"

# The same cases in every run, however busy the machine; TSUM_HYPOTHESIS=more looks for new ones.
untimed = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("fixed", derandomize=True, max_examples=40, **untimed)
hypothesis.settings.register_profile("more", max_examples=1000, **untimed)
hypothesis.settings.load_profile("more" if os.environ.get("TSUM_HYPOTHESIS") == "more" else "fixed")


DETOUR = "tsum: warning: the compiler failed"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):  # pylint: disable=unused-argument
    """Fails a test whose graph the compiler failed on: other code would give the same values.

    A process says so once, on stderr: the first such test fails, and `-s` hides it. A test that
    wants this reads the message by `capfd`."""
    report = (yield).get_result()
    if report.passed and DETOUR in report.capstderr:
        report.outcome = "failed"
        report.longrepr = report.capstderr


@pytest.fixture
def run_python():
    """Runs a program in a fresh interpreter, fails with its output if it does, and returns it."""

    def run(program, *arguments, python=sys.executable, timeout=300):
        result = subprocess.run([python, "-c", program, *arguments], text=True, timeout=timeout,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert result.returncode == 0, result.stdout
        return result.stdout

    return run
