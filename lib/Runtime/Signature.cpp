// SPDX-License-Identifier: Apache-2.0

#include "Signature.h"

#include "tsum/Graph/Fields.h"
#include "tsum/Graph/Layout.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum {

/// Until there are so many nodes, looking at each is quicker than a hash table.
static constexpr std::size_t few_nodes = 16;

/// What a node is, beside its operands and its name, which no code depends on: its lists and its
/// divisor, then its other fields in one word.
static void append_description(const Description &description,
                               std::pmr::vector<std::int64_t> &words) {
  std::int64_t small = 0;
  auto append = [&]<class T>(const T &field) {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      words.push_back(field);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      static_assert(sizeof(T) == 1);
      small = small << 8 | static_cast<std::uint8_t>(field); // also of what is negative
    } else {
      words.push_back(static_cast<std::int64_t>(field.size()));
      words.insert(words.end(), field.begin(), field.end());
    }
  };
  visit_fields(description, [&](const auto &...fields) { (append(fields), ...); });
  words.push_back(small);
}

Signature::Signature(std::span<const Tensor> outputs) {
  nodes.reserve(16);
  text.reserve(128);
  data.reserve(8);
  data_nodes.reserve(8);
  for (const Tensor &output : outputs) {
    const Node::Ptr &node = output.node();
    bool has_values = false;
    node->visit_state([&](const auto &, const auto &values) { has_values = values != nullptr; });
    if (has_values)
      continue;
    pending.push_back(node.get());
    text.push_back(number_of(node));
    if (node->memory >= 0)
      text.insert(text.end(), {-1, node->memory}); // no number
  }
  for (std::size_t place = 0; place < nodes.size() && !data_elsewhere; ++place)
    read(place);
  text_hash = XXH3_64bits(text.data(), text.size() * sizeof(text[0]));
}

/// The place of `node` in the order in which nodes are found.
std::int64_t Signature::number_of(const Node::Ptr &node) {
  const auto next = static_cast<std::int64_t>(nodes.size());
  if (nodes.size() < few_nodes) {
    auto known = std::ranges::find(nodes, node);
    if (known != nodes.end())
      return known - nodes.begin();
  } else {
    if (numbers.empty())
      for (std::size_t place = 0; place < nodes.size(); ++place)
        numbers.emplace(nodes[place].get(), static_cast<std::int64_t>(place));
    auto [known, is_new] = numbers.try_emplace(node.get(), next);
    if (!is_new)
      return known->second;
  }
  nodes.push_back(node);
  return next;
}

void Signature::read(std::size_t place) {
  // The vector grows below.
  const Node &node = *nodes[place];
  node.visit_state(
      [&](const std::vector<Node::Ptr> &operands, const std::shared_ptr<const Storage> &values) {
        if (values) {
          read_leaf(node, values);
          return;
        }
        if (const InputNode *input = as_input(node, false)) {
          data_elsewhere = input->elsewhere;
          if (!data_elsewhere)
            throw_unbound(*input);
          return;
        }
        append_description(node, text);
        text.push_back(static_cast<std::int64_t>(operands.size()));
        for (const Node::Ptr &operand : operands)
          text.push_back(number_of(operand));
      });
}

void Signature::read_leaf(const Node &node, const std::shared_ptr<const Storage> &values) {
  in_place &= tsum::is_in_place(values->strides, node.dtype);
  text.push_back(-1 - static_cast<std::int64_t>(node.dtype)); // no description begins so
  text.push_back(static_cast<std::int64_t>(node.shape.size()));
  for (std::size_t dim = 0; dim < node.shape.size(); ++dim) {
    text.push_back(node.shape[dim]);
    text.push_back(values->strides[dim]);
  }
  data.push_back(values);
  data_nodes.push_back(&node);
}

} // namespace tsum
