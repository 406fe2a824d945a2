# SPDX-License-Identifier: Apache-2.0
"""Files that are read piece by piece, against NumPy's own files."""
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import tsum


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(1).standard_normal((30_001, 7), dtype=np.float32)


def same(actual, expected):
    """Whether both have the same bits."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    assert actual.tobytes() == expected.tobytes()


def several(x):
    return [tsum.reduce_sum(x), tsum.reduce_mean(x, 0), tsum.reduce_std(x, 0), tsum.max(x, 1),
            tsum.argmax(x, 0), tsum.reduce_sum(x, accuracy="exact"), tsum.softmax(x, 0)[7:9]]


@pytest.mark.parametrize("order", "CF")
def test_opened_files_give_the_bits_of_loaded_ones(folder, x, order):
    path = folder / f"{order}.npy"
    np.save(path, np.asarray(x, order=order))
    np.savez(folder / "x.npz", other=[1], x=np.asarray(x, order=order))
    (x.T if order == "F" else x).tofile(folder / "raw")
    expected = several(tsum.load_npy(path))
    for opened in (tsum.open_npy(path), tsum.open_npy(str(path)), tsum.open_npy(os.fsencode(path)),
                   tsum.open_npz(folder / "x.npz", "x"),
                   tsum.open_raw(folder / "raw", "float32", x.shape, order=order)):
        assert opened.shape == x.shape and opened.dtype == np.float32
        results = several(opened)
        tsum.eval(*results, memory=200_000)
        for result, wanted in zip(results, expected):
            same(result, wanted)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_files(folder, order, dtype):
    rng = np.random.default_rng(2)
    z = (rng.standard_normal((2000, 9)) + 1j * rng.standard_normal((2000, 9))).astype(dtype)
    paths = [folder / f"z{n}.npy" for n in range(2)]
    for path, part in zip(paths, (z[:701], z[701:])):
        np.save(path, np.asarray(part, order=order))
    np.savez(folder / "z.npz", z=np.asarray(z, order=order))
    np.save(folder / "scalar.npy", z[0, 0])
    for opened in (tsum.open_npy(paths, axis=0), tsum.open_npz(folder / "z.npz", "z")):
        assert opened.shape == z.shape and opened.dtype == z.dtype
        results = [f(y) for y in (opened, tsum.asarray(z)) for f in (
            lambda y: tsum.reduce_sum(y, 0), lambda y: tsum.reduce_variance(y),
            lambda y: tsum.abs(y)[3:5], lambda y: tsum.conj(y)[:, 2])]
        tsum.eval(*results[:4], memory=30_000_000)
        for result, wanted in zip(results[:4], results[4:]):
            same(result, wanted)
    same(tsum.open_npy(folder / "scalar.npy"), z[0, 0])


def test_several_files_are_one_tensor(folder, x):
    for axis, cuts in ((0, [100, 100, 20_000]), (1, [2, 3])):
        paths = []
        for n, part in enumerate(np.split(x, cuts, axis)):
            paths.append(folder / f"part-{axis}-{n}.npy")
            np.save(paths[-1], part)
        opened = tsum.open_npy(paths, axis=axis - 2)
        assert opened.shape == x.shape
        for result, wanted in zip(several(opened), several(x)):
            same(result, wanted)
    with pytest.raises(tsum.ShapeError, match="does not fit to"):
        tsum.open_npy(paths, axis=0)


def test_numpy_reads_what_is_saved_piece_by_piece(folder, x):
    np.save(folder / "x.npy", x)
    opened = tsum.open_npy(folder / "x.npy", name="x")
    tsum.save_npy(folder / "y.npy", tsum.softmax(opened, 0).transpose(), memory=200_000)
    same(np.load(folder / "y.npy"), tsum.softmax(x, 0).transpose())
    with pytest.raises(tsum.Error, match="save_npy writes such a one to a file"):
        tsum.eval(tsum.abs(opened), memory=200_000)
    same(opened, x)  # a value that is asked for is read


def test_explain_and_the_graph_say_what_is_read(folder, x):
    np.save(folder / "x.npy", x)
    opened = tsum.open_npy(folder / "x.npy")
    assert "2 passes over 840 kB" in tsum.explain(tsum.reduce_std(opened))
    assert f"%0 = file '{folder}/x.npy' : f32[30001,7]" in tsum.graph_to_string(opened + 1)


def test_jit_takes_what_its_function_reads_as_values(folder, x):
    np.save(folder / "x.npy", x)
    opened = tsum.open_npy(folder / "x.npy")
    same(tsum.jit(lambda y: tsum.reduce_sum(opened + y))(np.float32(1)), tsum.reduce_sum(x + 1))
    same(tsum.jit(tsum.reduce_sum)(tsum.open_npy(folder / "x.npy")), tsum.reduce_sum(x))


@pytest.mark.parametrize("call, error, message", [
    (lambda f: tsum.open_npy(f / "none.npy"), tsum.FileError, "none.npy"),
    (lambda f: tsum.open_npy([]), tsum.Error, "no files are given"),
    (lambda f: tsum.open_npy(3), TypeError, "int"),
    (lambda f: tsum.open_raw(f / "raw", "f4", (10**9,)), tsum.FileError, "takes 4000000000 bytes"),
    (lambda f: tsum.open_raw(f / "raw", "f4", (1,), order="K"), tsum.Error, "order 'K'"),
    (lambda f: tsum.open_npz(f / "x.npz", "z"), tsum.FileError, "the arrays: other, x"),
    (lambda f: tsum.eval(tsum.reduce_sum(tsum.open_npy(f / "C.npy")), memory=-1), tsum.Error,
     "a memory of -1 bytes"),
])
def test_what_is_wrong_is_said(folder, call, error, message):
    with pytest.raises(error, match=message):
        call(folder)


CHECKPOINTED = """
import signal, sys, time, numpy, tsum
x = tsum.open_npy(sys.argv[1])
y = tsum.reduce_std(tsum.sin(tsum.tan(tsum.exp(x))), 0)
print("begun", flush=True)
begun = time.perf_counter()
tsum.eval(y, memory=1 << 20, checkpoint=sys.argv[2])
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(time.perf_counter() - begun)
print(y.numpy().tobytes().hex())
"""


def test_a_run_that_is_interrupted_goes_on(folder):
    """Ctrl-C, somewhere in the middle of how long it takes."""
    x = np.random.default_rng(2).standard_normal((2_000_000, 8), dtype=np.float32)
    np.save(folder / "large.npy", x)
    checkpoint = folder / "checkpoint"
    command = [sys.executable, "-c", CHECKPOINTED, folder / "large.npy", checkpoint]
    for _ in range(2): # the first one compiles
        delay = float(subprocess.run(command, check=True, capture_output=True,
                                     text=True).stdout.split()[1]) / 2
    were_kept = []
    for _ in range(30):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        assert process.stdout.readline() == "begun\n"
        if were_kept.count(True) < 2:
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=100)
        if process.returncode == 0:
            if any(were_kept):
                break
            delay /= 2  # it was done before the signal came
            continue
        assert "KeyboardInterrupt" in errors, (process.returncode, output, errors)
        were_kept.append(checkpoint.exists())
        if not were_kept[-1]:
            delay *= 1.5  # it came before the first piece
    assert any(were_kept)
    assert process.returncode == 0, errors
    assert not checkpoint.exists()
    expected = tsum.reduce_std(tsum.sin(tsum.tan(tsum.exp(x))), 0)
    assert output.split()[1] == expected.numpy().tobytes().hex()
