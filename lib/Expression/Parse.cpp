// SPDX-License-Identifier: Apache-2.0
#include "tsum/Expression/Parse.h"

#include "Arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <locale.h>
#include <numeric>
#include <optional>
#include <utility>

namespace tsum {

ExpressionError::ExpressionError(const std::string &message, std::string_view text,
                                 std::size_t position)
    : Error([&] {
        // The line of the place, since the text may have several.
        const std::size_t before = text.substr(0, position).rfind('\n');
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        const std::size_t end = std::min(text.find('\n', position), text.size());
        return message + "\n  " + std::string(text.substr(begin, end - begin)) + "\n  " +
               std::string(position - begin, ' ') + "^";
      }()) {}

namespace {

using Binary = Tensor (*)(const Operand &, const Operand &, std::string_view);

struct BinaryOperator {
  std::string_view text;
  int precedence;           ///< higher binds tighter
  Binary build;             ///< of numbers
  Binary build_of_booleans; ///< or null
};

/// Python's, longer ones first where one begins as another.
constexpr BinaryOperator binary_operators[] = {
    {"<<", 5, left_shift, nullptr},
    {">>", 5, right_shift, nullptr},
    {"<=", 1, less_equal, nullptr},
    {">=", 1, greater_equal, nullptr},
    {"==", 1, equal, equal},
    {"!=", 1, not_equal, not_equal},
    {"<", 1, less, nullptr},
    {">", 1, greater, nullptr},
    {"|", 2, bitwise_or, logical_or},
    {"^", 3, bitwise_xor, logical_xor},
    {"&", 4, bitwise_and, logical_and},
    {"+", 6, add, nullptr},
    {"-", 6, subtract, nullptr},
    {"//", 7, floordiv, nullptr},
    {"**", 9, pow, nullptr},
    {"*", 7, multiply, nullptr},
    {"/", 7, divide, nullptr},
    {"%", 7, floormod, nullptr},
};
constexpr int unary_precedence = 8;
constexpr int power_precedence = 9;
constexpr int comparison_precedence = 1;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_boolean(const ExpressionValue &value) {
  const auto *tensor = std::get_if<Tensor>(&value);
  return tensor && tensor->dtype() == DType::boolean;
}

/// How many letters to insert, remove or replace.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j)
      diagonal =
          std::exchange(row[j + 1], std::min({row[j], row[j + 1], diagonal - (a[i] == b[j])}) + 1);
  }
  return row.back();
}

/// By recursive descent, on the text itself.
class Parser {
public:
  Parser(std::string_view text, const NamedTensors &names) : text(text), names(names) {}

  std::vector<Tensor> parse() {
    std::vector<Tensor> results;
    do {
      skip_space();
      const std::size_t begin = at;
      ExpressionValue value = expression(0);
      const auto *tensor = std::get_if<Tensor>(&value);
      if (!tensor)
        throw Fault{"this is no tensor", begin};
      results.push_back(*tensor);
    } while (take(","));
    if (at != text.size())
      throw Fault{"an operator, a comma or the end is expected here", at};
    return results;
  }

private:
  static constexpr int most_nested = 200;

  void skip_space() { at = std::min(text.find_first_not_of(" \t\r\n", at), text.size()); }

  /// Whether `token` was next, and is now behind.
  bool take(std::string_view token) {
    skip_space();
    if (!text.substr(at).starts_with(token))
      return false;
    at += token.size();
    return true;
  }

  void expect(std::string_view token) {
    if (!take(token))
      throw Fault{"'" + std::string(token) + "' is expected here", at};
  }

  const BinaryOperator *peek_operator() {
    skip_space();
    for (const BinaryOperator &op : binary_operators)
      if (text.substr(at).starts_with(op.text))
        return &op;
    return nullptr;
  }

