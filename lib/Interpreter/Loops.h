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
};

/// A block's extents.
struct Extents {
  std::int64_t rows = 1, columns = 1;
};

/// Writes an operation's results, rows `row` elements apart, from its operands.
using Loop = void (*)(void *out, std::int64_t row, const Elements *operands, Extents extents);

/// Reads elements of a dtype, which lie `row` and `column` elements apart, as a block without gaps.
using LoadLoop = void (*)(void *out, const void *in, std::int64_t row, std::int64_t column,
                          Extents extents);
/// The way back.
using StoreLoop = void (*)(void *out, std::int64_t row, std::int64_t column, Elements in,
                           Extents extents);
/// Combines the elements of each row, in any order: `out` has one for each.
using FoldLoop = void (*)(void *out, Elements elements, Extents extents);
/// Rounds or wraps elements to a dtype, in place.
using FixLoop = void (*)(void *elements, std::int64_t row, Extents extents);

/// The steps of an ordered reduction (tsum/Graph/SummationTree.h) on arrays. Its lanes are float or
/// double, its nodes one double or a pair, whose parts are arrays of their own.
struct OrderedLoops {
  std::int64_t lane_bytes = 0;
  bool has_pairs = false;
  /// The values of the blocks along the columns, each as a double: those of the rows' first blocks
  /// side by side, then, `stride` further, those of their second ones.
  void (*fold_lines)(double *values, std::int64_t stride, Elements elements,
                     Extents extents) = nullptr;
  /// Adds rows `first` to `first` + rows of a block to its lanes: 16 rows of columns.
  void (*add_rows)(void *lanes, Elements elements, Extents extents, std::int64_t first) = nullptr;
  /// The values of blocks of `count` rows.
  void (*fold_lanes)(double *values, void *lanes, std::int64_t columns,
                     std::int64_t count) = nullptr;
  /// Merges the right nodes into the left ones.
  void (*merge)(double *hi, double *lo, const double *right_hi, const double *right_lo,
                std::int64_t count) = nullptr;
};

/// All that is compiled for an instruction set. Null where an operation does not take a kind.
struct Loops {
  Loop (*elementwise)(OpKind op, Kind operands);
  Loop (*cast)(Kind from, DType to);
  LoadLoop (*load)(DType dtype);
  StoreLoop (*store)(DType dtype);
  FixLoop (*fix)(DType dtype); ///< null for what needs no fixing
  /// Past the caches, for what nobody reads soon; null for what is not stored as it is computed.
  StoreLoop (*stream)(DType dtype);
  const OrderedLoops &(*ordered)(OpKind op, Kind kind);
  FoldLoop (*fold)(OpKind combiner, Kind kind);
};

/// Those of each instruction set that the processor has, the best one last.
[[nodiscard]] std::vector<const Loops *> all_loops();
/// Those of the best one.
[[nodiscard]] const Loops &loops();

} // namespace tsum::interpreter
