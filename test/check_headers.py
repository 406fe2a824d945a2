# SPDX-License-Identifier: Apache-2.0
"""Checks that each public header compiles alone, without warnings and without LLVM's headers, and
makes visible what it declares.

usage: check_headers.py [--together] INCLUDE_DIRECTORY COMPILER...

Only the first compiler compiles each alone. The others have the same standard library, so that what
a header lacks is missing for all of them: they compile one program of all headers, as the first
does, too, with --together. tsum/mpi.h is left out where the first compiler finds no mpi.h (CPATH
may say where it is).
"""

import pathlib
import re
import subprocess
import sys

FLAGS = "-std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++".split()


def faults(compiler, include, headers):
    """What `compiler` says of a program that does nothing but include the headers."""
    # -H lists each included file on stderr, after as many dots as it lies deep.
    command = [compiler, *FLAGS, "-H", "-I", str(include), "-"]
    program = "".join(f"#include <{header}>\n" for header in headers)
    result = subprocess.run(command, input=program, capture_output=True, text=True)
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
    together = sys.argv[1] == "--together"
    include, *compilers = sys.argv[1 + together:]
    include = pathlib.Path(include)
    failed = False
    headers = sorted(path.relative_to(include) for path in include.glob("tsum/*.h"))
    if any("fatal error" in line and "mpi.h" in line
           for line in faults(compilers[0], include, ["mpi.h"])):
        headers.remove(pathlib.Path("tsum/mpi.h"))
    for header in headers:
        if not is_visible((include / header).read_text()):
            print(f"{header}: namespace tsum is not between #pragma GCC visibility push and pop")
            failed = True
    programs = [] if together else [(compilers[0], [header]) for header in headers]
    programs += [(compiler, headers) for compiler in compilers[not together:]]
    for compiler, included in programs:
        for line in faults(compiler, include, included):
            print(f"{included[0] if len(included) == 1 else 'all headers'}: {compiler}: {line}")
            failed = True
    print(f"{len(headers)} headers, {len(compilers)} compilers: {'FAILED' if failed else 'ok'}")
    return failed or not headers


if __name__ == "__main__":
    sys.exit(main())
