// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace tsum {

/// What the launches of a function read, leave and cost, in numbers. Data, which is there anyway,
/// is left out.
struct LaunchGraph {
  struct Launch {
    std::vector<std::int32_t> inputs;  ///< values that launches before this one have left
    std::vector<std::int32_t> results; ///< values
    double cost = 1;                   ///< the time it takes, in any unit
  };
  struct Value {
    std::int64_t bytes = 0;
    bool isOutput = false; ///< kept to the end, in memory that is not counted
  };

  std::vector<Launch> launches; ///< in an order in which they can run
  std::vector<Value> values;

  /// A value of `bytes`, which the last of `launches` leaves.
  std::int32_t addResult(std::int64_t bytes) {
    values.push_back({bytes, false});
    launches.back().results.push_back(std::int32_t(values.size()) - 1);
    return launches.back().results.back();
  }
};

/// An order of launches, some of which run more than once.
struct LaunchOrder {
  struct Step {
    std::int32_t launch;
    /// Of its results those that later steps read; the others are there already, or read by none.
    std::vector<std::int32_t> taken;
  };
  std::vector<Step> steps;
  /// The most that is in memory at once beside data and outputs, or a little more: what a launch
  /// reads and writes, and what is kept for later ones, as long as it is.
  std::int64_t bytes = 0;
};

/// The launches of `graph`, so that at most `bound` bytes are in memory at once: in their order
/// where that is enough, else in one in which those run early that leave little, and before some
/// of them again what leaves the values that were let go of since. Where that cannot be, or would
/// take more than four times as many launches, a little more is in memory.
///
/// What goes is decided as by dynamic tensor rematerialization (Kirisame et al., ICLR 2021): the
/// value that costs least to compute again, with all that is gone of what it is computed from, for
/// each byte and for each launch until it is read again. That is known here, in place of the time
/// since it was read last.
LaunchOrder rematerialize(const LaunchGraph &graph, std::int64_t bound);

} // namespace tsum
