# SPDX-License-Identifier: Apache-2.0
"""What JAX makes of a function, computed by NumPy.

JAX compiles each operation for each shape it meets; of thousands of functions that are evaluated
once, that is all the time. Its derivations are programs of some sixty primitives (jaxprs), which
NumPy computes at once. A primitive that is not in the table is JAX's own.
"""
import numpy as np
import scipy.special


def _broadcast_in_dim(x, shape, broadcast_dimensions, **_):
    extents = [1] * len(shape)
    for dim, extent in zip(broadcast_dimensions, np.shape(x)):
        extents[dim] = extent
    return np.broadcast_to(np.reshape(x, extents), shape)


def _pad(x, value, padding_config):
    for axis, (low, high, inner) in enumerate(padding_config):
        x = np.moveaxis(x, axis, 0)
        size = len(x) + max(len(x) - 1, 0) * inner
        spread = np.full((size, *x.shape[1:]), value, x.dtype)
        spread[::inner + 1] = x
        before, after = (np.full((max(n, 0), *x.shape[1:]), value, x.dtype) for n in (low, high))
        cut = spread[max(-low, 0):size - max(-high, 0)]
        x = np.moveaxis(np.concatenate([before, cut, after]), 0, axis)
    return x


def _power(x, y, **_):
    return np.power(x, np.asarray(y, np.result_type(x)))


def _integer_power(x, y, **_):
    return 1 / np.power(x, -y) if y < 0 else np.power(x, y)


def _slice(x, start_indices, limit_indices, strides):
    strides = strides or [1] * len(start_indices)
    return x[tuple(map(slice, start_indices, limit_indices, strides))]


def _select(which, *cases):
    return np.where(which, cases[1], cases[0])


def _round(x, rounding_method):
    return np.round(x) if int(rounding_method) == 1 else np.trunc(x + np.copysign(0.5, x))


def _convert(x, new_dtype, **_):
    is_real = not np.issubdtype(new_dtype, np.complexfloating)
    return (np.real(x) if np.iscomplexobj(x) and is_real else x).astype(new_dtype)


def _elementwise(function):
    return lambda *operands, **_: function(*operands)


def _reduction(function):
    return lambda x, axes, **_: function(x, axis=tuple(axes))


PRIMITIVES = {
    **{name: _elementwise(function) for name, function in dict(
        add=np.add, add_any=np.add, sub=np.subtract, mul=np.multiply, div=np.divide,
        neg=np.negative, abs=np.abs, sign=np.sign, max=np.maximum, min=np.minimum, rem=np.fmod,
        square=np.square, sqrt=np.sqrt, rsqrt=lambda x: 1 / np.sqrt(x), cbrt=np.cbrt, exp=np.exp,
        exp2=np.exp2, expm1=np.expm1, log=np.log, log1p=np.log1p, sin=np.sin, cos=np.cos,
        tan=np.tan, asin=np.arcsin, acos=np.arccos, atan=np.arctan, sinh=np.sinh, cosh=np.cosh,
        tanh=np.tanh, asinh=np.arcsinh, acosh=np.arccosh, atanh=np.arctanh, atan2=np.arctan2,
        logistic=lambda x: 1 / (1 + np.exp(-x)), erf=scipy.special.erf, erfc=scipy.special.erfc,
        floor=np.floor, ceil=np.ceil, eq=np.equal, ne=np.not_equal, lt=np.less, le=np.less_equal,
        gt=np.greater, ge=np.greater_equal, is_finite=np.isfinite, real=np.real, imag=np.imag,
        conj=np.conj, copy=np.asarray, copy_p=np.asarray, stop_gradient=np.asarray,
        nextafter=np.nextafter, **{"and": np.logical_and, "or": np.logical_or,
                                   "not": np.logical_not, "xor": np.logical_xor}).items()},
    **{name: _reduction(function) for name, function in dict(
        reduce_sum=np.sum, reduce_max=np.max, reduce_min=np.min, reduce_prod=np.prod,
        reduce_and=np.all, reduce_or=np.any).items()},
    "pow": _power, "integer_pow": _integer_power, "round": _round, "select_n": _select,
    "broadcast_in_dim": _broadcast_in_dim, "pad": _pad, "slice": _slice,
    "complex": lambda x, y: (x + 1j * y).astype(np.result_type(x, np.complex64)),
    "convert_element_type": _convert,
    "reshape": lambda x, new_sizes, dimensions=None, **_: np.reshape(
        np.transpose(x, range(x.ndim) if dimensions is None else dimensions), new_sizes),
    "transpose": lambda x, permutation: np.transpose(x, permutation),
    "squeeze": lambda x, dimensions: np.squeeze(x, tuple(dimensions)),
    "expand_dims": lambda x, dimensions: np.expand_dims(x, tuple(dimensions)),
    "rev": lambda x, dimensions: np.flip(x, tuple(dimensions)),
    "concatenate": lambda *xs, dimension: np.concatenate(xs, dimension),
}
ON_BOOLEANS = {"and", "or", "not", "xor"}  # bitwise of integers
others = {}  # primitives that JAX computed, and how often


def _evaluate(jaxpr, constants, arguments):
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments]))
    read = lambda atom: atom.val if hasattr(atom, "val") else values[atom]
    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        name, parameters = equation.primitive.name, equation.params
        inner = parameters.get("jaxpr", parameters.get("call_jaxpr"))
        if inner is not None and hasattr(inner, "consts"):
            results = _evaluate(inner.jaxpr, inner.consts, operands)
        elif name in PRIMITIVES and not (name in ON_BOOLEANS
                                         and np.result_type(operands[0]) != bool):
            operands = [np.asarray(x) for x in operands]
            result = np.asarray(PRIMITIVES[name](*operands, **parameters))
            expected = equation.outvars[0].aval
            assert result.shape == expected.shape, (name, result.shape, expected.shape)
            results = [result.astype(expected.dtype, copy=False)]
        else:
            others[name] = others.get(name, 0) + 1
            results = equation.primitive.bind(*operands, **parameters)
            results = results if equation.primitive.multiple_results else [results]
        values.update(zip(equation.outvars, results))
    return [read(atom) for atom in jaxpr.outvars]


def compute(jax, function, *arguments):
    """The results of a function of JAX, in a flat list."""
    closed = jax.make_jaxpr(function)(*arguments)
    with np.errstate(all="ignore"):
        return [np.asarray(x) for x in _evaluate(closed.jaxpr, closed.consts, arguments)]
