# SPDX-License-Identifier: Apache-2.0
"""Runs docs/tour.md, and draws its pictures from what it has computed.

    tour.py [FOLDER]

FOLDER is where the pictures go, docs/ if it is not given. The same matplotlib draws the same bytes.
"""
import doctest
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({
    "svg.hashsalt": "tsum", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
})

from matplotlib import pyplot

TOUR = pathlib.Path(__file__).resolve().parents[1] / "tour.md"


def run():
    """What the examples have left under their names. Raises what an example raises."""
    names = {}
    test = doctest.DocTestParser().get_doctest(TOUR.read_text(), names, TOUR.name, str(TOUR), 0)
    runner = doctest.DebugRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, clear_globs=False)
    return test.globs


def profile(found, axes):
    kilometres = [step * found["to_east"] / 1000 for step in range(found["profile"].size)]
    axes.fill_between(kilometres, found["floor"].numpy(), found["ridge"].numpy(),
                      color="#c9d6df", label="lowest to highest")
    axes.plot(kilometres, found["profile"].numpy(), color="#1f4e79", label="mean")
    axes.set(xlabel="from west to east, km", ylabel="height, m", xlim=(0, kilometres[-1]))
    axes.legend(frameon=False)


def relief(found, axes):
    drawn = axes.pcolormesh(found["relief"].numpy()[::-1], cmap="cividis", rasterized=True)
    axes.set_aspect(8 * found["to_south"] / (13 * found["to_east"]))
    axes.set(xlabel="blocks of 13 points to the east", ylabel="blocks of 8 points to the north")
    axes.figure.colorbar(drawn, label="relief, m")


def slopes(found, axes):
    axes.stairs(found["counts"], found["edges"], fill=True, color="#5b8c5a")
    axes.set(xlabel="slope, m per m", ylabel="points", xlim=(0, found["edges"][-1]))


PICTURES = {"profile": (profile, (6, 2.6)), "relief": (relief, (4.6, 4.2)),
            "slopes": (slopes, (6, 2.4))}


def draw(folder):
    """Writes the pictures; returns their paths."""
    found = run()
    paths = []
    for name, (picture, size) in PICTURES.items():
        figure, axes = pyplot.subplots(figsize=size)
        picture(found, axes)
        paths.append(folder / f"tour-{name}.svg")
        figure.savefig(paths[-1], metadata={"Date": None})
        pyplot.close(figure)
    return paths


if __name__ == "__main__":
    for path in draw(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOUR.parent):
        print(f"{path}: {path.stat().st_size} bytes")
