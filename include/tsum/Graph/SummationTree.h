// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum {

/// The order in which a sum of floats adds: part of the semantics of `reduce_sum`, whatever code
/// computes it. Products multiply in the same order.
///
/// It depends on the dtype and on the canonical operand (tsum/Graph/CanonicalGraph.h) alone: its
/// extents, outermost first, and which of them are reduced. Integers wrap and need no order, nor do
/// the other reductions. f16 and bf16 are widened to f32, in which their blocks are added.
///
/// Each result is the sum of *lines*: the elements along the innermost reduced dimension, a line
/// for each index of the other reduced dimensions, in row-major order.
///
/// 1. A line has L = `line_lanes` lanes: element i is in lane i mod L.
/// 2. A line is cut into rows of L elements, of which the last may be short, and the rows into
///    blocks of `block_rows`, of which the last may be short.
/// 3. Within a block each lane adds its elements in order, in the element type: b = row 0;
///    b = b + row 1; ...
/// 4. Each lane has one accumulator, which starts at 0 and absorbs the lane's block sums in order,
///    over all lines. A lane without an element in a row or block adds nothing. The sum of the
///    parts of a long sum has blocks of one row: each part is absorbed by itself.
/// 5. At the end the lanes fold by halves: for h = L/2, L/4, ..., 1 and l < h:
///    acc[l] = merge(acc[l], acc[l + h]). The result is finish(acc[0]).
///
/// The accumulators:
///
///          accumulator  absorb b                  merge x, y                     finish
///     f32  one f64      acc = acc + f64(b)        acc = x + y                    round to dtype
///     f64  (hi, lo)     (hi, e) = two_sum(hi, b)  (hi, e) = two_sum(x.hi, y.hi)  hi is finite ?
///                       lo = lo + e               lo = (x.lo + y.lo) + e         hi + lo : hi
///
///     two_sum(a, b) (Knuth): s = a + b; t = s - a; e = (a - (s - t)) + (b - t); gives (s, e)
///
/// For a product the accumulators start at 1, that of f32 multiplies, and for f64
///
///     absorb b: (hi, e) = two_product(hi, b); lo = fma(lo, b, e)
///     merge:    (hi, e) = two_product(x.hi, y.hi); lo = fma(x.hi, y.lo, fma(x.lo, y.hi, e))
///     two_product(a, b): p = a * b; gives (p, fma(a, b, -p))
///
/// Every operation rounds once, to nearest even; none is contracted to a fused multiply-add. The
/// sum of nothing is 0.
///
/// The error. With the unit roundoff u (f32: 2^-24, f64: 2^-53), an element takes part in at most
/// 15 additions of its block, so the block sums are off by at most 15 u sum|x| (and terms in u^2);
/// the last rounding adds 1 u. What the second level adds is below 1 u: for f32, m absorbed blocks
/// round in f64, m * 2^-53 < 2^-24 as long as a lane has fewer than 2^29 blocks, 2^33 elements; for
/// f64, two_sum is exact and lo rounds terms of order u. So |result - exact| <= `error_bound` u
/// sum|x|, whatever the number of elements. A sum in parts stays within that for f32. For f64, the
/// sum of each part and the addition of the rest round once more: `error_bound_of_parts`.
inline constexpr std::int64_t lane_bytes = 256;
inline constexpr std::int64_t block_rows = 16;
inline constexpr std::int64_t narrow_line = 8;
inline constexpr int error_bound = 18;
inline constexpr int error_bound_of_parts = 20; ///< of a cut f64 sum

/// The dtype in which the elements of a block are combined.
[[nodiscard]] constexpr DType block_dtype(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 ? DType::f32 : dtype;
}

/// The dtype of the accumulators of the reduction `op`, which a partial one gives.
[[nodiscard]] constexpr DType partial_dtype(OpKind op, DType dtype) {
  const bool rounds = op == OpKind::ReduceSum || op == OpKind::ReduceProd;
  return rounds && kind_of(dtype) == DTypeKind::Float ? DType::f64 : dtype;
}

/// A sum of at least two parts of `split_part_bytes`, with less than `split_tiles` results or tiles
/// of `split_columns` columns, is cut into parts, each of which reduces at least `split_elements`
/// to a result, so that the parts' results are little to write and read; see lib/Graph/SplitSums.h.
inline constexpr std::int64_t split_part_bytes = 256 * 1024;
inline constexpr std::int64_t split_tiles = 8;
inline constexpr std::int64_t split_columns = 2048;
inline constexpr std::int64_t split_elements = 128;

/// The lanes of a line of `line` elements, of `element_bytes` each in a block, where `columns`
/// results lie side by side: 1 if the innermost dimension is reduced. One for a line of up to
/// `narrow_line` elements. Else a power of two: so many that the line is one block, but at least 8,
/// and at most what fills `lane_bytes` together with the columns.
[[nodiscard]] constexpr std::int64_t line_lanes(std::int64_t element_bytes, std::int64_t line,
                                                std::int64_t columns) {
  if (line <= narrow_line)
    return 1;
  std::int64_t lanes = 1;
  while ((lanes < 8 || lanes * block_rows < line) &&
         2 * lanes * columns * element_bytes <= lane_bytes)
    lanes *= 2;
  return lanes;
}

} // namespace tsum
