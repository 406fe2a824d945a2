# SPDX-License-Identifier: Apache-2.0
"""Writes the tables and the picture of docs/performance.md from the results in build/bench, after
`tools/dev bench`, `bench --sweep` and `bench latency`. A table goes between these two lines:

    <!-- results: cases -->        or sweep, or latency
    <!-- end -->
"""
import json
import math
import re

import picture
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


def latency_table(results):
    """First calls by operation and system."""
    times, names = {}, []
    for row in results:
        if row["name"].startswith("first call of a "):
            op, system = row["name"].removeprefix("first call of a ").split(", ")
            times.setdefault(op, {})[system] = number(row["value"], 1)
            names += [] if system in names else [system]
    return markdown([["", *names], *([op, *(values.get(name, "-") for name in names)]
                                     for op, values in times.items())])


def main():
    document = systems.HERE.parent.parent / "docs" / "performance.md"
    text = document.read_text()
    results = {}
    for name, table in (("cases", cases_table), ("sweep", sweep_table), ("latency", latency_table)):
        results[name] = json.loads((systems.BUILD / "bench" / f"{name}.json").read_text())
        text, count = re.subn(f"(<!-- results: {name} -->\n).*?(<!-- end -->)",
                              lambda block: f"{block[1]}\n{table(results[name])}\n\n{block[2]}",
                              text, flags=re.DOTALL)
        assert count == 1, f"{document} has no place for {name}"
    document.write_text(text)
    picture.draw(results["cases"], results["sweep"], document.with_suffix(".svg"))


if __name__ == "__main__":
    main()
