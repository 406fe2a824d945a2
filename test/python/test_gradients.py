# SPDX-License-Identifier: Apache-2.0
"""Gradients against JAX's values and differences, and what the functions of Python add."""
import doctest
import gc
import json
import pathlib

import numpy as np
import pytest

import tsum
from gradient_cases import cases, operands, weights

VALUES = json.loads((pathlib.Path(__file__).parent / "gradient_values.json").read_text())
X = np.array([1.0, 2.0, 3.0])
T = tsum.asarray(X)


def near(found, expected, tolerance):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    scale = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


def test_the_page_says_what_happens():
    page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "gradients.md"
    failures, examples = doctest.testfile(str(page), module_relative=False,
                                          optionflags=doctest.ELLIPSIS)
    assert failures == 0 and examples > 15


#===-- JAX's values --------------------------------------------------------------------------===//

@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_gradients_are_jaxs(dtype, tolerance):
    names = set()
    for name, function, shapes in cases():
        names.add(name)
        expected = VALUES[name]
        xs = [tsum.asarray(x.astype(dtype)) for x in operands(shapes)]
        y = function(tsum, *xs)
        loss = tsum.reduce_sum(y * weights(y.shape, 1).astype(dtype))
        found = tsum.gradients(loss, xs)
        second = tsum.gradients(found, xs, [weights(x.shape, 2).astype(dtype) for x in xs],
                                unconnected_gradients="zero") if dtype == np.float64 else []
        tsum.eval(loss, *found, *second)
        try:
            near(loss, expected["value"], tolerance)
            for x, g, e in zip(xs, found, expected["gradients"], strict=True):
                assert g.dtype == x.dtype
                near(g, np.reshape(e, x.shape), tolerance)
            for x, g, e in zip(xs, second, expected["second"]):
                near(g, np.reshape(e, x.shape), tolerance)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None
    assert names == set(VALUES) - {"version"}


def test_gradients_of_short_floats_are_those_of_longer_ones_roughly():
    for name, function, shapes in cases():
        if " " in name:
            continue
        for dtype, tolerance in ((tsum.f16, 4e-2), (tsum.bf16, 2e-1)):
            xs = [tsum.cast(x, dtype) for x in operands(shapes)]
            y = function(tsum, *xs)
            found = tsum.gradients(tsum.reduce_sum(y * tsum.cast(weights(y.shape, 1), dtype)), xs)
            for x, g, e in zip(xs, found, VALUES[name]["gradients"]):
                assert g.dtype == dtype
                near(tsum.cast(g, tsum.f64), np.reshape(e, x.shape), tolerance)


#===-- grad, vjp, jvp ------------------------------------------------------------------------===//

def test_grad_and_value_and_grad():
    f = lambda x, y: tsum.reduce_sum(x * x * y)
    np.testing.assert_array_equal(tsum.grad(f)(X, X), 2 * X * X)
    value, (dx, dy) = tsum.value_and_grad(f, argnums=(0, -1))(X, 2 * X)
    assert float(value) == 72
    np.testing.assert_array_equal(dx, 4 * X * X)
    np.testing.assert_array_equal(dy, X * X)
    assert not tsum.grad(f)(X, X).is_evaluated


def test_one_array_as_two_arguments_has_two_gradients():
    x = tsum.asarray(X)
    dx, dy = tsum.grad(lambda x, y: tsum.reduce_sum(x * x * y), (0, 1))(x, x)
    np.testing.assert_array_equal(dx, 2 * X * X)
    np.testing.assert_array_equal(dy, X * X)


def test_structures_and_auxiliary_values():
    def loss(parameters, x):
        y = x * parameters["scale"] + parameters["more"][0]
        return tsum.reduce_sum(y * y), {"y": y}

    parameters = {"scale": np.float64(2.0), "more": [np.ones(3), None], "unused": X}
    (value, aux), gradient = tsum.value_and_grad(loss, has_aux=True)(parameters, X)
    y = X * 2 + 1
    assert float(value) == (y * y).sum()
    np.testing.assert_array_equal(aux["y"], y)
    assert float(gradient["scale"]) == (2 * y * X).sum()
    np.testing.assert_array_equal(gradient["more"][0], 2 * y)
    assert gradient["more"][1] is None
    np.testing.assert_array_equal(gradient["unused"], 0 * X)
    np.testing.assert_array_equal(tsum.grad(loss, has_aux=True)(parameters, X)[1]["y"], y)


