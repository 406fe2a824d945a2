# SPDX-License-Identifier: Apache-2.0
import functools

import torch

OPS = {
    "sum": lambda x, axis: torch.sum(x, axis, dtype=x.dtype),
    "sqdiff": lambda x, y, axis: torch.sum(torch.square(x - y), axis),
    "dot": lambda x, y, axis: torch.dot(x, y),
    "softmax": lambda x, axis: torch.softmax(x, axis[0]),
    "logsumexp": lambda x, axis: torch.logsumexp(x, axis),
    "variance": lambda x, axis: torch.var(x, axis, correction=0),
    "layer_norm": lambda x, axis: torch.nn.functional.layer_norm(x, x.shape[-1:]),
}


def prepare(compiled, case, arrays, axis):
    function = functools.partial(OPS[case.op], axis=axis)
    if compiled:
        torch._dynamo.reset()
        function = torch.compile(function, dynamic=False)
    operands = [torch.from_numpy(array) for array in arrays]

    def call():
        with torch.inference_mode():
            return function(*operands)

    return call, lambda result: result.numpy()


SYSTEMS = {
    "torch": functools.partial(prepare, False),
    "torch.compile": functools.partial(prepare, True),
}
