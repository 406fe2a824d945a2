# SPDX-License-Identifier: Apache-2.0
import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

OPSET = 18
IR_VERSION = 10


def nodes(op):
    """The nodes that compute `op` of x and y along `axes`."""
    node = helper.make_node
    if op == "sum":
        return [node("ReduceSum", ["x", "axes"], ["result"], keepdims=0)]
    if op == "sqdiff":
        return [node("Sub", ["x", "y"], ["d"]),
                node("ReduceSumSquare", ["d", "axes"], ["result"], keepdims=0)]
    if op == "dot":
        return [node("MatMul", ["x", "y"], ["result"])]
    if op == "softmax":
        return [node("Softmax", ["x"], ["result"], axis=-1)]
    if op == "logsumexp":
        return [node("ReduceLogSumExp", ["x", "axes"], ["result"], keepdims=0)]
    if op == "variance":
        return [node("ReduceMean", ["x", "axes"], ["mean"], keepdims=1),
                node("Sub", ["x", "mean"], ["centred"]),
                node("Mul", ["centred", "centred"], ["square"]),
                node("ReduceMean", ["square", "axes"], ["result"], keepdims=0)]
    if op == "layer_norm":
        return [node("LayerNormalization", ["x", "scale"], ["result"], axis=-1)]
    raise NotImplementedError(op)


def prepare(case, arrays, axis):
    if case.layout != "C":
        raise NotImplementedError("ONNX Runtime copies what is not in C order")
    feed = dict(zip("xy", arrays))
    constants = [numpy_helper.from_array(np.array(axis, np.int64), "axes")]
    if case.op == "layer_norm":
        scale = np.ones(case.shape[-1], case.dtype)
        constants.append(numpy_helper.from_array(scale, "scale"))
    dtype = helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    graph = helper.make_graph(
        nodes(case.op), "case",
        [helper.make_tensor_value_info(name, dtype, x.shape) for name, x in feed.items()],
        [helper.make_tensor_value_info("result", dtype, None)],
        [constant for constant in constants
         if any(constant.name in node.input for node in nodes(case.op))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION)
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feed)[0], np.asarray


SYSTEMS = {"onnxruntime": prepare}