def test_gradients_inside_jit_run_no_python():
    calls = []

    @tsum.jit
    def step(x, y):
        calls.append(1)
        return tsum.value_and_grad(lambda x: tsum.reduce_mean(tsum.square(x - y)))(x)

    for scale in (1, 2, 3):
        value, gradient = step(X * scale, X)
        near(value, ((X * scale - X) ** 2).mean(), 1e-15)
        near(gradient, 2 * (X * scale - X) / 3, 1e-15)
    assert len(calls) == 1
    big = np.ones((300, 200))  # runs without a prepared function
    near(step(big, big * 2)[1], -2 * np.ones((300, 200)) / big.size, 1e-15)


def test_gradients_of_functions_of_jit():
    f = tsum.jit(lambda x: tsum.reduce_sum(tsum.softmax(x) * X))
    f(X)
    expected = tsum.grad(f.__wrapped__)(X).numpy()
    np.testing.assert_array_equal(tsum.grad(f)(X), expected)
    np.testing.assert_array_equal(tsum.jit(tsum.grad(f))(X), expected)
    x = tsum.asarray(X)
    with tsum.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    np.testing.assert_array_equal(tape.gradient(y, x), expected)


def test_rules_of_composites_survive_traces():
    near(tsum.grad(tsum.jit(lambda a, b: tsum.reduce_sum(tsum.abs(tsum.complex(a, b)))))(
        np.array([0.0, 3.0]), np.array([0.0, 4.0])), [0, 0.6], 1e-15)


def test_values_may_be_looked_at_inside():
    def f(x):
        y = tsum.reduce_sum(x * x)
        return y * 2 if float(y) > 1 else y

    np.testing.assert_array_equal(tsum.grad(f)(X), 4 * X)
    np.testing.assert_array_equal(tsum.grad(f)(X * 0.1), 2 * (X * 0.1))


@pytest.mark.parametrize("x", [X, X * (1 - 2j)])
def test_parts_of_what_was_evaluated_inside(x):
    def f(x):
        tsum.eval(x)
        return [tsum.abs(x[1:] * x[0]), tsum.square(x[None, ::-2]), tsum.asarray(x, name="named")]

    tsum.check_gradients(f, [x], order=2)


def test_forward_mode_goes_by_rules_of_composites_as_well():
    size = lambda a, b: tsum.abs(tsum.complex(a, b))
    ones = np.ones(2)
    value, change = tsum.jvp(size, (np.array([0.0, 3.0]), np.array([0.0, 4.0])), (ones, ones))
    near(change, [0, 1.4], 1e-15)


def test_a_part_takes_the_time_of_the_part():
    x = tsum.asarray(np.ones(300))
    with tsum.GradientTape() as tape:
        tape.watch(x)
        y = x
        for i in range(300):  # each step looks at values, and takes parts of them
            y = y * 1.001
            tsum.eval(y)
            y = y + y[0] * 0.001
    assert tape.gradient(y, x).shape == (300,)


def test_tanh_loop_of_the_guide():
    def f(x):
        while tsum.reduce_sum(x) > 1:
            x = tsum.tanh(x)
        return tsum.reduce_sum(x)

    x = np.array([0.4, 0.5, 0.6])
    tsum.check_gradients(f, [x])


def test_vjp_and_jvp():
    f = lambda x, y: (x * y, tsum.reduce_sum(x))
    (product, total), pull_back = tsum.vjp(f, X, X + 1)
    np.testing.assert_array_equal(product, X * (X + 1))
    dx, dy = pull_back((X, 2.0))
    np.testing.assert_array_equal(dx, X * (X + 1) + 2)
    np.testing.assert_array_equal(dy, X * X)
    np.testing.assert_array_equal(pull_back((0.0, 1.0))[0], np.ones(3))
    (product, total), (change, of_total) = tsum.jvp(f, (X, X + 1), (np.ones(3), X))
    np.testing.assert_array_equal(change, X + 1 + X * X)
    assert float(of_total) == 3 and float(total) == 6


def test_hessian_vector_products():
    a = np.arange(9.0).reshape(3, 3)
    f = lambda x: tsum.reduce_sum(tsum.expand_dims(x, 1) * a * x)
    for hvp in (tsum.grad(lambda x: tsum.reduce_sum(tsum.grad(f)(x) * X)),
                lambda x: tsum.jvp(tsum.grad(f), (x,), (X,))[1]):
        np.testing.assert_array_equal(hvp(np.ones(3)), (a + a.T) @ X)
    third = tsum.grad(tsum.grad(tsum.grad(lambda x: x ** 4)))
    assert float(third(2.0)) == 48


