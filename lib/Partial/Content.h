// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bytes.h"
#include "Whole.h"

#include <algorithm>
#include <functional>

namespace tsum::partial {

/// What a partial reduction of real numbers holds of the elements in its ranges. Only `append`
/// changes it, which whoever is alone to hold it may do.
class Content {
public:
  using Ptr = std::shared_ptr<Content>;

  virtual ~Content() = default;

  /// What is held of the elements of both; `other` is of the same kind, and no element in both.
  [[nodiscard]] virtual Ptr merged(const Content &other) const = 0;
  /// Merges `next`, whose elements all follow those held, in place: without a copy of what is held.
  virtual void append(const Content &next) = 0;
  /// The results, if all elements are in it.
  [[nodiscard]] virtual Tensor result() const = 0;
  virtual void write(ByteWriter &writer) const = 0;
  /// Lines that say what it holds.
  [[nodiscard]] virtual std::string to_string() const = 0;

protected:
  Content() = default;
};

/// How a content comes to be: `tensors` are evaluated, by whoever wants it and with whatever else,
/// and then it is `made`, once.
struct Work {
  std::vector<Tensor> tensors;
  std::function<Content::Ptr()> made;
};

// For each way of `Whole`: of `part`, which begins at `begin` along the cut axis; and what was
// written for `ranges`.

[[nodiscard]] Work make_in_order(const Whole &whole, const Tensor &part, std::int64_t begin);
[[nodiscard]] Content::Ptr read_in_order(const Whole &whole, std::span<const Range> ranges,
                                         ByteReader &reader);
[[nodiscard]] Work make_exact(const Whole &whole, const Tensor &part);
[[nodiscard]] Content::Ptr read_exact(const Whole &whole, ByteReader &reader);
/// \p reduction is that of the part.
[[nodiscard]] Work make_free(const Whole &whole, const Tensor &reduction);
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
