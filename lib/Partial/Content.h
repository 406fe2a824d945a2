// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bytes.h"
#include "Whole.h"

#include <algorithm>

namespace tsum::partial {

/// What a partial reduction of real numbers holds of the elements in its ranges. It never changes.
class Content {
public:
  using Ptr = std::shared_ptr<const Content>;

  virtual ~Content() = default;

  /// What is held of the elements of both; `other` is of the same kind, and no element in both.
  [[nodiscard]] virtual Ptr merged(const Content &other) const = 0;
  /// The results, if all elements are in it.
  [[nodiscard]] virtual Tensor result() const = 0;
  virtual void write(ByteWriter &writer) const = 0;
  /// Lines that say what it holds.
  [[nodiscard]] virtual std::string to_string() const = 0;

protected:
  Content() = default;
};

// For each way of `Whole`: of `part`, which begins at `begin` along the cut axis; and what was
// written for `ranges`.

[[nodiscard]] Content::Ptr make_in_order(const Whole &whole, const Tensor &part,
                                         std::int64_t begin);
[[nodiscard]] Content::Ptr read_in_order(const Whole &whole, std::span<const Range> ranges,
                                         ByteReader &reader);
[[nodiscard]] Content::Ptr make_exact(const Whole &whole, const Tensor &part);
[[nodiscard]] Content::Ptr read_exact(const Whole &whole, ByteReader &reader);
/// \p reduction is that of the part.
[[nodiscard]] Content::Ptr make_free(const Whole &whole, const Tensor &reduction);
[[nodiscard]] Content::Ptr read_free(const Whole &whole, ByteReader &reader);

/// The elements of `part` from `begin` to `end` along its dimension `dim`.
[[nodiscard]] Tensor slice_along(const Tensor &part, std::int64_t dim, std::int64_t begin,
                                 std::int64_t end);

/// The first of `count` elements as `element(i)` writes them, and how many there are if not all are
/// shown.
template <class Element> std::string first_of(std::int64_t count, const Element &element) {
  constexpr std::int64_t shown = 4;
  std::string text;
  for (std::int64_t i = 0; i < std::min(count, shown); ++i)
    text += (i ? ", " : "") + element(i);
  return count > shown ? text + ", ... (" + std::to_string(count) + ")" : text;
}

} // namespace tsum::partial
