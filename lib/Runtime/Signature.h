// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <array>
#include <memory_resource>
#include <unordered_map>

namespace tsum {

/// What an expression graph is before it is made canonical: its operations, shapes, dtypes, the
/// layouts of its data, and which nodes are shared. Two graphs of equal signature have equal
/// canonical graphs, bound to their data in the same way. It is found in one walk over the nodes,
/// a fraction of what canonicalization takes, and without allocating for small graphs.
///
/// A signature is bound to the thread's stack: neither copied nor kept.
class Signature {
public:
  /// Reads the graph behind those of `outputs` that have no values, or until it finds an input
  /// whose data is elsewhere. \throws Error for an input that has none.
  explicit Signature(std::span<const Tensor> outputs);
  Signature(const Signature &) = delete;
  Signature &operator=(const Signature &) = delete;

  /// The outputs that have no values, in order.
  [[nodiscard]] std::span<const Node *const> outputs() const { return pending; }
  /// The values of the nodes that have some, which nothing is read behind.
  [[nodiscard]] std::span<const std::shared_ptr<const Storage>> leaves() const { return data; }
  /// The nodes behind `leaves()`.
  [[nodiscard]] std::span<const Node *const> leaf_nodes() const { return data_nodes; }
  [[nodiscard]] std::span<const std::int64_t> words() const { return text; }
  [[nodiscard]] std::uint64_t hash() const { return text_hash; }
  /// Where the data of an input is, of the first one that has it elsewhere; the signature is none
  /// then.
  [[nodiscard]] const std::shared_ptr<const Elsewhere> &elsewhere() const { return data_elsewhere; }
  /// Whether all data can be read in place: with strides in whole elements.
  [[nodiscard]] bool is_in_place() const { return in_place; }

private:
  std::int64_t number_of(const Node::Ptr &node);
  void read(std::size_t place);
  void read_leaf(const Node &node, const std::shared_ptr<const Storage> &values);

  std::array<std::byte, 3072> buffer; // enough for some ten nodes
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  std::pmr::vector<Node::Ptr> nodes{&memory};
  std::pmr::unordered_map<const Node *, std::int64_t> numbers{&memory}; // of many nodes
  std::pmr::vector<const Node *> pending{&memory};
  std::pmr::vector<std::shared_ptr<const Storage>> data{&memory};
  std::pmr::vector<const Node *> data_nodes{&memory};
  std::pmr::vector<std::int64_t> text{&memory};
  std::shared_ptr<const Elsewhere> data_elsewhere;
  std::uint64_t text_hash = 0;
  bool in_place = true;
};

} // namespace tsum
