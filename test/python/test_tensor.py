# SPDX-License-Identifier: Apache-2.0
"""The class Tensor, constants and dtypes."""
import ast
import collections.abc
import copy
import gc
import pathlib
import pickle
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tsum
from operations import DTYPES, numpy_dtype


@pytest.fixture
def x():
    return tsum.asarray(np.arange(12, dtype=np.float32).reshape(3, 4))


def test_names():
    for data in (np.ones(3, np.float32), np.ones((2, 3), np.complex64)[:, ::-1], [1, 2], 3.0):
        for x in (tsum.asarray(data, name="x"), tsum.asarray(tsum.asarray(data), name="x"),
                  tsum.asarray(data, dtype=tsum.complex128, name="x"),
                  tsum.constant(data, name="x"), tsum.negative(data, name="x")):
            assert x.name == "x"
            assert '"x"' in tsum.graph_to_string(x)
            assert tsum.asarray(x).name == "x"
        assert tsum.asarray(data).name == ""
        assert tsum.asarray(data, name="x").is_evaluated
        np.testing.assert_array_equal(tsum.asarray(data, name="x"), np.asarray(data))
    assert tsum.constant(1.0, shape=(2, 3), name="x").name == "x"


def test_what_it_is(x):
    total = tsum.reduce_sum(x, 1, name="rows")
    assert (x.shape, x.ndim, x.size, x.nbytes) == ((3, 4), 2, 12, 48)
    assert (x.op, total.op, total.name) == ("constant", "reduce_sum", "rows")
    assert x.dtype is tsum.f32 is tsum.float32
    assert x.is_evaluated and not total.is_evaluated
    tsum.eval(total)
    assert total.is_evaluated


def test_building_computes_nothing():
    misses = tsum.cache_stats().misses
    tsum.reduce_sum(tsum.square(np.ones((3, 5, 7))) + 1, axis=1)
    assert tsum.cache_stats().misses == misses


def test_eval_computes_several_together():
    a = np.random.default_rng(0).random((13, 11))
    common = tsum.square(a)
    rows, columns = tsum.reduce_sum(common, 1), tsum.reduce_sum(common, 0)
    tsum.eval(rows, columns)
    assert rows.is_evaluated and columns.is_evaluated
    np.testing.assert_allclose(rows, (a * a).sum(1))
    np.testing.assert_allclose(columns, (a * a).sum(0))


def test_repr_does_not_evaluate(x):
    total = tsum.reduce_sum(x, 0)
    assert repr(total) == "<tsum.Tensor: shape=(4,), dtype=f32, op=reduce_sum>"
    assert str(total) == "tsum.Tensor([12. 15. 18. 21.], shape=(4,), dtype=f32)"
    assert repr(total) == ("<tsum.Tensor: shape=(4,), dtype=f32, "
                           "numpy=array([12., 15., 18., 21.], dtype=float32)>")
    assert repr(tsum.constant(3)) == "<tsum.Tensor: shape=(), dtype=i32, numpy=3>"
    assert "name='n'" in repr(tsum.reduce_sum(x, name="n"))


def test_numbers(x):
    total = tsum.reduce_sum(x)
    assert (float(total), int(total), bool(total), complex(total)) == (66.0, 66, True, 66 + 0j)
    assert total.item() == 66.0 and type(total.item()) is float
    assert type(tsum.constant(3).item()) is int
    assert type(total.numpy()) is np.float32
    assert [10, 20, 30][tsum.constant(2)] == 30
    assert x[:2, 0].tolist() == [0.0, 4.0]
    with pytest.raises(TypeError, match="a tensor of dtype f32 .* is no index"):
        [1][tsum.constant(0.0)]
    with pytest.raises(ValueError, match=r"float: shape \(3, 4\) has 12 elements"):
        float(x)
    with pytest.raises(ValueError, match="bool: "):
        bool(x)


def test_length_and_iteration(x):
    assert len(x) == 3
    assert [row.tolist() for row in x] == x.tolist()
    assert isinstance(x, collections.abc.Iterable)
    with pytest.raises(TypeError, match="a scalar has no length"):
        len(tsum.constant(1))
    with pytest.raises(TypeError, match="a scalar has no rows"):
        iter(tsum.constant(1))


INDEX = st.one_of(
    st.integers(-4, 3), st.none(), st.just(...),
    st.builds(slice, *[st.one_of(st.none(), st.integers(-6, 6))] * 2,
              st.one_of(st.none(), st.integers(-3, 3).filter(bool))))


@given(st.lists(INDEX, max_size=5).map(tuple) | INDEX)
def test_index_as_numpy(index):
    a = np.arange(4 * 5 * 3, dtype=np.int32).reshape(4, 5, 3)[:, ::-1]
    for tensor in (tsum.asarray(a), tsum.asarray(a) + 0):
        try:
            expected = a[index]
        except IndexError:
            with pytest.raises(IndexError):
                tensor[index]
            continue
        result = tensor[index]
        assert result.shape == expected.shape
        np.testing.assert_array_equal(result, expected)


