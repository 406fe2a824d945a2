# SPDX-License-Identifier: Apache-2.0
"""Tries the changes that docs/hacking.md shows: they apply to the sources, and compile.

usage: check_patches.py [--whole] WORK CMAKE C++_COMPILER

Works on a copy of the sources in WORK. Compiles the files that a patch touches and what is
generated for them; --whole builds tsum-run and evaluates what was added.
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# For each patch: the most lines that it may add, what to compile, an expression of x = 0 to 5, and
# what it prints.
PATCHES = {
    "add-op.patch": (
        19,
        ["TsumGraph", "TsumReference",
         "lib/Conversion/CMakeFiles/TsumConversion.dir/ElementwiseToArith.cpp.o"],
        "softsign(x) * 60",
        "[[ 0. 30. 40.]\n [45. 48. 50.]]",
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
    shutil.copy(ROOT / "CMakeLists.txt", to)
    for folder in ("include", "lib", "tools", "test/python"):
        shutil.copytree(ROOT / folder, to / folder)


def main():
    whole = "--whole" in sys.argv
    work, cmake, compiler = [word for word in sys.argv[1:] if word != "--whole"]
    work = pathlib.Path(work).resolve()
    for name, (most, targets, expression, expected) in PATCHES.items():
        patch = ROOT / "docs" / "examples" / name
        added = [line for line in patch.read_text().splitlines()
                 if line.startswith("+") and not line.startswith("+++")]
        assert len(added) <= most, f"{name} adds {len(added)} lines"
        sources, build = work / "sources", work / "build"
        copy_sources(sources)
        # A repository of its own, or git would take the one around it for what is meant.
        run("git", "init", "--quiet", cwd=sources)
        run("git", "apply", patch, cwd=sources)
        flags = ["-O0"] if not whole else ["-O1"]
        run(cmake, "-G", "Ninja", "-S", sources, "-B", build, "-DTSUM_BUILD_TESTS=OFF",
            f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
            f"-DCMAKE_CXX_FLAGS={' '.join(flags)}")
        run(cmake, "--build", build, "--target", *(["tsum-run"] if whole else targets))
        if whole:
            run(sys.executable, ROOT / "test/tools/Inputs/arrays.py", work)
            printed = run(build / "bin" / "tsum-run", "--expr", expression, f"x={work}/x.npy")
            assert expected in printed, printed
        print(f"{name}: {len(added)} lines, ok")


if __name__ == "__main__":
    main()
