// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Loops.h"

#include <memory>

namespace tsum::interpreter {

/// Whether the line, the innermost dimension that is reduced, is that of a block's columns or rows.
/// The other one is the accumulators' *width*.
enum class Line : std::uint8_t { Columns, Rows };

/// Accumulates the results of one reduction, `width` of them side by side, along the nest of its
/// axes. At each level of it what was found one level deeper, the *current* values, is added to
/// those before, until `finish` makes the total current. The deepest level is the line.
class Accumulator {
public:
  virtual ~Accumulator() = default;

  /// Adds a block of elements of the line.
  virtual void add(Elements elements, Extents extents) = 0;
  /// Makes the total of the line current.
  virtual void finish_line() = 0;
  /// Adds the current values to level `level`.
  virtual void push(std::size_t level) = 0;
  virtual void finish(std::size_t level) = 0;
  /// Adds up the current values: they are neighbours along an axis.
  virtual void fold_width() = 0;
  /// Writes the current values as a block's elements.
  virtual void write(void *out) = 0;
};

/// That of the reduction `op` of elements of `dtype`, for blocks of at most `block`, whose nest has
/// `levels` axes.
[[nodiscard]] std::unique_ptr<Accumulator> make_accumulator(OpKind op, DType dtype, bool is_ordered,
                                                            std::size_t levels, Line line,
                                                            Extents block);

} // namespace tsum::interpreter
