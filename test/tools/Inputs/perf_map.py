# SPDX-License-Identifier: Apache-2.0
"""Runs a command with TSUM_PERF=1 and prints the map that it leaves for perf."""
import os
import pathlib
import subprocess
import sys

process = subprocess.Popen(sys.argv[1:], env=dict(os.environ, TSUM_PERF="1"),
                           stdout=subprocess.DEVNULL)
path = pathlib.Path(f"/tmp/perf-{process.pid}.map")
assert process.wait() == 0
print(path.read_text(), end="")
path.unlink()
