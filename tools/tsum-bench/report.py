# SPDX-License-Identifier: Apache-2.0
"""Results as the tables of docs/performance.md: report.py, after `tools/dev bench` with and without
--sweep."""
import json
import math

import systems
from cases import LAYOUTS
from systems import THREADS
from table import fastest_peer, geometric_mean, limit, microseconds, number, percent, seconds


def markdown(rows):
    head, *rest = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest])


def cases_table(results):
    rows = [["", "tsum, us", "of the limit", "fastest peer, us", "times as fast",
             "tsum, 1 thread", "of the limit", "C++, us", "C++, 1 thread", "Eigen, 1 thread"]]
    for name, result in results.items():
        best, best_time = fastest_peer(result) or ("-", math.nan)
        time, single = seconds(result, "tsum"), seconds(result, "tsum/1")
        rows.append([
            name, microseconds(time), percent(limit(result, THREADS) / time),
            f"{best} {microseconds(best_time)}", number(best_time / time, 2),
            microseconds(single), percent(limit(result, 1) / single),
            *(microseconds(seconds(result, system))
              for system in ("tsum/C++", "tsum/C++/1", "eigen"))])
    mean = geometric_mean([fastest_peer(result)[1] / seconds(result, "tsum")
                           for result in results.values() if fastest_peer(result)])
    return f"{markdown(rows)}\n\nGeometric mean of the times as fast: {number(mean, 2)}."


def sweep_table(results):
    """For each shape and layout, the slowest and the fastest axes."""
    groups = {}
    for name, result in results.items():
        _, shape, layout, axes = name.split("/")
        groups.setdefault(shape, {}).setdefault(layout, {})[axes] = (
            limit(result, THREADS) / seconds(result, "tsum"))
    rows = [["", *LAYOUTS]]
    for shape, layouts in groups.items():
        row = [shape]
        for layout in LAYOUTS:
            shares = layouts.get(layout, {})
            worst = min(shares, key=shares.get, default=None)
            row.append("-" if worst is None else f"{percent(shares[worst])} ({worst})" if
                       len(shares) == 1 else
                       f"{percent(shares[worst])} ({worst}) to {percent(max(shares.values()))}")
        rows.append(row)
    return markdown(rows)


def main():
    folder = systems.BUILD / "bench"
    print(cases_table(json.loads((folder / "cases.json").read_text())))
    print()
    print(sweep_table(json.loads((folder / "sweep.json").read_text())))


if __name__ == "__main__":
    main()
