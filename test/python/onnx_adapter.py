#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX's own tests of single nodes, run by tsum.

    onnx_adapter.py      lists which pass, and which are out of scope and why
"""
import collections
import sys
import warnings

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper

import tsum

ELEMENTWISE = {
    "Abs": "abs", "Add": "add", "Acos": "acos", "Acosh": "acosh", "And": "logical_and",
    "Asin": "asin", "Asinh": "asinh", "Atan": "atan", "Atanh": "atanh",
    "BitwiseAnd": "bitwise_and", "BitwiseNot": "invert", "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Equal": "equal",
    "Erf": "erf", "Exp": "exp", "Floor": "floor", "Greater": "greater",
    "GreaterOrEqual": "greater_equal", "IsNaN": "is_nan", "Less": "less",
    "LessOrEqual": "less_equal", "Log": "log", "Mul": "multiply", "Neg": "negative",
    "Not": "logical_not", "Or": "logical_or", "Pow": "pow", "Reciprocal": "reciprocal",
    "Relu": "relu", "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin",
    "Sinh": "sinh", "Softplus": "softplus", "Sqrt": "sqrt", "Sub": "subtract", "Tan": "tan",
    "Tanh": "tanh", "Where": "where", "Xor": "logical_xor",
}


class OutOfScope(Exception):
    """Why tsum does not do this."""


def need(name):
    """tsum's function of that name, or the reason why there is none."""
    if not hasattr(tsum, name):
        raise OutOfScope(f"tsum has no {name}")
    return getattr(tsum, name)


def folded(name):
    """Max, Min, Sum and Mean of any number of inputs."""
    def compute(_, *inputs):
        operation = need(name)
        result = tsum.asarray(inputs[0])
        for other in inputs[1:]:
            result = operation(result, other)
        return result
    return compute


def mean(attributes, *inputs):
    return folded("add")(attributes, *inputs) / len(inputs)


def clip(_, x, low=None, high=None):
    x = tsum.asarray(x)
    if low is not None:
        x = tsum.maximum(x, low)
    return x if high is None else tsum.minimum(x, high)


def is_inf(attributes, x):
    if set(attributes) & {"detect_negative", "detect_positive"}:
        return need("equal")(x, np.inf if attributes.get("detect_positive", 1) else -np.inf)
    return need("is_inf")(x)


def shift(attributes, x, y):
    return need({"LEFT": "left_shift", "RIGHT": "right_shift"}[attributes["direction"].decode()])(
        x, y)


def divide(_, x, y):
    """Integers are rounded towards 0; tsum's floordiv rounds down."""
    if x.dtype.kind not in "iu":
        return tsum.divide(x, y)
    quotient = tsum.floordiv(tsum.abs(x), tsum.abs(y))
    return quotient if x.dtype.kind == "u" else quotient * tsum.sign(x) * tsum.sign(y)


def mod(attributes, x, y):
    if attributes.get("fmod", 0):
        raise OutOfScope("fmod=1 is C's remainder, with the dividend's sign; tsum has NumPy's")
    return need("floormod")(x, y)


def cast(attributes, x):
    try:
        dtype = tsum.as_dtype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))
    except TypeError as error:
        raise OutOfScope("a dtype that tsum has not") from error
    return tsum.cast(x, dtype)


def reduction(compute):
    """One of ONNX's Reduce operators, whose axes are an attribute or an input."""
    def run(attributes, x, axes=None):
        if axes is None:
            axes = attributes.get("axes")
        if axes is None or len(axes) == 0:
            if attributes.get("noop_with_empty_axes", 0):
                axes = ()
            else:
                axes = None
        else:
            axes = [int(axis) for axis in axes]
        return compute(tsum.asarray(x), axes, bool(attributes.get("keepdims", 1)))
    return run


def argument(name):
    """ArgMax and ArgMin: the first place, or the last with `select_last_index`."""
    def run(attributes, x):
        axis, x = attributes.get("axis", 0), tsum.asarray(x)
        is_last = bool(attributes.get("select_last_index", 0))
        if is_last:
            x = tsum.flip(x, axis)
        place = getattr(tsum, name)(x, axis, bool(attributes.get("keepdims", 1)))
        return x.shape[axis] - 1 - place if is_last else place
    return run


