// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tsum {

/// What is wrong with the text of an expression. The message ends with the text and a caret below
/// the place.
class ExpressionError : public Error {
public:
  ExpressionError(const std::string &message, std::string_view text, std::size_t position);
};

/// What an expression may name: a tensor, or one that is read when it is named first.
class NamedTensor {
public:
  NamedTensor(Tensor tensor) : tensor(std::move(tensor)) {}
  NamedTensor(std::function<Tensor()> read) : read(std::move(read)) {}

  /// Throws what reading throws.
  [[nodiscard]] const Tensor &get() const {
    if (!tensor)
      tensor = read();
    return *tensor;
  }
  [[nodiscard]] bool is_read() const { return tensor.has_value(); }

private:
  mutable std::optional<Tensor> tensor;
  std::function<Tensor()> read;
};

using NamedTensors = std::map<std::string, NamedTensor, std::less<>>;

/// The tensors that `text` describes: expressions with commas between them, such as
/// `reduce_sum(square(x - y), axis=1), reduce_max(x)`.
///
/// Operators, their precedence and literals are Python's; functions are the API's, with its
/// parameters by place or by name. `names` are what else may be named.
///
/// \throws ExpressionError for a text that is none, and in place of what building the graph throws;
/// what reading a named tensor throws.
[[nodiscard]] std::vector<Tensor> parse_expressions(std::string_view text,
                                                    const NamedTensors &names);

/// "reduce_sum(x, axis, keepdims)": all functions, in alphabetical order.
[[nodiscard]] std::vector<std::string> expression_functions();

} // namespace tsum
