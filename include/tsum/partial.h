// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

class [[gnu::visibility("hidden")]] PartialWork; // private: tsum/Partial/PartialWork.h

/// Where a part of a tensor lies: the whole one is cut along `axis`, which may count from the last
/// and along which it has `extent` elements. The part has all other dimensions whole.
struct PartOf {
  std::int64_t axis;
  std::int64_t begin; ///< of the part, along the axis
  std::int64_t extent;
};

/// What is known of a reduction once some parts of its operand have been seen: what threads,
/// ranks, files read in pieces and checkpoints exchange. Partial reductions of different parts
/// merge, in any order, and when all parts are in, the result has the bits of the one that is
/// evaluated in one go. No cut shows in it, wherever it is.
///
/// \code
///   PartialReduction sum(reduce_sum(upper), {.axis = 0, .begin = 0, .extent = 1000});
///   sum.merge(PartialReduction(reduce_sum(lower), {.axis = 0, .begin = 600, .extent = 1000}));
///   Tensor total = sum.result();   // that of reduce_sum over all 1000 rows
/// \endcode
///
/// Of sums and products of floats it holds the nodes of the summation tree (docs/numerics.md) that
/// the parts fill, at most twice as many as the tree has levels for each range and result; and
/// where the cut axis is the innermost of those that are reduced, the elements of blocks that a
/// cut goes through, of which a range has two at most. Where outer axes are reduced, too, there is
/// a tree for each index of these. Of an exact sum it holds limbs, of all else, which needs no
/// order, what the reduction itself gives. It is a value: copies are cheap and share nothing that
/// changes.
class PartialReduction {
public:
  // Moving it copies it: a handle is never empty. Copies share their contents until one merges.
  PartialReduction(const PartialReduction &) = default;
  PartialReduction &operator=(const PartialReduction &) = default;

  /// Computes what `part_reduction` takes of its operand, a part of a whole one; does not evaluate
  /// `part_reduction` itself. Takes sums, products, largest and smallest elements, any and all of
  /// what tsum/reductions.h has, and sums of complex numbers, over axes of which one is cut.
  /// Results of parts that are cut along another axis lie side by side.
  ///
  /// Compiled code does it, at the speed of the reduction; but an exact sum runs on one thread.
  /// docs/embedding.md says how means and variances are made of sums.
  ///
  /// \throws Error if `part_reduction` is anything else or has been evaluated. AxisError if the
  /// axis is none that it reduces. ShapeError if the part does not fit into the extent.
  PartialReduction(const Tensor &part_reduction, const PartOf &place);

  /// Adds the parts that `other` has seen. O(nodes * results); what follows all that has been seen
  /// costs no copy of it.
  /// \throws Error, naming the ranges or what differs, if some elements are in both or if the two
  /// are not of the same reduction; nothing has changed then.
  void merge(const PartialReduction &other);

  struct Range {
    std::int64_t begin, end;
    bool operator==(const Range &) const = default;
  };
  /// What it has seen, along the cut axis: ascending, with gaps between.
  [[nodiscard]] std::vector<Range> ranges() const;
  /// Whether that is all.
  [[nodiscard]] bool is_complete() const;

  /// The values of the reduction of the whole tensor.
  /// \throws Error, naming what is missing, unless it is complete.
  [[nodiscard]] Tensor result() const;

  /// All of it, for another process, whatever the order of bytes there, or a file. Equal bytes mean
  /// equal partial reductions.
  [[nodiscard]] std::vector<std::byte> to_bytes() const;
  /// What `to_bytes` gave. \throws Error, saying what is wrong, for anything else, and for bytes of
  /// another format or order of additions. What bytes say that they do not have takes no memory.
  [[nodiscard]] static PartialReduction from_bytes(std::span<const std::byte> bytes);

  /// What is reduced, and the nodes: a line for each, with the first of its values.
  [[nodiscard]] std::string to_string() const;
  friend std::ostream &operator<<(std::ostream &stream, const PartialReduction &partial);

private:
  struct State;
  friend class PartialWork;
  explicit PartialReduction(std::shared_ptr<State> state) : state(std::move(state)) {}

  std::shared_ptr<State> state;
};

} // namespace tsum

#pragma GCC visibility pop
