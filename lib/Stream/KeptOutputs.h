// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Divided/Passes.h"
#include "tsum/Divided/Piece.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace tsum::stream {

/// Memory for the outputs of a pass that have the cut dimension: pieces put them together.
class KeptOutputs {
public:
  explicit KeptOutputs(const divided::Pass &pass);

  /// Of all of them.
  [[nodiscard]] std::int64_t bytes() const { return all_bytes; }

  /// Copies a piece of `goal`, which begins at `begin` along its cut dimension, to its place.
  void add(const divided::Goal &goal, const Tensor &piece, std::int64_t begin);

  /// The elements of the first `count` places of `goal` along its cut dimension, row-major; and the
  /// same again. \throws Error if there are not so many bytes.
  [[nodiscard]] std::vector<std::byte> first_places(const divided::Goal &goal,
                                                    std::int64_t count) const;
  void set_first_places(const divided::Goal &goal, std::int64_t count,
                        std::span<const std::byte> elements);

  /// Notes them, which must be complete, as known.
  void finish(divided::Known &known) const;

private:
  /// Allocated when it is first asked for.
  std::byte *memory_of(const divided::Goal &goal);

  std::int64_t all_bytes = 0;
  std::unordered_map<Node::Ptr, std::shared_ptr<std::byte>> memories;
};

} // namespace tsum::stream
