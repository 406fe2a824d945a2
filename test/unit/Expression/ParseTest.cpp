// SPDX-License-Identifier: Apache-2.0
#include "tsum/Expression/Parse.h"
#include "tsum/ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

using namespace tsum;
using testing::HasSubstr;

namespace {

const NamedTensors names = {
    {"x", constant({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}}, "x")},
    {"i", constant({7, 8, 9}, "i")},
    {"b", constant({true, false}, "b")},
};

/// The graph that `text` builds.
std::string graph(std::string_view text) {
  return graph_to_string(parse_expressions(text, names).at(0));
}

/// The message with which `text` is refused.
std::string refusal(std::string_view text) {
  try {
    (void)parse_expressions(text, names);
  } catch (const ExpressionError &error) {
    return error.what();
  }
  return "accepted";
}

const Tensor &x = names.at("x").get();
const Tensor &i = names.at("i").get();
const Tensor &b = names.at("b").get();

TEST(ParseTest, OperatorsBindAsInPython) {
  EXPECT_EQ(graph("1 + x * 2"), graph_to_string(1 + x * 2));
  EXPECT_EQ(graph("-x ** 2"), graph_to_string(-pow(x, 2)));
  EXPECT_EQ(graph("x ** -2"), graph_to_string(pow(x, -2)));
  EXPECT_EQ(graph("x - x - x"), graph_to_string((x - x) - x));
  EXPECT_EQ(graph("x ** x ** x"), graph_to_string(pow(x, pow(x, x))));
  EXPECT_EQ(graph("i << 1 + 1 * i"), graph_to_string(left_shift(i, 1 + 1 * i)));
  EXPECT_EQ(graph("i & 1 == i | 2"), graph_to_string(equal(bitwise_and(i, 1), bitwise_or(i, 2))));
  EXPECT_EQ(graph("i // 2 % 3"), graph_to_string(floormod(floordiv(i, 2), 3)));
  EXPECT_EQ(graph("x <= 1.5e-1"), graph_to_string(less_equal(x, 0.15)));
  EXPECT_EQ(graph("(x + 1) * 2"), graph_to_string((x + 1) * 2));
}

