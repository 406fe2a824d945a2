// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace tsum {

std::string to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    text += (dim ? "," : "") + std::to_string(shape[dim]);
  return text + "]";
}

std::string element_to_string(DType dtype, const std::byte *element) {
  return visit_dtype(dtype, [&]<class T>(T value) -> std::string {
    std::memcpy(&value, element, sizeof(T));
    char buffer[32];
    std::string text(buffer, std::to_chars(std::begin(buffer), std::end(buffer), value).ptr);
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value))
        return "nan"; // whatever its sign
      if (text.find_first_not_of("-0123456789") == std::string::npos)
        text += ".0";
    }
    return text;
  });
}

/// What stands between the operation's name and the colon: "(%0, axes=[1])", or a scalar's value.
static std::string arguments_to_string(const OrderedNode &entry) {
  const Node &node = *entry.node;
  if (entry.state.values) {
    if (node.shape.empty())
      return "(" + element_to_string(node.dtype, entry.state.values->data) + ")";
    return node.op == OpKind::Constant ? "" : "(evaluated)";
  }
  std::string text;
  for (std::int32_t operand : entry.operands)
    text += (text.empty() ? "%" : ", %") + std::to_string(operand);
  if (node.op == OpKind::ReduceSum) {
    text += ", axes=" + to_string(node.axes);
    if (node.keepdims)
      text += ", keepdims";
  }
  return "(" + text + ")";
}

std::string graph_to_string(const Tensor &tensor) {
  std::string text;
  int place = 0;
  for (const OrderedNode &entry : evaluation_order({&tensor.node(), 1})) {
    const Node &node = *entry.node;
    text += "%" + std::to_string(place++) + " = ";
    text += op_info(node.op).name;
    text += arguments_to_string(entry) + " : ";
    text += name_of(node.dtype);
    if (!node.shape.empty())
      text += to_string(node.shape);
    if (!node.name.empty())
      text += " \"" + node.name + "\"";
    text += '\n';
  }
  return text;
}

} // namespace tsum
