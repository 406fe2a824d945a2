// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tsum {

/// A kind of memory that is kept in case it is needed again. To be declared at namespace scope.
class MemoryOwner {
public:
  using Bytes = std::int64_t (*)();
  using Trim = void (*)(std::int64_t bytes);

  /// In the order in which they are let go of: what is made again soonest first.
  enum : int { results, functions, code };

  /// `bytes` says how much there is, and `trim` lets go of so much or all of it, the least recently
  /// used first.
  MemoryOwner(int rank, Bytes bytes, Trim trim);
  MemoryOwner(const MemoryOwner &) = delete;
  MemoryOwner &operator=(const MemoryOwner &) = delete;

  /// To be called, without locks, when an owner has more than before: keeps to the budget. Results,
  /// which come and go at any time, keep to the room that there is for them.
  static void note_growth();
  [[nodiscard]] static std::int64_t room_for_results();

  [[nodiscard]] static std::int64_t bytes_of(int rank);

private:
  friend void trim_memory();
  static void trim_to(std::int64_t bytes);

  const int rank;
  const Bytes bytes;
  const Trim trim;
  MemoryOwner *next = nullptr;

  static inline MemoryOwner *first = nullptr; ///< by rank
};

} // namespace tsum
