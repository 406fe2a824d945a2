# SPDX-License-Identifier: Apache-2.0
"""Checks that each public header compiles alone, without warnings and without LLVM's headers, and
makes visible what it declares.

usage: check_headers.py INCLUDE_DIRECTORY COMPILER...

tsum/mpi.h is left out where the compilers find no mpi.h (CPATH may say where it is).
"""

import pathlib
import re
import subprocess
import sys

FLAGS = "-std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++".split()


def faults(compiler, include, header):
    """What `compiler` says of a program that is nothing but `#include <header>`."""
    # -H lists each included file on stderr, after as many dots as it lies deep.
    command = [compiler, *FLAGS, "-H", "-I", str(include), "-"]
    result = subprocess.run(command, input=f"#include <{header}>\n", capture_output=True, text=True)
    lines = result.stderr.splitlines()
    if result.returncode != 0:
        return [line for line in lines if not line.startswith(".")]
    foreign = re.compile(r"\.+ (.*/include/(llvm|mlir)\b.*)")
    matches = [match for line in lines if (match := foreign.match(line))]
    return [f"includes {match[1]}" for match in matches[:1]]


def is_visible(text):
    """Whether what the header declares is exported from a library of hidden symbols."""
    return "namespace tsum {" not in text or re.search(
        r"#pragma GCC visibility push\(default\)\n\nnamespace tsum {.*"
        r"} // namespace tsum\n\n#pragma GCC visibility pop\n", text, re.DOTALL)


def main():
    include = pathlib.Path(sys.argv[1])
    failed = False
    headers = sorted(path.relative_to(include) for path in include.glob("tsum/*.h"))
    if any("fatal error" in line and "mpi.h" in line
           for compiler in sys.argv[2:] for line in faults(compiler, include, "mpi.h")):
        headers.remove(pathlib.Path("tsum/mpi.h"))
    for header in headers:
        if not is_visible((include / header).read_text()):
            print(f"{header}: namespace tsum is not between #pragma GCC visibility push and pop")
            failed = True
    for compiler in sys.argv[2:]:
        for header in headers:
            for fault in faults(compiler, include, header):
                print(f"{header}: {compiler}: {fault}")
                failed = True
    print(f"{len(headers)} headers, {len(sys.argv) - 2} compilers: {'FAILED' if failed else 'ok'}")
    return failed or not headers


if __name__ == "__main__":
    sys.exit(main())
