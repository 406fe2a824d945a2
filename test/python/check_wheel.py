#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the size of a wheel and how long importing it takes, and fails where they are too large.

    check_wheel.py tsum-....whl tsum-....tar.gz      with the Python that it is installed in
"""
import os
import statistics
import subprocess
import sys
import zipfile

WHEEL_BYTES = 20e6
SDIST_BYTES = 5e6
IMPORT_SECONDS = 0.060

# What a wheel may need of the system that it is installed on.
SYSTEM = ("ld-linux", "libc.so", "libgcc_s.so", "libm.so", "libpthread.so", "libstdc++.so",
          "libz.so", "libdl.so", "librt.so")

TIME = """
import sys, time
import numpy
start = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
"""


def main():
    wheel = sys.argv[1]
    size = os.path.getsize(wheel)
    with zipfile.ZipFile(wheel) as files:
        inside = sum(file.file_size for file in files.infolist())
        names = files.namelist()
    print(f"{os.path.basename(wheel)}: {size / 1e6:.1f} MB, unpacked {inside / 1e6:.1f} MB")

    sdist = os.path.getsize(sys.argv[2])
    print(f"{os.path.basename(sys.argv[2])}: {sdist / 1e6:.1f} MB")

    for name in ("tsum.numpy", "tsum"):
        times = [float(subprocess.check_output([sys.executable, "-c", TIME, name]))
                 for _ in range(15)]
        seconds = statistics.median(times)
        print(f"import {name} after numpy: {seconds * 1e3:.1f} ms, the median of {len(times)}")

    module = subprocess.check_output(
        [sys.executable, "-c", "import tsum._core; print(tsum._core.__file__)"], text=True).strip()
    dynamic = subprocess.check_output(["readelf", "-d", module], text=True)
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    foreign = [name for name in needed if not name.startswith(SYSTEM)
               and f"tsum/{name}" not in names]
    print("needs:", ", ".join(needed))
    symbols = subprocess.check_output(["nm", "-DC", "--defined-only", module], text=True)
    visible = [line for line in symbols.splitlines() if " llvm::" in line or " mlir::" in line]

    failures = []
    if size > WHEEL_BYTES:
        failures.append(f"the wheel is larger than {WHEEL_BYTES / 1e6:.0f} MB")
    if sdist > SDIST_BYTES:
        failures.append(f"the sdist is larger than {SDIST_BYTES / 1e6:.0f} MB")
    if seconds > IMPORT_SECONDS:
        failures.append(f"importing takes longer than {IMPORT_SECONDS * 1e3:.0f} ms")
    if foreign:
        failures.append(f"libraries that are neither in the wheel nor on every system: {foreign}")
    if visible:
        failures.append(f"symbols of LLVM are visible: {visible[:3]}")
    for name in ("tsum/py.typed", "tsum/_core.pyi", "tsum/__init__.pyi"):
        if name not in names:
            failures.append(f"the wheel has no {name}")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
