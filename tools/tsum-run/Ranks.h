// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/mpi.h"
#include "tsum/shapes.h"
#include "tsum/stream.h"

#include <algorithm>
#include <limits>
#include <string>

namespace tsum {

/// The ranks of an MPI run, each of which has its share of the files.
class Ranks {
public:
  Ranks(int *argc, char ***argv) {
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &thisRank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
  }
  ~Ranks() { MPI_Finalize(); }
  Ranks(const Ranks &) = delete;
  Ranks &operator=(const Ranks &) = delete;

  /// Whether this is the one that speaks.
  [[nodiscard]] bool isFirst() const { return thisRank == 0; }

  /// Does `act`; if it fails on a rank, all throw what the first of these did.
  template <class Act> void together(const Act &act) const {
    std::string message;
    try {
      act();
    } catch (const std::exception &error) {
      message = error.what();
    }
    int failed = message.empty() ? count : thisRank, first = count;
    MPI_Allreduce(&failed, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == count)
      return;
    int size = static_cast<int>(message.size());
    MPI_Bcast(&size, 1, MPI_INT, first, MPI_COMM_WORLD);
    message.resize(static_cast<std::size_t>(size));
    MPI_Bcast(message.data(), size, MPI_CHAR, first, MPI_COMM_WORLD);
    throw Error("rank " + std::to_string(first) + ": " + message);
  }

  /// The array in `paths`, joined along `axis`: each rank has some of several files, of one a part.
  /// What is larger than `memory` is not loaded.
  [[nodiscard]] Tensor shard(const std::vector<std::filesystem::path> &paths, std::int64_t axis,
                             std::int64_t memory) const {
    Tensor part = constant(0.f);
    together([&] {
      const auto files = static_cast<std::int64_t>(paths.size());
      if (files == 1) {
        part = share(open_npy(paths.front()), axis);
      } else if (shareOf(files) == shareOf(files, 1)) {
        part = slice_along(open_npy(paths.front()), axis, 0, 0); // nothing, of the right shape
      } else {
        const std::vector<std::filesystem::path> mine(paths.begin() + shareOf(files),
                                                      paths.begin() + shareOf(files, 1));
        part = open_npy(mine, axis);
      }
      if (part.size() <= memory / size_of(part.dtype()))
        eval({&part, 1}, {.memory = std::numeric_limits<std::int64_t>::max() / 16});
    });
    return mpi::shard(part, MPI_COMM_WORLD, axis, paths.front().string());
  }

private:
  /// Where the share of this rank, or of one behind it, begins.
  [[nodiscard]] std::int64_t shareOf(std::int64_t size, int behind = 0) const {
    return size / count * (thisRank + behind) +
           std::min<std::int64_t>(size % count, thisRank + behind);
  }

  static Tensor slice_along(const Tensor &tensor, std::int64_t axis, std::int64_t begin,
                            std::int64_t end) {
    const std::int64_t dim = axis < 0 ? axis + tensor.rank() : axis;
    if (dim < 0 || dim >= tensor.rank())
      throw AxisError("axis " + std::to_string(axis) + " is out of range for a tensor of rank " +
                      std::to_string(tensor.rank()));
    std::vector<Slice> slices(static_cast<std::size_t>(dim) + 1);
    slices.back() = {begin, end};
    return slice(tensor, slices);
  }

  [[nodiscard]] Tensor share(const Tensor &whole, std::int64_t axis) const {
    const std::int64_t dim = axis < 0 ? axis + whole.rank() : axis;
    const std::int64_t extent =
        dim >= 0 && dim < whole.rank() ? whole.shape()[static_cast<std::size_t>(dim)] : 0;
    return slice_along(whole, axis, shareOf(extent), shareOf(extent, 1));
  }

  int thisRank = 0, count = 1;
};

} // namespace tsum