  /// An expression of operators that bind at least as tight as `precedence`.
  ExpressionValue expression(int precedence) {
    if (++depth > most_nested)
      throw Fault{"nested too deeply (more than " + std::to_string(most_nested) + " levels)", at};
    ExpressionValue value = unary();
    bool was_compared = false;
    for (const BinaryOperator *op; (op = peek_operator()) && op->precedence >= precedence;) {
      const std::size_t position = at;
      if (op->precedence == comparison_precedence && std::exchange(was_compared, true))
        throw Fault{"comparisons have two sides (write (a < b) & (b < c))", position};
      at += op->text.size();
      // ** groups from the right and binds tighter than a minus before it.
      ExpressionValue right =
          expression(op->precedence == power_precedence ? unary_precedence : op->precedence + 1);
      value = combine(*op, value, right, position);
    }
    --depth;
    return value;
  }

  ExpressionValue combine(const BinaryOperator &op, const ExpressionValue &left,
                          const ExpressionValue &right, std::size_t position) {
    std::optional<Operand> x = to_operand(left), y = to_operand(right);
    if (!x || !y)
      throw Fault{"'" + std::string(op.text) + "' takes tensors and numbers", position};
    const bool on_booleans = op.build_of_booleans && is_boolean(left) && is_boolean(right);
    return build(position,
                 [&] { return (on_booleans ? op.build_of_booleans : op.build)(*x, *y, {}); });
  }

  /// What `make` gives; what it throws is wrong at `position`.
  template <class Make> static Tensor build(std::size_t position, const Make &make) {
    try {
      return make();
    } catch (const Error &error) {
      throw Fault{error.what(), position};
    }
  }

  ExpressionValue unary() {
    skip_space();
    const std::size_t position = at;
    if (take("+"))
      return expression(unary_precedence);
    if (take("~")) {
      ExpressionValue value = expression(unary_precedence);
      const auto *tensor = std::get_if<Tensor>(&value);
      if (!tensor)
        throw Fault{"'~' takes a tensor", position};
      return build(position,
                   [&] { return is_boolean(value) ? logical_not(*tensor) : invert(*tensor); });
    }
    if (!take("-"))
      return primary();
    ExpressionValue value = expression(unary_precedence);
    if (const auto *integer = std::get_if<std::int64_t>(&value))
      return *integer == std::numeric_limits<std::int64_t>::min()
                 ? ExpressionValue(std::uint64_t{1} << 63)
                 : -*integer;
    if (const auto *integer = std::get_if<std::uint64_t>(&value))
      return *integer == std::uint64_t{1} << 63
                 ? ExpressionValue(std::numeric_limits<std::int64_t>::min())
                 : -static_cast<double>(*integer);
    if (const auto *number = std::get_if<double>(&value))
      return -*number;
    const auto *tensor = std::get_if<Tensor>(&value);
    if (!tensor)
      throw Fault{"'-' takes a tensor or a number", position};
    return build(position, [&] { return negative(*tensor); });
  }

  ExpressionValue primary() {
    skip_space();
    const std::size_t position = at;
    if (at == text.size())
      throw Fault{"an operand is missing here", position};
    if (is_digit(text[at]) || text[at] == '.')
      return number();
    if (is_name_start(text[at]))
      return name();
    if (take("["))
      return integers({}, "]");
    if (!take("("))
      throw Fault{"an operand is expected here", position};
    if (take(")"))
      return std::vector<std::int64_t>();
    ExpressionValue value = expression(0);
    if (take(")"))
      return value;
    // A list, as axes are given.
    const auto *first = std::get_if<std::int64_t>(&value);
    if (!first || !take(","))
      throw Fault{"')' is expected here", at};
    return integers({*first}, ")");
  }

  std::vector<std::int64_t> integers(std::vector<std::int64_t> list, std::string_view end) {
    while (!take(end)) {
      skip_space();
      const std::size_t position = at;
      ExpressionValue value = expression(0);
      const auto *integer = std::get_if<std::int64_t>(&value);
      if (!integer)
        throw Fault{"lists are of integers", position};
      list.push_back(*integer);
      if (!take(",")) {
        expect(end);
        break;
      }
    }
    return list;
  }

