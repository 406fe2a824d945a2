# SPDX-License-Identifier: Apache-2.0
"""Results as tables of text."""
import math

from systems import PEERS, THREADS

PYTHON_PEERS = [peer for peer in PEERS if peer != "eigen"]


def limit(result, threads):
    """Seconds that reading takes at least; NaN where calling the reader takes longer."""
    if result["read"] < 1 << 16:
        return math.nan
    return min((values["seconds"] for system, values in result["systems"].items()
                if system.startswith(f"limit/{threads}/")), default=math.nan)


def seconds(result, system):
    return result["systems"].get(system, {}).get("seconds", math.nan)


def fastest_peer(result):
    """Name and seconds of the fastest peer that is called from Python, or None."""
    return min(((peer, seconds(result, peer)) for peer in PYTHON_PEERS
                if peer in result["systems"]), key=lambda pair: pair[1], default=None)


def aligned(rows):
    """Lines with columns as wide as they must be, the first one to the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(
        cell.ljust(width) if n == 0 else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def number(value, digits=0):
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def percent(value):
    return "-" if math.isnan(value) else f"{value * 100:.0f}%"


def print_cases(results):
    """tsum and its peers as they are called from Python, then prepared functions and Eigen."""
    peers = [peer for peer in PYTHON_PEERS
             if any(peer in result["systems"] for result in results.values())]
    rows = [["Python", *HEADS, "fastest peer", "us", "ratio", *(f"{peer} us" for peer in peers)]]
    ratios = []
    for name, result in results.items():
        best, best_time = fastest_peer(result) or ("-", math.nan)
        ratios.append(best_time / seconds(result, "tsum"))
        rows.append([name, *own_columns(result, "tsum"), best, microseconds(best_time),
                     number(ratios[-1], 2),
                     *(microseconds(seconds(result, peer)) for peer in peers)])
    print(aligned(rows))
    print(f"\ngeometric mean of fastest peer / tsum: {number(geometric_mean(ratios), 2)}\n")

    rows = [["C++", *HEADS, "eigen us", "ratio to 1 thread"]]
    for name, result in results.items():
        time = seconds(result, "eigen")
        rows.append([name, *own_columns(result, "tsum/C++"), microseconds(time),
                     number(time / seconds(result, "tsum/C++/1"), 2)])
    print(aligned(rows))


HEADS = ("tsum us", "GB/s", "limit", "share", "1 thread us", "GB/s", "limit", "share")


def own_columns(result, system):
    """Time, speed, the limit and the share of it, on all threads and on one."""
    row = []
    for name, threads in ((system, THREADS), (f"{system}/1", 1)):
        time, least = seconds(result, name), limit(result, threads)
        row += [microseconds(time), number(result["read"] / time / 1e9, 1),
                number(result["read"] / least / 1e9, 1), percent(least / time)]
    return row


def microseconds(time):
    return number(time * 1e6, 2 if time < 1e-5 else 1)


def geometric_mean(values):
    logarithms = [math.log(value) for value in values if not math.isnan(value)]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else math.nan


def print_sweep(results):
    groups = {}
    for name, result in results.items():
        _, shape, layout, axes = name.split("/")
        groups.setdefault(shape, {}).setdefault(layout, {})[axes] = result
    for shape, layouts in groups.items():
        print(f"\n{shape}")
        subsets = sorted({axes for layout in layouts.values() for axes in layout},
                         key=lambda axes: (len(axes), axes))
        rows = [["axes", *(head for layout in layouts
                           for head in (layout, "share", "1 thr", "share"))]]
        for axes in subsets:
            row = [axes]
            for layout in layouts.values():
                result = layout.get(axes)
                if not result:
                    row += ["-"] * 4
                    continue
                for system, threads in (("tsum", THREADS), ("tsum/1", 1)):
                    time, least = seconds(result, system), limit(result, threads)
                    row += [number(result["read"] / time / 1e9, 1),
                            percent(least / time)]
            rows.append(row)
        row = ["spread"]
        for layout in layouts.values():
            for system in ("tsum", "tsum/1"):
                times = [seconds(result, system) for result in layout.values()]
                row += [f"{number(max(times) / min(times), 2)}x", ""]
        rows.append(row)
        print(aligned(rows))