def log_sum(x, axis, keepdims):
    return need("log")(tsum.reduce_sum(x, axis, keepdims))


def softmax(name):
    def compute(attributes, x):
        return need(name)(x, attributes.get("axis", -1))
    return compute


#---- Normalizations and pooling, which are reductions and what is made of them --------------------

def layer_norm(attributes, x, scale, bias=None):
    x = tsum.asarray(x)
    axis = attributes.get("axis", -1)
    axes = list(range(axis % x.ndim, x.ndim))
    epsilon = attributes.get("epsilon", 1e-5)
    mean, variance = tsum.moments(x, axes, keepdims=True)
    deviation = 1 / tsum.sqrt(variance + epsilon)
    return (x - mean) * deviation * scale + (0 if bias is None else bias), mean, deviation


def rms_norm(attributes, x, scale):
    x = tsum.asarray(x)
    axes = list(range(attributes.get("axis", -1) % x.ndim, x.ndim))
    return tsum.rms_norm(x, scale, axes, attributes.get("epsilon", 1e-5))


def over_space(x):
    return list(range(2, x.ndim))


def for_channels(parameter, rank):
    """One number for each channel, which is the second dimension of an operand of that rank."""
    return tsum.reshape(parameter, [-1] + [1] * (rank - 2))


def instance_norm(attributes, x, scale, bias):
    x = tsum.asarray(x)
    return tsum.standardize(x, over_space(x), attributes.get("epsilon", 1e-5)) * for_channels(
        scale, x.ndim) + for_channels(bias, x.ndim)


def group_norm(attributes, x, scale, bias):
    x = tsum.asarray(x)
    groups = attributes["num_groups"]
    grouped = tsum.reshape(x, [x.shape[0], groups, -1])
    normal = tsum.standardize(grouped, 2, attributes.get("epsilon", 1e-5))
    return tsum.reshape(normal, x.shape) * for_channels(scale, x.ndim) + for_channels(bias, x.ndim)


def batch_norm(attributes, x, scale, bias, mean, variance):
    if attributes.get("training_mode", 0):
        raise OutOfScope("training, which updates running means")
    x = tsum.asarray(x)
    scale, bias, mean, variance = (for_channels(each, x.ndim)
                                   for each in (scale, bias, mean, variance))
    return (x - mean) / tsum.sqrt(variance + attributes.get("epsilon", 1e-5)) * scale + bias


def mean_variance_norm(attributes, x):
    return tsum.standardize(x, list(attributes.get("axes", [0, 2, 3])), 1e-9)


def lp_norm(attributes, x):
    x, axis = tsum.asarray(x), attributes.get("axis", -1)
    norm = tsum.reduce_l1 if attributes.get("p", 2) == 1 else tsum.reduce_euclidean_norm
    total = norm(x, axis, True)
    return tsum.where(total == 0, 0.0, x / total)


def pool(name):
    def run(_, x):
        x = tsum.asarray(x)
        return getattr(tsum, name)(x, over_space(x), True)
    return run


#---- Functions that others call activations -------------------------------------------------------

def gelu(attributes, x):
    x = tsum.asarray(x)
    if attributes.get("approximate", b"none") == b"tanh":
        return 0.5 * x * (1 + tsum.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + tsum.erf(x / 2 ** 0.5))


def unless_positive(below):
    """`x` where it is positive, otherwise what `below` makes of it."""
    return lambda attributes, x: tsum.where(tsum.greater(x, 0), x, below(attributes, x))


def elu(attributes, x):
    return attributes.get("alpha", 1.0) * tsum.expm1(x)


def selu(attributes, x):
    return attributes.get("gamma", 1.0507009873554805) * tsum.where(
        tsum.greater(x, 0), x, attributes.get("alpha", 1.6732632423543772) * tsum.expm1(x))


def hard_sigmoid(attributes, x):
    return tsum.clip(tsum.asarray(x) * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5),
                     0.0, 1.0)


