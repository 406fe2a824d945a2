# SPDX-License-Identifier: Apache-2.0
"""What first calls cost, tracing and compiling included: tsum beside peers that compile, in turns,
over shapes that none of them has seen. Before that, what tsum-bench-latency measures of tsum."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import systems
import table
from cases import Case

OPS = ("sum", "variance", "softmax")


def first_calls(workers, op, shapes):
    """Seconds by system, the median over the shapes; one more before them sets compilers up."""
    times = {system: [] for system in workers}
    for n in range(shapes + 1):
        case = Case("", op, (100 + 3 * n, 300 + 7 * n), "float32", (1,))
        for system, worker in workers.items():
            seconds = float(worker.ask(f"prepare {system} {case.line()}")[0])
            if n > 0:
                times[system].append(seconds)
    return {system: statistics.median(values) for system, values in times.items()}


def main():
    parser = argparse.ArgumentParser(prog="tools/dev bench latency", description=__doc__)
    parser.add_argument("--memory", action="store_true",
                        help="also 10,000 shapes through a cache of 256, which takes a minute")
    parser.add_argument("--peers", default="jax,tf.xla", metavar="NAME,...")
    parser.add_argument("--shapes", type=int, default=50)
    parser.add_argument("--json", type=pathlib.Path, default=systems.BUILD / "bench/latency.json")
    options = parser.parse_args()

    options.json.parent.mkdir(parents=True, exist_ok=True)
    program = systems.BUILD / "release" / "bin" / "tsum-bench-latency"
    subprocess.run([program, f"--json={options.json}", *["--memory"] * options.memory], check=True)

    wanted = ["tsum", *(name for name in options.peers.split(",") if name)]
    workers, missing = systems.start(wanted)
    for name, failure in missing.items():
        print(f"missing: {name}: {failure}")
    if "tsum" not in workers:
        sys.exit("bench: tsum cannot be measured")
    rows = [["first call of a new shape, ms", *workers]]
    found = {}
    for op in OPS:
        found[op] = first_calls(workers, op, options.shapes)
        rows.append([f"{op} along rows, median of {options.shapes}",
                     *(f"{seconds * 1e3:.2f}" for seconds in found[op].values())])
    systems.stop(workers)
    print("\n" + table.aligned(rows))
    rows = json.loads(options.json.read_text())
    rows += [{"name": f"first call of a {op}, {system}", "value": seconds * 1e3, "unit": "ms",
              "limit": 0} for op, values in found.items() for system, seconds in values.items()]
    options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
