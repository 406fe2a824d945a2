# SPDX-License-Identifier: Apache-2.0
"""Results as a picture."""
import matplotlib
import matplotlib.pyplot as plt

from systems import THREADS
from table import PYTHON_PEERS, limit, seconds

# Small, the same for the same results, and with letters as text.
matplotlib.rcParams.update({"svg.hashsalt": "tsum", "svg.fonttype": "none", "font.size": 8})

MARKERS = "osDv^<>PX*"


def draw_peers(axis, results):
    """How long peers take, as multiples of tsum's time."""
    names = list(results)[::-1]
    for marker, peer in zip(MARKERS, PYTHON_PEERS):
        points = [(seconds(results[name], peer) / seconds(results[name], "tsum"), row)
                  for row, name in enumerate(names) if peer in results[name]["systems"]]
        if points:
            axis.plot(*zip(*points), marker, label=peer, markersize=4, alpha=0.8)
    axis.axvline(1, color="black", label="tsum")
    axis.set_xscale("log")
    axis.set_xlim(right=3000)  # room for the legend
    axis.set_yticks(range(len(names)), names)
    axis.grid(alpha=0.3)
    axis.set_title("time / tsum's time, called from Python (logarithmic)")
    axis.legend(loc="upper right", fontsize=7)


def draw_sweep(axis, results):
    """Which share of the limit sums reach, each shape over each subset of its axes."""
    groups = {}
    for name, result in results.items():
        _, shape, layout, _ = name.split("/")
        groups.setdefault(shape, {}).setdefault(layout, []).append(
            100 * limit(result, THREADS) / seconds(result, "tsum"))
    layouts = list(dict.fromkeys(layout for group in groups.values() for layout in group))
    shapes = list(groups)[::-1]
    for number, layout in enumerate(layouts):
        points = [(share, row + 0.3 - 0.15 * number) for row, shape in enumerate(shapes)
                  for share in groups[shape].get(layout, ())]
        axis.plot(*zip(*points), MARKERS[number], label=layout, markersize=3, alpha=0.8)
    axis.set_xlim(0, 110)
    axis.set_yticks(range(len(shapes)), shapes)
    axis.grid(alpha=0.3)
    axis.set_title("sums over each subset of axes: % of the streaming-read limit")
    axis.legend(loc="upper left", fontsize=7)


def draw(cases, sweep, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    draw_peers(left, cases)
    draw_sweep(right, sweep)
    figure.savefig(path, metadata={"Date": None})
