// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <bit>

namespace tsum {

/// The order in which a sum of floats adds: part of the semantics of `reduce_sum`, whatever code
/// computes it. Products multiply in the same order.
///
/// It is a function of the *logical operand* alone: of its values, its shape, which dimensions are
/// reduced, its dtype, and the accuracy. The logical operand is the tensor that the user's
/// reduction reads, with its dimensions in their order, wherever its elements lie or whatever
/// computes them. So a result has the same bits for any strides, for any number of threads, on any
/// processor, alone or beside other results. Integers wrap and need no order, nor do the other
/// reductions, nor exact sums; complex sums are two real ones. f16 and bf16 are widened first.
///
/// Extents of 1 take no part: a reduction over such axes alone is its operand, -0 and all. Let
/// r1, ..., rk be the reduced dimensions that are left, in the order of the operand's dimensions. A
/// *line* is the elements along rk, for one index of all other dimensions.
///
/// 1. The elements become block elements: of type f32 where f16, bf16 and f32 are summed; else,
///    where f64 is summed and for all products, of type f64.
/// 2. A line is cut into *blocks* of `block_elements` elements, of which the last may be short.
///    Element i of a block is in lane i mod `block_lanes`. Each lane adds its elements in order:
///    b = element l; b = b + element l + 16; ... Then the lanes fold by halves: for h = 8, 4, 2, 1
///    and l < h: lane[l] = lane[l] + lane[l + h]. All of it is in the block type. A lane without an
///    element adds nothing; adding +0 for it (multiplying by 1) gives the same result.
/// 3. The block's value becomes a *node*, and nodes merge:
///
///          operand      node                 merge x, y
///     sum  f16 bf16 f32 f64(value)           x + y
///     sum  f64          (hi = value, lo = 0) (hi, e) = two_sum(x.hi, y.hi);
///                                            lo = (x.lo + y.lo) + e
///     prod f16 bf16 f32 value                x * y
///     prod f64          (hi = value, lo = 0) (hi, e) = two_product(x.hi, y.hi);
///                                            lo = fma(x.hi, y.lo, fma(x.lo, y.hi, e))
///
///     two_sum(a, b) (Knuth): s = a + b; t = s - a; e = (a - (s - t)) + (b - t); gives (s, e)
///     two_product(a, b): p = a * b; gives (p, fma(a, b, -p))
///
/// 4. Above the blocks everything is the balanced binary tree over the index:
///    node(l, i) = merge(node(l - 1, 2i), node(l - 1, 2i + 1)), where a missing right child passes
///    the left one on. First over the blocks of a line; then over the lines along r(k-1); then over
///    what these gave along r(k-2); and so on, r1 last.
/// 5. The result is the last node, of a pair hi + lo, or hi if it is not finite or lo is 0. A sum
///    adds +0 to it, so that a sum of -0s is +0. It is rounded once to the dtype. Of nothing a sum
///    is 0, a product 1.
///
/// Every operation rounds once, to nearest even; none is contracted to a fused multiply-add.
///
/// The error of a sum. With the unit roundoff u (f32: 2^-24, f64: 2^-53), an element takes part in
/// at most 15 additions of its lane and 4 of the fold, so that the blocks are off by at most
/// 19 u sum|x|; rounding the result adds 1 u. What is between counts for nothing: the tree has at
/// most 63 levels, each of which rounds by 2^-53 for f32, and for f64 two_sum is exact and lo
/// rounds terms of order u^2. So |result - exact| <= `error_bound` u sum|x|, and terms of order
/// u^2, whatever the number of elements; f16 and bf16 are rounded to once more. A block whose
/// elements overflow the block type gives an infinity, even where the whole sum would be finite.
///
/// The relative errors of a product's multiplications add up: of n factors of f64 within blocks to
/// n u, of f16, bf16 and f32 to n 2^-53 and the last rounding.
///
/// Whoever changes a bit of this changes the version, which is part of every key of a cache.
inline constexpr int summation_order_version = 2;
inline constexpr std::int64_t block_elements = 256;
inline constexpr std::int64_t block_lanes = 16;
inline constexpr int error_bound = 20;

/// Whether the order in which the reduction `op` takes its elements shows in its result.
[[nodiscard]] constexpr bool is_ordered(OpKind op, DType dtype, bool is_exact) {
  const bool rounds = op == OpKind::ReduceSum || op == OpKind::ReduceProd;
  return rounds && !is_exact && kind_of(dtype) == DTypeKind::Float;
}

/// Whether an ordered reduction adds in the same order along two reduced dimensions, of which the
/// inner one follows the outer one in r1, ..., rk, and along one that has the elements of both. It
/// does if the tree over the inner dimension is a full one, so that the trees over the outer
/// dimension are the upper levels of the whole. \p is_line says that the inner dimension is rk,
/// whose blocks must then be whole.
[[nodiscard]] constexpr bool keeps_order_if_merged(std::int64_t inner_extent, bool is_line) {
  const std::int64_t leaf = is_line ? block_elements : 1;
  return inner_extent % leaf == 0 &&
         std::has_single_bit(static_cast<std::uint64_t>(inner_extent / leaf));
}

} // namespace tsum
