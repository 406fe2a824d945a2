// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Expression/Parse.h"
#include "tsum/ops.h"

#include <variant>

namespace tsum {

/// What a part of an expression stands for.
using ExpressionValue = std::variant<std::monostate, // None
                                     Tensor, std::int64_t,
                                     std::uint64_t, // what is beyond 63 bits
                                     double, bool, DType, std::vector<std::int64_t>>;

/// A fault at a place of the text, which whoever knows the text reports.
struct Fault {
  std::string message;
  std::size_t position;
};

struct Argument {
  std::string_view name; ///< empty for one given by place
  ExpressionValue value;
  std::size_t position;
};

/// The arguments of one call by the names of the function's parameters. What is missing or of the
/// wrong kind is a Fault.
class Arguments {
public:
  /// `parameters` are names with spaces between them.
  Arguments(std::string_view function, std::string_view parameters, std::vector<Argument> given,
            std::size_t position);

  [[nodiscard]] Tensor tensor(std::string_view parameter) const;
  [[nodiscard]] std::optional<Tensor> optional_tensor(std::string_view parameter) const;
  /// A tensor or a number.
  [[nodiscard]] Operand operand(std::string_view parameter) const;
  [[nodiscard]] Axes axes(std::string_view parameter, const Axes &otherwise = all_axes) const;
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view parameter) const;
  [[nodiscard]] std::int64_t integer(std::string_view parameter,
                                     std::optional<std::int64_t> otherwise = {}) const;
  [[nodiscard]] double number(std::string_view parameter, double otherwise) const;
  [[nodiscard]] bool flag(std::string_view parameter) const;
  [[nodiscard]] DType dtype(std::string_view parameter) const;
  [[nodiscard]] bool has(std::string_view parameter) const;

private:
  [[nodiscard]] const Argument *find(std::string_view parameter) const;
  [[nodiscard]] const Argument &get(std::string_view parameter) const;
  [[noreturn]] void refuse(const Argument &argument, std::string_view wanted) const;

  std::string_view function;
  std::size_t position;
  std::map<std::string_view, Argument> by_name;
};

/// A function that expressions may call.
struct ExpressionFunction {
  std::string_view name;
  std::string_view parameters;
  Tensor (*build)(const Arguments &arguments);
};

/// All of them, ordered by name.
[[nodiscard]] std::span<const ExpressionFunction> expression_function_table();

/// The operand that `value` is, or nothing.
[[nodiscard]] std::optional<Operand> to_operand(const ExpressionValue &value);

} // namespace tsum
