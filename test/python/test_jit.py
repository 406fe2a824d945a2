# SPDX-License-Identifier: Apache-2.0
import copy
import dataclasses
import decimal
import gc
import pickle
import threading
import typing
import weakref

import numpy as np
import pytest

import tsum

A = np.random.default_rng(0).random((5, 7)).astype(np.float32)
B = np.random.default_rng(1).random((5, 7)).astype(np.float32)


def distance(x, y):
    return tsum.sqrt(tsum.reduce_sum(tsum.square(x - y), axis=-1))


def test_values():
    f = tsum.jit(distance)
    expected = distance(tsum.asarray(A), B).numpy()
    for x, y in [(A, B), (tsum.asarray(A), B), (A * 1, tsum.asarray(B) + 0)]:
        result = f(x, y)
        assert result.is_evaluated
        np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(f(B, A * 2), distance(tsum.asarray(B), A * 2))


def test_traces_once_per_signature():
    f = tsum.jit(distance)
    f(A, B)
    f(B, A)
    f(A[::-1], B)  # strides are no part of it
    assert f.trace_count == 1
    f(A.astype(np.float64), B.astype(np.float64))
    f(A[:3], B[:3])
    f(A, B[0])
    assert f.trace_count == 4
    f(A, B)
    assert f.trace_count == 4
    f.clear()
    f(A, B)
    assert f.trace_count == 5


def test_python_runs_only_while_tracing():
    seen = []

    @tsum.jit
    def f(x):
        seen.append(x)
        return x + 1

    for _ in range(3):
        f(A)
    assert len(seen) == 1


def test_other_arguments_are_part_of_the_signature_by_value_and_type():
    @tsum.jit
    def f(x, n, mode="a"):
        return x * n if mode == "a" else x + n

    for call, expected in [((A, 2), A * 2), ((A, 3), A * 3), ((A, 2.0), A * 2), ((A, 2), A * 2)]:
        np.testing.assert_array_equal(f(*call), expected)
    assert f.trace_count == 3
    np.testing.assert_array_equal(f(A, 2, mode="b"), A + 2)
    np.testing.assert_array_equal(f(A, n=2, mode="b"), A + 2)
    assert f.trace_count == 5


@pytest.mark.parametrize("number", [np.float64(2), np.float32(0.1), np.float16(-0.0), np.int64(3),
                                    np.uint8(7), np.float64("nan"), np.longdouble(2)])
def test_numpys_numbers_are_numbers_as_outside(number):
    f = tsum.jit(lambda x, k: x / k)
    for _ in range(2):
        np.testing.assert_array_equal(f(A, number), (tsum.asarray(A) / number).numpy())
    assert f.trace_count == 1 and f(A, number).dtype == tsum.f32
    f(A, -number if number.dtype.kind == "f" else number + number.dtype.type(1))
    assert f.trace_count == 2


@dataclasses.dataclass(frozen=True)
class Options:
    epsilon: float
    parts: tuple = ()


class Point(typing.NamedTuple):
    x: float


@pytest.mark.parametrize("values", [
    (0.0, -0.0), (0j, complex(-0.0, 0), complex(0, -0.0)), (1, 1.0, True, 1 + 0j),
    ((1,), (1.0,), (True,)), ((0.0, (0.0,)), (0.0, (-0.0,)), (-0.0, (0.0,))),
    (frozenset([1]), frozenset([1.0]), frozenset([True])), (frozenset([0.0]), frozenset([-0.0])),
    (Options(0.0), Options(-0.0), Options(0), Options(0.0, (1,)), Options(0.0, (1.0,))),
    (Point(0.0), Point(-0.0), (0.0,)), (range(0), range(1, 1), range(0, -1)),
    (decimal.Decimal("0.0"), decimal.Decimal("-0.0"), decimal.Decimal("0")), ("1", b"1"),
])
def test_equal_is_not_the_same(values):
    seen = []
    f = tsum.jit(lambda x, value: (seen.append(value), x)[1], static_argnums=1)
    for value in (*values, *values, *copy.deepcopy(values)):
        f(A, value)
    assert [repr(v) for v in seen] == [repr(v) for v in values]
    with_names = tsum.jit(lambda x, value: x, static_argnames="value")
    for value in (*values, *values):
        with_names(A, value=value)
    assert with_names.trace_count == len(values)


def test_zeros_keep_their_sign():
    f = tsum.jit(lambda x, n: x / n)
    with np.errstate(all="ignore"):
        assert f(np.ones(1), 0.0).item() == np.inf and f(np.ones(1), -0.0).item() == -np.inf