TEST(ParseTest, NumbersHaveAnySize) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(graph("x / 9223372036854775808"), graph_to_string(x / 0x1p63));
  EXPECT_EQ(graph("x / 18446744073709551616"), graph_to_string(x / 0x1p64));
  EXPECT_EQ(graph("x * 1e-400"), graph_to_string(x * 0.0));
  EXPECT_EQ(graph("x < 1e400"), graph_to_string(less(x, infinity)));
  const std::string zeros(400, '0');
  EXPECT_EQ(graph("x * 0." + zeros + "1"), graph_to_string(x * 0.0));
  EXPECT_EQ(graph("x < 1" + zeros), graph_to_string(less(x, infinity)));

  const NamedTensors wide = {{"u", constant(std::uint64_t{0})}, {"s", constant(std::int64_t{0})}};
  auto first = [&](std::string_view text) { return parse_expressions(text, wide).at(0); };
  EXPECT_EQ(first("u + 18446744073709551615").item<std::uint64_t>(), ~std::uint64_t{0});
  EXPECT_EQ(first("s + -9223372036854775808").item<std::int64_t>(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(first("u + --9223372036854775808").item<std::uint64_t>(), std::uint64_t{1} << 63);
  EXPECT_THROW((void)first("s + 9223372036854775808"), ExpressionError);
}

TEST(ParseTest, WhatIsNamedIsReadOnce) {
  int reads = 0;
  const NamedTensors given = {
      {"a", NamedTensor([&] { return ++reads, constant({1.0f, 2.0f}); })},
      {"b", NamedTensor([]() -> Tensor { throw FileError("unread"); })},
  };
  EXPECT_EQ(parse_expressions("a + a, a * 2", given)[0].to_vector<float>(),
            (std::vector<float>{2, 4}));
  EXPECT_EQ(reads, 1);
  EXPECT_TRUE(given.at("a").is_read() && !given.at("b").is_read());
  EXPECT_THROW((void)parse_expressions("a + b", given), FileError);
}

TEST(ParseTest, BitOperatorsOfBooleansAreLogical) {
  EXPECT_EQ(graph("~(b & b | b ^ b)"),
            graph_to_string(logical_not(logical_or(logical_and(b, b), logical_xor(b, b)))));
  EXPECT_EQ(graph("~i"), graph_to_string(invert(i)));
}

TEST(ParseTest, ArgumentsAreGivenByPlaceAndByName) {
  const std::string sum = graph_to_string(reduce_sum(x, 1, true));
  EXPECT_EQ(graph("reduce_sum(x, 1, True)"), sum);
  EXPECT_EQ(graph("reduce_sum(x, keepdims=True, axis=[1])"), sum);
  EXPECT_EQ(graph("reduce_sum(x, axis=(1,), keepdims=True,)"), sum);
  EXPECT_EQ(graph("reduce_sum(x, axis=None)"), graph_to_string(reduce_sum(x)));
  EXPECT_EQ(graph("reduce_sum(x, ())"), graph_to_string(reduce_sum(x, {})));
  EXPECT_EQ(graph("reduce_sum(x, (0, -1))"), graph_to_string(reduce_sum(x, {0, -1})));
  EXPECT_EQ(graph("cast(x, f64)"), graph_to_string(cast(x, DType::f64)));
  EXPECT_EQ(graph("layer_norm(x, offset=x)"), graph_to_string(layer_norm(x, {}, x)));
  EXPECT_EQ(graph("where(x > 2, x, -inf)"),
            graph_to_string(where(greater(x, 2), x, -std::numeric_limits<double>::infinity())));
}

TEST(ParseTest, CommasSeparateResults) {
  EXPECT_EQ(parse_expressions(" x + 1,\n reduce_sum(x, 0) , x", names).size(), 3u);
}

TEST(ParseTest, EveryOperationOfTheTablesCanBeCalled) {
  const std::vector<std::string> functions = expression_functions();
#define TSUM_UNARY(NAME, ...) EXPECT_THAT(functions, testing::Contains(#NAME "(x)"));
#define TSUM_BINARY(NAME, ...) EXPECT_THAT(functions, testing::Contains(#NAME "(x, y)"));
#include "tsum/Elementwise.def"
#define TSUM_REDUCTION(NAME, ...)                                                                  \
  EXPECT_THAT(functions, testing::Contains(#NAME "(x, axis, keepdims)"));
#include "tsum/Reductions.def"
}

TEST(ParseTest, FaultsAreShown) {
  EXPECT_EQ(refusal("x + y"), "there is no 'y' (given: b, i, x)\n  x + y\n      ^");
  EXPECT_EQ(refusal("x,\nx +"), "an operand is missing here\n  x +\n     ^");
  EXPECT_THAT(refusal("reduce_sm(x)"), HasSubstr("did you mean 'reduce_sum'?"));
  EXPECT_THAT(refusal("qqqqq(x)"), HasSubstr("--functions lists them"));
  EXPECT_THAT(refusal("x x"), HasSubstr("an operator, a comma or the end is expected here"));
  EXPECT_THAT(refusal("(x"), HasSubstr("')' is expected here"));
  EXPECT_THAT(refusal("reduce_sum(x, axes=1)"),
              HasSubstr("there is no parameter 'axes' (reduce_sum(x, axis, keepdims))"));
  EXPECT_THAT(refusal("reduce_sum(x, 1, axis=1)"), HasSubstr("'axis' is given twice"));
  EXPECT_THAT(refusal("reduce_sum(axis=1)"), HasSubstr("reduce_sum: 'x' is missing"));
  EXPECT_THAT(refusal("reduce_sum(x, axis=1.5)"), HasSubstr("'axis' is 1.5 (it must be"));
  EXPECT_THAT(refusal("reduce_sum(x, axis=0, 1)"), HasSubstr("by place follows one by name"));
  EXPECT_THAT(refusal("square(3)"), HasSubstr("'x' is 3 (it must be a tensor)"));
  EXPECT_THAT(refusal("square(x, x)"), HasSubstr("too many arguments (square(x))"));
  EXPECT_THAT(refusal("1 + 2"), HasSubstr("^"));
  EXPECT_THAT(refusal("1"), HasSubstr("this is no tensor"));
  EXPECT_THAT(refusal(""), HasSubstr("an operand is missing here"));
  EXPECT_THAT(refusal("i + 99999999999999999999"), HasSubstr("does not fit dtype i32"));
  EXPECT_THAT(refusal("x + 12abc"), HasSubstr("this is no number"));
  EXPECT_THAT(refusal("x < x < x"), HasSubstr("comparisons have two sides"));
  EXPECT_THAT(refusal("b << 1"), HasSubstr("left_shift"));
  EXPECT_THAT(refusal("x $ x"), HasSubstr("is expected here"));
  EXPECT_THAT(refusal(std::string(100'000, '(')), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(std::string(100'000, '-') + "x"), HasSubstr("nested too deeply"));
}

} // namespace