def hard_swish(attributes, x):
    return tsum.asarray(x) * hard_sigmoid({"alpha": 1 / 6, "beta": 0.5}, x)


def celu(attributes, x):
    alpha = attributes.get("alpha", 1.0)
    return tsum.maximum(x, 0.0) + tsum.minimum(alpha * tsum.expm1(tsum.asarray(x) / alpha), 0.0)


def shrink(attributes, x):
    limit, bias = attributes.get("lambd", 0.5), attributes.get("bias", 0.0)
    x = tsum.asarray(x)
    if x.dtype.numpy.kind in "iu":
        raise OutOfScope("dtype: Shrink of integers by floats")
    return tsum.where(x < -limit, x + bias, tsum.where(x > limit, x - bias, 0.0))


#---- Views ----------------------------------------------------------------------------------------

def reshape(attributes, x, shape):
    if not attributes.get("allowzero", 0):  # 0 keeps an extent
        shape = [x.shape[i] if extent == 0 else int(extent) for i, extent in enumerate(shape)]
    return tsum.reshape(x, [int(extent) for extent in shape])


def flatten(attributes, x):
    axis = attributes.get("axis", 1)
    rows = int(np.prod(x.shape[:axis]))
    return tsum.reshape(x, [rows, x.size // rows if rows else 0])


def expand(_, x, shape):
    return tsum.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(int(each) for each in shape)))


def squeeze(_, x, axes=None):
    return tsum.squeeze(x, None if axes is None else [int(axis) for axis in axes])


def unsqueeze(_, x, axes):
    rank = x.ndim + len(axes)
    for axis in sorted(int(axis) % rank for axis in axes):
        x = tsum.expand_dims(x, axis)
    return x


def slices(_, x, starts, ends, axes=None, steps=None):
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    index = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        # Of a negative step, an end beyond the first element is none.
        below = int(step) < 0 and int(end) < -x.shape[int(axis)]
        index[int(axis)] = slice(int(start), None if below else int(end), int(step))
    return tsum.asarray(x)[tuple(index)]


OPERATORS = {
    "ArgMax": argument("argmax"), "ArgMin": argument("argmin"),
    "LayerNormalization": layer_norm, "RMSNormalization": rms_norm,
    "InstanceNormalization": instance_norm, "GroupNormalization": group_norm,
    "BatchNormalization": batch_norm, "MeanVarianceNormalization": mean_variance_norm,
    "LpNormalization": lp_norm, "GlobalAveragePool": pool("reduce_mean"),
    "GlobalMaxPool": pool("reduce_max"),
    "Celu": celu, "Elu": unless_positive(elu), "Gelu": gelu, "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish, "Selu": selu, "Shrink": shrink,
    "LeakyRelu": unless_positive(lambda attributes, x: tsum.asarray(x) * attributes.get("alpha",
                                                                                       0.01)),
    "Mish": lambda _, x: tsum.asarray(x) * tsum.tanh(tsum.softplus(x)),
    "PRelu": lambda _, x, slope: tsum.where(tsum.less(x, 0), tsum.multiply(x, slope), x),
    "Softsign": lambda _, x: tsum.asarray(x) / (1 + tsum.abs(x)),
    "Swish": lambda attributes, x: tsum.asarray(x) * tsum.sigmoid(
        tsum.asarray(x) * attributes.get("alpha", 1.0)),
    "ThresholdedRelu": lambda attributes, x: tsum.where(
        tsum.greater(x, attributes.get("alpha", 1.0)), x, 0.0),
    "Expand": expand, "Flatten": flatten, "Identity": lambda _, x: x, "Reshape": reshape,
    "Slice": slices, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
    "Transpose": lambda attributes, x: tsum.transpose(x, attributes.get("perm")),
    **{name: (lambda target: lambda attributes, *inputs: need(target)(*inputs))(target)
       for name, target in ELEMENTWISE.items()},
    "BitShift": shift, "Cast": cast, "Clip": clip, "Div": divide, "IsInf": is_inf, "Mod": mod,
    "Max": folded("maximum"), "Min": folded("minimum"), "Sum": folded("add"), "Mean": mean,
    "ReduceSum": reduction(tsum.reduce_sum),
    "ReduceMean": reduction(lambda *a: need("reduce_mean")(*a)),
    "ReduceMax": reduction(lambda *a: need("reduce_max")(*a)),
    "ReduceMin": reduction(lambda *a: need("reduce_min")(*a)),
    "ReduceProd": reduction(lambda *a: need("reduce_prod")(*a)),
    "ReduceL1": reduction(lambda x, *a: tsum.reduce_sum(tsum.abs(x), *a)),
    "ReduceL2": reduction(lambda x, *a: tsum.sqrt(tsum.reduce_sum(tsum.square(x), *a))),
    "ReduceSumSquare": reduction(lambda x, *a: tsum.reduce_sum(tsum.square(x), *a)),
    "ReduceLogSum": reduction(log_sum),
    "ReduceLogSumExp": reduction(lambda *a: need("reduce_logsumexp")(*a)),
    "Softmax": softmax("softmax"),
    "LogSoftmax": softmax("log_softmax"),
}

