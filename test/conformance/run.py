# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of other projects on tsum.numpy; `tools/dev conformance` is what calls it.

    run.py [--examples N] [CHECKOUT]

CHECKOUT is one of github.com/data-apis/array-api-tests with its submodule; without it those tests
are left out. The tests of xarray and bottleneck are in the packages that they install. Each is run
as it is, but for the lines that say which arrays it is about. Ends with a table, and with 1 if a
test failed that expected-failures.txt does not name.
"""
import argparse
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent.parent / "build" / "conformance"

# What xarray's tests of wrapped arrays must know of a namespace.
XARRAY = '"tsum.numpy": {"attrs": {"array": "ndarray", "constructor": "asarray"}, "xfails": {}}'

# bottleneck's functions that tsum.numpy has: what `bottleneck.slow` is compared with.
BOTTLENECK = """
import tsum.numpy as tnp

def of_tsum(name):
    def function(a, axis=None, **options):
        return np.asarray(getattr(tnp, name)(a, axis=axis, **options))
    function.__name__ = name
    return function

FUNCTIONS = [of_tsum(name) for name in (
    "nansum", "nanmean", "nanstd", "nanvar", "nanmin", "nanmax", "nanargmin", "nanargmax", "median",
    "nanmedian")]
"""


def source(package, path):
    """The text of a file of an installed package."""
    root = pathlib.Path(importlib.util.find_spec(package).origin).parent
    return (root / path).read_text()


def xarray_tests():
    wrapped = source("xarray", "tests/test_duck_array_wrapping.py")
    wrapped = wrapped.replace("NAMESPACE_ARRAYS = {",
                              "NAMESPACE_ARRAYS = {" + XARRAY + "}\nOTHERS = {")
    wrapped = re.sub(r"marks=NAMESPACE_REQUIREMENTS\[\w+\]", "marks=()", wrapped)
    standard = source("xarray", "tests/test_array_api.py")
    standard = re.sub(r'^xp = .*', "import tsum.numpy as xp", standard, flags=re.M)
    standard = re.sub(r"^from array_api_strict\._array_object import Array.*", "Array = xp.ndarray",
                      standard, flags=re.M)
    return {"test_duck_array_wrapping.py": wrapped, "test_array_api.py": standard}


def bottleneck_tests():
    text = source("bottleneck", "tests/reduce_test.py")
    text = text.replace("from .util", "from bottleneck.tests.util")
    text = text.replace("\nimport bottleneck as bn\n", "\nimport bottleneck as bn\n" + BOTTLENECK)
    # What follows the first test are those of bottleneck's own arguments and functions.
    tests = text.partition("\ndef test_strides")[0]
    tests = tests.replace('bn.get_functions("reduce")', "FUNCTIONS")
    return {"test_reduce.py": tests}


def tsum_folder():
    """Where this process finds the package: others, elsewhere, need an absolute path."""
    return str(pathlib.Path(importlib.util.find_spec("tsum").origin).absolute().parent.parent)


def run(name, folder, arguments, environment=()):
    """Runs pytest in a folder; returns its counts, and the tests that failed."""
    print(f"== {name}", flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rfEs",
         *arguments],
        cwd=folder, env={**os.environ, **dict(environment), "PYTHONPATH": tsum_folder()},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    (OUT / f"{name}.log").write_text(result.stdout)
    lines = result.stdout.splitlines()
    print(lines[-1] if lines else "nothing ran")
    found = re.findall(r"(\d+) (passed|failed|skipped|xfailed|errors?)", lines[-1] if lines else "")
    counts = {word: int(number) for number, word in found}
    failed = [line.partition(" - ")[0].split(" ", 1)[1] for line in lines
              if line.startswith(("FAILED ", "ERROR "))]
    return counts, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", nargs="?", type=pathlib.Path)
    parser.add_argument("--examples", type=int, default=30)
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    expected = {line.partition("  # ")[0] for line in
                (HERE / "expected-failures.txt").read_text().splitlines()}
    results = {}
    if options.checkout:
        results["array-api-tests"] = run(
            "array-api-tests", options.checkout.resolve(),
            ["array_api_tests", "--max-examples", str(options.examples), "--disable-deadline",
             "--hypothesis-derandomize"],
            {"ARRAY_API_TESTS_MODULE": "tsum.numpy", "ARRAY_API_TESTS_VERSION": "2024.12"})
    for name, tests in (("xarray", xarray_tests()), ("bottleneck", bottleneck_tests())):
        folder = OUT / name
        folder.mkdir(exist_ok=True)
        (folder / "pytest.ini").write_text("[pytest]\n")
        for file, text in tests.items():
            (folder / file).write_text(text)
        results[name] = run(name, folder, ["."])
    print(f"\n{'tests of':<18}{'passed':>8}{'failed':>8}{'skipped':>9}")
    unexpected = []
    for name, (counts, failed) in results.items():
        print(f"{name:<18}{counts.get('passed', 0):>8}{counts.get('failed', 0):>8}"
              f"{counts.get('skipped', 0):>9}")
        unexpected += [test for test in failed if test not in expected]
        if not counts.get("passed"):
            unexpected.append(f"{name}: nothing passed")
    for test in unexpected:
        print(f"unexpected: {test}")
    return bool(unexpected)


if __name__ == "__main__":
    sys.exit(main())
