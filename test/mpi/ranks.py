# SPDX-License-Identifier: Apache-2.0
"""What each rank of a run with mpi4py does: tsum.mpi against the same sums of the whole."""
import tempfile

import numpy as np
from mpi4py import MPI

import tsum
import tsum.mpi

comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
whole = np.random.default_rng(1).standard_normal((5003, 7)).astype(np.float32)


def same(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype and actual.tobytes() == expected.tobytes()


for axis in (0, 1):
    # Uneven parts, one of which is empty.
    cuts = np.sort(np.random.default_rng(axis).integers(0, whole.shape[axis], size - 1))
    if size > 2:
        cuts[0] = 0
    x = tsum.mpi.shard(np.split(whole, cuts, axis)[rank], axis - 2, comm)
    assert x.shape == whole.shape
    same(tsum.mpi.gather(tsum.reduce_std(x, 0)), tsum.reduce_std(whole, 0))
    same(tsum.mpi.gather(tsum.argmax(x, 0)), np.argmax(whole, 0))
    same(tsum.reduce_sum(x, accuracy="exact"), tsum.reduce_sum(whole, accuracy="exact"))
    same(tsum.mpi.gather(tsum.softmax(x, 0)), tsum.softmax(whole, 0))
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, np.split(whole, cuts, axis)[rank])
        file.flush()
        opened = tsum.mpi.shard(tsum.open_npy(file.name), axis)
        same(tsum.mpi.gather(tsum.reduce_std(opened, 0)), tsum.reduce_std(whole, 0))

total, part = tsum.mpi.local(tsum.reduce_sum(x), tsum.abs(x))
assert total.axis == -1 and part.axis == 1
same(part.tensor, np.abs(whole[:, part.begin:part.begin + part.tensor.shape[1]]))

try:
    tsum.mpi.shard(np.zeros((2, 2 + (rank == size - 1)), "f4"))
    assert size == 1
except tsum.ShapeError as error:
    assert "does not fit to rank 0's" in str(error)
try:
    tsum.eval(tsum.reduce_sum(x) if rank else tsum.reduce_max(x))
    assert size == 1
except tsum.Error as error:
    assert "has another graph" in str(error)

# A rank that the others do not meet.
if size > 1:
    tsum.mpi.set_timeout(0.3)
    if rank == 0:
        try:
            tsum.eval(tsum.reduce_mean(x))
            raise AssertionError("nobody has come")
        except tsum.Error as error:
            assert "other ranks have not come within" in str(error)
        print("ok", flush=True)
    comm.Barrier()
    comm.Abort(0)  # what rank 0 has asked for is still open
print("ok")
