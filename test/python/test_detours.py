# SPDX-License-Identifier: Apache-2.0
"""The check in conftest.py that no test passes by other code where the compiler failed."""
import pathlib
import shutil
import subprocess
import sys

TESTS = """
import os

def test_detour():
    os.write(2, b"tsum: warning: the compiler failed (tile: no); the graph is evaluated\\n")

def test_wanted(capfd):
    os.write(2, b"tsum: warning: the compiler failed (tile: no); the graph is evaluated\\n")
    assert "tile: no" in capfd.readouterr().err

def test_other():
    os.write(2, b"tsum: warning: of something else\\n")
"""


def test_a_test_fails_where_the_compiler_did(tmp_path):
    shutil.copy(pathlib.Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(TESTS)
    result = subprocess.run([sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider",
                             "test_it.py"], cwd=tmp_path, text=True, timeout=100,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert "FAILED test_it.py::test_detour" in result.stdout, result.stdout
    assert "PASSED test_it.py::test_wanted" in result.stdout, result.stdout
    assert "PASSED test_it.py::test_other" in result.stdout, result.stdout