def test_a_nan_is_the_same_as_another():
    f = tsum.jit(lambda x, value: x, static_argnums=1)
    for _ in range(3):
        f(A, float("nan"))
    assert f.trace_count == 1
    for _ in range(3):
        f(A, (1, Point(float("nan"))))
        f(A, complex(0, float("nan")))
    assert f.trace_count == 3


def test_classes_say_themselves_what_is_the_same():
    class Key:
        def __init__(self, value):
            self.value = value

        def __hash__(self):
            return 1

        def __eq__(self, other):
            return isinstance(other, Key) and self.value % 10 == other.value % 10

    class Length(float):
        """With a unit."""

        def __new__(cls, value, unit):
            length = super().__new__(cls, value)
            length.unit = unit
            return length

        __hash__ = float.__hash__

        def __eq__(self, other):
            return float(self) == float(other) and self.unit == other.unit

    f = tsum.jit(lambda x, key: x)
    for value in (1, 11, 2, 12, 21):
        f(A, Key(value))
    assert f.trace_count == 2
    for unit in ("m", "m", "km"):
        f(A, Length(2, unit))
    assert f.trace_count == 4


def test_comparing_arguments_may_call_the_function():
    class Key:
        armed = False

        def __hash__(self):
            return 1

        def __eq__(self, other):
            if Key.armed:
                Key.armed = False
                for n in range(1, 200):
                    f(np.ones(n, np.float32), n)
            return isinstance(other, Key)

    f = tsum.jit(lambda x, key: tsum.reduce_sum(x))
    x = np.ones(3, np.float32)
    f(x, Key())
    Key.armed = True
    assert f(x, Key()).item() == 3
    assert f.trace_count == 200

    class Fails:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            raise ZeroDivisionError

    f(x, Fails())
    with pytest.raises(ZeroDivisionError):
        f(x, Fails())


def test_forgetting_traces_may_call_the_function():
    class Key:
        def __hash__(self):
            return 1

        def __del__(self):
            for n in range(1, 50):
                f(np.ones(n, np.float32), n)

    f = tsum.jit(lambda x, key: tsum.reduce_sum(x))
    for _ in range(5):
        f(A, Key())
    f.clear()
    assert f(A, 1).item() == tsum.reduce_sum(A).item()


def test_results_may_change_while_they_are_taken_apart():
    result = {}

    class Grows:
        def __array__(self, dtype=None, copy=None):
            result.update((n, A) for n in range(100))
            return np.ones(3)

    result["a"], result["b"] = Grows(), A
    assert sorted(tsum.jit(lambda x: result)(A)) == ["a", "b"]


def test_endless_structures():
    endless = []
    endless.append(endless)
    with pytest.raises(RecursionError, match="in a result of a function of tsum.jit"):
        tsum.jit(lambda x: endless)(A)


def test_static_arguments():
    class Config:
        """Hashable, and an array, too."""

        def __array__(self, dtype=None, copy=None):
            return np.ones(3)

    seen = []

    @tsum.jit(static_argnums=1, static_argnames="c")
    def f(x, config, c=None):
        seen.append((type(config), type(c)))
        return tsum.reduce_sum(x)

    config = Config()
    f(A, config)
    f(A, config, c=config)
    assert seen == [(Config, type(None)), (Config, Config)]
    g = tsum.jit(lambda x, config: config + x)
    assert isinstance(g(A[0, :3], A[0, :3]), tsum.Tensor)


def test_arguments_by_name():
    f = tsum.jit(distance)
    np.testing.assert_array_equal(f(A, y=B), f(A, B))
    np.testing.assert_array_equal(f(y=B, x=A), f(A, B))


def test_structures_of_results():
    @tsum.jit
    def f(x):
        return {"a": x + 1, "b": [x, None, (x * 2,)], "c": 5}

    for _ in range(2):
        result = f(A)
        assert list(result) == ["a", "b", "c"]
        assert result["b"][1] is None and isinstance(result["b"][2], tuple)
        np.testing.assert_array_equal(result["b"][2][0], A * 2)
        assert result["c"].item() == 5


def test_results_that_need_no_computation():
    f = tsum.jit(lambda x, y: (x, y, tsum.constant(3)))
    x, y, three = f(A, B)
    np.testing.assert_array_equal(x, A)
    np.testing.assert_array_equal(y, B)
    x, y, three = f(B, A)
    np.testing.assert_array_equal(x, B)
    assert three.item() == 3


