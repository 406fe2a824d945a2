// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace tsum::divided {

/// Some of the indices along a dimension: `start`, `start + step` and so on, `count` of them.
struct Section {
  std::int32_t dim = 0;
  std::int64_t start = 0, step = 1, count = 0;

  auto operator<=>(const Section &) const = default;
};

/// The data of an input: a section of it, or all of it. What it gives need not have values.
using DataOf = std::function<Tensor(const InputNode &, const std::optional<Section> &)>;

/// What nodes are known to be, though they have no values.
using Known = std::unordered_map<Node::Ptr, Tensor>;

/// Graphs of sections of nodes, which read only the sections of the data that these need. The
/// elements have the bits that they have in the whole: none depends on another but by a reduction,
/// and of those none is over the dimension of the section.
class Piece {
public:
  /// \p known must outlive the piece.
  Piece(DataOf data_of, const Known &known) : data_of(std::move(data_of)), known(known) {}

  /// A section of `node`, or all of it. \throws what `DataOf` throws.
  [[nodiscard]] Tensor of(const Node::Ptr &node, const std::optional<Section> &section);

  /// Nodes that sections needed as a whole, though they are neither data nor mere views of it, so
  /// that all pieces may share their values.
  [[nodiscard]] const std::vector<Node::Ptr> &shared() const { return shared_nodes; }

private:
  using Operands = std::vector<Node::Ptr>;
  using Wanted = std::optional<Section>;

  struct Deeper;

  [[nodiscard]] Tensor make_and_keep(const Node::Ptr &node, const Wanted &section);
  [[nodiscard]] Tensor make(const Node::Ptr &node, const Wanted &wanted);
  [[nodiscard]] Tensor all_of(const Node::Ptr &node, const Operands &operands);
  [[nodiscard]] Tensor section_of(const Node &node, const Operands &operands,
                                  const Section &section);
  [[nodiscard]] Tensor slice_of(const Node &node, const Node::Ptr &operand, const Section &section);
  [[nodiscard]] Tensor reshape_of(const Node &node, const Node::Ptr &operand,
                                  const Section &section);
  /// All of `node`, which other pieces need, too.
  [[nodiscard]] Tensor shared_by_all(const Node::Ptr &node);

  DataOf data_of;
  const Known &known;
  std::map<std::pair<Node::Ptr, Wanted>, Tensor> made;
  std::vector<Node::Ptr> shared_nodes;
  int depth = 0;
};

} // namespace tsum::divided
