// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/CanonicalGraph.h"

#include "tsum/Graph/Fields.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum {

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
    text += value.is_partial ? " partial" : "";
    text += value.is_of_parts ? " of_parts" : "";
    text += value.is_exact ? " exact : " : " : ";
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
  return text + '\n';
}

} // namespace tsum
