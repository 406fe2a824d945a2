# SPDX-License-Identifier: Apache-2.0
"""Tries the changes that docs/hacking.md shows: they apply to the sources, and compile.

usage: check_patches.py [--whole] WORK CMAKE C++_COMPILER

Works on a copy of the sources in WORK. Compiles the files that a patch touches and what is
generated for them; --whole builds a tool and tries what was added.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Patch:
    def __init__(self, most, compiled, tool, trial, expected=None):
        self.most = most          # lines that it may add
        self.compiled = compiled  # by the short check
        self.tool = tool          # that is built, and tried
        self.trial = trial        # an expression of x = 0 to 5, or a test of lit's that it adds
        self.expected = expected  # what the expression prints


PATCHES = {
    "add-op.patch": Patch(
        19,
        ["TsumOperations", "TsumReference",
         "lib/Conversion/CMakeFiles/TsumConversion.dir/ElementwiseToArith.cpp.o"],
        "tsum-run", "softsign(x) * 60", "[[ 0. 30. 40.]\n [45. 48. 50.]]",
    ),
    "add-reduction.patch": Patch(
        59,
        ["TsumOperations", "TsumReference",
         "lib/Codegen/CMakeFiles/TsumCodegen.dir/Accumulator.cpp.o"],
        "tsum-run", "reduce_bitwise_xor(cast(x, i32), 1)", "[3 2]",
    ),
    "add-pass.patch": Patch(
        120,
        ["lib/Codegen/CMakeFiles/TsumCodegen.dir/Pipeline.cpp.o",
         "lib/Dialect/Tsum/Transforms/CMakeFiles/TsumTransforms.dir/DivideByPowers.cpp.o"],
        "tsum-opt", "test/Dialect/Tsum/divide-by-powers.mlir",
    ),
    "add-strategy.patch": Patch(
        120,
        ["lib/Codegen/CMakeFiles/TsumCodegen.dir/Strategies/Strategy.cpp.o",
         "lib/Codegen/CMakeFiles/TsumCodegen.dir/Strategies/Tall.cpp.o"],
        "tsum-opt", "test/Codegen/Strategies/tall.mlir",
    ),
}


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{result.stdout}")
    return result.stdout


def copy_sources(to):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for name in ("CMakeLists.txt", "LICENSE"):  # what is configured reads them
        shutil.copy(ROOT / name, to)
    for folder in ("include", "lib", "tools", "test/Codegen", "test/Dialect", "test/python"):
        # As new files, or what the last patch changed would stay as it was built.
        shutil.copytree(ROOT / folder, to / folder, copy_function=shutil.copy)


def try_out(patch, sources, build, work):
    """Evaluates the expression, or runs the command of the test."""
    if patch.expected:
        run(sys.executable, ROOT / "test/tools/Inputs/arrays.py", work)
        printed = run(build / "bin/tsum-run", "--expr", patch.trial, f"x={work}/x.npy")
        assert patch.expected in printed, printed
        return
    test = sources / patch.trial
    (command,) = re.findall(r"^// RUN: (.*)$", test.read_text(), re.MULTILINE)
    cache = (build / "CMakeCache.txt").read_text()
    llvm = pathlib.Path(re.search(r"^LLVM_DIR:\w+=(.*)$", cache, re.MULTILINE)[1]).parents[2]
    path = os.pathsep.join([str(build / "bin"), str(llvm / "bin"), os.environ["PATH"]])
    run("bash", "-o", "pipefail", "-c", command.replace("%s", str(test)),
        env=dict(os.environ, PATH=path))


def main():
    whole = "--whole" in sys.argv
    work, cmake, compiler = [word for word in sys.argv[1:] if word != "--whole"]
    work = pathlib.Path(work).resolve()
    for name, patch in PATCHES.items():
        file = ROOT / "docs" / "examples" / name
        added = [line for line in file.read_text().splitlines()
                 if line.startswith("+") and not line.startswith("+++")]
        assert len(added) <= patch.most, f"{name} adds {len(added)} lines"
        sources, build = work / "sources", work / "build"
        copy_sources(sources)
        # A repository of its own, or git would take the one around it for what is meant.
        run("git", "init", "--quiet", cwd=sources)
        run("git", "apply", file, cwd=sources)
        run(cmake, "-G", "Ninja", "-S", sources, "-B", build, "-DTSUM_BUILD_TESTS=OFF",
            f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
            f"-DCMAKE_CXX_FLAGS={'-O1' if whole else '-O0'}")
        run(cmake, "--build", build, "--target", *([patch.tool] if whole else patch.compiled))
        if whole:
            try_out(patch, sources, build, work)
        print(f"{name}: {len(added)} lines, ok", flush=True)


if __name__ == "__main__":
    os.environ["TSUM_CACHE_DIR"] = ""  # not the user's
    main()
