// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace tsum {

/// Memory that is divided into places, which are given back: how much of it that takes. Each place
/// is aligned as buffers are, and no two share an address.
class ScratchSpace {
public:
  /// Where `bytes` are free: in the smallest gap that has them, or at the end.
  [[nodiscard]] std::int64_t take(std::int64_t bytes);
  void give_back(std::int64_t place, std::int64_t bytes);

  /// The most that there was.
  [[nodiscard]] std::int64_t size() const { return most; }

private:
  std::map<std::int64_t, std::int64_t> gaps; ///< where each begins and how long it is
  std::int64_t end = 0;                      ///< of what is taken
  std::int64_t most = 0;
};

} // namespace tsum
