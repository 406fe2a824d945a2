// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum::interpreter {

/// The type of a block's elements: that in which operations on a dtype are computed. f16 and bf16
/// are f32 that are rounded after each operation, integers of 8 and 16 bits i32 that wrap.
enum class Kind : std::uint8_t { F32, F64, I32, U32, I64, U64, Bool };

[[nodiscard]] constexpr Kind kind_of_block(DType dtype) {
  switch (dtype) {
  case DType::f64:
    return Kind::F64;
  case DType::i8:
  case DType::i16:
  case DType::i32:
  case DType::u8:
  case DType::u16:
    return Kind::I32;
  case DType::u32:
    return Kind::U32;
  case DType::i64:
    return Kind::I64;
  case DType::u64:
    return Kind::U64;
  case DType::boolean:
    return Kind::Bool;
  default:
    return Kind::F32;
  }
}

[[nodiscard]] constexpr std::int64_t size_of(Kind kind) {
  switch (kind) {
  case Kind::Bool:
    return 1;
  case Kind::F32:
  case Kind::I32:
  case Kind::U32:
    return 4;
  default:
    return 8;
  }
}

/// Where the elements of a block lie: (r, c) at `data` + r * row + c * column, in elements.
/// `column` is 1, or 0 for what is one value for each row.
struct Elements {
  const void *data = nullptr;
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t ahead = 0; ///< bytes to those of the next block, which loops ask for
};

/// Where an operation's results go, rows `row` elements apart.
struct Result {
  void *data = nullptr;
  std::int64_t row = 0;
  bool is_streamed = false; ///< past the caches, for what nobody reads soon
  std::int64_t ahead = 0;   ///< as of `Elements`
};

/// A block's extents.
struct Extents {
  std::int64_t rows = 1, columns = 1;
};

/// Writes an operation's results from its operands.
using Loop = void (*)(Result out, const Elements *operands, Extents extents);

/// Reads elements of a dtype, which lie `row` and `column` elements apart, as a block without gaps.
using LoadLoop = void (*)(void *out, const void *in, std::int64_t row, std::int64_t column,
                          Extents extents);
/// The way back.
using StoreLoop = void (*)(void *out, std::int64_t row, std::int64_t column, Elements in,
                           Extents extents);
/// Rounds or wraps elements to a dtype, in place.
using FixLoop = void (*)(void *elements, std::int64_t row, Extents extents);

/// The steps of an ordered reduction (tsum/Graph/SummationTree.h) on arrays, of elements or of what
/// an operation or two make of them, whose operands are given; one that is the only operand has an
/// element for each column. Its lanes are float or double, its
/// nodes one double or a pair, whose parts are arrays of their own.
struct OrderedLoops {
  std::int64_t lane_bytes = 0;
  bool has_pairs = false;
  /// The values of the blocks along the columns, each as a double: those of the rows' first blocks
  /// side by side, then, `stride` further, those of their second ones.
  void (*fold_lines)(double *values, std::int64_t stride, const Elements *operands,
                     Extents extents) = nullptr;
  /// The values of a block of up to 256 rows for each column, of which all operands have elements.
  /// `lanes` is memory for 16 rows.
  void (*fold_rows)(double *values, void *lanes, const Elements *operands,
                    Extents extents) = nullptr;
  /// In parts: adds rows `first` to `first` + rows of a block of elements to its lanes, 16 rows of
  /// columns.
  void (*add_rows)(void *lanes, Elements elements, Extents extents, std::int64_t first) = nullptr;
  /// The values of blocks of `count` rows.
  void (*fold_lanes)(double *values, void *lanes, std::int64_t columns,
                     std::int64_t count) = nullptr;
  /// Merges the right nodes into the left ones.
  void (*merge)(double *hi, double *lo, const double *right_hi, const double *right_lo,
                std::int64_t count) = nullptr;
  /// Merges each second one of `count` nodes into the one before, which takes half its place; a
  /// last one without a neighbour stays.
  void (*merge_neighbours)(double *hi, double *lo, std::int64_t count) = nullptr;
  /// Rounds nodes to elements.
  void (*round)(void *out, const double *hi, const double *lo, std::int64_t count) = nullptr;
};

/// A reduction that takes its elements in any order.
struct UnorderedLoops {
  /// One result for each row.
  void (*fold_lines)(void *out, Elements elements, Extents extents) = nullptr;
  /// Combines the rows with `totals`, one for each column, which say nothing if `is_first`.
  void (*fold_rows)(void *totals, bool is_first, Elements elements, Extents extents) = nullptr;
};

/// All that is compiled for an instruction set. Null where an operation does not take a kind.
struct Loops {
  Loop (*elementwise)(OpKind op, Kind operands);
  /// `outer` of the result of `inner`, or of what `middle`, unless it is `Constant`, makes of that.
  /// This is its operand number `place`: the operands are those of `inner`, then the other one of
  /// `outer`. Null where these are no loop.
  Loop (*fused)(OpKind outer, OpKind middle, OpKind inner, int place, Kind kind);
  /// Whether the loop of `op` heeds `Result::is_streamed`, as all fused ones do.
  bool (*streams)(OpKind op, Kind operands);
  Loop (*cast)(Kind from, DType to);
  LoadLoop (*load)(DType dtype);
  StoreLoop (*store)(DType dtype);
  FixLoop (*fix)(DType dtype); ///< null for what needs no fixing
  /// Past the caches, for what nobody reads soon; null for what is not stored as it is computed.
  StoreLoop (*stream)(DType dtype);
  /// Of what `outer` of the result of `inner` gives, its first operand; `Constant` stands for none.
  /// Null where these are no loop.
  const OrderedLoops *(*ordered)(OpKind op, Kind kind, OpKind outer, OpKind inner);
  UnorderedLoops (*unordered)(OpKind combiner, Kind kind);
};

/// Those of each instruction set that the processor has, the best one last.
[[nodiscard]] std::vector<const Loops *> all_loops();
/// Those of the best one.
[[nodiscard]] const Loops &loops();

} // namespace tsum::interpreter