def test_complex_gradients_are_tensorflows():
    z = np.array([1 + 2j, -1j])
    np.testing.assert_array_equal(tsum.grad(lambda z: tsum.reduce_sum(tsum.real(z * z)))(z),
                                  np.conj(2 * z))
    squares = lambda z: tsum.reduce_sum(tsum.square(tsum.abs(z)))
    np.testing.assert_array_equal(tsum.grad(squares)(z), 2 * z)
    np.testing.assert_array_equal(tsum.jit(tsum.grad(
        lambda z: tsum.reduce_sum(tsum.real(z[1:] * z[:1]))))(z), np.conj(z[::-1]))


HOLOMORPHIC = ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "sin", "cos",
               "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
               "sigmoid", "square", "reciprocal"]


def test_complex_functions_are_smooth_across_axes():
    # By Richardson's extrapolation of values, where a part or a distance to 1 is 0 and elsewhere.
    points = np.array([0.5, 0.3j, 1.5 + 0.4j, 1 + 1j, -0.6 + 0j, -0.2j, 0.7 - 0.9j, -0.4 + 0.8j])
    for name in HOLOMORPHIC:
        f = getattr(tsum, name)
        # Neither poles nor branch cuts.
        shifts = {"acosh": 3, "log": 2, "log2": 2, "log10": 2, "sqrt": 2, "rsqrt": 2}
        z = points + shifts.get(name, 0)
        difference = lambda h: (f(z + h).numpy() - f(z - h).numpy()) / (2 * h)
        slope = (4 * difference(5e-4) - difference(1e-3)) / 3
        a, b = tsum.asarray(z.real.copy()), tsum.asarray(z.imag.copy())
        for part, by_a, by_b in ((tsum.real, slope.real, -slope.imag),
                                 (tsum.imag, slope.imag, slope.real)):
            g = lambda a, b: part(f(tsum.complex(a, b)))
            for found, expected in zip(tsum.gradients(g(a, b), [a, b]), (by_a, by_b)):
                np.testing.assert_allclose(found, expected, 1e-8, 1e-8, err_msg=name)
            along = (np.full(8, 0.5), np.full(8, -2.0))
            tangent = tsum.jvp(g, (a, b), along)[1]
            np.testing.assert_allclose(tangent, 0.5 * by_a - 2 * by_b, 1e-8, 1e-8, err_msg=name)


def test_gradients_are_complex_steps():
    # An analytic f has the derivative im f(x + ih) / h, without a difference (Squire, Trapp, 1998).
    for name, low, high in (("exp", -2, 2), ("expm1", -2, 2), ("log", 0.1, 3), ("log1p", -0.9, 3),
                            ("log2", 0.1, 3), ("log10", 0.1, 3), ("sqrt", 0.1, 3),
                            ("rsqrt", 0.1, 3), ("sin", -3, 3), ("cos", -3, 3), ("tan", -1.4, 1.4),
                            ("asin", -0.95, 0.95), ("acos", -0.95, 0.95), ("atan", -3, 3),
                            ("sinh", -3, 3), ("cosh", -3, 3), ("tanh", -3, 3), ("asinh", -3, 3),
                            ("acosh", 1.05, 3), ("atanh", -0.95, 0.95), ("sigmoid", -3, 3),
                            ("square", -3, 3), ("reciprocal", 0.1, 3)):
        f = getattr(tsum, name)
        x = np.linspace(low, high, 41)
        step = tsum.imag(f(tsum.complex(x, np.full_like(x, 1e-100)))).numpy() / 1e-100
        np.testing.assert_allclose(tsum.grad(lambda x: tsum.reduce_sum(f(x)))(x), step, rtol=1e-13,
                                   atol=1e-15, err_msg=name)


