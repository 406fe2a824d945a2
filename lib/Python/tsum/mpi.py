# SPDX-License-Identifier: Apache-2.0
"""Tensors that are divided among the ranks of an MPI communicator of mpi4py.

    x = tsum.mpi.shard(mine, axis=0)        # on each rank its own rows
    print(tsum.reduce_std(x, axis=0))       # on all ranks the same, and as of one process

All ranks build the same graphs, and evaluate them at the same time. Results have the bits of one
process, whatever the number of ranks and however the tensors are divided. Needs a tsum that was
built with TSUM_MPI, and an mpi4py of the same MPI.
"""
from __future__ import annotations

import typing

from . import _core
from ._core import Tensor

if not hasattr(_core, "_mpi_shard"):
    raise ImportError("tsum.mpi: this tsum was built without MPI (build it with TSUM_MPI=ON)")


class Part(typing.NamedTuple):
    """What a rank has of an output."""
    tensor: Tensor
    axis: int  #: along which it is a part; -1 if it is the whole
    begin: int  #: of the part, along the axis


def shard(array: typing.Any, axis: int = 0, comm: typing.Any = None,
          name: str | None = None) -> Tensor:
    """The tensor of which each rank of `comm` (COMM_WORLD) gives its part, `array`, in the order of
    the ranks along `axis`. Parts may differ in their extent along it, which may be 0. What is
    computed of files (`tsum.open_npy`) stays there, and is read in pieces. Collective.

    Raises Error, on all ranks, if the parts do not fit together.
    """
    from mpi4py import MPI

    if comm is None:
        comm = MPI.COMM_WORLD
    return _core._mpi_shard(array, MPI._addressof(comm), axis, name or "")


def local(*outputs: Tensor) -> list[Part]:
    """What this rank has of each of `outputs`, evaluated together: of those that keep a sharded
    axis a part, else all of it. Collective.
    """
    return [Part(*part) for part in _core._mpi_local(*outputs)]


def gather(output: Tensor) -> Tensor:
    """All of `output`, on all ranks. Collective."""
    return _core._mpi_gather(output)


def set_timeout(seconds: float) -> None:
    """How long a rank waits for the others before it raises Error; 0, as at the start, for ever."""
    _core._mpi_set_timeout(seconds)
