// SPDX-License-Identifier: Apache-2.0
//
// What the graph API can say the dialect can say: graphs printed as .mlir and read again are the
// same.
#include "RandomGraph.h"
#include "Recipe.h"
#include "tsum/JIT/Inspect.h"

using namespace tsum;
using namespace tsum::test;

namespace {

/// The tensors behind `outputs` that have values, in the order in which they are arguments.
std::vector<Tensor> data_of(std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  std::vector<Tensor> data;
  for (const OrderedNode &entry : evaluation_order(nodes))
    if (entry.state.values)
      data.emplace_back(entry.node);
  return data;
}

void expect_round_trip(const std::vector<Tensor> &outputs) {
  const std::string text = to_mlir(outputs);
  SCOPED_TRACE(text);
  auto imported = from_mlir(text, data_of(outputs));
  if (const auto *failure = std::get_if<CompileFailure>(&imported))
    FAIL() << failure->stage << ": " << failure->diagnostic;
  const auto &again = std::get<0>(imported);
  ASSERT_EQ(again.size(), outputs.size());
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    EXPECT_EQ(again[n].dtype(), outputs[n].dtype());
    EXPECT_TRUE(std::ranges::equal(again[n].shape(), outputs[n].shape()));
  }
  // The bits of sums tell whether what they add has the same dimensions.
  EXPECT_EQ(reference::evaluate_tree(again), reference::evaluate_tree(outputs));
}

class RoundTrip : public testing::TestWithParam<DType> {
protected:
  Tensor x = sample_tensor(GetParam(), {3, 4, 5}, layouts[2]);
  Tensor row = sample_tensor(GetParam(), {4, 1});
};

TEST_P(RoundTrip, OfElementwiseOperations) {
  for (const ElementwiseOp &op : elementwise_ops)
    if (contains(op.domain, GetParam()))
      expect_round_trip({op.apply(x, row), op.apply(row, x)});
}

TEST_P(RoundTrip, OfNodes) {
  if (contains(Domain::Float, GetParam()))
    for (const Tensor &reduction : {reduce_sum(x, {0, 2}, true), reduce_prod(x, 1)})
      expect_round_trip({make_node_part(reduction, 0)});
}

TEST_P(RoundTrip, OfReductions) {
  for (const ReductionOp &op : reduction_ops)
    if (contains(op.domain, GetParam()))
      for (const Axes &axes : axes_subsets(3))
        for (bool keepdims : {false, true})
          expect_round_trip({op.apply(x, axes, keepdims)});
}

TEST_P(RoundTrip, OfComposites) {
  for (const ReductionOp &op : composite_ops)
    if (contains(op.domain, GetParam()))
      expect_round_trip({op.apply(x, {0, 2}, true)});
}

TEST_P(RoundTrip, OfViewsCastsAndChoices) {
  Tensor y = where(equal(x, row), x, row);
  expect_round_trip({transpose(y, {2, 0, 1}), flip(y, 1), expand_dims(y, 1), reshape(y, {-1}),
                     slice(y, {{2, {}, -2}, {1, 1}, {.step = 3}}), squeeze(slice(y, {{1, 2}})),
                     broadcast_to(row, {2, 4, 7})});
  for (DType to : all_dtypes)
    expect_round_trip({cast(y, to)});
}

INSTANTIATE_TEST_SUITE_P(DTypes, RoundTrip, testing::ValuesIn(all_dtypes), name_of_dtype);

TEST(RoundTrips, OfEveryOperation) {
  // All of them are in the tests above; a new kind of node needs its op in the dialect.
  Tensor x = constant({1.0f, 2.0f});
  Tensor counted = make_iota(DType::i16, {2, 3}, -4, {1, 7});
  expect_round_trip({counted, complex(x * 2, x), real(complex(x, x) * complex(x, x))});
  expect_round_trip({x, constant(true)});
  Tensor none = borrow(nullptr, DType::f32, {0, 4});
  expect_round_trip({none, reduce_sum(none, 0)});
}

TEST(RoundTrips, OfRandomGraphs) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_round_trip(RandomGraph(seed, dtypes_in(Domain::Any, true)).outputs());
    if (HasFailure())
      return;
  }
}

TEST(RoundTrips, KeepNamesAndStrides) {
  const std::vector<float> values(20);
  Tensor x = borrow(values.data() + 19, DType::f32, {4, 5}, {-20, -4}, {}, "the \"x\"");
  Tensor odd = borrow(values.data(), DType::f32, {4}, {7});
  const std::string text = to_mlir(std::vector{x + 1, odd * 2});
  EXPECT_NE(text.find(R"(tensor<4x5xf32> {tsum.name = "the \22x\22", )"
                      "tsum.strides = array<i64: -5, -1>}"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("%arg2: tensor<4xf32>, "), std::string::npos) << text;
}

TEST(FromMlir, AxesNestInTheirOrder) {
  Tensor x = sample_tensor(DType::f32, {80, 6, 600});
  x = slice(x, {{0, 40}, {0, 3}, {0, 300}}); // all of it cancels
  const auto imported = from_mlir(R"(
    func.func @f(%x: tensor<40x3x300xf32>) -> (tensor<3xf32>, tensor<1x3x1xf32>, tensor<3xf32>) {
      %0 = tsum.reduce_sum %x axes = [2, 0] : tensor<40x3x300xf32> -> tensor<3xf32>
      %1 = tsum.reduce_sum %x axes = [2, 0] keepdims : tensor<40x3x300xf32> -> tensor<1x3x1xf32>
      %2 = tsum.reduce_sum %x axes = [0, 2] : tensor<40x3x300xf32> -> tensor<3xf32>
      return %0, %1, %2 : tensor<3xf32>, tensor<1x3x1xf32>, tensor<3xf32>
    })",
                                  std::vector{x});
  const auto results = reference::evaluate_tree(std::get<0>(imported));
  const auto columns_first = reference::evaluate_tree(reduce_sum(transpose(x, {2, 1, 0}), {0, 2}));
  EXPECT_EQ(results[0], columns_first);
  EXPECT_EQ(results[1], columns_first);
  EXPECT_EQ(results[2], reference::evaluate_tree(reduce_sum(x, {0, 2})));
  EXPECT_NE(results[0], results[2]);
}

/// As the address sanitizer sees where it does.
TEST(FromMlir, ReadsNothingBehindTheText) {
  const std::string name = "dialect.op.."; // MLIR looks for what comes next
  const std::vector<char> text(name.begin(), name.end());
  const auto outcome = from_mlir({text.data(), text.size()}, {});
  ASSERT_EQ(outcome.index(), 1U);
  EXPECT_EQ(std::get<1>(outcome).stage, "parse");
}

TEST(FromMlir, SaysWhatIsWrong) {
  auto failure = [](std::string_view text, const std::vector<Tensor> &arguments) {
    auto outcome = from_mlir(text, arguments);
    const auto *failure = std::get_if<CompileFailure>(&outcome);
    return failure ? failure->stage + ": " + failure->diagnostic : "";
  };
  EXPECT_EQ(failure("module {}", {}), "parse: the module has 0 functions (one is evaluated)");
  EXPECT_NE(failure("module {", {}).find("parse: "), std::string::npos);
  EXPECT_EQ(
      failure("func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> { return %x : tensor<2xf32> }",
              {constant({1, 2})}),
      "graph: argument 0 is i32[2], and the function takes 'tensor<2xf32>'");
}

} // namespace
