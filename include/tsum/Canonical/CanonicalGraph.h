// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum {

/// An expression graph in canonical form: all that compiled code depends on, and nothing else.
///
/// Every value is a tensor over some of the graph's dimensions, which are common to all of them:
/// adding `x[i,j]` and `y[j]` makes a graph with the dimensions i and j. Since an elementwise
/// operation or a sum does not care in which order dimensions are named, the graph orders them by
/// the strides of its data, so that a transposed matrix summed over axis 0 is the same graph as a
/// row-major one summed over axis 1. Dimensions of extent 1 and strides of 0 are dropped, negative
/// strides flipped, and neighbours that lie contiguous in all data and are reduced together are
/// merged.
///
/// A sum or a product of floats adds in the order of its operand as the user sees it
/// (tsum/Graph/SummationTree.h), which `Value::axes` tells. So the dimensions that it reduces are
/// not flipped, and they merge only where that keeps the order.
///
/// Two equal canonical graphs run the same code. The code of data elsewhere, of other names, of
/// other user shapes, is found by binding: see `Canonicalized`.
struct CanonicalGraph {
  struct Value {
    OpKind op = OpKind::Constant;
    DType dtype = DType::f32;
    /// The dimensions it extends over, ascending (outermost first). An elementwise operation
    /// broadcasts its operands to its own.
    std::vector<std::int32_t> dims;
    std::vector<std::int32_t> operands; ///< values before this one
    /// Of a reduction: the dimensions that it reduces, which its operand has and it does not. If
    /// the reduction `is_ordered`, they nest as in the user's tensor, outermost first; else they
    /// are ascending, so that equal graphs are equal.
    std::vector<std::int32_t> axes;
    /// Of data (`Constant`): in elements, one per dimension, none 0. Of an `Iota`: what it counts
    /// by.
    std::vector<std::int64_t> strides;
    std::int64_t offset = 0; ///< of an `Iota`: its first number
    /// A sum of floats that is rounded once, from its exact value.
    bool is_exact = false;
    std::int64_t divisor = 1; ///< of that value; the dtype is what it is rounded to
    /// Of an ordered reduction: the number of its node that it gives, as f64, or -1 for its result.
    std::int8_t node_part = -1;

    [[nodiscard]] bool has_strides() const { return op == OpKind::Constant || op == OpKind::Iota; }
    bool operator==(const Value &) const = default;
  };

  std::vector<std::int64_t> extents; ///< of the dimensions, outermost first; none is 1
  std::vector<Value> values;         ///< in the order of evaluation; the data first
  std::vector<std::int32_t> outputs; ///< values, each stored row-major over its dims
  /// How many bytes its kernels may have in memory at once, beside data and outputs, or -1.
  std::int64_t memory = -1;

  /// Whether `value` is a reduction whose result depends on the order of its operand's elements: a
  /// sum or a product of floats that is not exact, and not of nothing.
  [[nodiscard]] bool is_ordered(const Value &value) const;
  /// Of the elements of `value`.
  [[nodiscard]] std::int64_t byte_count(const Value &value) const;

  bool operator==(const CanonicalGraph &) const = default;
  [[nodiscard]] std::uint64_t hash() const;
  /// A line per value, for logs and tests: `%2 = reduce_sum %1 : f32[d0=1024]`. Axes that are not
  /// ascending are shown: `%2 = reduce_sum %1 axes [d1,d0] : f32`.
  [[nodiscard]] std::string to_string() const;
};

/// A canonical graph and how one particular evaluation is bound to it.
struct Canonicalized {
  CanonicalGraph graph;

  /// For each data value, in order: where element 0 of the canonical form lies, and what keeps it
  /// alive.
  struct Argument {
    const std::byte *data = nullptr;
    std::shared_ptr<const Storage> storage;
  };
  std::vector<Argument> arguments;

  /// For each output: the node it gives its values, and the place of the node's dimensions in the
  /// packed result.
  struct Result {
    Node::Ptr node;
    ByteStrides strides;     ///< one per dimension of the node
    std::int64_t offset = 0; ///< bytes from the result's start to the node's element 0
    std::int64_t bytes = 0;
  };
  std::vector<Result> results;

  /// Nodes that need values before the outputs can be canonicalized: where the same dimension would
  /// have to run two ways at once, as in `reduce_sum(y, 0) + reduce_sum(y, 1)` of a computed `y`,
  /// and where the shape of a computed value changes by more than extents of 1.
  /// The caller evaluates one group of them after the other and asks again; the rest is empty then.
  std::vector<std::vector<Node::Ptr>> needed_first;
};

/// The canonical form of what `outputs` (none of which has values yet) compute. An output that
/// changes nothing, such as a sum over no axes, is the value that it was made of, which may be
/// data. O(nodes * rank^2), and a logarithm of it. `memory` is the graph's.
[[nodiscard]] Canonicalized canonicalize(std::span<const Node::Ptr> outputs,
                                         std::int64_t memory = -1);

} // namespace tsum
