# SPDX-License-Identifier: Apache-2.0
"""Memory that is read in place, and results that others read in place."""
import array
import ctypes
import gc
import mmap
import sys
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum
from layouts import arrays, shapes
from operations import DTYPES, numpy_dtype


def address(a):
    return a.__array_interface__["data"][0]


@given(data=st.data())
def test_arrays_of_any_layout_are_read_in_place(data):
    dtype = data.draw(st.sampled_from(list(DTYPES.values())))
    a = data.draw(arrays(dtype, data.draw(shapes())))
    x = tsum.asarray(a)
    assert x.shape == a.shape and x.dtype == dtype
    back = np.asarray(x)
    np.testing.assert_array_equal(back, a)
    if a.size:
        assert address(back) == address(a) and back.strides == a.strides
    assert not back.flags.writeable


def test_read_only_and_memory_mapped_files(tmp_path):
    a = np.arange(10.0)
    a.flags.writeable = False
    assert float(tsum.reduce_sum(a)) == 45
    np.save(tmp_path / "a.npy", a)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert np.shares_memory(tsum.asarray(mapped).numpy(), mapped)
    assert float(tsum.reduce_sum(mapped[::-3])) == 9 + 6 + 3
    loaded = tsum.load_npy(tmp_path / "a.npy")
    tsum.save_npy(tmp_path / "b.npy", loaded * 2)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), a * 2)
    with open(tmp_path / "raw", "wb") as file:
        file.write(bytes(range(100)))
    with open(tmp_path / "raw", "rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    assert tsum.cast(pages, tsum.i64).shape == (100,)


def test_misaligned_elements():
    raw = np.arange(41, dtype=np.uint8)
    for a in (raw[1:].view(np.float32), np.zeros(5, "i1,f8")["f1"]):
        assert not a.flags.aligned or a.strides[0] % a.itemsize
        np.testing.assert_array_equal(tsum.asarray(a) + 1, a + 1)


def test_windows_that_overlap():
    a = np.arange(20.0)
    windows = np.lib.stride_tricks.sliding_window_view(a, 5)
    np.testing.assert_array_equal(tsum.reduce_sum(windows, 1), windows.sum(1))


@pytest.mark.parametrize("buffer, dtype, values", [
    (array.array("d", [1, 2, 3]), "f64", [1, 2, 3]),
    (array.array("l", [1, -2]), "i64", [1, -2]),
    (memoryview(array.array("i", range(12)))[::-2], "i32", [11, 9, 7, 5, 3, 1]),
    (b"\x01\x02", "u8", [1, 2]),
    (bytearray(b"\x05"), "u8", [5]),
    ((ctypes.c_float * 2)(1, 2), "f32", [1, 2]),
])
def test_the_buffer_protocol_in(buffer, dtype, values):
    x = tsum.asarray(buffer)
    assert x.dtype == dtype and x.tolist() == values


def test_a_list_in_itself_is_an_error():
    endless, second = [], [1.0]
    endless.append(endless)
    second.append((second,))
    for value in endless, second, (endless,), [[1.0], endless]:
        with pytest.raises((ValueError, RecursionError, tsum.DTypeError)):
            tsum.asarray(value)


def test_a_buffer_is_held_and_given_back():
    data = bytearray(8)
    x = tsum.asarray(data)
    with pytest.raises(BufferError):
        data.extend(b"1")
    del x
    gc.collect()
    data.extend(b"1")


def test_the_buffer_protocol_out():
    a = np.arange(12, dtype=np.int32).reshape(3, 4)
    view = memoryview(tsum.asarray(a.T))
    assert (view.format, view.shape, view.strides, view.readonly) == ("i", (4, 3), (4, 16), True)
    assert view.tolist() == a.T.tolist()
    assert bytes(tsum.asarray(a.T)) == a.T.tobytes()
    assert bytes(tsum.reduce_sum(a, 0)) == a.sum(0, dtype=np.int32).tobytes()
    with pytest.raises((BufferError, TypeError), match="read-only|not writable"):
        ctypes.c_int.from_buffer(tsum.asarray(a))
    if hasattr(tsum, "bf16"):
        with pytest.raises(BufferError, match="bf16"):
            memoryview(tsum.asarray(np.ones(2, ml_dtypes.bfloat16)))


@given(data=st.data())
def test_dlpack_with_numpy(data):
    # NumPy knows no DLPack for bfloat16.
    dtype = data.draw(st.sampled_from([d for d in DTYPES.values() if d.name != "bf16"]))
    a = data.draw(arrays(dtype, data.draw(shapes())))
    x = tsum.asarray(a)
    out = np.from_dlpack(x)
    np.testing.assert_array_equal(out, a)
    if a.size:
        assert address(out) == address(a)
    assert not out.flags.writeable
    copy = np.from_dlpack(x, copy=True)
    np.testing.assert_array_equal(copy, a)
    if a.size:
        assert not np.shares_memory(copy, a)


class OnlyDLPack:
    """An array that nothing but DLPack can read."""

    def __init__(self, a):
        self.a = a

    def __dlpack__(self, **arguments):
        return self.a.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.a.__dlpack_device__()


class OldDLPack(OnlyDLPack):
    """One from before DLPack had versions."""

    def __dlpack__(self, stream=None):
        return self.a.__dlpack__()


@given(data=st.data())
def test_dlpack_in(data):
    dtype = data.draw(st.sampled_from([d for d in DTYPES.values() if d.name != "bf16"]))
    a = data.draw(arrays(dtype, data.draw(shapes())))
    if not a.flags.writeable:
        a = a.copy()
    for wrap in (OnlyDLPack, OldDLPack):
        x = tsum.from_dlpack(wrap(a))
        assert x.dtype == dtype
        np.testing.assert_array_equal(x, a)
        if a.size:
            assert address(x.numpy()) == address(a) if x.ndim else True


def test_memory_lives_as_long_as_somebody_reads_it():
    class Owner(np.ndarray):
        pass

    a = np.arange(1000.0).view(Owner)
    seen = weakref.ref(a)
    x = tsum.asarray(a)[::2]
    del a
    gc.collect()
    assert seen() is not None
    view = x.numpy()[1:]
    capsule = x.__dlpack__()
    del x
    gc.collect()
    assert seen() is not None and view[0] == 2
    del view
    gc.collect()
    assert seen() is not None
    del capsule
    gc.collect()
    assert seen() is None


def test_results_outlive_their_tensors():
    total = tsum.reduce_sum(np.ones((1000, 1000)), 0).numpy()
    gc.collect()
    assert total.sum() == 1e6


def test_an_evaluated_node_lets_go_of_its_operands():
    class Owner(np.ndarray):
        pass

    a = np.arange(10.0).view(Owner)
    seen = weakref.ref(a)
    total = tsum.reduce_sum(a)
    del a
    gc.collect()
    assert seen() is not None
    tsum.eval(total)
    gc.collect()
    assert seen() is None


def test_array_conversions():
    x = tsum.asarray(np.arange(3, dtype=np.float32))
    assert np.asarray(x, np.float64).dtype == np.float64
    assert np.array(x).flags.writeable
    assert np.add(np.asarray(x), 1).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)
    assert np.asarray(x, copy=False).tolist() == [0, 1, 2]


