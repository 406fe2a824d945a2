# SPDX-License-Identifier: Apache-2.0
"""Opens an explanation in a browser without a window, and looks at the picture.

usage: look_at_page.py HTML FOLDER

Leaves the picture in FOLDER/page.png. The boxes must be there, in their colours, of their sizes, as
far from each other as the page says, and written on.
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree
import zlib

SVG = "{http://www.w3.org/2000/svg}"


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    sys.exit("a test opens a page in Chromium, and there is none on PATH (tools/dev test installs "
             "Debian's package `chromium`)")


def take_picture(page, folder):
    picture = folder / "page.png"
    subprocess.run([find_browser(), "--headless", "--no-sandbox", "--disable-gpu",
                    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
                    f"--user-data-dir={folder}/profile", "--window-size=800,600",
                    f"--screenshot={picture}", page.as_uri()],
                   check=True, timeout=120, stderr=subprocess.DEVNULL)
    return picture


def read_png(path):
    """Rows of pixels, each a tuple of three numbers, of a PNG of 8 bits that is not interlaced."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    position, packed = 8, b""
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8: position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            assert (depth, interlace) == (8, 0) and colour in (2, 6)
        elif kind == b"IDAT":
            packed += body
        position += length + 12
    size = 3 if colour == 2 else 4
    raw, stride = zlib.decompress(packed), width * size
    above = bytearray(stride)
    for start in range(0, height * (stride + 1), stride + 1):
        method, line = raw[start], bytearray(raw[start + 1: start + 1 + stride])
        for i in range(stride if method else 0):
            left = line[i - size] if i >= size else 0
            up, corner = above[i], above[i - size] if i >= size else 0
            if method == 4:  # of the three, the nearest to left + up - corner
                guess = left + up - corner
                predicted = min((left, up, corner), key=lambda value: abs(guess - value))
            else:
                predicted = (0, left, up, (left + up) // 2)[method]
            line[i] = (line[i] + predicted) & 255
        above = line
        yield [tuple(line[i: i + 3]) for i in range(0, stride, size)]


def extent_of(rows, colour):
    """The least rectangle with all pixels of a colour: left, top, width, height."""
    places = [(x, y) for y, row in enumerate(rows) for x, pixel in enumerate(row)
              if pixel == colour]
    assert places, f"nothing has the colour {colour}"
    left, right = min(x for x, _ in places), max(x for x, _ in places)
    top, bottom = min(y for _, y in places), max(y for _, y in places)
    return left, top, right + 1 - left, bottom + 1 - top


def drawn(text, kind):
    """The same as the page has it, of all boxes of a kind, and their colour."""
    page = xml.etree.ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    rects = [[float(group.find(SVG + "rect").get(name)) for name in ("x", "y", "width", "height")]
             for group in page.iter(SVG + "g") if group.get("class") == kind]
    left, top = min(r[0] for r in rects), min(r[1] for r in rects)
    right, bottom = max(r[0] + r[2] for r in rects), max(r[1] + r[3] for r in rects)
    (colour,) = re.findall(rf"\.{kind} rect {{ fill: #(\w+);", text)
    return (left, top, right - left, bottom - top), tuple(bytes.fromhex(colour))


def main():
    page, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    text = page.read_text()
    rows = list(read_png(take_picture(page, folder)))
    offsets = []
    for kind in ("data", "kernel"):
        wanted, colour = drawn(text, kind)
        seen = extent_of(rows, colour)
        print(kind, wanted, seen)
        assert all(abs(a - b) <= 3 for a, b in zip(wanted[2:], seen[2:]))  # but for the frame
        offsets.append((seen[0] - wanted[0], seen[1] - wanted[1]))
        left, top, width, height = seen
        dark = sum(sum(rows[y][x]) < 200 for y in range(top, top + height)
                   for x in range(left, left + width))
        assert dark > 100, f"there is no writing on the boxes: {dark} dark pixels"
    assert all(abs(a - b) <= 1 for a, b in zip(*offsets))


if __name__ == "__main__":
    main()
