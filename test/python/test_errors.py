# SPDX-License-Identifier: Apache-2.0
"""What users get wrong: the class of the error, its text, and the line it comes from."""
import pickle
import traceback

import numpy as np
import pytest

import tsum

F32 = np.ones((2, 3), np.float32)
F64 = np.ones((2, 3))


def test_classes_are_what_python_people_catch():
    assert issubclass(tsum.AxisError, (ValueError, IndexError))
    assert issubclass(tsum.AxisError, ValueError) and issubclass(tsum.AxisError, IndexError)
    assert issubclass(tsum.ShapeError, ValueError)
    assert issubclass(tsum.DTypeError, TypeError)
    assert issubclass(tsum.FileError, OSError)
    assert issubclass(tsum.CompileError, RuntimeError)
    for error in (tsum.AxisError, tsum.ShapeError, tsum.DTypeError, tsum.FileError,
                  tsum.CompileError, tsum.LayoutError, tsum.ConcretizationError):
        assert issubclass(error, tsum.Error)


@pytest.mark.parametrize("build, error, message", [
    (lambda: tsum.reduce_sum(F32, 2), tsum.AxisError,
     r"reduce_sum: axis 2 is out of range for a tensor of rank 2 \(valid: -2..1\)"),
    (lambda: tsum.reduce_sum(F32, (0, -2)), tsum.AxisError, "axis 0 is given twice"),
    (lambda: tsum.sum(F32, axis=5), tsum.AxisError, "reduce_sum: axis 5 is out of range"),
    (lambda: tsum.reduce_sum(F32, 1.5), TypeError, "float"),
    (lambda: tsum.reduce_sum(F32, "a"), TypeError, "a sequence of integers is required, not str"),
    (lambda: tsum.reduce_sum(F32, b"a"), TypeError, "not bytes"),
    (lambda: tsum.reduce_sum(F32, {0}), TypeError, "not set"),
    (lambda: tsum.reduce_sum(F32, [[0]]), TypeError, "list"),
    (lambda: tsum.reduce_sum(F32, np.True_), TypeError, "integer"),
    (lambda: tsum.reduce_sum(F32, True), TypeError, "an integer is required, not bool"),
    (lambda: tsum.reduce_sum(F32, (0, True)), TypeError, "not bool"),
    (lambda: tsum.reshape(F32, (True, 6)), TypeError, "not bool"),
    (lambda: tsum.clip(F32, 1, min=0), TypeError, "clip: a bound is given twice"),
    (lambda: tsum.clip(F32, 0, 1, [0.0]), TypeError, "clip: out= takes a NumPy array; given list"),
    (lambda: tsum.clip(F32, 0.0, F64), tsum.DTypeError, "clip_by_value: "),
    (lambda: tsum.positive(F32 > 0), tsum.DTypeError, "positive: takes numbers"),
    (lambda: tsum.reduce_sum(F32, name=3), TypeError, "a name is a str, not int"),
    (lambda: tsum.constant([1.5, 2], tsum.i32), tsum.DTypeError, r"cast\(x, tsum.int32\)"),
    (lambda: tsum.constant(1j, tsum.f32), tsum.DTypeError, "do not become f32 unasked"),
    (lambda: tsum.constant([300], tsum.u8), tsum.DTypeError, "do not fit dtype u8"),
    (lambda: tsum.constant([1, 2**64]), tsum.DTypeError, "no integer dtype .* integer of 65 bits"),
    (lambda: tsum.constant([-1, 2**63]), tsum.DTypeError, "both -1 and 9223372036854775808"),
    (lambda: tsum.constant([1, 2**2000], tsum.f64), tsum.DTypeError, "integer of 2001 bits"),
    (lambda: tsum.constant([1, None], tsum.f64), tsum.DTypeError, "no dtype for NumPy's object"),
    (lambda: tsum.add(F32, F64), tsum.DTypeError, r"add: .*f32.*f64.*cast\(x, tsum.f64\)"),
    (lambda: tsum.asarray(F32) + F64, tsum.DTypeError, r"add: .*f32.*f64.*cast"),
    (lambda: tsum.asarray(np.ones(2, np.int32)) + 0.5, tsum.DTypeError, "0.5 is not an integer"),
    (lambda: tsum.asarray(np.ones(2, np.uint8)) + 256, tsum.DTypeError, "256 does not fit"),
    (lambda: tsum.asarray(np.ones(2, np.uint64)) + 2**64, tsum.DTypeError,
     "does not fit dtype u64"),
    (lambda: tsum.asarray(np.ones(2, np.int64)) + 2**63, tsum.DTypeError,
     r"9223372036854775808 does not fit dtype i64"),
    (lambda: tsum.asarray(F32) + 10**40, tsum.DTypeError, "does not fit dtype f32"),
    (lambda: tsum.asarray(F32) + 10**400, tsum.DTypeError,
     "no dtype holds an integer of 1329 bits"),
    (lambda: tsum.add(F32, np.ones(4, np.float32)), tsum.ShapeError,
     r"add: shapes \[2,3\] and \[4\] do not broadcast"),
    (lambda: tsum.reshape(F32, (4, -1)), tsum.ShapeError, "reshape: "),
    (lambda: tsum.broadcast_to(F32, (3, 2)), tsum.ShapeError, "does not broadcast"),
    (lambda: tsum.cast(F32, "float33"), tsum.DTypeError, "'float33' is no dtype here"),
    (lambda: tsum.asarray("text"), tsum.DTypeError, "asarray: str is no tensor"),
    (lambda: tsum.asarray(None), tsum.DTypeError, "asarray: NoneType is no tensor"),
    (lambda: tsum.asarray(np.array(["a"])), tsum.DTypeError, "no dtype for NumPy's <U1"),
    (lambda: tsum.asarray(np.array([None])), tsum.DTypeError, "no dtype for NumPy's object"),
    (lambda: tsum.asarray(np.ones(2, ">f4")), tsum.DTypeError, "the other byte order"),
    (lambda: tsum.asarray(np.ma.masked_array([1.0], [True])), tsum.DTypeError, "masked"),
    (lambda: tsum.reduce_sum(), TypeError, "input_tensor"),
    (lambda: tsum.reduce_sum(F32, keep_dims=True), TypeError,
     r"reduce_sum: there is no parameter 'keep_dims' .did you mean keepdims="),
    (lambda: tsum.reduce_max(F32, dim=1), TypeError, "'dim' .did you mean axis="),
    (lambda: tsum.reduce_variance(F32, correction=1), TypeError, "did you mean ddof="),
    (lambda: tsum.count_nonzero(F32, frobnicate=1), TypeError,
     r"'frobnicate' .it has input_tensor, axis, keepdims, name"),
    (lambda: tsum.from_dlpack([1]), tsum.DTypeError, "list has no __dlpack__"),
    (lambda: tsum.set_threads(-1), tsum.Error, "-1 threads"),
    (lambda: tsum.set_cache_capacity(0), tsum.Error, "at least 1"),
    (lambda: tsum.jit(3), TypeError, "int is not callable"),
    (lambda: tsum.lower(tsum.square(F32)).mlir("x"), tsum.CompileError, "no stage 'x'"),
    (lambda: tsum.load_npy("/nowhere.npy"), tsum.FileError, "/nowhere.npy"),
])
def test_what_is_said(build, error, message):
    with pytest.raises(error, match=message) as raised:
        build()
    # The innermost Python frame is the user's line or the package's own, never later.
    assert traceback.extract_tb(raised.tb)[1].name == "<lambda>"


