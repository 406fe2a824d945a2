// SPDX-License-Identifier: Apache-2.0
#include "Arguments.h"

#include "tsum/Graph/Node.h"

#include <algorithm>

namespace tsum {

static std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> list;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    list.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return list;
}

static std::string describe(const ExpressionValue &value) {
  struct Describe {
    std::string operator()(std::monostate) const { return "None"; }
    std::string operator()(const Tensor &tensor) const {
      return "a tensor " + std::string(name_of(tensor.dtype())) + to_string(tensor.shape());
    }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const {
      return element_to_string(DType::f64, reinterpret_cast<const std::byte *>(&number));
    }
    std::string operator()(bool flag) const { return flag ? "True" : "False"; }
    std::string operator()(DType dtype) const { return "the dtype " + std::string(name_of(dtype)); }
    std::string operator()(const std::vector<std::int64_t> &list) const { return to_string(list); }
  };
  return std::visit(Describe(), value);
}

std::optional<Operand> to_operand(const ExpressionValue &value) {
  if (const auto *tensor = std::get_if<Tensor>(&value))
    return Operand(*tensor);
  if (const auto *integer = std::get_if<std::int64_t>(&value))
    return Operand(*integer);
  if (const auto *integer = std::get_if<std::uint64_t>(&value))
    return Operand(*integer);
  if (const auto *number = std::get_if<double>(&value))
    return Operand(*number);
  return std::nullopt;
}

Arguments::Arguments(std::string_view function, std::string_view parameters,
                     std::vector<Argument> given, std::size_t position)
    : function(function), position(position) {
  const std::vector<std::string_view> names = split(parameters);
  const std::string signature = std::string(function) + "(" + [&] {
    std::string list;
    for (std::string_view name : names)
      list += (list.empty() ? "" : ", ") + std::string(name);
    return list;
  }() + ")";
  std::size_t place = 0;
  for (Argument &argument : given) {
    if (argument.name.empty()) {
      if (place == names.size())
        throw Fault{"too many arguments (" + signature + ")", argument.position};
      argument.name = names[place++];
    } else if (std::ranges::find(names, argument.name) == names.end()) {
      throw Fault{"there is no parameter '" + std::string(argument.name) + "' (" + signature + ")",
                  argument.position};
    }
    const std::string_view name = argument.name;
    const std::size_t where = argument.position;
    if (!by_name.emplace(name, std::move(argument)).second)
      throw Fault{"'" + std::string(name) + "' is given twice (" + signature + ")", where};
  }
}

const Argument *Arguments::find(std::string_view parameter) const {
  auto found = by_name.find(parameter);
  // None is the same as nothing, as in Python.
  return found == by_name.end() || std::holds_alternative<std::monostate>(found->second.value)
             ? nullptr
             : &found->second;
}

bool Arguments::has(std::string_view parameter) const { return find(parameter) != nullptr; }

const Argument &Arguments::get(std::string_view parameter) const {
  if (const Argument *argument = find(parameter))
    return *argument;
  throw Fault{std::string(function) + ": '" + std::string(parameter) + "' is missing", position};
}

void Arguments::refuse(const Argument &argument, std::string_view wanted) const {
  throw Fault{std::string(function) + ": '" + std::string(argument.name) + "' is " +
                  describe(argument.value) + " (it must be " + std::string(wanted) + ")",
              argument.position};
}

Tensor Arguments::tensor(std::string_view parameter) const {
  const Argument &argument = get(parameter);
  if (const auto *tensor = std::get_if<Tensor>(&argument.value))
    return *tensor;
  refuse(argument, "a tensor");
}

std::optional<Tensor> Arguments::optional_tensor(std::string_view parameter) const {
  return has(parameter) ? std::optional(tensor(parameter)) : std::nullopt;
}

Operand Arguments::operand(std::string_view parameter) const {
  const Argument &argument = get(parameter);
  if (std::optional<Operand> operand = to_operand(argument.value))
    return *operand;
  refuse(argument, "a tensor or a number");
}

std::vector<std::int64_t> Arguments::integers(std::string_view parameter) const {
  const Argument &argument = get(parameter);
  if (const auto *number = std::get_if<std::int64_t>(&argument.value))
    return {*number};
  if (const auto *list = std::get_if<std::vector<std::int64_t>>(&argument.value))
    return *list;
  refuse(argument, "an integer or a list of them");
}

Axes Arguments::axes(std::string_view parameter, const Axes &otherwise) const {
  return has(parameter) ? Axes(integers(parameter)) : otherwise;
}

std::int64_t Arguments::integer(std::string_view parameter,
                                std::optional<std::int64_t> otherwise) const {
  if (otherwise && !has(parameter))
    return *otherwise;
  const Argument &argument = get(parameter);
  if (const auto *number = std::get_if<std::int64_t>(&argument.value))
    return *number;
  refuse(argument, "an integer");
}

double Arguments::number(std::string_view parameter, double otherwise) const {
  const Argument *argument = find(parameter);
  if (!argument)
    return otherwise;
  if (const auto *integer = std::get_if<std::int64_t>(&argument->value))
    return static_cast<double>(*integer);
  if (const auto *integer = std::get_if<std::uint64_t>(&argument->value))
    return static_cast<double>(*integer);
  if (const auto *number = std::get_if<double>(&argument->value))
    return *number;
  refuse(*argument, "a number");
}

bool Arguments::flag(std::string_view parameter) const {
  const Argument *argument = find(parameter);
  if (!argument)
    return false;
  if (const auto *flag = std::get_if<bool>(&argument->value))
    return *flag;
  refuse(*argument, "True or False");
}

DType Arguments::dtype(std::string_view parameter) const {
  const Argument &argument = get(parameter);
  if (const auto *dtype = std::get_if<DType>(&argument.value))
    return *dtype;
  refuse(argument, "a dtype, such as f32");
}

} // namespace tsum
