# SPDX-License-Identifier: Apache-2.0
"""Checks explanations.

usage: read_explanations.py JSON HTML

The first is of `reduce_sum(square(x), 1)`, the other of `softmax(x) < 0.5` and `reduce_sum(x, 1)`,
where x is f32[2,3].
"""
import json
import pathlib
import sys
import xml.etree.ElementTree

explanation = json.loads(pathlib.Path(sys.argv[1]).read_text())
(graph,) = explanation["graphs"]
(kernel,) = graph["kernels"]
assert graph["data"] == ["f32[2,3]"] and graph["origin"] == "compiler"
assert kernel["name"] == "square_reduce_sum_0" and kernel["cut"] == "output"
assert kernel["operations"] == ["square [2,3] -> f32[2,3]", "reduce_sum [2,3] -> f32[2]"]
assert (kernel["bytes_read"], kernel["bytes_written"], kernel["steps"]) == (24, 8, 12)
assert kernel["inputs"] == [0] and kernel["results"] == ["f32[2]"]
assert kernel["tiles"] == 1 and kernel["tile"] == [2] and kernel["threads"] == 1
assert kernel["measured_us"] > 0 and kernel["predicted_us"] > 0
assert kernel["accuracy"] == ["f32 sums within 20 u sum|x|, u = 2^-24"]
assert graph["cache_directory"] == ""
assert graph["runs_generic_code"] is False and graph["generic_runs"] == 0 and graph["reason"]

# The page is well-formed, refers to nothing outside, and has the picture: a box for each kernel and
# each array, within the frame, none over another, and arrows that begin and end at boxes.
text = pathlib.Path(sys.argv[2]).read_text()
page = xml.etree.ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
SVG = "{http://www.w3.org/2000/svg}"
(svg,) = page.iter(SVG + "svg")
left, top, width, height = map(float, svg.get("viewBox").split())
boxes = []
kinds = []
for group in svg.findall(SVG + "g"):
    rect = group.find(SVG + "rect")
    x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
    assert 0 <= x and x + w <= width and 0 <= y and y + h <= height
    for other in boxes:
        assert x >= other[2] or other[0] >= x + w or y >= other[3] or other[1] >= y + h
    for label in group.findall(SVG + "text"):
        assert x < float(label.get("x")) < x + w and y < float(label.get("y")) < y + h
    boxes.append((x, y, x + w, y + h))
    kinds.append(group.get("class"))
assert kinds.count("data") == 2 and kinds.count("kernel") >= 1, kinds  # x and the number
arrows = svg.findall(SVG + "path")
assert len(arrows) >= kinds.count("kernel")
for arrow in arrows:
    start, *_, end = arrow.get("d").removeprefix("M").replace("C", "").split()
    for point, side in ((start, 3), (end, 1)):
        x, y = map(float, point.split(","))
        assert any(box[0] <= x <= box[2] and abs(box[side] - y) <= 1 for box in boxes)
assert "softmax" not in text and "reduce_max" in text and "&lt;" not in svg.get("viewBox")
