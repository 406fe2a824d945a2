# SPDX-License-Identifier: Apache-2.0
"""NumPy's names for TensorFlow's operations: tables, of which only what exists is exported."""
from __future__ import annotations

import types
import typing

from . import _core, _reductions
from ._core import Tensor

# Elementwise operations with the same meaning.
ALIASES = {
    "absolute": "abs",
    "arctan2": "atan2",
    "bitwise_invert": "invert",
    "bitwise_not": "invert",
    "conjugate": "conj",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "floor_divide": "floordiv",
    "isfinite": "is_finite",
    "isinf": "is_inf",
    "isnan": "is_nan",
    "mod": "floormod",
    "permute_dims": "transpose",
    "power": "pow",
    "remainder": "floormod",
    "rint": "round",
    "true_divide": "divide",
}

# Methods of tensors: functions of this package whose first argument is the tensor.
METHODS = ["sum", "prod", "max", "min", "mean", "any", "all", "var", "std", "argmax", "argmin",
           "transpose", "squeeze", "clip", "round"]

# What _core has beside operations on tensors.
NOT_OPERATIONS = {"as_dtype", "asarray", "cache_directory", "cache_stats", "canonical_graphs",
                  "clear_cache", "enter_accuracy", "enter_threads", "eval", "explain",
                  "get_accuracy", "get_threads", "graph_to_string", "leave_accuracy",
                  "leave_threads", "llvm_version", "load_npy", "memory_use", "open_npy",
                  "open_npz", "open_raw", "save_npy",
                  "set_cache_capacity", "set_cache_directory", "set_memory_budget",
                  "set_threads", "stages", "target_features", "trim_memory"}


def operations(core):
    """TensorFlow's functions on tensors, by name."""
    return {name: value for name, value in vars(core).items()
            if type(value).__name__ == "nb_func" and name not in NOT_OPERATIONS}


def functions(core):
    """The functions with NumPy's names, of the operations that `core` has."""
    found = _reductions.functions(core)
    found.update((name, getattr(core, operation)) for name, operation in ALIASES.items()
                 if hasattr(core, operation))
    return found


def add_methods(tensor, package):
    """Gives the class `tensor` the methods that NumPy's arrays have."""
    methods = {name: _method(package[name]) for name in METHODS if name in package}
    methods["astype"] = astype
    methods["reshape"] = reshape
    methods["T"] = T
    for name, method in methods.items():
        # The type stubs find them by these.
        method.__name__ = name
        method.__qualname__ = f"{tensor.__qualname__}.{name}"
        method.__module__ = tensor.__module__
        setattr(tensor, name, property(method) if method is T else method)


def _method(function):
    if isinstance(function, types.FunctionType):
        method = types.FunctionType(function.__code__, function.__globals__, None,
                                    function.__defaults__, function.__closure__)
        method.__kwdefaults__ = function.__kwdefaults__
    else:
        # A function in C++ is not bound to what it is looked up on.
        def method(self, *args, **kwargs):
            return function(self, *args, **kwargs)
    method.__doc__ = function.__doc__
    method.__annotations__ = getattr(function, "__annotations__", {})
    return method


def astype(self: Tensor, dtype: typing.Any) -> Tensor:
    """The elements converted to `dtype`: `tsum.cast`."""
    return _core.cast(self, dtype)


def reshape(self: Tensor, *shape: typing.Any) -> Tensor:
    """The elements in another shape, given as a sequence or as numbers: `tsum.reshape`."""
    return _core.reshape(self, shape[0] if len(shape) == 1 else shape)


def T(self: Tensor) -> Tensor:
    """The axes reversed."""
    return _core.transpose(self)
