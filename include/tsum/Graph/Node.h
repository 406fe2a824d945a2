// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Support/ForkSafe.h"
#include "tsum/tensor.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace tsum {

enum class OpKind : std::uint8_t {
  Constant,
  Iota, ///< numbers that count along dimensions: the sum of `starts[0]` and of index * step
  Cast,
  Where,
  BroadcastTo,
  Reshape,
  Transpose,
  Slice,
  Complex, ///< of a real and an imaginary part
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY) CLASS,
#include "tsum/Reductions.def"
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) CLASS,
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) CLASS,
#include "tsum/Elementwise.def"
};

/// The dtype of an elementwise operation's result: its operands', boolean, or that of their real
/// parts.
enum class ResultKind : std::uint8_t { Same, Bool, Real };

/// What the graph needs to know of an operation; `op_info` looks it up in the op tables.
struct OpInfo {
  std::string_view name; ///< as in the API
  std::uint8_t operands;
  Domain domain;
  ResultKind result = ResultKind::Same;
  OpKind combiner = OpKind::Constant; ///< of a reduction: what combines two elements
};
[[nodiscard]] const OpInfo &op_info(OpKind op);

/// Whether `op` is in tsum/Reductions.def.
[[nodiscard]] constexpr bool is_reduction(OpKind op) {
  switch (op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY) case OpKind::CLASS:
#include "tsum/Reductions.def"
    return true;
  default:
    return false;
  }
}

/// Where a node's values lie. Element (i, j, ...) is at `data + i * strides[0] + j * strides[1] +
/// ...`.
struct Storage {
  std::shared_ptr<const void> owner; ///< keeps `data` alive; null for memory that the caller keeps
  const std::byte *data = nullptr;
  ByteStrides strides;
};

/// An exact sum is divided by at most this, so that remainders and a digit fit into 64 bits.
inline constexpr std::int64_t largest_divisor = (std::int64_t{1} << 47) - 1;

/// What a node computes of its operands. tsum/Graph/Fields.h lists the fields for whoever needs all
/// of them.
struct Description {
  OpKind op = OpKind::Constant;
  DType dtype = DType::f32;
  Shape shape;
  /// Of a reduction: in range, ascending. Of a transpose: the operand's dimension for each of the
  /// result.
  std::vector<std::int64_t> axes;
  bool keepdims = false; ///< of a reduction
  bool is_exact = false; ///< of a sum of floats: see `Accuracy`
  /// Of an exact sum: what it is divided by before it is rounded, once, to `dtype`, which may be
  /// another float than the operand's.
  std::int64_t divisor = 1;
  /// Of a reduction that is ordered: which number of its node it gives in place of its result, or
  /// -1. See tsum/Graph/SummationTree.h. Of a slice that is data: which part of complex data it is.
  std::int8_t node_part = -1;
  /// Of a slice, for each dimension: where in the operand it starts and goes. Of an iota: `starts`
  /// is its first number alone.
  std::vector<std::int64_t> starts, steps;

  bool operator==(const Description &) const = default;
};

/// The gradients with respect to what a node is made of, in its order, from that with respect to
/// the node itself. It holds no nodes: whoever traces a graph makes it of others.
using GradientRule = std::function<std::vector<Tensor>(const Tensor &upstream, const Tensor &result,
                                                       std::span<const Tensor> inputs)>;

/// A node of the graph. Its description never changes; its values appear once, when it is
/// evaluated.
struct Node : Description {
  using Ptr = std::shared_ptr<const Node>;

  std::string name;
  bool has_slices = false;     ///< whether it, or what it is computed from, is a slice
  bool stops_gradient = false; ///< whether gradients take it for a constant
  /// How many bytes kernels may have in memory at once, beside data and outputs, where it or what
  /// is computed of it is evaluated, or -1: the least of what its operands say, at first.
  std::int64_t memory = -1;

  explicit Node(Description description, std::vector<Ptr> operands = {});
  Node(OpKind op, DType dtype, Shape shape, std::vector<Ptr> operands = {})
      : Node(Description{.op = op, .dtype = dtype, .shape = std::move(shape)},
             std::move(operands)) {}
  /// Frees long chains without recursion.
  ~Node();
  Node(const Node &) = delete;
  Node &operator=(const Node &) = delete;

  /// What the value is computed from, or nothing if there are values. One look at both, since an
  /// evaluation by another thread replaces the operands with the values.
  struct State {
    std::vector<Ptr> operands;
    std::shared_ptr<const Storage> values;
  };
  [[nodiscard]] State state() const;
  /// Calls `visit` with the operands and the values, one of which is empty, without a copy of
  /// either. They may go as soon as `visit` returns; it must not touch this node.
  template <class Visit> void visit_state(Visit &&visit) const {
    static const std::vector<Ptr> none;
    std::lock_guard lock(mutex);
    visit(storage ? none : std::as_const(operand_nodes), std::as_const(storage));
  }
  [[nodiscard]] std::shared_ptr<const Storage> values() const;

  /// Gives the node its values and lets go of its operands, whose memory is then free, unless a
  /// recording keeps them. The first call wins.
  void set_values(std::shared_ptr<const Storage> values) const;