def test_numpys_axis_error_catches_ours():
    with pytest.raises(np.exceptions.AxisError, match="reduce_sum: axis 2 is out of") as raised:
        tsum.reduce_sum(F32, 2)
    error = raised.value
    assert isinstance(error, tsum.AxisError) and error.axis is None and error.ndim is None
    assert repr(error).startswith("AxisError('reduce_sum: ")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is tsum.AxisError and str(copy) == str(error)


def test_an_axis_error_does_not_import_numpy(run_python):
    run_python("""
import array, sys, tsum
x = tsum.asarray(array.array("d", [1, 2]))
for _ in range(2):
    try:
        tsum.reduce_sum(x, 1)
    except tsum.AxisError as error:
        assert type(error) is tsum.AxisError, type(error)
    assert "numpy" not in sys.modules
import numpy
try:
    tsum.reduce_sum(x, 1)
except numpy.exceptions.AxisError as error:
    assert isinstance(error, tsum.AxisError)
""")


def test_an_operator_with_a_stranger_is_pythons_error():
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+: .*Tensor.*object"):
        tsum.asarray(F32) + object()

    class Knows:
        def __radd__(self, other):
            return "mine"

    assert tsum.asarray(F32) + Knows() == "mine"


def test_errors_of_other_objects_come_through():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tsum.asarray(Broken())


def test_other_devices_are_refused():
    class Elsewhere:
        def __dlpack_device__(self):
            return (2, 0)

        def __dlpack__(self, **_):
            raise AssertionError("not asked")

    with pytest.raises(tsum.DTypeError, match="device type 2.*memory of the CPU"):
        tsum.asarray(Elsewhere())