def test_second_derivatives_where_the_gradient_of_a_choice_is_zero():
    x = np.array([0.0, 0.5, 2.0])
    f = lambda x: tsum.reduce_sum(tsum.square(tsum.where(tsum.less(x, 1), tsum.sin(x), 0)))
    hessian = tsum.grad(lambda x: tsum.reduce_sum(tsum.grad(f)(x)))(x)
    np.testing.assert_allclose(hessian, [2, 2 * np.cos(1.0), 0], rtol=1e-14)
    f = lambda x: tsum.reduce_sum(tsum.square(tsum.where(tsum.less(x, 1), tsum.log(1 + x), 0)))
    hessian = tsum.grad(lambda x: tsum.reduce_sum(tsum.grad(f)(x)))(x)
    expected = 2 * (1 - np.log1p(x)) / (1 + x) ** 2
    np.testing.assert_allclose(hessian, np.where(x < 1, expected, 0), rtol=1e-14)


def test_stop_gradient():
    f = lambda x: tsum.reduce_sum(tsum.stop_gradient(x * x) * x)
    np.testing.assert_array_equal(tsum.grad(f)(X), X * X)
    np.testing.assert_array_equal(tsum.jit(tsum.grad(tsum.jit(f)))(X), X * X)
    assert tsum.stop_gradient(X, name="still").name == "still"


#===-- Tapes ---------------------------------------------------------------------------------===//

def test_tapes_of_tensorflows_guide():
    x = tsum.constant(3.0)
    with tsum.GradientTape() as tape:
        tape.watch(x)
        y = x ** 2
        assert float(y) == 9
    assert float(tape.gradient(y, x)) == 6

    w, b = tsum.constant(np.ones((3, 2))), tsum.constant(np.zeros(2))
    given = np.array([[1.0, 2.0, 3.0]])
    with tsum.GradientTape(persistent=True) as tape:
        tape.watch({"w": w, "b": b})
        y = tsum.reduce_sum(tsum.expand_dims(given, -1) * w, 1) + b
        loss = tsum.reduce_mean(y ** 2)
    dw, db = tape.gradient(loss, [w, b])
    np.testing.assert_array_equal(db, [6, 6])
    np.testing.assert_array_equal(dw, 6 * given.T @ np.ones((1, 2)))
    assert tape.gradient(loss, {"b": b, "none": None})["b"].shape == (2,)

    with tsum.GradientTape() as outer:
        outer.watch(x)
        with tsum.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        dy_dx = inner.gradient(y, x)
    assert float(dy_dx) == 27 and float(outer.gradient(dy_dx, x)) == 18


def test_tapes_watch():
    x, y = tsum.constant(2.0), tsum.constant(3.0)
    with tsum.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = x * y
        with tape.stop_recording():
            float(z)
            unseen = tsum.square(z)
            float(unseen)
    assert tape.gradient(z, y) is None
    assert float(tape.gradient(z, y, unconnected_gradients="zero")) == 0
    assert float(tape.gradient(z, x, output_gradients=2.0)) == 6
    assert float(tape.gradient([z, z], x, output_gradients=[1.0, None])) == 6
    assert tape.gradient(unseen, x) is None
    tape.reset()
    assert tape.gradient(z, x) is None


def test_tapes_of_slices_and_names():
    x = tsum.asarray(np.arange(6.0).reshape(2, 3))
    with tsum.GradientTape() as tape:
        tape.watch(x)
        rows = [tsum.reduce_sum(row * row) for row in x]
        for row in rows:
            float(row)
        y = rows[0] + 3 * rows[1] + tsum.asarray(x, name="named")[0, 1]
    expected = 2 * np.array([[1], [3]]) * x.numpy()
    expected[0, 1] += 1
    np.testing.assert_array_equal(tape.gradient(y, x), expected)


def test_tapes_let_go():
    x = tsum.constant(X)
    total = tsum.constant(0.0, tsum.f64)
    for _ in range(100):
        with tsum.GradientTape() as tape:
            tape.watch(x)
            total = total + tsum.reduce_sum(x * x)
            float(total)
        del tape
    gc.collect()
    with pytest.raises(tsum.Error, match="graph is gone"):
        tsum.gradients(total * 1.0, x)


#===-- check_gradients -----------------------------------------------------------------------===//

