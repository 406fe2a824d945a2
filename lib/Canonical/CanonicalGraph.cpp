// SPDX-License-Identifier: Apache-2.0
#include "tsum/Canonical/CanonicalGraph.h"

#include "tsum/Canonical/Fields.h"
#include "tsum/Graph/SummationTree.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum {

bool CanonicalGraph::is_ordered(const Value &value) const {
  auto is_empty = [this](std::int32_t dim) { return extents[static_cast<std::size_t>(dim)] == 0; };
  return is_reduction(value.op) && tsum::is_ordered(value.op, value.dtype, value.is_exact) &&
         std::ranges::none_of(value.dims, is_empty) && std::ranges::none_of(value.axes, is_empty);
}

std::int64_t CanonicalGraph::byte_count(const Value &value) const {
  std::int64_t bytes = size_of(value.dtype);
  for (std::int32_t dim : value.dims)
    bytes *= extents[static_cast<std::size_t>(dim)];
  return bytes;
}

std::uint64_t CanonicalGraph::hash() const {
  FieldWriter writer;
  writer.write(*this);
  return XXH3_64bits(writer.words.data(), writer.words.size() * sizeof(writer.words[0]));
}

std::string CanonicalGraph::to_string() const {
  std::string text;
  for (std::size_t place = 0; place < values.size(); ++place) {
    const Value &value = values[place];
    text += "%" + std::to_string(place) + " = ";
    text += op_info(value.op).name;
    std::string separator = " %";
    for (std::int32_t operand : value.operands) {
      text += separator + std::to_string(operand);
      separator = ", %";
    }
    separator = " axes [d";
    if (!std::ranges::is_sorted(value.axes)) {
      for (std::int32_t axis : value.axes) {
        text += separator + std::to_string(axis);
        separator = ",d";
      }
      text += "]";
    }
    if (value.node_part >= 0)
      text += " node " + std::to_string(value.node_part);
    if (value.is_exact)
      text += " exact";
    if (value.divisor != 1)
      text += " over " + std::to_string(value.divisor);
    text += " : ";
    text += name_of(value.dtype);
    separator = "[d";
    for (std::int32_t dim : value.dims) {
      text += separator + std::to_string(dim) + "=" +
              std::to_string(extents[static_cast<std::size_t>(dim)]);
      separator = ", d";
    }
    if (!value.dims.empty())
      text += "]";
    if (!value.strides.empty())
      text += " strides " + tsum::to_string(value.strides);
    if (value.offset != 0)
      text += " offset " + std::to_string(value.offset);
    text += '\n';
  }
  std::string separator = "return %";
  for (std::int32_t output : outputs) {
    text += separator + std::to_string(output);
    separator = ", %";
  }
  if (memory >= 0)
    text += " within " + std::to_string(memory) + " bytes";
  return text + '\n';
}

} // namespace tsum
