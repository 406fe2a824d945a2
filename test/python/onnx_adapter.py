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
    "Abs": "abs", "Add": "add", "Acos": "acos", "And": "logical_and", "Asin": "asin",
    "Atan": "atan", "BitwiseAnd": "bitwise_and", "BitwiseNot": "invert", "BitwiseOr": "bitwise_or",
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


def log_sum(x, axis, keepdims):
    return need("log")(tsum.reduce_sum(x, axis, keepdims))


def softmax(name):
    def compute(attributes, x):
        return need(name)(x, attributes.get("axis", -1))
    return compute


OPERATORS = {
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


def run(operator, model, inputs):
    """What tsum computes for the node of `model`. Raises OutOfScope."""
    node = model.graph.node[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    # An input that is left out has no name.
    given = iter(inputs)
    arguments = [next(given) if name else None for name in node.input]
    arrays = []
    for argument in arguments:
        if not isinstance(argument, (np.ndarray, np.generic, type(None))):
            raise OutOfScope("no array among the inputs")
        arrays.append(argument)
    try:
        for array in arrays:
            if array is not None:
                tsum.asarray(array)
        return tsum.asarray(OPERATORS[operator](attributes, *arrays)).numpy()
    except tsum.DTypeError as error:
        if operator in DIFFERENT and "no dtype" not in str(error):
            raise OutOfScope(DIFFERENT[operator]) from error
        raise OutOfScope(f"dtype: {error}") from error


def outcome(operator, model, data_sets):
    """"passes", or why it is out of scope; raises AssertionError for a wrong result."""
    try:
        for inputs, outputs in data_sets:
            result = run(operator, model, inputs)
            expected = np.asarray(outputs[0])
            assert result.dtype == expected.dtype, (result.dtype, expected.dtype)
            np.testing.assert_equal(np.shape(result), expected.shape)
            exact = expected.dtype.kind in "biu"
            np.testing.assert_allclose(np.asarray(result, expected.dtype if exact else np.float64),
                                       expected if exact else expected.astype(np.float64),
                                       rtol=0 if exact else 1e-3 if result.itemsize == 2 else 1e-6,
                                       atol=0 if exact else 1e-6)
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
