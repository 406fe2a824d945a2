// SPDX-License-Identifier: Apache-2.0

#include "ScratchSpace.h"

#include "Buffer.h"

#include <algorithm>

namespace tsum {

/// At least one byte each.
static std::int64_t length_of(std::int64_t bytes) {
  constexpr auto alignment = static_cast<std::int64_t>(buffer_alignment);
  return (bytes / alignment + (bytes % alignment != 0 || bytes == 0 ? 1 : 0)) * alignment;
}

std::int64_t ScratchSpace::take(std::int64_t bytes) {
  const std::int64_t length = length_of(bytes);
  auto best = gaps.end();
  for (auto gap = gaps.begin(); gap != gaps.end(); ++gap)
    if (gap->second >= length && (best == gaps.end() || gap->second < best->second))
      best = gap;
  if (best == gaps.end()) {
    const std::int64_t place = end;
    end += length;
    most = std::max(most, end);
    return place;
  }
  const auto [place, room] = *best;
  gaps.erase(best);
  if (room > length)
    gaps.emplace(place + length, room - length);
  return place;
}

void ScratchSpace::give_back(std::int64_t place, std::int64_t bytes) {
  auto gap = gaps.emplace(place, length_of(bytes)).first;
  if (auto next = std::next(gap); next != gaps.end() && gap->first + gap->second == next->first) {
    gap->second += next->second;
    gaps.erase(next);
  }
  if (gap != gaps.begin())
    if (auto before = std::prev(gap); before->first + before->second == gap->first) {
      before->second += gap->second;
      gaps.erase(gap);
      gap = before;
    }
  if (gap->first + gap->second == end) {
    end = gap->first;
    gaps.erase(gap);
  }
}

} // namespace tsum
