# SPDX-License-Identifier: Apache-2.0
"""A compiler for tensor reductions: TensorFlow's functions on lazy tensors, NumPy's names too.

    import numpy as np, tsum

    x = np.random.rand(1024, 4096).astype(np.float32)
    norms = tsum.sqrt(tsum.reduce_sum(tsum.square(x), axis=1))   # a graph: computes nothing
    norms.numpy()                                                # one kernel, compiled once

Arrays are read in place. Where they lie, and in which order, costs nothing: any strides do.
"""
from __future__ import annotations as _annotations

import copyreg as _copyreg
import sys as _sys

if not getattr(_sys, "_is_gil_enabled", lambda: True)():
    raise ImportError("tsum needs Python's global interpreter lock: run python with -X gil=1")

from . import _calls, _core, _names
from ._core import *
from ._accuracy import accuracy
from ._check_gradients import check_gradients
from ._core import __version__
from ._creation import constant, from_dlpack
from ._elementwise import clip, positive
from ._gradients import GradientTape, grad, gradients, jvp, value_and_grad, vjp
from ._inspect import Lowered, explain, lower
from ._jit import Input, input, jit
from ._threads import threads

# Pickle finds nanobind's functions by their names, as Python's own: tensors are made by one.
_copyreg.pickle(type(_core.asarray), lambda function: function.__qualname__)

newaxis = None
inf = float("inf")
nan = float("nan")


convert_to_tensor = asarray

for _name in _names.INTERNAL:
    del globals()[_name]
globals().update(_names.functions(_core))
_names.add_methods(Tensor, globals())

from . import math

for _part in (vars(math), globals()):
    _calls.publish(_part, "tsum")

__all__ = sorted(
    name for name, value in globals().items()
    if not name.startswith("_") and type(value) is not type(_sys)
) + ["math"]
