# SPDX-License-Identifier: Apache-2.0
"""python -m tsum: what this installation is, for bug reports."""
import importlib.metadata
import os
import platform

import tsum


def version_of(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def on_disk():
    directory = tsum.cache_directory()
    if not directory:
        return "none are kept"
    try:
        sizes = [entry.stat().st_size for entry in os.scandir(directory)]
    except FileNotFoundError:
        sizes = []
    return f"{len(sizes)} files of {sum(sizes) / 1e6:.1f} MB in {directory}"


def main():
    stats = tsum.cache_stats()
    threads = tsum.get_threads()
    rows = [
        ("tsum", f"{tsum.__version__} ({os.path.dirname(tsum.__file__)})"),
        ("LLVM", tsum.llvm_version()),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("NumPy", version_of("numpy")),
        ("ml_dtypes", version_of("ml_dtypes")),
        ("machine", f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.platform()}"),
        ("target features", tsum.target_features()),
        ("threads", str(threads) if threads else "one per core"),
        ("kernels in memory", f"{stats.entries} ({stats.hits} hits, {stats.misses} misses)"),
        ("kernels on disk", on_disk()),
        ("dtypes", ", ".join(sorted(str(d) for d in {id(v): v for v in vars(tsum).values()
                                                     if isinstance(v, tsum.DType)}.values()))),
        ("stages", ", ".join(tsum.stages())),
    ]
    width = max(len(title) for title, _ in rows)
    for title, text in rows:
        print(f"{title:<{width}}  {text}")


if __name__ == "__main__":
    main()