def test_index_is_a_view(x):
    assert np.shares_memory(x.numpy(), x[::-2, 1:3].numpy())
    assert np.shares_memory(x.numpy(), (x[1:])[1:].numpy())


def test_other_indices_are_refused(x):
    for index in ([0, 1], np.array([0]), True, 1.5, "a", np.array([True, False, True])):
        with pytest.raises(TypeError, match="integers, slices, None and ... are"):
            x[index]
    with pytest.raises(IndexError, match="index: 3 is out of range for axis 0 of extent 3"):
        x[3]
    with pytest.raises(IndexError, match="3 indices for a tensor of rank 2"):
        x[0, 0, 0]


def test_constant_as_tensorflow():
    assert tsum.constant([[1, 2], [3, 4]]).dtype == tsum.i32
    assert tsum.constant([1.0, 2]).dtype == tsum.f32
    assert tsum.constant([]).dtype == tsum.f32
    assert tsum.constant([1, 2], dtype=tsum.f64).dtype == tsum.f64
    assert tsum.constant(2, shape=(2, 3)).tolist() == [[2] * 3] * 2
    assert tsum.constant([1, 2, 3, 4], shape=(2, 2)).tolist() == [[1, 2], [3, 4]]
    assert tsum.constant([np.float64(1), np.float64(2)]).shape == (2,)
    a = np.zeros(3)
    copy = tsum.constant(a)
    a[:] = 1
    assert copy.tolist() == [0, 0, 0]
    with pytest.raises(TypeError, match="do not fit dtype i32.*dtype=tsum.i64"):
        tsum.constant([2**40], dtype=tsum.i32)
    assert tsum.constant([2**40], dtype="int64").tolist() == [2**40]


def test_lists_take_the_other_operands_dtype(x):
    assert (x + [1, 2, 3, 4]).dtype == tsum.f32
    assert (tsum.constant(np.zeros(2)) * [0.5, 2]).dtype == tsum.f64
    assert tsum.reduce_sum([[1, 1, 1], [1, 1, 1]], 0).tolist() == [2, 2, 2]


def test_dtypes():
    assert tsum.f32 == np.float32 == tsum.f32 and tsum.f32 == "float32" and tsum.f32 == "f32"
    assert tsum.f32 != tsum.f64 and tsum.f32 != np.int32 and tsum.f32 != "nothing"
    assert (tsum.f32.name, tsum.f32.itemsize, tsum.f32.numpy) == ("f32", 4, np.dtype(np.float32))
    assert (repr(tsum.i64), str(tsum.i64)) == ("tsum.int64", "i64")
    assert tsum.as_dtype(float) is tsum.f32 and tsum.as_dtype(int) is tsum.i32
    assert tsum.as_dtype(np.dtype(float)) is tsum.f64 and tsum.as_dtype("u8") is tsum.uint8
    assert {tsum.f32: 1}[tsum.float32] == 1 == {np.dtype("f4"): 1}[tsum.f32]
    assert tsum.f32 in {np.dtype(np.float32)} and np.dtype(bool) in {tsum.bool_}
    assert pickle.loads(pickle.dumps(tsum.f64)) == tsum.f64
    with pytest.raises(TypeError, match="is no dtype here .tsum has "):
        tsum.as_dtype(object)
    if hasattr(tsum, "bf16"):
        assert tsum.as_dtype(ml_dtypes.bfloat16) is tsum.bf16


@pytest.mark.parametrize("name", list(DTYPES))
def test_numpy_and_dtypes_know_each_other(name):
    ours, theirs = DTYPES[name], numpy_dtype(DTYPES[name])
    assert np.zeros(3, ours).dtype == np.dtype(ours) == theirs
    assert hash(ours) == hash(np.dtype(theirs))
    if np.dtype(theirs).kind != "V":
        text = np.dtype(theirs).str
        assert tsum.as_dtype(text) is tsum.as_dtype(text.replace("<", "=")) is ours
        assert ours == text and tsum.cast([1.0], text).dtype == ours


def test_names_of_dtypes_that_are_numpys():
    x = tsum.asarray(np.ones(3, "f4")).astype("f8")
    assert x.dtype == tsum.asarray([1], "d").dtype == "f64"
    assert (tsum.as_dtype("i8"), tsum.as_dtype("u8")) == (np.int8, np.uint8)  # our names first
    for text in (">f8", "f4,f4", "M8[ns]", "U3", "O", "", "f3"):
        with pytest.raises(tsum.DTypeError, match="is no dtype here"):
            tsum.as_dtype(text)


