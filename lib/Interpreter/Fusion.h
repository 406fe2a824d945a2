// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Code.h"
#include "StageValues.h"

namespace tsum::interpreter {

/// Which operations of a stage one loop computes together with what reads them, so that blocks need
/// not be written and read between.
class Fusion {
public:
  explicit Fusion(const StageValues &values)
      : values(values), uses(values.graph.values.size()), computed(values.graph.values.size()) {
    count_uses(0, values.phase_count());
  }

  /// Begins phase `phase`, in which nothing is computed yet: what other phases use doesn't count.
  void begin(int phase) {
    computed.assign(computed.size(), false);
    count_uses(phase, phase + 1);
  }

  /// How many others read `n`, and one more if it is an output.
  [[nodiscard]] int use_count(std::int32_t n) const { return uses[static_cast<std::size_t>(n)]; }
  [[nodiscard]] bool is_computed(std::int32_t n) const {
    return computed[static_cast<std::size_t>(n)];
  }
  void set_computed(std::int32_t n) { computed[static_cast<std::size_t>(n)] = true; }

  /// How an elementwise value is computed.
  struct Elementwise {
    Loop loop = nullptr; ///< that of two or three operations; null if there is but one
    std::vector<std::int32_t> operands;
  };
  [[nodiscard]] Elementwise elementwise(std::int32_t n) const;

  /// What an ordered reduction reads, and the loops that compute its operand from that.
  struct Ordered {
    const OrderedLoops *loops = nullptr;
    std::vector<std::int32_t> operands;
  };
  /// In the blocks of `code`; \p are_blocks_whole says so of the blocks of rows that there will be.
  [[nodiscard]] Ordered ordered(const StageValues::Value &reduction, const Code &code,
                                bool are_blocks_whole) const;

private:
  void count_uses(int begin, int end);
  [[nodiscard]] bool is_fusable(std::int32_t n, const Dims &dims) const;
  /// Those of `inner`, then those of `outer` but for number `place`.
  [[nodiscard]] std::vector<std::int32_t> operands_with(const StageValues::Value &outer,
                                                        std::size_t place,
                                                        const StageValues::Value &inner) const;

  const StageValues &values;
  std::vector<int> uses;      ///< by value
  std::vector<bool> computed; ///< by value: whether it is in a slot
};

} // namespace tsum::interpreter
