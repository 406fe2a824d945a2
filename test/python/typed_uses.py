# SPDX-License-Identifier: Apache-2.0
"""Uses of the package, and what type checkers make of them: see check_types.py.

`right` runs, and the types that it asserts are those of the values. Each line of `wrong` is an
error to both checkers: they are told to say so where it is none.
"""
from __future__ import annotations

import array
import collections.abc
import typing

import numpy as np

import tsum
import tsum.numpy as tnp
from tsum.typing import ArrayLike, Axis, DTypeLike, ShapeLike

if typing.TYPE_CHECKING:
    from typing_extensions import assert_type

    from tsum.typing import NumPyArray
else:
    NumPyArray = np.ndarray

    def assert_type(value, type):
        origin = typing.get_origin(type) or type
        assert isinstance(value, origin), (value, type)
        return value



def scaled(x: ArrayLike, axis: Axis = None, dtype: DTypeLike = "f8") -> tsum.Tensor:
    """What annotates its own parameters as tsum's are."""
    return tsum.cast(x, dtype) / tsum.reduce_max(tsum.cast(x, dtype), axis, keepdims=True)


def laid_out(x: ArrayLike, shape: ShapeLike) -> tsum.Tensor:
    return tsum.reshape(x, shape)


@tsum.jit
def norm(x: tsum.Tensor) -> tsum.Tensor:
    return tsum.sqrt(tsum.reduce_sum(tsum.square(x), axis=-1))


@tsum.jit(dynamic=True)
def total(x: tsum.Tensor) -> tsum.Tensor:
    return tsum.sum(x)


def right() -> None:
    a = np.ones((3, 4), np.float32)
    x = tsum.asarray(a)
    # What may be an array.
    for given in (a, x, a[0, 0], 1, 1.5, 2j, True, [1, 2], (1.0, 2.0), [[1, 2], [3, 4]], [a, a],
                  [x, x], range(3), array.array("d", [1.0]), memoryview(b"abc"), b"abc"):
        assert_type(tsum.asarray(given), tsum.Tensor)
    # Dtypes, axes, shapes.
    for dtype in ("f8", "float64", tsum.f64, np.dtype("f8"), np.float64):
        assert_type(tsum.cast(a, dtype), tsum.Tensor)
    tsum.cast(a, float)
    tsum.cast(a, complex)
    tsum.cast(a, np.float16)
    for axis in (None, 1, -1, (0, 1), [0], np.int64(1)):
        assert_type(tsum.reduce_sum(a, axis=axis), tsum.Tensor)
    assert_type(laid_out(scaled(a, (0, 1)), (4, 3)), tsum.Tensor)
    tsum.reshape(a, 12)
    # Properties, operators, methods, views.
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.dtype, tsum.DType)
    assert_type(x.is_evaluated, bool)
    assert_type(x + 1, tsum.Tensor)
    assert_type(2.5 - x, tsum.Tensor)
    assert_type(x * a, tsum.Tensor)
    assert_type(-x, tsum.Tensor)
    assert_type(abs(x), tsum.Tensor)
    assert_type(x == 1, tsum.Tensor)
    assert_type(x < a, tsum.Tensor)
    assert_type(x[0, ::2, None, ...], tsum.Tensor)
    assert_type(x.sum(axis=0, dtype=np.float64, keepdims=True), tsum.Tensor)
    assert_type(x.argmax(1), tsum.Tensor)
    assert_type(x.T.reshape(12), tsum.Tensor)
    assert_type(x.numpy(), NumPyArray)
    assert_type(float(x.sum()), float)
    for row in x:
        assert_type(row, tsum.Tensor)
    assert_type(tsum.math.reduce_mean(a, 0), tsum.Tensor)
    assert_type(tsum.nanmean(a, axis=0, where=a > 0), tsum.Tensor)
    assert_type(tsum.moments(a, [0]), tuple[tsum.Tensor, tsum.Tensor])
    # tsum.numpy's arrays stay what they are.
    y = tnp.asarray(a)
    assert_type(y, tnp.ndarray)
    assert_type(y.sum(axis=0), tnp.ndarray)
    assert_type(tnp.sqrt(y) + 1, tnp.ndarray)
    assert_type(y[a > 0], tnp.ndarray)
    assert_type(tnp.sort(a), tnp.ndarray)
    assert_type(tnp.median(a, axis=0), tnp.ndarray)
    assert_type(tnp.split(a, 3), list[tnp.ndarray])
    assert_type(tnp.allclose(y, a), bool)
    assert_type(tnp.linalg.norm(y), tnp.ndarray)
    assert_type(tnp.zeros((2, 3), dtype="i4"), tnp.ndarray)
    assert_type(tnp.concatenate([y, y]).astype(tnp.float64), tnp.ndarray)
    assert_type(tnp.asarray(a, dtype=tnp.bool), tnp.ndarray)
    assert_type(y.nonzero(), tuple[tnp.ndarray, ...])
    assert_type(tsum.cast(a, tsum.bool_), tsum.Tensor)
    # Functions of functions, blocks, and what there is to look at.
    assert_type(norm.trace_count, int)
    assert_type(total.trace_count, int)
    norm(a)
    total(a)
    with tsum.threads(1), tsum.accuracy("exact"):
        tsum.eval(x, a)
    assert_type(tsum.lower(norm, a).mlir("linalg"), str)
    assert_type(tsum.explain(tsum.reduce_sum(x)), str)
    assert_type(tsum.cache_stats().entries, int)
    assert_type(tsum.constant([1, 2], dtype="i8", shape=(2, 1)), tsum.Tensor)
    tape = tsum.GradientTape(persistent=True)
    with tape:
        tape.watch(x)
    assert_type(tsum.average(a, weights=a), tsum.Tensor)
    assert_type(tsum.average(a, weights=a, returned=True), tuple[tsum.Tensor, tsum.Tensor])
    assert_type(tnp.average(a, returned=True), tuple[tnp.ndarray, tnp.ndarray])
    assert_type(memoryview(x).ndim, int)
    part = tsum.PartialReduction(tsum.reduce_sum(a, 0), axis=0, begin=0, extent=3)
    assert_type(part.ranges, list[tuple[int, int]])
    assert_type(tsum.PartialReduction.from_bytes(part.to_bytes()), tsum.PartialReduction)
    inputs: collections.abc.Sequence[tsum.Input] = [tsum.input("f4", (None, 4), "rows")]
    tsum.jit(norm.__wrapped__, input_signature=inputs)


def wrong(a: NumPyArray, x: tsum.Tensor, y: tnp.ndarray) -> None:
    tsum.reduce_sum("abc")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum(["abc"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum({1, 2})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum(a, axis="0")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum(a, axis=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.reduce_sum(a, keep_dims=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tsum.cast(a, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.cast(a, a)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.cast(a)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tsum.reshape(a, "34")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.add(a)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tsum.argmax(a, axis=0, keepdim=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tsum.set_specialize("no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tsum.set_threads("two")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    x.sum(axises=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    x.argmax(axes=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    _ = x["a"]  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    _ = x + "a"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    x.shape = (1,)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    x.sumn()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    tnp.sum("abc")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    tnp.median(a, axes=0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    y.cumsum(axe=0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    tsum.Tensor(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
