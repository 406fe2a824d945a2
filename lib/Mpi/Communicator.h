// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/mpi.h"

#include <functional>
#include <memory>
#include <string>

namespace tsum::mpi {

using Bytes = std::vector<std::byte>;

/// A number at the end of what is sent.
void append(Bytes &bytes, std::int64_t number);
/// The first number of what has come, which is taken off.
[[nodiscard]] std::int64_t take_number(std::span<const std::byte> &bytes);

/// What tsum says to itself on the ranks of a user's communicator. Each operation is collective,
/// and begins by asking whether all ranks want the same one: a rank that has failed says so there,
/// and all throw.
class Communicator {
public:
  /// The one for `comm`: a duplicate of it, which is made once. Collective.
  [[nodiscard]] static std::shared_ptr<Communicator> of(MPI_Comm comm);

  [[nodiscard]] int rank() const { return this_rank; }
  [[nodiscard]] int size() const { return ranks; }

  /// Throws, on all ranks, unless each calls it with the same `step` and `signature`; `what` says
  /// what differs then.
  void agree(const char *what, std::uint64_t signature);
  /// Does `act`; if it fails on a rank, all throw: that one what it threw, the others its message.
  void together(const std::function<void()> &act);

  /// The bytes of each rank, on all ranks.
  [[nodiscard]] std::vector<Bytes> all_gather(const Bytes &bytes);
  /// To each rank some bytes; gives those from each.
  [[nodiscard]] std::vector<Bytes> all_to_all(const std::vector<Bytes> &bytes);
  /// Merges what ranks have along a tree, in the order of ranks: `merge(bytes)` is called with what
  /// other ranks have, `take` gives what is merged so far. Then rank 0's goes to all: `set`.
  /// Returns what this rank sent.
  std::int64_t merge(const std::function<Bytes()> &take,
                     const std::function<void(const Bytes &)> &merge);
  /// What rank 0 has, on all.
  [[nodiscard]] Bytes broadcast(Bytes bytes);

private:
  explicit Communicator(MPI_Comm comm);
  enum class Status : std::int64_t { Good, Failed };
  void exchange(Status status, std::uint64_t word, const char *what, const std::string &message);
  void wait(MPI_Request &request, const char *what) const;

  MPI_Comm comm;
  int this_rank = 0, ranks = 1;
};

} // namespace tsum::mpi
