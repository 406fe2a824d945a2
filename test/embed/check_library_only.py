# SPDX-License-Identifier: Apache-2.0
"""Configures the library alone, with every other package hidden from CMake.

usage: check_library_only.py SOURCE WORK CMAKE C++_COMPILER

Checks which packages CMake looks for, which programs and libraries `cmake --build` would make, and
what would be installed. Builds nothing: check_install.py looks at what is installed.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

source, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
cmake, compiler = sys.argv[3:5]

# What only tests, tools, benchmarks and the Python package need.
HIDDEN = ("GTest", "benchmark", "Eigen3", "Python", "Python3", "nanobind", "MPI")
# What the library needs, and what these bring. LLVM's own files look for what it was built with.
OURS = {"MLIR", "LLVM", "TBB", "ZLIB", "Threads"}
LLVMS = {"zstd", "FFI", "LibEdit", "LibXml2", "CURL", "Terminfo", "Z3", "PkgConfig"}

SHARED = {"libtsum.so", "tsum.pc", "tsum-config.cmake", "tsum-config-version.cmake",
          "tsum-targets.cmake"}

# Run when the project has been configured.
REPORT = """
function(report)
  get_property(found GLOBAL PROPERTY PACKAGES_FOUND)
  get_property(missing GLOBAL PROPERTY PACKAGES_NOT_FOUND)
  file(WRITE "${CMAKE_BINARY_DIR}/packages" "${found};${missing}")
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL report)
"""


def run(*command):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{result.stdout}")
    return result.stdout


def configure(*options):
    """What CMake says of its targets: name, type, artifacts, folder of installation."""
    shutil.rmtree(work, ignore_errors=True)
    query = work / ".cmake" / "api" / "v1" / "query" / "codemodel-v2"
    query.parent.mkdir(parents=True)
    query.touch()
    report = work / "report.cmake"
    report.write_text(REPORT)
    run(cmake, "-S", source, "-B", work, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}",
        f"-DCMAKE_PROJECT_tsum_INCLUDE={report}",
        *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in HIDDEN), *options)
    replies = work / ".cmake" / "api" / "v1" / "reply"
    model = json.loads(next(replies.glob("codemodel-v2-*.json")).read_text())
    return [json.loads((replies / target["jsonFile"]).read_text())
            for target in model["configurations"][0]["targets"]]


def built_by_default():
    """The files that `cmake --build` makes and that are linked."""
    commands = run(os.environ.get("CMAKE_MAKE_PROGRAM", "ninja"), "-C", work, "-t", "inputs",
                   "all")
    return {pathlib.Path(line).name for line in commands.splitlines()}


def check(options, files_installed):
    targets = configure("-DTSUM_LIBRARY_ONLY=ON", *options)
    packages = set(filter(None, (work / "packages").read_text().split(";")))
    assert OURS <= packages | {"Threads"}, packages
    assert packages <= OURS | LLVMS, f"CMake looked for {sorted(packages - OURS - LLVMS)}"
    programs = [target["name"] for target in targets if target["type"] == "EXECUTABLE"]
    assert not programs, programs
    files = built_by_default()
    for absent in ("libTsumExpression.a", "libTsumSharding.a"):
        assert absent not in files, f"{absent} is built, too"
    installed = set()
    for script in work.rglob("cmake_install.cmake"):
        installed |= set(re.findall(r'"[^"]*/([\w.-]+\.(?:so|a|pc|cmake))[\d.]*"',
                                    script.read_text())) - {"cmake_install.cmake"}
    installed = {name for name in installed if "-noconfig" not in name}
    assert installed == files_installed, installed ^ files_installed
    print(f"{' '.join(options) or 'shared'}: {len(packages)} packages, installs "
          f"{', '.join(sorted(installed))}")


def check_other_options_yield():
    """What needs more is off, even where somebody has asked for it before."""
    configure("-DTSUM_LIBRARY_ONLY=ON", "-DTSUM_BUILD_TESTS=ON", "-DTSUM_BUILD_PYTHON=ON")
    print("TSUM_BUILD_TESTS and TSUM_BUILD_PYTHON: off")


def check_as_part_of_another_project():
    """There, the library alone is what there is, without a word."""
    parent = work / "parent"
    parent.mkdir(parents=True)
    (parent / "main.cpp").write_text("#include <tsum/tsum.h>\nint main() {}\n")
    (parent / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES C CXX)
add_subdirectory({source} tsum)
add_executable(parent main.cpp)
target_link_libraries(parent PRIVATE tsum::tsum)
""")
    run(cmake, "-S", parent, "-B", parent / "build", "-G", "Ninja",
        f"-DCMAKE_CXX_COMPILER={compiler}",
        *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in HIDDEN))
    made = run("ninja", "-C", parent / "build", "-t", "targets", "rule", "phony")
    assert "tsum-opt" not in made and "tsum-unit-tests" not in made
    print("part of another project: the library alone")


def main():
    check([], SHARED)
    check(["-DTSUM_STATIC_LLVM=ON"], SHARED | {"libtsum.a", "tsum-static.pc",
                                               "tsum-static-targets.cmake"})
    check_other_options_yield()
    check_as_part_of_another_project()
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