def test_tensors_from_outside():
    weights = tsum.square(tsum.asarray(A))
    assert not weights.is_evaluated
    f = tsum.jit(lambda x: tsum.reduce_sum(x * weights))
    first = f(B).item()
    assert weights.is_evaluated  # once, not in each call
    assert f(B).item() == first == pytest.approx(float(np.sum(B * A * A)), rel=1e-5)


def test_values_are_refused_while_tracing():
    for ask in (float, bool, np.asarray, lambda x: x.numpy(), tsum.eval, bytes,
                lambda x: tsum.save_npy("/dev/null", x),
                lambda x: tsum.lower(tsum.reduce_sum(x)), lambda x: x.__dlpack__()):
        f = tsum.jit(lambda x: ask(tsum.square(x)))  # noqa: B023
        with pytest.raises(TypeError, match="not known"):
            f(A[0, :1])
        assert issubclass(tsum.ConcretizationError, TypeError)


def test_tensors_print_while_tracing():
    texts = []

    @tsum.jit
    def f(x):
        texts.extend([str(x), repr(x + 1)])
        return x

    f(A)
    assert texts[0].startswith("<tsum.Tensor: shape=(5, 7), dtype=f32, op=")
    assert texts[1] == "<tsum.Tensor: shape=(5, 7), dtype=f32, op=add>"


def test_graphs_print_while_tracing():
    texts = []

    @tsum.jit
    def f(x, y):
        result = tsum.reduce_sum(x * y)
        texts.append(tsum.graph_to_string(result))
        return result

    f(A, tsum.constant(2.0, dtype=tsum.f32, name="factor"))
    assert texts == ['%0 = input : f32[5,7]\n'
                     '%1 = input : f32 "factor"\n'
                     '%2 = multiply(%0, %1) : f32[5,7]\n'
                     '%3 = reduce_sum(%2, axes=[0,1]) : f32\n']


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_arguments(dtype):
    z = (A + 1j * B).astype(dtype)
    for function in (tsum.real, tsum.imag, tsum.abs, tsum.conj, tsum.reduce_prod, lambda z: z,
                     lambda z: z[::-1] * 2, lambda z: tsum.reshape(z, -1), lambda z: z + A.T[0, 0],
                     lambda z: (tsum.reduce_sum(z, 0), tsum.transpose(z)),
                     lambda z: tsum.jit(lambda w: tsum.reduce_sum(w * z))(z + 1)):
        f = tsum.jit(function)
        for given in (z, tsum.asarray(z), z[::-1], tsum.asarray(z) * 2, np.asfortranarray(z)):
            result, expected = f(given), function(tsum.asarray(given))
            for one, other in zip(*((x if isinstance(x, tuple) else (x,))
                                    for x in (result, expected))):
                assert one.is_evaluated and one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)
        assert f.trace_count == 1
    with pytest.raises(tsum.ConcretizationError, match="value of this complex is not known"):
        tsum.jit(complex)(z[0, 0])


def test_a_leaked_argument_has_no_value():
    leaked = []
    f = tsum.jit(lambda x: leaked.append(x) or x + 1)
    f(A)
    with pytest.raises(tsum.ConcretizationError):
        leaked[0].numpy()
    with pytest.raises(tsum.ConcretizationError):
        tsum.reduce_sum(leaked[0] * 2).numpy()
    with pytest.raises(tsum.ConcretizationError):
        tsum.jit(lambda x: x * 2)(leaked[0])


def test_functions_inside_functions():
    inner = tsum.jit(lambda x, y: tsum.reduce_sum(x * y, -1))
    outer = tsum.jit(lambda x, y: inner(x + 1, y) - inner(y, y))
    expected = ((A + 1) * B).sum(-1) - (B * B).sum(-1)
    for _ in range(2):
        np.testing.assert_allclose(outer(A, B), expected, rtol=1e-5)
    assert (inner.trace_count, outer.trace_count) == (1, 1)


def test_inner_functions_that_use_outer_arguments():
    inner = None

    @tsum.jit
    def outer(x, y):
        nonlocal inner
        inner = inner or tsum.jit(lambda z: z + x)
        return inner(y)

    np.testing.assert_array_equal(outer(A, B), A + B)
    np.testing.assert_array_equal(outer(B, B), B + B)
    outer.clear()
    with pytest.raises(tsum.ConcretizationError):
        inner(A)  # its x is nothing outside


