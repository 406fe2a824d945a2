# SPDX-License-Identifier: Apache-2.0
"""NumPy's names for TensorFlow's operations: tables, of which only what exists is exported."""
from __future__ import annotations

import collections.abc
import types
import typing

from . import _core, _reductions, _statistics
from ._core import Tensor
from .typing import DTypeLike, ShapeLike

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

# What _core has beside operations on tensors, and names that begin with "_".
NOT_OPERATIONS = {"as_dtype", "as_subclass", "asarray", "cache_directory", "cache_stats",
                  "canonical_graphs", "clear_cache", "enter_accuracy", "enter_threads", "eval",
                  "evaluate_into", "explain", "get_accuracy", "get_threads", "graph_to_string",
                  "is_known", "leave_accuracy", "leave_threads", "llvm_version", "load_npy",
                  "memory_use", "open_npy", "open_npz", "open_raw", "rebind", "save_npy",
                  "set_cache_capacity", "set_cache_directory", "set_memory_budget",
                  "set_specialize", "set_threads", "stages", "stop_gradient", "target_features",
                  "trim_memory"}
# What the package's own modules are made of, and nobody else is to find.
INTERNAL = ["as_subclass", "enter_accuracy", "enter_threads", "evaluate_into", "is_known",
            "leave_accuracy", "leave_threads", "rebind"]

# NumPy's alone, whose parameters the functions of the same names have.
NOT_OPERATIONS |= {function.__name__ for function in _statistics.FUNCTIONS}


def operations(core):
    """TensorFlow's functions on tensors, by name."""
    return {name: value for name, value in vars(core).items()
            if type(value).__name__ == "nb_func" and name not in NOT_OPERATIONS
            and not name.startswith("_")}


def functions(core):
    """The functions with NumPy's names, of the operations that `core` has."""
    found = _reductions.functions(core)
    found.update((function.__name__, function) for function in _statistics.FUNCTIONS)
    found.update((name, getattr(core, operation)) for name, operation in ALIASES.items()
                 if hasattr(core, operation))
    return found


def add_methods(tensor, package):
    """Gives the class `tensor` the methods that NumPy's arrays have."""
    methods = {name: _method(package[name]) for name in METHODS if name in package}
    methods["astype"] = astype
    methods["reshape"] = reshape
    methods["T"] = T
    methods["mT"] = mT
    methods["device"] = device
    for protocol in (to_device, __array_namespace__, __array_function__, __array_ufunc__):
        methods[protocol.__name__] = protocol
    for name, method in methods.items():
        # The type stubs find them by these.
        method.__name__ = name
        method.__qualname__ = f"{tensor.__qualname__}.{name}"
        method.__module__ = tensor.__module__
        setattr(tensor, name, property(method) if method in (T, mT, device) else method)


def _method(function):
    if isinstance(function, types.FunctionType):
        method = types.FunctionType(function.__code__, function.__globals__, None,
                                    function.__defaults__, function.__closure__)
        method.__kwdefaults__ = function.__kwdefaults__
        method.__annotations__ = function.__annotations__
    else:
        # A function in C++ is not bound to what it is looked up on.
        def method(self, *args, **kwargs):
            return function(self, *args, **kwargs)

        method.__wrapped__ = function
    method.__doc__ = function.__doc__
    return method


def astype(self: Tensor, dtype: DTypeLike) -> Tensor:
    """The elements converted to `dtype`: `tsum.cast`."""
    return _core.cast(self, dtype)


def reshape(self: Tensor, *shape: ShapeLike) -> Tensor:
    """The elements in another shape, given as a sequence or as numbers: `tsum.reshape`."""
    return _core.reshape(self, shape[0] if len(shape) == 1 else shape)


def T(self: Tensor) -> Tensor:
    """The axes reversed."""
    return _core.transpose(self)


def mT(self: Tensor) -> Tensor:
    """The last two axes exchanged."""
    order = list(range(self.ndim))
    if self.ndim < 2:
        raise ValueError(f"mT: takes tensors of at least two dimensions; given {self.ndim}")
    order[-1], order[-2] = order[-2], order[-1]
    return _core.transpose(self, order)


def device(self: Tensor) -> str:
    """Where the values are: "cpu"."""
    return "cpu"


def to_device(self: Tensor, device: str, /, *, stream: None = None) -> Tensor:
    """The tensor itself, for "cpu". Raises ValueError for another device."""
    from .numpy import _methods

    return _methods.to_device(self, device, stream=stream)


# NumPy's functions on tensors are those of tsum.numpy, which is imported when one is called.

def __array_namespace__(self: Tensor, /, *, api_version: str | None = None) -> types.ModuleType:
    """`tsum.numpy`: the array API standard. Raises ValueError for a version that it has not."""
    from .numpy import _array

    return _array.namespace(api_version)


def __array_function__(self: Tensor, function: typing.Callable[..., typing.Any],
                       types: collections.abc.Iterable[type],
                       args: collections.abc.Sequence[typing.Any],
                       kwargs: collections.abc.Mapping[str, typing.Any]) -> typing.Any:
    """NumPy's protocol: functions of NumPy are those of `tsum.numpy`."""
    from .numpy import _dispatch

    return _dispatch.array_function(self, function, types, args, kwargs)


def __array_ufunc__(self: Tensor, ufunc: typing.Callable[..., typing.Any], method: str,
                    *inputs: typing.Any, **kwargs: typing.Any) -> typing.Any:
    """NumPy's protocol: NumPy's elementwise functions are those of `tsum.numpy`."""
    from .numpy import _dispatch

    return _dispatch.array_ufunc(self, ufunc, method, *inputs, **kwargs)
