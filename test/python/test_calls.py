# SPDX-License-Identifier: Apache-2.0
"""What functions say of wrong calls, and what tools learn of them."""
import inspect
import pickle
import pydoc

import numpy as np
import pytest

import tsum
import tsum.numpy as tnp

X = np.ones((2, 3), np.float32)
NAMESPACES = {"tsum": tsum, "tsum.numpy": tnp, "tsum.numpy.linalg": tnp.linalg,
              "tsum.numpy.fft": tnp.fft}
# NumPy's own under our names, which speak for themselves.
FUNCTIONS = [(space, name) for space, module in NAMESPACES.items() for name in module.__all__
             if callable(getattr(module, name)) and not isinstance(getattr(module, name), type)
             and str(getattr(module, name).__module__).startswith("tsum")]


@pytest.mark.parametrize("space, name", FUNCTIONS)
def test_tools_understand_every_function(space, name):
    function = getattr(NAMESPACES[space], name)
    assert inspect.signature(function).parameters is not None
    page = pydoc.plain(pydoc.render_doc(function))
    assert f"{function.__name__}(" in page and function.__doc__.splitlines()[0].strip() in page
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("space, name", FUNCTIONS)
def test_every_function_names_a_keyword_that_it_has_not(space, name):
    function = getattr(NAMESPACES[space], name)
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind == each.VAR_KEYWORD for each in parameters):
        return
    with pytest.raises(TypeError, match="zzqq") as raised:
        function(zzqq=1)
    assert function.__name__ in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("call, message", [
    (lambda: tsum.reduce_sum(X, keep_dims=True), r"reduce_sum: .*'keep_dims' .did you mean keepd"),
    (lambda: tsum.sum(X, keepdim=True), "sum: .*'keepdim' .did you mean keepdims="),
    (lambda: tsum.asarray(X).sum(keep_dims=True), "sum: .*'keep_dims' .did you mean keepdims="),
    (lambda: tnp.sum(X, keep_dims=True), "sum: .*'keep_dims' .did you mean keepdims="),
    (lambda: tnp.asarray(X).sum(keep_dims=True), "sum: .*'keep_dims' .did you mean keepdims="),
    (lambda: tnp.median(X, axes=0), "median: .*'axes' .did you mean axis="),
    (lambda: tsum.cast(X, dtyp="f4"), "cast: .*'dtyp' .did you mean dtype="),
    (lambda: tsum.reshape(X), r"reshape: missing a required argument: 'shape'"),
    (lambda: tsum.asarray(X).numpy(1), r"numpy: too many positional arguments"),
    (lambda: tsum.reduce_variance(X, ddof="a"), r"takes reduce_variance\(.*given .*ddof=str"),
    (lambda: tsum.set_cache_capacity(size=1), r"'size' .*entries, bytes"),
])
def test_what_is_said_of_a_call(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call()
    assert "overload" not in str(raised.value) and "Invoked" not in str(raised.value)


def test_an_error_of_what_is_called_stays_as_it_is():
    def broken(x):
        raise TypeError("of the user")

    with pytest.raises(TypeError, match="^of the user$"):
        tsum.grad(broken)(X)
    with pytest.raises(tsum.DTypeError, match="f32 and f64"):
        tsum.add(X, X.astype("f8"))


def test_default_of_cpp():
    assert inspect.signature(tsum.set_cache_capacity).parameters["bytes"].default == 1 << 28


@pytest.mark.parametrize("name", ["f8", "<f8", "=f8", "d", "float64", "double", "i4", "int32",
                                  "?", "bool", "c16", "complex128", "f2", "<u8", "<i8"])
def test_numpys_strings_are_dtypes(name):
    wanted = np.dtype(name)
    made = [tsum.asarray(X).astype(name), tsum.cast(X, name), tsum.constant([1, 0], dtype=name),
            tsum.asarray([1, 0], dtype=name), tnp.asarray(X).astype(name), tnp.zeros(2, dtype=name)]
    if wanted.kind == "f":
        made += [tsum.sum(X, dtype=name), tsum.reduce_sum(X, dtype=name), tnp.sum(X, dtype=name)]
    assert {np.dtype(each.dtype) for each in made} == {wanted}