def test_stubs_are_python():
    for stub in pathlib.Path(tsum.__file__).parent.glob("*.pyi"):
        tree = ast.parse(stub.read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert stub.name != "_core.pyi" or {"T", "astype", "sum", "__iter__"} <= names


def test_what_the_package_is_made_of_is_not_in_its_namespace():
    from tsum import _names

    internal = set(_names.INTERNAL)
    assert not internal & set(dir(tsum)) and internal <= set(dir(tsum._core))


def test_names_are_text():
    x = np.ones(2, np.float32)
    assert tsum.reduce_sum(x, name="a\0\u00e9").name == "a\0\u00e9"
    with pytest.raises(UnicodeEncodeError):
        tsum.reduce_sum(x, name="\ud800")


def test_everything_public_is_documented():
    public = [getattr(tsum, name) for name in tsum.__all__]
    functions = [value for value in public if callable(value)]
    assert len(functions) > 30
    for value in functions:
        assert len(value.__doc__ or "") > 10, value


@pytest.mark.parametrize("value, dtype", [
    (3, "int32"), ([1, 2], "int32"), (range(3), "int32"), (2**40, "int64"), ([1, 2**40], "int64"),
    (2**63, "uint64"), ([1, 2**63], "uint64"), ([[1, 2], [3, 2**64 - 1]], "uint64"),
    (1.5, "float32"), ([1, 2.5], "float32"), ([], "float32"), (1j, "complex128"),
    ([1, 2j], "complex128"), (True, "bool"), ([True], "bool"), (np.float64(1), "float64"),
    ([np.float64(1), 2.0], "float64"), (np.int8(1), "int8"), ([np.int64(1)], "int64"),
])
def test_numbers_get_tensorflows_dtypes(value, dtype):
    tensor = tsum.constant(value)
    assert tensor.dtype == dtype
    np.testing.assert_array_equal(tensor, np.array(value, dtype))


def test_numbers_beside_a_tensor_take_its_dtype():
    x = tsum.constant([1.0, 2.0])
    for number in (2, 2.0, np.float64(2), np.float32(2), np.float16(2), np.int64(2), np.uint8(2)):
        for result in (x * number, number * x, tsum.multiply(number, x)):
            assert isinstance(result, tsum.Tensor) and result.dtype == tsum.f32
            assert result.tolist() == [2, 4]
    assert tsum.add(1, 2).item() == 3


def test_integers_of_any_size():
    x = np.array([1.0, 3.0])
    np.testing.assert_array_equal(tsum.asarray(x) / 2**64, x / 2**64)
    np.testing.assert_array_equal(2**1000 * tsum.asarray(x), x * 2.0**1000)
    u = np.array([1, 2**63, 2**64 - 1], np.uint64)
    for number in (np.uint64(2**63), 2**63, 2**64 - 1):
        np.testing.assert_array_equal(tsum.asarray(u) == number, u == number)
    np.testing.assert_array_equal(tsum.clip(u, 0, 2**63), np.minimum(u, np.uint64(2**63)))
    assert (tsum.asarray(u) * [2**63]).dtype == tsum.u64
    assert (tsum.asarray(x) * [2**63]).tolist() == [2.0**63, 3 * 2.0**63]
    with pytest.raises(TypeError):
        tsum.asarray(u) + np.timedelta64(1, "s")


def test_numpys_functions_give_tensors():
    x = tsum.constant([[1.0, -2.0]])
    for array in (np.abs(x - np.float32(1)), np.add(np.ones(2, np.float32), x), np.stack([x, x])):
        assert isinstance(array, tsum.Tensor) and array.dtype == np.float32
    assert np.allclose(x * 2, [[2, -4]]) and np.max(np.abs(x)) == 2


def test_format_and_plus():
    x = tsum.constant(1.5)
    assert f"{x:.3f}" == "1.500" and f"{x}" == str(x)
    assert (+x).item() == 1.5


def test_keepdims_may_be_none():
    assert tsum.reduce_sum(np.ones(3, np.float32), keepdims=None).shape == ()


def test_axes_may_be_anything_that_is_an_integer():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for axis in (0, -2, np.int8(0), np.array(0), tsum.constant(0), [0], (-2,), range(1),
                 np.array([0]), tsum.constant([0])):
        np.testing.assert_array_equal(tsum.reduce_sum(x, axis), [3, 5, 7])


def test_copies_are_the_tensor_itself():
    x = tsum.reduce_sum(np.arange(6.0).reshape(2, 3), 0)
    copies = [copy.copy(x), copy.deepcopy([x])[0]]
    assert not x.is_evaluated
    tsum.eval(x)
    for same in copies:
        assert same.is_evaluated
        np.testing.assert_array_equal(same, [3, 5, 7])


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_, np.complex64,
                                   ml_dtypes.bfloat16])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_pickles_hold_the_values(dtype, shape):
    x = tsum.asarray(np.ones(shape, dtype))
    again = pickle.loads(pickle.dumps(x))
    assert (again.dtype, again.shape) == (x.dtype, x.shape)
    np.testing.assert_array_equal(again.numpy(), x.numpy())


def test_functions_pickle():
    for function in (tsum.reduce_sum, tsum.sum, tsum.math.log):
        assert pickle.loads(pickle.dumps(function)) is function


def test_weak_references():
    x = tsum.reduce_sum(np.ones(3))
    seen = weakref.ref(x)
    assert seen() is x
    del x
    gc.collect()
    assert seen() is None
