// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/eval.h"

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

// Without the bindings for C++ that MPI 3 took out, which Open MPI and MPICH still have.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#pragma GCC visibility push(default)

/// Tensors that are divided among the ranks of an MPI communicator. Graphs over them are built as
/// ever, the same on all ranks, and evaluating is collective. Results have the bits of one process,
/// whatever the number of ranks and however the tensors are divided; docs/scaling.md says what is
/// sent. Needs a tsum that was built with TSUM_MPI, and MPI initialized by the program.
///
/// Each rank keeps the checkpoint of a StreamScope (tsum/stream.h) in a file of its own, for parts
/// in memory too: all ranks go on from theirs, or none does.
///
/// Of the ranks of a communicator one thread each may be inside these functions, or evaluating, at
/// once.
namespace tsum::mpi {

/// The calling rank's part of a tensor that lies along `axis`, which may count from the last, in
/// the order of the ranks of `comm`. The parts may differ in their extent along it, which may be 0.
/// The tensor has the shape of the whole. Collective: it tells all ranks the extents.
///
/// What is computed of files (tsum/stream.h) stays there: each evaluation reads the part in pieces,
/// as large as the memory of the StreamScope allows.
///
/// \throws Error, on all ranks, if the parts do not fit together, naming a rank that differs.
[[nodiscard]] Tensor shard(const Tensor &part, MPI_Comm comm, std::int64_t axis = 0,
                           std::string_view name = {});

/// What a rank has of an output.
struct Part {
  Tensor tensor;          ///< with values
  std::int64_t axis = -1; ///< along which it is a part; -1 if it is the whole
  std::int64_t begin = 0; ///< of the part, along the axis
};

/// What the calling rank has of each of `outputs`, all evaluated together: of those that keep a
/// sharded axis what is computed of its part of the first sharded tensor that is read, else all of
/// it. Collective.
///
/// `tsum::eval` and asking for values do the same for outputs that are reduced over the sharded
/// axis, and for others throw Error.
///
/// \throws Error on all ranks if one fails, with the message of one that did; if the ranks built
/// other graphs; where data would have to move to other ranks than a range of the sharded axis
/// does.
[[nodiscard]] std::vector<Part> local(std::span<const Tensor> outputs);
[[nodiscard]] Part local(const Tensor &output);

/// All of `output` on all ranks. Collective; throws as `local`.
[[nodiscard]] Tensor gather(const Tensor &output);

/// How long a rank waits for the others before it throws Error, in all evaluations of this process;
/// 0, as at the start, for ever. What has not come in time may never: the communicator is then not
/// to be used any more.
void set_timeout(std::chrono::nanoseconds limit);

/// What this process has sent to others, for tests and tuning.
struct Traffic {
  std::int64_t partials = 0; ///< bytes of partial results
  std::int64_t moved = 0;    ///< bytes of elements that another rank needed
  std::int64_t results = 0;  ///< bytes of results that are sent on
};
[[nodiscard]] Traffic traffic();

} // namespace tsum::mpi

#pragma GCC visibility pop
