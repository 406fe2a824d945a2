// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Elsewhere.h"
#include "tsum/Graph/Node.h"

#include <algorithm>
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

bool has_open_extent(std::span<const std::int64_t> shape) {
  return std::ranges::find(shape, any) != shape.end();
}

std::string open_shape_to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    text += (dim ? "," : "") + (shape[dim] == any ? "?" : std::to_string(shape[dim]));
  return text + "]";
}

std::string about_open_extents(std::span<const std::int64_t> shape) {
  return "of shape " + open_shape_to_string(shape) +
         " has open extents, which calls decide on (have compile call a function that builds the "
         "graph: compile({input}, [](const Tensor &x) { ... }))";
}

/// The shortest text that reads back as the same float.
template <FloatElement T> static std::string float_to_string(T value) {
  if (std::isnan(static_cast<double>(value)))
    return "nan"; // whatever its sign
  char buffer[32];
  char *end = buffer;
  if constexpr (sizeof(T) > 2) {
    end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
  } else {
    const float number = value;
    for (int digits = 1; digits < 10; ++digits) {
      end = std::to_chars(std::begin(buffer), std::end(buffer), number, std::chars_format::general,
                          digits)
                .ptr;
      float read = 0;
      std::from_chars(buffer, end, read);
      if (T(read).to_bits() == value.to_bits())
        break;
    }
  }
  std::string text(buffer, end);
  if (text.find_first_not_of("-0123456789") == std::string::npos)
    text += ".0";
  return text;
}

std::string element_to_string(DType dtype, const std::byte *element) {
  return visit_dtype(dtype, [&]<class T>(T value) -> std::string {
    if constexpr (std::is_same_v<T, bool>) {
      return *element == std::byte{0} ? "false" : "true";
    } else {
      std::memcpy(&value, element, sizeof(T));
      if constexpr (FloatElement<T>) {
        return float_to_string(value);
      } else if constexpr (ComplexElement<T>) {
        std::string imag = float_to_string(value.imag());
        return float_to_string(value.real()) + (imag.front() == '-' ? "" : "+") + imag + "j";
      } else {
        return std::to_string(value);
      }
    }
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
  auto append = [&](std::string_view what, const std::vector<std::int64_t> &list) {
    if (!list.empty() || (what == "axes" && is_reduction(node.op)))
      text += (text.empty() ? "" : ", ") + std::string(what) + "=" + to_string(list);
  };
  append(node.op == OpKind::Transpose ? "permutation" : "axes", node.axes);
  append("starts", node.starts);
  append("steps", node.steps);
  if (node.keepdims)
    text += ", keepdims";
  if (node.is_exact)
    text += ", exact";
  if (node.divisor != 1)
    text += " over " + std::to_string(node.divisor);
  if (node.node_part >= 0)
    text += ", node " + std::to_string(node.node_part);
  return "(" + text + ")";
}

std::string graph_to_string(const Tensor &tensor) {
  std::string text;
  int place = 0;
  for (const OrderedNode &entry : evaluation_order({&tensor.node(), 1}, /*with_inputs=*/true)) {
    const Node &node = *entry.node;
    text += "%" + std::to_string(place++) + " = ";
    if (const InputNode *input = as_input(node, entry.state.values != nullptr)) {
      text += input->elsewhere ? input->elsewhere->to_string() + " : " : "input : ";
    } else {
      text += op_info(node.op).name;
      text += arguments_to_string(entry) + " : ";
    }
    text += name_of(node.dtype);
    if (!node.shape.empty())
      text += open_shape_to_string(node.shape);
    if (!node.name.empty())
      text += " \"" + node.name + "\"";
    text += '\n';
  }
  return text;
}

} // namespace tsum