def test_check_gradients_finds_what_is_wrong():
    assert tsum.check_gradients(tsum.softmax, [np.ones((2, 3), np.float32)], order=2) <= 1
    assert tsum.check_gradients(lambda d: [tsum.complex(d["x"], 0.0) / (d["z"] + 3), None],
                                [{"x": X, "z": X * 1j + 1}]) <= 1
    assert tsum.check_gradients(tsum.sin, [np.arange(50.0)], max_elements=3) <= 1
    with pytest.raises(AssertionError, match=r"argument 0 at \[0\]: reverse mode gives 1.* is 2"):
        tsum.check_gradients(lambda x: tsum.stop_gradient(x) * x, [X * 0 + 1])
    with pytest.raises(AssertionError, match="order 2"):
        still = tsum.stop_gradient  # x^2, whose derivative is taken for a constant
        tsum.check_gradients(lambda x: still(x * x) + (x - still(x)) * still(2 * x), [X], order=2)
    with pytest.raises(tsum.DTypeError, match="i32"):
        tsum.check_gradients(tsum.square, [np.arange(3, dtype=np.int32)])
    with pytest.raises(tsum.DTypeError, match="no floats"):
        tsum.check_gradients(lambda x: x > 1, [X])


#===-- What is refused -----------------------------------------------------------------------===//

@pytest.mark.parametrize("call, error, message", [
    (lambda: tsum.grad(lambda x: x)(X), tsum.ShapeError, r"returned shape \(3,\), not a scalar"),
    (lambda: tsum.grad(lambda x: tsum.reduce_sum(x))(np.arange(3)), tsum.DTypeError,
     "argument 0 has dtype"),
    (lambda: tsum.grad(lambda z: tsum.reduce_sum(z))(X * 1j), tsum.DTypeError, "real part"),
    (lambda: tsum.grad(lambda x: tsum.reduce_sum(x), 1)(X), TypeError, "argument 1 is not among"),
    (lambda: tsum.grad(lambda x: x, "x"), TypeError, "argnums is 'x'"),
    (lambda: tsum.grad(3), TypeError, "not callable"),
    (lambda: tsum.grad(lambda x: x, has_aux=True)(X), TypeError, "a pair"),
    (lambda: tsum.gradients(T, tsum.asarray(np.arange(3))), tsum.DTypeError, "cast it"),
    (lambda: tsum.gradients(T, X), tsum.DTypeError, "ndarray is no tensor"),
    (lambda: tsum.gradients(T > 1, T), tsum.DTypeError, "boolean"),
    (lambda: tsum.gradients(T, T, unconnected_gradients="nothing"), ValueError, "'none' or 'zero'"),
    (lambda: tsum.gradients(T, T, [1.0, 2.0]), tsum.Error, "2 upstreams given for 1"),
    (lambda: tsum.gradients(T, T, np.ones(2)), tsum.ShapeError, "does not broadcast"),
    (lambda: tsum.gradients(T, T, np.ones(3, "f")), tsum.DTypeError, "upstream"),
    (lambda: tsum.vjp(tsum.square, X)[1]((X, X)), ValueError, "2 upstream gradients for 1"),
    (lambda: tsum.jvp(tsum.square, (X,), ()), ValueError, "0 tangents for 1"),
    (lambda: tsum.jvp(tsum.square, (X,), (np.ones(2),)), tsum.ShapeError, "tangent of shape"),
    (lambda: tsum.GradientTape().watch(X), tsum.Error, "with statement"),
    (lambda: tsum.check_gradients(tsum.square, [X], order=0), ValueError, "order is 0"),
])
def test_mistakes_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_evaluated_graphs_and_used_tapes_say_what_to_do():
    x = tsum.asarray(X)
    y = tsum.reduce_sum(x * x)
    float(y)
    with pytest.raises(tsum.Error, match="reduce_sum computed has been evaluated"):
        tsum.gradients(y, x)
    with tsum.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(tsum.DTypeError, match="no tensor"):
            tape.watch(X)
        with pytest.raises(tsum.DTypeError, match="i64"):
            tape.watch(tsum.asarray(np.arange(3)))
        y = tsum.reduce_sum(x * x)
        with pytest.raises(tsum.Error, match="recording already"):
            tape.__enter__()
        assert tape.gradient(y, x).tolist() == (2 * X).tolist()
    with pytest.raises(tsum.Error, match="persistent=True"):
        tape.gradient(y, x)


def test_values_are_unknown_under_jit_with_a_gradient_around():
    with pytest.raises(tsum.ConcretizationError):
        tsum.jit(tsum.grad(lambda x: tsum.reduce_sum(x) * float(x[0])))(X)


#===-- Bounds of memory ----------------------------------------------------------------------===//

SIDE, LAYERS = 32, 6


def layered(weights, x):
    """The loss of some layers, each of whose products its gradient reads again."""
    for w in weights:
        x = tsum.tanh(tsum.reduce_sum(x[:, :, None] * w[None], 1))
    return tsum.reduce_sum(tsum.square(x))


