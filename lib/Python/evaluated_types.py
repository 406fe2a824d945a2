# SPDX-License-Identifier: Apache-2.0
"""The types of functions that NumPy computes, by the names that NumPy has for parameters."""
import inspect

_ARRAYS = """
    a a1 a2 ar ar1 ar2 arr array v x x1 x2 y xp fp m b p f z w A element test_elements condition
    filt sample values obj weights fweights aweights
    keys arrays tup ary condlist choicelist choices sorter
""".split()
_AXES = "axis axes axisa axisb axisc axis1 axis2".split()
_FLAGS = """
    return_index return_inverse return_counts equal_nan sorted assume_unique invert return_indices
    include_initial overwrite_input density right rowvar bias endpoint increasing sparse deg full
    hermitian upper compute_uv full_matrices subok
""".split()
_INTEGERS = "k M N n num ndim edge_order start minlength base ind offset".split()
_NUMBERS = "rtol atol tol rcond discont period dx left default".split()
_WORDS = "kind side mode method casting order bitorder trim UPLO norm".split()

_PARAMETERS = {
    **dict.fromkeys(_ARRAYS, "ArrayLike"), **dict.fromkeys(_AXES, "Axis"),
    **dict.fromkeys(_FLAGS, "bool"), **dict.fromkeys(_INTEGERS, "int"),
    **dict.fromkeys(_NUMBERS, "ArrayLike"), **dict.fromkeys(_WORDS, "str"),
    "dtype": "DTypeLike", "where": "ArrayLike", "keepdims": "bool", "q": "ArrayLike",
    "kth": "ShapeLike", "indices": "ArrayLike", "indices_or_sections": "ShapeLike",
    "repeats": "ArrayLike", "shift": "ShapeLike", "pad_width": "ArrayLike", "bins": "ArrayLike",
    "range": "ArrayLike", "new_shape": "ShapeLike", "dimensions": "ShapeLike",
    "shape": "ShapeLike", "stop": "ArrayLike", "ord": "ArrayLike | str", "ddof": "float",
    "func": "collections.abc.Callable", "func1d": "collections.abc.Callable",
    "function": "collections.abc.Callable",
    "funclist": "collections.abc.Sequence[collections.abc.Callable | complex]", "s": "ShapeLike",
    "varargs": "ArrayLike", "arys": "ArrayLike", "like": "ArrayLike",
    "signature": "str | tuple[str, ...]", "cov": "bool | str",
    "out": "NumPyArray",
}
# Of some functions a name means something else.
_ELSEWHERE = {
    ("logspace", "start"): "ArrayLike", ("geomspace", "start"): "ArrayLike",
    ("rollaxis", "axis"): "int", ("polyfit", "deg"): "int", ("interp", "right"): "ArrayLike",
    ("insert", "obj"): "ArrayLike | slice", ("delete", "obj"): "ArrayLike | slice",
    ("matrix_power", "n"): "int", ("qr", "mode"): "str", ("rot90", "axes"): "Axes",
    ("unwrap", "period"): "float",
    ("cond", "p"): "float | str", ("tensorinv", "ind"): "int",
    ("fftshift", "axes"): "Axis", ("diag_indices", "ndim"): "int",
    ("packbits", "axis"): "int", ("unpackbits", "count"): "int",
    ("histogram_bin_edges", "bins"): "ArrayLike | str", ("histogram", "bins"): "ArrayLike | str",
    ("logspace", "base"): "ArrayLike", ("trace", "offset"): "int",
    ("pad", "mode"): "str | collections.abc.Callable",
    **dict.fromkeys([("modf", "out"), ("frexp", "out"), ("divmod", "out")],
                    "tuple[NumPyArray | None, NumPyArray | None]"),
}
_PAIR, _THREE = "tuple[ndarray, ndarray]", "tuple[ndarray, ndarray, ndarray]"
_LIST, _SEVERAL = "list[ndarray]", "tuple[ndarray, ...]"
_RETURNS = {
    **dict.fromkeys(["array_equal", "array_equiv", "allclose", "iscomplexobj", "isrealobj"],
                    "bool"),
    **dict.fromkeys(["modf", "frexp", "divmod", "histogram", "tril_indices_from",
                     "triu_indices_from", "tril_indices", "triu_indices", "unique_counts",
                     "unique_inverse", "eig", "eigh", "slogdet"], _PAIR),
    **dict.fromkeys(["histogram2d"], _THREE),
    **dict.fromkeys(["nonzero", "diag_indices"], _SEVERAL),
    **dict.fromkeys(["split", "array_split", "hsplit", "vsplit", "dsplit"], _LIST),
    "unique_all": "tuple[ndarray, ndarray, ndarray, ndarray]",
    "histogramdd": "tuple[ndarray, list[ndarray]]",
    "lstsq": "tuple[ndarray, ndarray, int, ndarray]",
}
# What they return depends on the values of arguments.
_DEPENDS = {"unique", "intersect1d", "gradient", "atleast_2d", "atleast_3d", "polyfit", "indices",
            "fromfunction", "qr", "svd", "apply_along_axis", "piecewise"}


def complete(function, signature):
    """`signature` with annotations where `function` calls NumPy's and has none."""
    if not _is_evaluated(function):
        return signature
    name = function.__name__
    parameters = [_annotated(name, each) for each in signature.parameters.values()]
    returned = "typing.Any" if name in _DEPENDS else _RETURNS.get(name, "ndarray")
    return signature.replace(parameters=parameters, return_annotation=returned)


def _is_evaluated(function):
    called = inspect.unwrap(function)
    return called is not function and str(getattr(called, "__module__", "")).startswith("numpy")


def _annotated(function, parameter):
    if parameter.annotation is not parameter.empty:
        return parameter
    if parameter.kind is parameter.VAR_KEYWORD or (
            parameter.kind is parameter.VAR_POSITIONAL and parameter.name in ("args", "kwargs")):
        return parameter.replace(annotation="typing.Any")
    found = _ELSEWHERE.get((function, parameter.name)) or _PARAMETERS.get(parameter.name)
    if found is None:  # of another version of NumPy
        return parameter.replace(annotation="typing.Any")
    if parameter.default is None and found != "Axis":
        found += " | None"
    return parameter.replace(annotation=found)
