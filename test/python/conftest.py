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


@pytest.fixture
def run_python():
    """Runs a program in a fresh interpreter, fails with its output if it does, and returns it."""

    def run(program, *arguments, python=sys.executable, timeout=300):
        result = subprocess.run([python, "-c", program, *arguments], text=True, timeout=timeout,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert result.returncode == 0, result.stdout
        return result.stdout

    return run
