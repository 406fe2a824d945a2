// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "KernelCache.h"
#include "Signature.h"

namespace tsum {

/// Some of the values that a canonical graph reads, by the node that has them.
struct Leaf {
  const Node *node;
  const Storage *values;
};

/// Where the data of a canonical graph lies: `offset` bytes from element 0 of a leaf.
struct LeafPlace {
  std::int32_t leaf;
  std::int64_t offset;
};

/// The place of `data`, which `storage` keeps alive, in one of `leaves`; nothing if it lies in none
/// of them, but in a copy, or if that cannot be told.
[[nodiscard]] std::optional<LeafPlace> find_place(std::span<const Leaf> leaves,
                                                  const std::byte *data, const Storage &storage);

/// How graphs of one signature run: which program, and where its arguments and results are. What
/// canonicalization finds out, kept.
struct Plan {
  struct Result {
    std::int32_t output; ///< of the signature
    std::int32_t number; ///< among the results of the launches
    std::int64_t offset; ///< bytes to the output's element 0
    ByteStrides strides;
  };

  std::vector<std::int64_t> words; ///< of the signature
  std::uint64_t hash = 0;
  std::weak_ptr<const CachedProgram> program; ///< the kernel cache's, to unload
  std::vector<LeafPlace> arguments;
  std::vector<Result> results;

  /// Runs `program`, which is this plan's, on the data of `signature` and gives the outputs their
  /// values.
  void run(const CachedProgram &program, const Signature &signature) const;
};

/// The plan of `signature`, for which `bound` was found and `program` compiled, or null if there is
/// none: where data was copied, or nodes changed meanwhile.
[[nodiscard]] std::shared_ptr<const Plan>
make_plan(const Signature &signature, const Canonicalized &bound,
          const std::shared_ptr<const CachedProgram> &program);

/// Plans by signature, in shards, so that threads that look up different ones seldom meet. Holds no
/// code: the kernel cache decides what stays loaded. Safe to use from several threads.
class PlanCache {
public:
  struct Found {
    std::shared_ptr<const Plan> plan;
    std::shared_ptr<const CachedProgram> program;
  };
  /// The plan and its program, if both are there.
  [[nodiscard]] Found find(const Signature &signature);
  void insert(std::shared_ptr<const Plan> plan);
  void clear();
  [[nodiscard]] std::int64_t hits() const;

private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t plans_per_shard = 512;

  struct alignas(64) Shard {
    mutable ForkSafeMutex mutex{LockRank::Plans};
    std::unordered_multimap<std::uint64_t, std::shared_ptr<const Plan>> plans;
    std::int64_t hits = 0;
  };
  [[nodiscard]] Shard &shard_of(std::uint64_t hash) { return shards[hash >> 60]; }

  std::array<Shard, shard_count> shards;
};

} // namespace tsum