def test_errors_come_through_and_are_not_kept():
    fail = [True]

    @tsum.jit
    def f(x):
        if fail[0]:
            raise KeyError("mine")
        return tsum.reduce_sum(x, 2) if fail[1:] else x

    with pytest.raises(KeyError, match="mine"):
        f(A)
    fail[0] = False
    np.testing.assert_array_equal(f(A), A)
    with pytest.raises(TypeError, match="argument 0 is a list, which is neither"):
        f([A])
    with pytest.raises(TypeError, match="missing 1 required"):
        tsum.jit(distance)(A)
    with pytest.raises(tsum.DTypeError, match="str is no tensor"):
        tsum.jit(lambda x: "text")(A)


def test_methods_and_names():
    class Layer:
        def __init__(self, scale):
            self.scale = scale

        @tsum.jit
        def __call__(self, x):
            """Scales."""
            return x * self.scale

    assert Layer.__call__.__name__ == "__call__"
    np.testing.assert_array_equal(Layer(2.0)(A), A * 2)
    np.testing.assert_array_equal(Layer(3.0)(A), A * 3)
    assert "distance" in repr(tsum.jit(distance))
    assert tsum.jit(distance).__wrapped__ is distance


def test_cycles_are_collected():
    class Owner:
        pass

    owner = Owner()
    seen = weakref.ref(owner)
    owner.f = tsum.jit(lambda x: x + (1 if owner else 0))
    owner.f(A)
    del owner
    gc.collect()
    assert seen() is None


