// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Loops.h"

#include <memory_resource>

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

  /// Adds a block of elements of the line, or of what its loops make of `operands`.
  virtual void add(const Elements *operands, Extents extents) = 0;
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

/// What an accumulator is made for.
struct AccumulatorShape {
  std::size_t levels = 1; ///< axes of the nest
  Line line = Line::Columns;
  Extents block; ///< the largest one
  /// Whether blocks of rows are whole blocks of the order of additions, but for the last one.
  bool has_whole_blocks = false;
};

/// That of the ordered reduction `op` of elements of `dtype`. It lies in \p memory with all that it
/// needs, and is never destroyed: the memory goes as one.
[[nodiscard]] Accumulator *make_ordered_accumulator(std::pmr::memory_resource &memory, OpKind op,
                                                    DType dtype, const OrderedLoops &loops,
                                                    const AccumulatorShape &shape);
/// That of any other one.
[[nodiscard]] Accumulator *make_unordered_accumulator(std::pmr::memory_resource &memory, OpKind op,
                                                      DType dtype, const AccumulatorShape &shape);

} // namespace tsum::interpreter
