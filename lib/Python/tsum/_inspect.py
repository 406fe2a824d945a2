# SPDX-License-Identifier: Apache-2.0
"""Looking at what tsum makes of a graph."""
from __future__ import annotations

import collections.abc
import typing

from . import _core
from ._core import Tensor


class Lowered:
    """The graphs that evaluating some tensors compiles, to be printed at any stage.

    Several graphs, which follow each other, where a value is needed before the next can be laid
    out.
    """

    def __init__(self, tensors: collections.abc.Iterable[Tensor]) -> None:
        self.graphs = _core.canonical_graphs(tensors)

    def text(self, stage: str) -> str:
        """The text after `stage`, one of `tsum.stages()`.

        Raises CompileError for a name that is no stage; it says which there are.
        """
        return "\n".join(graph.print_stage(stage) for graph in self.graphs)

    def mlir(self, stage: str = "kernels") -> str:
        """MLIR after `stage`: "simplify", "kernels", "linalg", "fuse", "cut", "tile", "bufferize",
        "vector" or "llvm"."""
        return self.text(stage)

    def llvm(self) -> str:
        """LLVM IR, optimized, as it becomes machine code."""
        return self.text("llvm-ir")

    def asm(self) -> str:
        """Assembly for this machine."""
        return self.text("asm")

    def __repr__(self) -> str:
        return f"<tsum.Lowered: {len(self.graphs)} graph{'s' * (len(self.graphs) != 1)}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.graphs))


def _leaves(results):
    if isinstance(results, Tensor):
        yield results
    elif isinstance(results, dict):
        for part in results.values():
            yield from _leaves(part)
    elif results is not None:
        for part in results:
            yield from _leaves(part)


def _is_array(value):
    return any(hasattr(value, name) for name in ("__dlpack__", "__array__", "typecode"))


def _results(what, function, args, kwargs):
    """The tensors that `function(*args, **kwargs)` builds, or the one that it is."""
    if not callable(function):
        if args or kwargs:
            given = [*(type(arg).__name__ for arg in args), *(f"{name}=" for name in kwargs)]
            raise TypeError(f"{what}: {type(function).__name__} is no function, and takes no "
                            f"arguments; given {', '.join(given)}")
        return [_core.asarray(function)]
    function = getattr(function, "__wrapped__", function) if isinstance(
        function, _core.Function) else function
    args = [_core.asarray(arg) if _is_array(arg) else arg for arg in args]
    kwargs = {name: _core.asarray(arg) if _is_array(arg) else arg for name, arg in kwargs.items()}
    return list(_leaves(function(*args, **kwargs)))


def lower(function: typing.Callable | Tensor, /, *args: typing.Any,
          **kwargs: typing.Any) -> Lowered:
    """What tsum compiles for `function(*args, **kwargs)`, or for a tensor in the function's place.

    Builds the graph and evaluates only what has to have values before the rest can be laid out.
    `function` may be a plain function or one of `tsum.jit`'s.

        print(tsum.lower(f, x, y).mlir("linalg"))
        print(tsum.lower(tsum.reduce_sum(x)).asm())
    """
    return Lowered(_results("lower", function, args, kwargs))


def explain(function: typing.Callable | Tensor, /, *args: typing.Any, format: str = "text",
            **kwargs: typing.Any) -> str:
    """What evaluating `function(*args, **kwargs)`, or a tensor in the function's place, means.

    Which kernels there are and why each ends where it does, how it runs, what it reads, writes and
    computes, how long it takes and could take at best, how exact its sums are, and where its code
    came from: as "text", as "json", or as "html", a page with the kernels drawn.

    Evaluates, and runs each kernel some times more to measure it.
    """
    return _core.explain(_results("explain", function, args, kwargs), format)
