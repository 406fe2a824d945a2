# SPDX-License-Identifier: Apache-2.0
"""Reductions of dask arrays that have one answer, however the array is cut into chunks.

Importing it tells dask that `tsum.numpy.ndarray` may be what its chunks are.
"""
from __future__ import annotations

import functools

import dask
import dask.array
import numpy

import tsum
from tsum import numpy as _tnp
from tsum.numpy._arguments import AxisError
from tsum.typing import ArrayLike, Axis, DTypeLike

dask.array.register_chunk_type(_tnp.ndarray)

# What the parts of a whole are reduced by.
_OPERATIONS = {"sum": tsum.reduce_sum, "prod": tsum.reduce_prod, "max": tsum.reduce_max,
               "min": tsum.reduce_min, "any": tsum.reduce_any, "all": tsum.reduce_all}


def reduction(x: ArrayLike, operation: str = "sum", axis: Axis = None, *,
              keepdims: bool = False, dtype: DTypeLike | None = None, accuracy: str | None = None,
              split_every: int = 8) -> dask.array.Array:
    """A reduction of a dask array, as a dask array: the bits of `tsum` on the whole one.

    `operation` is "sum", "prod", "max", "min", "any" or "all". Each chunk becomes a
    `tsum.PartialReduction`, `split_every` of which are merged in one task of a tree; no chunking
    and no order of tasks shows in the result, with `accuracy="exact"` or without. It runs on every
    scheduler: what tasks hand on is small. Integers are reduced in their own dtype, unless `dtype`
    says otherwise.

    Along one reduced axis the chunks stay as they are, that with the most of them; they become
    whole along the others, which are reduced, too. Builds a graph and computes nothing.

    Raises ValueError for another operation, AxisError for an axis out of range or given twice,
    and when it is computed, what `tsum`'s reduction raises.
    """
    if operation not in _OPERATIONS:
        raise ValueError(f"reduction: there is no operation {operation!r} ("
                         + ", ".join(_OPERATIONS) + ")")
    if split_every < 2:
        raise ValueError(f"reduction: split_every is at least 2; given {split_every}")
    x = dask.array.asarray(x)
    if any(numpy.isnan(extent) for extent in x.shape):
        raise ValueError("reduction: the array has chunks of unknown sizes (compute_chunk_sizes())")
    axes = _axes(axis, x.ndim)
    if dtype is not None:
        x = x.astype(dtype)
    if not axes:
        return x
    cut = max(axes, key=lambda each: x.numblocks[each])
    x = x.rechunk({each: -1 for each in axes if each != cut})
    begins = numpy.cumsum([0, *x.chunks[cut]])
    blocks = x.to_delayed()
    partial = dask.delayed(functools.partial(_partial, operation=operation, axes=tuple(axes),
                                             cut=cut, extent=x.shape[cut], keepdims=keepdims,
                                             accuracy=accuracy), pure=True)
    merged = dask.delayed(_merged, pure=True)
    finished = dask.delayed(_finished, pure=True)
    # What is left of the grid of blocks once the reduced axes have gone.
    grid = [1 if each in axes else x.numblocks[each] for each in range(x.ndim)]
    dtype = x.dtype if operation not in ("any", "all") else numpy.dtype(bool)
    results = numpy.empty(grid, object)
    for place in numpy.ndindex(*grid):
        line = blocks[tuple(slice(None) if each == cut else place[each]
                            for each in range(x.ndim))]
        parts = [partial(block, begin=int(begin)) for block, begin in zip(line, begins)]
        while len(parts) > 1:
            parts = [merged(parts[start:start + split_every])
                     for start in range(0, len(parts), split_every)]
        shape = [1 if each in axes else x.chunks[each][place[each]] for each in range(x.ndim)]
        results[place] = dask.array.from_delayed(finished(parts[0], shape), shape, dtype)
    whole = dask.array.block(results.tolist())
    return whole if keepdims else whole.reshape(
        [extent for each, extent in enumerate(whole.shape) if each not in axes])


def _axes(axis, rank):
    axes = range(rank) if axis is None else axis if hasattr(axis, "__iter__") else [axis]
    places = []
    for each in axes:
        if not -rank <= each < rank:
            raise AxisError(f"reduction: axis {each} is out of range for an array of rank {rank}")
        if each % rank in places:
            raise AxisError(f"reduction: axis {each} is given twice")
        places.append(each % rank)
    return sorted(places)


def _partial(block, begin, operation, axes, cut, extent, keepdims, accuracy):
    block = tsum.asarray(block)
    if operation in ("any", "all") and block.dtype != tsum.boolean:
        block = tsum.not_equal(block, 0)
    given = {} if accuracy is None or operation != "sum" else {"accuracy": accuracy}
    reduced = _OPERATIONS[operation](block, list(axes), **given)
    return tsum.PartialReduction(reduced, axis=cut, begin=begin, extent=extent)


def _merged(parts):
    first = tsum.PartialReduction.from_bytes(parts[0].to_bytes())  # tasks change no input
    for part in parts[1:]:
        first.merge(part)
    return first


def _finished(partial, shape):
    return partial.result().numpy().reshape(shape)


__all__ = ["reduction"]
