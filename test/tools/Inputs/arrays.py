# SPDX-License-Identifier: Apache-2.0
"""Writes x.npy and y.npy, [2,3] of f32, and archives of both, as NumPy does.

usage: arrays.py FOLDER
"""
import pathlib
import struct
import sys
import zipfile


def npy(values):
    """The bytes of `numpy.save`, format version 1.0."""
    dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    dictionary += " " * (-(10 + len(dictionary) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(dictionary)) + dictionary.encode() + \
        struct.pack("<6f", *values)


def savez(path, compression, **arrays):
    with zipfile.ZipFile(path, "w", compression, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as file:
                file.write(array)


folder = pathlib.Path(sys.argv[1])
x, y = npy(range(6)), npy([1] * 6)
(folder / "x.npy").write_bytes(x)
(folder / "y.npy").write_bytes(y)
savez(folder / "stored.npz", zipfile.ZIP_STORED, x=x, y=y)
savez(folder / "packed.npz", zipfile.ZIP_DEFLATED, x=x, y=y)
savez(folder / "one.npz", zipfile.ZIP_STORED, only=x)
words = y.replace(b"<f4", b"<U1")
savez(folder / "words.npz", zipfile.ZIP_STORED, x=x, words=words)
damaged = bytearray((folder / "one.npz").read_bytes())
damaged[damaged.rindex(struct.pack("<f", 5))] ^= 1
(folder / "damaged.npz").write_bytes(damaged)