def test_threads_call_at_once():
    f = tsum.jit(distance)
    expected = f(A, B).numpy()
    wrong = []

    def work():
        for _ in range(200):
            if not np.array_equal(f(A, B), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def plain(x, axis):
    return tsum.reduce_sum(x, axis)


@tsum.jit
def decorated(x):
    return tsum.reduce_sum(x)


class Decorated:
    @staticmethod
    @tsum.jit
    def method(x):
        return tsum.reduce_sum(x)


def test_functions_copy_and_pickle():
    assert copy.copy(decorated) is decorated and copy.deepcopy(decorated) is decorated
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert pickle.loads(pickle.dumps(Decorated.method)) is Decorated.method
    made = pickle.loads(pickle.dumps(tsum.jit(plain, static_argnames=["axis"])))
    np.testing.assert_array_equal(made(np.ones((2, 3)), axis=0), [2, 2, 2])
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(tsum.jit(lambda x: x))
    assert weakref.ref(decorated)() is decorated


@pytest.mark.parametrize("dynamic", [None, True, False])
def test_dynamic_functions_take_any_shape(dynamic):
    """Extents 0 and 1, layouts and dtypes at run time, against NumPy."""

    @tsum.jit(dynamic=dynamic)
    def standardized(x):
        centered = x - tsum.reduce_mean(x, axis=-1, keepdims=True)
        return centered, tsum.reduce_sum(tsum.square(centered), axis=-1)

    generator = np.random.default_rng(5)
    shapes = [(0, 3), (1, 1), (1, 7), (7, 1), (2, 3), (17, 16), (16, 17), (3, 257), (40, 1000),
              (2, 3, 5), (1, 4, 1), (9,)]
    for shape in shapes:
        for dtype in (np.float32, np.float64):
            x = generator.standard_normal(shape).astype(dtype)
            for given in (x, np.asfortranarray(x), x[..., ::-1]):
                centered, squares = standardized(given)
                expected = given - given.mean(axis=-1, keepdims=True)
                tolerance = 1e-5 if dtype == np.float32 else 1e-13
                assert centered.shape == given.shape
                np.testing.assert_allclose(centered.numpy(), expected, rtol=0, atol=tolerance)
                np.testing.assert_allclose(squares.numpy(), (expected**2).sum(axis=-1),
                                           rtol=20 * tolerance, atol=tolerance)
    assert standardized.trace_count == 2 * len(shapes)


def test_dynamic_functions_compile_nothing_for_a_new_shape():
    @tsum.jit(dynamic=True)
    def spread(x):
        return tsum.sqrt(tsum.reduce_variance(x, axis=-1) + 0.0625)

    @tsum.jit(dynamic=False)
    def compiled(x):
        return tsum.sqrt(tsum.reduce_variance(x, axis=-1) + 0.0625)

    before = tsum.cache_stats()
    results = [spread(np.ones((rows, 33 + rows), np.float32) * rows) for rows in range(1, 40)]
    after = tsum.cache_stats()
    assert after.generic_runs - before.generic_runs == 39
    assert (after.compilations - before.compilations  # in the background, of what took long
            <= after.specializations - before.specializations)
    for rows, result in enumerate(results, 1):  # the same bits
        data = np.ones((rows, 33 + rows), np.float32) * rows
        np.testing.assert_array_equal(result.numpy(), compiled(data).numpy())


CENTERED = [tsum.input("f32", (None, 4), "points"), tsum.input(tsum.f32, (None, None))]


@tsum.jit(input_signature=CENTERED)
def centered(x, y, power=1):
    """What depends on extents: the count of a mean, a reshape, what broadcasts."""
    return (x - tsum.reduce_mean(x, axis=0, keepdims=True)) ** power + y, tsum.reshape(y, (-1,))


def test_open_extents_take_any():
    generator = np.random.default_rng(7)
    before = tsum.cache_stats()
    for rows in (0, 1, 2, 3, 17, 100):
        for other in (1, rows):
            for columns in (1, 4):
                x = generator.standard_normal((rows, 4)).astype(np.float32)
                y = generator.standard_normal((other, columns)).astype(np.float32)
                for given in (x, np.asfortranarray(x), x[::-1], tsum.asarray(x)):
                    result, flat = centered(given, y, power=2)
                    values = np.asarray(given)
                    mean = values.mean(axis=0, keepdims=True) if rows else np.zeros((1, 4), "f")
                    np.testing.assert_allclose(result.numpy(), (values - mean) ** 2 + y, atol=1e-5)
                    np.testing.assert_array_equal(flat.numpy(), y.ravel())
    after = tsum.cache_stats()
    assert (after.compilations - before.compilations  # in the background, of what took long
            <= after.specializations - before.specializations)


@pytest.mark.parametrize("arguments, error, message", [
    ((np.ones((3, 5), np.float32), np.ones((1, 1), np.float32)), tsum.ShapeError,
     "call: input 0 'points' has extent 5 in dimension 1, where the function takes 4: shape [3,5] "
     "in place of [?,4]"),
    ((np.ones(4, np.float32), np.ones((1, 1), np.float32)), tsum.ShapeError,
     "call: input 0 'points' is of shape [4] and rank 1, and the function takes [?,4]"),
    ((np.ones((3, 4), np.float32), np.ones((1, 1))), tsum.DTypeError,
     "call: input 1 is f64, and the function takes f32"),
    ((np.ones((3, 4), np.float32),), tsum.Error,
     "call: 1 tensors given to a function whose input_signature has 2"),
    ((np.ones((3, 4), np.float32), np.ones((2, 1), np.float32)), tsum.ShapeError, "[2,1]"),
])
def test_other_inputs_are_refused_by_name(arguments, error, message):
    traces = centered.trace_count
    for _ in range(2):
        with pytest.raises(error) as raised:
            centered(*arguments)
        assert message in str(raised.value)
    assert centered.trace_count == traces


def test_a_signature_without_open_extents_is_compiled_as_set():
    closed = tsum.jit(lambda x: x * 2, input_signature=[tsum.input("f64", (2, 3))])
    np.testing.assert_array_equal(closed(np.ones((2, 3))).numpy(), np.full((2, 3), 2.0))
    with pytest.raises(tsum.ShapeError, match="extent 4 in dimension 1"):
        closed(np.ones((2, 4)))


def test_inputs_say_what_they_are():
    assert repr(CENTERED[0]) == "tsum.input('f32', (None, 4), 'points')"
    assert eval(repr(CENTERED[0])) == CENTERED[0]  # pylint: disable=eval-used
    assert tsum.input("f32", [np.int64(3)]) == tsum.input(np.float32, (3,))
    assert tsum.input("f32", ()) != tsum.input("f32", (None,))


@pytest.mark.parametrize("make, error", [
    (lambda: tsum.input("f32", (-1, 3)), tsum.ShapeError),
    (lambda: tsum.input("f32", (2.5,)), TypeError),
    (lambda: tsum.input("g7", (2,)), tsum.DTypeError),
    (lambda: tsum.jit(abs, input_signature=[(None, 3)]), TypeError),
])
def test_wrong_inputs_are_refused(make, error):
    with pytest.raises(error):
        make()


def test_inputs_survive_pickle():
    again = pickle.loads(pickle.dumps(centered))
    with pytest.raises(tsum.ShapeError, match="extent 5"):
        again(np.ones((3, 5), np.float32), np.ones((1, 1), np.float32))
    unnamed = tsum.jit(abs, input_signature=[tsum.input("f32", (None,))])
    copy = pickle.loads(pickle.dumps(unnamed))
    np.testing.assert_array_equal(copy(np.array([-1, 2], np.float32)).numpy(), [1, 2])
    with pytest.raises(tsum.DTypeError):
        copy(np.array([-1.0, 2.0]))
