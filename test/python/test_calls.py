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
    (lambda: tsum.asarray(X).argmax(axes=1), "^argmax: .*'axes' .did you mean axis="),
    (lambda: tsum.asarray(X).transpose(axis=1), "^transpose: .*'axis' .*perm"),
    (lambda: tnp.asarray(X).argmax(axes=1), "^argmax: .*'axes' .did you mean axis="),
    (lambda: tnp.asarray(X).cumsum(axes=1), "^cumsum: .*'axes' .did you mean axis="),
    (lambda: tnp.meshgrid(X, index="ij"), "^meshgrid: .*'index' .did you mean indexing="),
    (lambda: tnp.einsum("i->", X, optimise=True), "^einsum: .*'optimise' .*optimize="),
])
def test_what_is_said_of_a_call(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call()
    assert "overload" not in str(raised.value) and "Invoked" not in str(raised.value)


@pytest.mark.parametrize("call, message", [
    (lambda: tsum.Tensor([1.0]), "^Tensor: there is no constructor .tsum.asarray and"),
    (lambda: tnp.ndarray((2, 3)), "^ndarray: there is no constructor .tsum.asarray and tsum.num"),
    (lambda: tsum.DType("f4"), "^DType: there is no constructor .tsum.as_dtype"),
    (lambda: tsum.Function(len), "^Function: there is no constructor .tsum.jit makes"),
    (lambda: tsum.CacheStats(), "^CacheStats: there is no constructor .tsum.cache_stats"),
    (lambda: tsum.MemoryUse(1), "^MemoryUse: there is no constructor .tsum.memory_use"),
    (lambda: tsum.CanonicalGraph(), "^CanonicalGraph: there is no constructor .tsum.low"),
    (lambda: tsum.PartialReduction(tsum.reduce_sum(X), axes=0, begin=0, extent=2),
     "^PartialReduction: there is no parameter 'axes' .did you mean axis="),
    (lambda: tsum.PartialReduction(X), "^PartialReduction: missing a required argument: 'axis'"),
    (lambda: tsum.PartialReduction(X, axis=0, begin=0, extent=2),
     r"^PartialReduction: takes PartialReduction\(part_reduction: Tensor.*given .*\(ndarray"),
    (lambda: tsum.PartialReduction.from_bytes(byte=b""), "^from_bytes: .*'byte' .did you mean byt"),
    (lambda: tsum.PartialReduction.from_bytes(3), r"^from_bytes: takes .*given from_bytes\(int"),
    (lambda: tsum.accuracy(val="exact"), "^accuracy: there is no parameter 'val' .*value"),
    (lambda: tsum.accuracy(), "^accuracy: missing a required argument: 'value'"),
    (lambda: tsum.GradientTape(persist=True), "^GradientTape: .*'persist' .*persistent="),
    (lambda: tsum.GradientTape().watch(tensors=1), "^watch: .*'tensors' .did you mean tensor="),
    (lambda: tsum.Input("f4"), "^Input: missing a required argument: 'shape'"),
    (lambda: tsum.Lowered(), "^Lowered: missing a required argument: 'tensors'"),
    (lambda: tnp.finfo(), "^finfo: missing a required argument: 'type'"),
    (lambda: tsum.jit(lambda x: x).clear(1), "^clear: too many positional arguments"),
])
def test_what_is_said_of_a_constructor(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call()
    assert "overload" not in str(raised.value) and "Invoked" not in str(raised.value)


def test_constructors_and_methods_of_classes_still_work():
    part = tsum.PartialReduction(tsum.reduce_sum(X), axis=0, begin=0, extent=2)
    assert tsum.PartialReduction.from_bytes(part.to_bytes()).result().item() == 6
    assert pickle.loads(pickle.dumps(part)).ranges == [(0, 2)]
    assert tsum.Input(tsum.f32, (None, 2)).shape == (None, 2)
    assert list(inspect.signature(tsum.Tensor.argmax).parameters) == ["self", "axis", "keepdims",
                                                                      "name"]

    class Derived(tsum.GradientTape):
        def __init__(self):
            super().__init__(persistent=True)

    assert Derived()._persistent


def test_arguments_of_what_is_no_function_are_refused():
    for name in ("lower", "explain"):
        with pytest.raises(TypeError, match=f"^{name}: Tensor is no function, and takes no argum.*"
                                            "given int, formt="):
            getattr(tsum, name)(tsum.asarray(X), 1, formt="json")


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