def layered_arguments():
    random = np.random.default_rng(5)
    return ([random.standard_normal((SIDE, SIDE), np.float32) / SIDE**0.5 for _ in range(LAYERS)],
            random.standard_normal((SIDE, SIDE), np.float32))


def explained(function, *args):
    graph, = json.loads(tsum.explain(function, *args, format="json"))["graphs"]
    return graph


def test_memory_bounds_what_kernels_keep():
    weights, x = layered_arguments()
    value, free = tsum.value_and_grad(layered)(weights, x)
    unbounded = explained(tsum.value_and_grad(layered), weights, x)
    assert unbounded["memory_bound"] == -1
    layer = SIDE * SIDE * 4
    assert unbounded["bytes_between_kernels"] >= LAYERS * layer
    bound = 4 * layer
    same, within = tsum.value_and_grad(layered, memory=bound)(weights, x)
    bounded = explained(tsum.value_and_grad(layered, memory=bound), weights, x)
    assert bounded["memory_bound"] == bound and bounded["bytes_between_kernels"] <= bound
    again = [kernel["name"] for kernel in bounded["kernels"] if kernel["recomputed"] == "memory"]
    assert again and set(again) <= {kernel["name"] for kernel in unbounded["kernels"]}
    page = tsum.explain(tsum.value_and_grad(layered, memory=bound), weights, x, format="html")
    assert page.count("runs again: memory") == page.count('class="kernel again"') == len(again)
    assert "<p>Between kernels, at most " in page
    assert float(same) == float(value)
    for a, b in zip(within, free):
        assert a.numpy().tobytes() == b.numpy().tobytes()


@pytest.mark.parametrize("memory", [0, 4096, 1 << 40])
def test_memory_changes_no_bit_of_any_way_to_ask(memory):
    weights, x = layered_arguments()
    free = [g.numpy().tobytes() for g in tsum.grad(layered)(weights, x)]

    def bits(found):
        return [g.numpy().tobytes() for g in found]

    assert bits(tsum.grad(layered, memory=memory)(weights, x)) == free
    compiled = tsum.jit(lambda x, *w: tuple(tsum.grad(layered, memory=memory)(list(w), x)))
    assert bits(compiled(x, *weights)) == free
    _, pull_back = tsum.vjp(lambda *w: layered(w, x), *weights, memory=memory)
    assert bits(pull_back(1.0)) == free
    tensors = [tsum.asarray(w) for w in weights]
    assert bits(tsum.gradients(layered(tensors, x), tensors, memory=memory)) == free
    with tsum.GradientTape() as tape:
        tape.watch(tensors)
        loss = layered(tensors, x)
    assert bits(tape.gradient(loss, tensors, memory=memory)) == free


def test_memory_of_complex_and_second_gradients():
    z = tsum.asarray(np.array([1 + 2j, 3 - 1j]))
    loss = tsum.reduce_sum(tsum.real(z * z * z))
    free, = tsum.gradients(loss, z)
    within, = tsum.gradients(loss, z, memory=0)
    assert free.tolist() == within.tolist()
    cube = tsum.grad(lambda x: tsum.reduce_sum(x * x * x), memory=0)
    twice = tsum.grad(lambda x: tsum.reduce_sum(cube(x)), memory=8)
    assert twice(np.array([1.0, -2.0])).tolist() == [6.0, -12.0]
    # A gradient that is data, or zeros, needs no operation.
    x, factor = tsum.asarray([1.0, 2.0]), tsum.asarray([3.0, 4.0])
    assert tsum.gradients(x * 1.0, x, factor, memory=0)[0].tolist() == [3.0, 4.0]
    assert tsum.gradients(x, [x, factor], memory=0, unconnected_gradients="zero")[1].tolist() == [
        0.0, 0.0]


def test_memory_that_is_no_number_of_bytes():
    x = tsum.asarray([1.0, 2.0])
    y = tsum.reduce_sum(x * x)
    with pytest.raises(tsum.Error, match=r"memory is -1 bytes \(0 or more, or nothing for no bou"):
        tsum.gradients(y, x, memory=-1)
    for given, name in ("8MB", "'8MB'"), (1.5, "1.5"), (True, "True"), (1 << 70, str(1 << 70)):
        with pytest.raises(TypeError, match=rf"memory is {name} \(a number of bytes, or None\)"):
            tsum.grad(lambda x: tsum.reduce_sum(x), memory=given)(x)