  ExpressionValue number() {
    const std::string_view rest = text.substr(at);
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const bool is_integer =
        digits == rest.size() || std::string_view(".eE").find(rest[digits]) == rest.npos;
    // Integers have no end in Python: beyond 64 bits they are floats here.
    if (is_integer) {
      std::uint64_t value = 0;
      if (read(value))
        return std::in_range<std::int64_t>(value)
                   ? ExpressionValue(static_cast<std::int64_t>(value))
                   : value;
    }
    double value = 0;
    const std::size_t begin = at;
    if (read(value))
      return value;
    // As Python reads it: too small a number is 0, too large a one infinite.
    static const locale_t c = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return ::strtod_l(std::string(text.substr(begin, at - begin)).c_str(), nullptr, c);
  }

  /// Reads a number that begins here, and moves behind it; false if it is one and out of range,
  /// where integers are not moved behind.
  template <class T> bool read(T &value) {
    const std::string_view rest = text.substr(at);
    auto [end, error] = std::from_chars(rest.begin(), rest.end(), value);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    if (error == std::errc::invalid_argument ||
        (length < rest.size() && is_name_start(rest[length])))
      throw Fault{"this is no number", at};
    const bool is_in_range = error == std::errc();
    if (is_in_range || std::is_floating_point_v<T>)
      at += length;
    return is_in_range;
  }

  std::string_view identifier() {
    const std::size_t begin = at;
    while (at < text.size() && (is_name_start(text[at]) || is_digit(text[at])))
      ++at;
    return text.substr(begin, at - begin);
  }

  ExpressionValue name() {
    const std::size_t position = at;
    const std::string_view word = identifier();
    if (take("("))
      return call(word, position);
    if (auto found = names.find(word); found != names.end())
      return found->second.get();
    if (word == "None")
      return std::monostate();
    if (word == "True" || word == "False")
      return word == "True";
    if (word == "inf" || word == "nan")
      return word == "inf" ? std::numeric_limits<double>::infinity()
                           : std::numeric_limits<double>::quiet_NaN();
    static constexpr DType dtypes[] = {
#define TSUM_DTYPE(NAME, ...) DType::NAME,
#include "tsum/DTypes.def"
    };
    for (DType dtype : dtypes)
      if (name_of(dtype) == word)
        return dtype;
    std::string known;
    for (const auto &[name, tensor] : names)
      known += (known.empty() ? "" : ", ") + name;
    throw Fault{"there is no '" + std::string(word) + "' (" +
                    (known.empty() ? "nothing is given" : "given: " + known) + ")",
                position};
  }

  ExpressionValue call(std::string_view word, std::size_t position) {
    auto table = expression_function_table();
    auto function = std::ranges::find(table, word, &ExpressionFunction::name);
    if (function == table.end()) {
      auto away = [&](const ExpressionFunction &candidate) {
        return edit_distance(candidate.name, word);
      };
      auto nearest = std::ranges::min_element(table, {}, away);
      const bool is_near = away(*nearest) <= std::max<std::size_t>(1, word.size() / 3);
      throw Fault{"there is no function '" + std::string(word) + "' (" +
                      (is_near ? "did you mean '" + std::string(nearest->name) + "'?"
                               : "tsum-run --functions lists them") +
                      ")",
                  position};
    }
    Arguments arguments(function->name, function->parameters, call_arguments(), position);
    return build(position, [&] { return function->build(arguments); });
  }

  std::vector<Argument> call_arguments() {
    std::vector<Argument> arguments;
    while (!take(")")) {
      skip_space();
      Argument argument{{}, {}, at};
      const std::size_t begin = at;
      std::string_view word = at < text.size() && is_name_start(text[at]) ? identifier() : "";
      if (!word.empty() && take("=") && !text.substr(at).starts_with("="))
        argument.name = word;
      else
        at = begin;
      if (argument.name.empty() && !arguments.empty() && !arguments.back().name.empty())
        throw Fault{"an argument by place follows one by name", begin};
      argument.value = expression(0);
      arguments.push_back(std::move(argument));
      if (!take(",")) {
        expect(")");
        break;
      }
    }
    return arguments;
  }

  std::string_view text;
  const NamedTensors &names;
  std::size_t at = 0;
  int depth = 0;
};

} // namespace

std::vector<Tensor> parse_expressions(std::string_view text, const NamedTensors &names) {
  Parser parser(text, names);
  try {
    return parser.parse();
  } catch (const Fault &fault) {
    throw ExpressionError(fault.message, text, fault.position);
  }
}

} // namespace tsum
