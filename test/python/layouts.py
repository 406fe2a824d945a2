# SPDX-License-Identifier: Apache-2.0
"""Arrays of every shape and layout that NumPy knows, drawn by hypothesis."""
import numpy as np
from hypothesis import strategies as st

from operations import random_values

# Around the lanes and blocks of kernels, and the extents that are special.
EXTENTS = st.one_of(st.integers(0, 5), st.sampled_from([7, 8, 9, 15, 16, 17, 31, 33, 64, 65]))


@st.composite
def shapes(draw, max_rank=4, max_size=4096):
    shape = draw(st.lists(EXTENTS, max_size=max_rank).map(tuple))
    while np.prod(shape, dtype=np.int64) > max_size:
        shape = shape[:-1]
    return shape


@st.composite
def arrays(draw, dtype, shape, **values):
    """An array of `shape` whose memory lies in any order, with gaps, reversed or repeated."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rank = len(shape)
    order = draw(st.permutations(range(rank)))
    steps = [draw(st.sampled_from([1, 1, 1, -1, 2, -3])) for _ in shape]
    repeats = [draw(st.sampled_from([False] * 5 + [True])) for _ in shape]
    # In memory: the permuted dimensions, as long as the steps need them.
    extents = [1 if repeat else abs(step) * extent + (abs(step) > 1)
               for extent, step, repeat in zip(shape, steps, repeats)]
    base = random_values(rng, dtype, [extents[axis] for axis in order], **values)
    array = base.transpose(np.argsort(order)) if rank else base
    index = tuple(slice(None) if repeat else
                  (slice(0, abs(step) * extent, step) if step > 0 else
                   slice(step * -extent + step, None, step) if extent else slice(0, 0))
                  for extent, step, repeat in zip(shape, steps, repeats))
    array = np.broadcast_to(array[index] if rank else array, shape)
    if draw(st.booleans()) and not any(repeats):
        array = array.copy() if draw(st.booleans()) else array
    assert array.shape == tuple(shape)
    return array


def axes_of(rank):
    """What `axis` may be for a tensor of that rank."""
    one = st.integers(-rank, rank - 1) if rank else st.nothing()
    several = st.permutations(range(rank)).flatmap(
        lambda order: st.integers(0, rank).map(lambda count: tuple(order[:count])))
    return st.one_of(st.none(), one, several, several.map(list))