# ONNX defines these otherwise than TensorFlow and NumPy, whose rules tsum has.
DIFFERENT = {
    "Pow": "operands of two dtypes: tsum asks for a cast",
}


def cases():
    """(name, operator, model, data sets) of the single-node tests of OPERATORS."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        collected = collect_testcases(None)
    for case in collected:
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in OPERATORS and not nodes[0].domain:
            yield case.name, nodes[0].op_type, case.model, case.data_sets


def array_of(value):
    """An input or output as an array; of types that NumPy has not, files have the bytes."""
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic, type(None))):
        raise OutOfScope("no array among the inputs")
    return value


def run(operator, model, inputs):
    """What tsum computes for the node of `model`, one array or several. Raises OutOfScope."""
    node = model.graph.node[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    # An input that is left out has no name.
    given = iter(inputs)
    arguments = [next(given) if name else None for name in node.input]
    arrays = [array_of(argument) for argument in arguments]
    try:
        for array in arrays:
            if array is not None:
                tsum.asarray(array)
        results = OPERATORS[operator](attributes, *arrays)
        results = results if isinstance(results, tuple) else (results,)
        return [tsum.asarray(result).numpy() for result in results]
    except tsum.DTypeError as error:
        if operator in DIFFERENT and "no dtype" not in str(error):
            raise OutOfScope(DIFFERENT[operator]) from error
        raise OutOfScope(f"dtype: {error}") from error


def expect(result, expected):
    assert result.dtype == expected.dtype, (result.dtype, expected.dtype)
    np.testing.assert_equal(np.shape(result), expected.shape)
    exact = expected.dtype.kind in "biu"
    np.testing.assert_allclose(np.asarray(result, expected.dtype if exact else np.float64),
                               expected if exact else expected.astype(np.float64),
                               rtol=0 if exact else 1e-3 if result.itemsize == 2 else 1e-6,
                               atol=0 if exact else 1e-6)


def outcome(operator, model, data_sets):
    """"passes", or why it is out of scope; raises AssertionError for a wrong result."""
    try:
        for inputs, outputs in data_sets:
            for result, wanted in zip(run(operator, model, inputs), outputs):
                expect(result, np.asarray(array_of(wanted)))
    except OutOfScope as reason:
        return str(reason)
    return "passes"


def main():
    passed = collections.Counter()
    reasons = collections.defaultdict(list)
    for name, operator, model, data_sets in cases():
        said = outcome(operator, model, data_sets)
        if said == "passes":
            passed[operator] += 1
        else:
            reasons[operator, said.partition(" (")[0]].append(name)
    print(f"onnx {onnx.__version__}: {sum(passed.values())} pass")
    for operator in sorted(passed):
        print(f"  {operator}: {passed[operator]}")
    print(f"{sum(map(len, reasons.values()))} are out of scope")
    for (operator, reason), names in sorted(reasons.items()):
        print(f"  {operator}: {reason}: {', '.join(names)}")


if __name__ == "__main__":
    sys.exit(main())