def test_numpy_scalars():
    assert tsum.asarray(np.float32(2)).dtype == tsum.f32
    x = tsum.asarray(np.ones(2, np.float32))
    assert (x * np.float32(3)).tolist() == [3, 3]
    assert (x / np.sqrt(4)).dtype == tsum.f32  # a float, as Python's
    assert (np.float32(3) * x).tolist() == [3, 3]


def test_arrays_of_other_libraries_by_way_of_numpy():
    class Series:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    assert tsum.reduce_sum(Series()).item() == 3


def test_bfloat16():
    a = np.arange(5).astype(ml_dtypes.bfloat16)
    if not hasattr(tsum, "bf16"):
        with pytest.raises(TypeError, match="no dtype for NumPy's bfloat16"):
            tsum.asarray(a)
        return
    x = tsum.asarray(a)
    assert x.dtype is tsum.bf16 and x.numpy().dtype == ml_dtypes.bfloat16
    assert address(x.numpy()) == address(a)
    assert float(tsum.reduce_sum(x)) == 10


def test_importing_tsum_imports_no_numpy(run_python):
    run_python("import sys, tsum; assert 'numpy' not in sys.modules; print(tsum.reduce_sum)")


def test_huge_empty_extents():
    x = np.empty((2**40, 0), np.float32)
    assert tsum.reduce_sum(x).item() == 0
    assert sys.getrefcount(x) < 5
