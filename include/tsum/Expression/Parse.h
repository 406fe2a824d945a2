// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <functional>
#include <map>

namespace tsum {

/// What is wrong with the text of an expression. The message ends with the text and a caret below
/// the place.
class ExpressionError : public Error {
public:
  ExpressionError(const std::string &message, std::string_view text, std::size_t position);
};

using NamedTensors = std::map<std::string, Tensor, std::less<>>;

/// The tensors that `text` describes: expressions with commas between them, such as
/// `reduce_sum(square(x - y), axis=1), reduce_max(x)`.
///
/// Operators, their precedence and literals are Python's; functions are the API's, with its
/// parameters by place or by name. `names` are what else may be named.
///
/// \throws ExpressionError for a text that is none, and in place of what building the graph throws.
[[nodiscard]] std::vector<Tensor> parse_expressions(std::string_view text,
                                                    const NamedTensors &names);

/// "reduce_sum(x, axis, keepdims)": all functions, in alphabetical order.
[[nodiscard]] std::vector<std::string> expression_functions();

} // namespace tsum