  /// What gradients go on to from here. Unlike the operands of `state` it may outlive the
  /// evaluation: of a view of data, and of what is recorded (tsum/Graph/Recording.h).
  struct Origin {
    std::vector<Ptr> inputs;
    GradientRule rule;    ///< in place of the operation's, or none
    bool is_lost = false; ///< it was computed, and nobody kept of what
  };
  [[nodiscard]] Origin origin() const;
  /// Has gradients go on to `inputs` in place of the operands, by `rule` if there is one. For who
  /// builds the node, before others see it; of data it stays as long as the node does.
  void derive_from(std::vector<Ptr> inputs, GradientRule rule = {});
  /// The inputs and the rule that `derive_from` was given, or nothing.
  [[nodiscard]] std::pair<std::vector<Ptr>, GradientRule> derivation() const;
  /// From now on, until `release_origin` has been called as often, values do not replace what the
  /// node is computed from.
  void keep_origin() const;
  void release_origin() const;

  /// The values in row-major order: `values` itself or a copy, which is kept. The node must have
  /// values.
  [[nodiscard]] std::shared_ptr<const Storage> row_major_values() const;

private:
  struct Derivation {
    std::vector<Ptr> inputs;
    GradientRule rule;
  };

  mutable ForkSafeMutex mutex{LockRank::Node};
  mutable std::uint32_t keepers = 0; ///< recordings that keep what it is computed from
  mutable std::vector<Ptr> operand_nodes;
  mutable std::unique_ptr<const Derivation> derived;
  mutable std::shared_ptr<const Storage> storage;
  mutable std::shared_ptr<const Storage> row_major;
};

/// Byte strides of `shape` in row-major order.
[[nodiscard]] ByteStrides row_major_strides(std::span<const std::int64_t> shape, DType dtype);

/// The number of elements of `shape`. \throws ShapeError, naming `op`, if it or the bytes exceed
/// 2^63 - 1, or an extent is negative.
std::int64_t checked_size(std::string_view op, std::span<const std::int64_t> shape, DType dtype);

/// A row-major copy of `values`, which has the given shape and dtype. Reads the elements and
/// nothing between them.
[[nodiscard]] std::shared_ptr<const Storage> pack_row_major(std::span<const std::int64_t> shape,
                                                            DType dtype, const Storage &values);

/// The values of `node`, which must have some, in another shape of as many elements: a view of them
/// where strides can say it, else of their row-major copy.
[[nodiscard]] std::shared_ptr<const Storage> reshape_values(const Node &node,
                                                            std::span<const std::int64_t> shape);

/// The values of a complex tensor of which `real` and `imag`, of the same shape, are the parts.
[[nodiscard]] std::shared_ptr<const Storage> join_parts(const Node &real, const Node &imag);

class Elsewhere; // tsum/Graph/Elsewhere.h

/// A node that stands for data that is given later, or that is elsewhere than in memory. It has
/// neither operands nor values.
struct InputNode : Node {
  InputNode(DType dtype, Shape shape, ByteStrides strides,
            std::shared_ptr<const Elsewhere> elsewhere = nullptr)
      : Node(OpKind::Constant, dtype, std::move(shape)), strides(std::move(strides)),
        elsewhere(std::move(elsewhere)) {}

  const ByteStrides strides;
  const std::shared_ptr<const Elsewhere> elsewhere; ///< null if the data is given later
};

/// `node` as the input that it is, or null. \p has_values tells whether it has values.
[[nodiscard]] inline const InputNode *as_input(const Node &node, bool has_values) {
  return node.op == OpKind::Constant && !has_values ? static_cast<const InputNode *>(&node)
                                                    : nullptr;
}

/// \throws Error saying that `input` has no data.
[[noreturn]] void throw_unbound(const InputNode &input);

/// A node and one look at its state, as `evaluation_order` finds it.
struct OrderedNode {
  Node::Ptr node;
  Node::State state;
  std::vector<std::int32_t> operands; ///< the places of `state.operands` in the order
};

/// The nodes behind `outputs` down to those that have values, each once and after its operands.
/// \throws Error for an input, unless `with_inputs`.
[[nodiscard]] std::vector<OrderedNode> evaluation_order(std::span<const Node::Ptr> outputs,
                                                        bool with_inputs = false);

/// The lesser of two bounds of memory, of which those below 0 are none.
[[nodiscard]] constexpr std::int64_t least_memory(std::int64_t a, std::int64_t b) {
  return a < 0 ? b : b < 0 ? a : std::min(a, b);
}

/// "[2,3]".
[[nodiscard]] std::string to_string(std::span<const std::int64_t> shape);

/// Whether an extent of an input's `shape` is open: `any`.
[[nodiscard]] bool has_open_extent(std::span<const std::int64_t> shape);
/// As `to_string`, of an input that may have open extents: "[?,4096]".
[[nodiscard]] std::string open_shape_to_string(std::span<const std::int64_t> shape);
/// "of shape [?,3] has open extents, ...": why no operation takes an input of `shape`, and what to
/// do.
[[nodiscard]] std::string about_open_extents(std::span<const std::int64_t> shape);

/// The shortest text that reads back as the same value; floats have a point or an exponent: "2.0".
[[nodiscard]] std::string element_to_string(DType dtype, const std::byte *element);

} // namespace tsum
