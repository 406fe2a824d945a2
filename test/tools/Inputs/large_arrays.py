# SPDX-License-Identifier: Apache-2.0
"""Writes an array of 1 MB and its parts, without NumPy. usage: large_arrays.py DIRECTORY"""
import array
import pathlib
import random
import struct
import sys
import zipfile

ROWS, COLUMNS = 50_000, 5


def npy(rows):
    dict = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    dict += " " * (-(10 + len(dict) + 1) % 64) + "\n"
    elements = b"".join(row.tobytes() for row in rows)
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(dict)) + dict.encode() + elements


folder = pathlib.Path(sys.argv[1])
numbers = random.Random(1)
x = [array.array("f", (numbers.gauss(0, 1) for _ in range(COLUMNS))) for _ in range(ROWS)]
(folder / "x.npy").write_bytes(npy(x))
with zipfile.ZipFile(folder / "x.npz", "w") as archive:
    archive.writestr("x.npy", npy(x))
for n, (begin, end) in enumerate([(0, 3), (3, 30_000), (30_000, ROWS)]):
    (folder / f"row{n}.npy").write_bytes(npy(x[begin:end]))
for n, (begin, end) in enumerate([(0, 2), (2, COLUMNS)]):
    (folder / f"col{n}.npy").write_bytes(npy([row[begin:end] for row in x]))
