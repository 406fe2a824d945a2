// SPDX-License-Identifier: Apache-2.0
//
// Expressions and .mlir files: a graph, or an error that says what is wrong.
#include "Inputs.h"
#include "tsum/Expression/Parse.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/ops.h"

namespace tsum::fuzz {

namespace {

const std::vector<Tensor> &operands() {
  static const std::vector<float> data(24);
  static const std::vector<Tensor> tensors = {
      borrow(data.data(), DType::f32, {2, 3}), borrow(data.data(), DType::f32, {2, 3, 4}),
      borrow(data.data(), DType::i32, {3}), borrow(data.data(), DType::complex64, {2, 3})};
  return tensors;
}

std::vector<std::string> expression_seeds() {
  return {
      "reduce_sum(square(x - reduce_mean(x, 1, keepdims=True)), axis=[0, -1]), -y ** 2",
      "where(x < 1e-3, x, exp(x)) + cast(n, f32) * 0x1F",
      "softmax(reshape(y, [-1, 4]), axis=1) // 2 % 3, n << 1 | ~n & 7",
      "slice(y, [1:, ::-1, :2]), transpose(y, [2, 0, 1])",
      "x[0], x[..., 1:], reduce_sum(x, accuracy='exact', dtype=f64)",
      "not_equal(c, 2j) and True or not False",
      "((((((((x))))))))",
  };
}

void read_expression(std::string_view bytes) {
  static const NamedTensors names = {
      {"x", operands()[0]}, {"y", operands()[1]}, {"n", operands()[2]}, {"c", operands()[3]}};
  try {
    for (const Tensor &tensor : parse_expressions(bytes, names))
      require(tensor.rank() >= 0 && !graph_to_string(tensor).empty(), "a tensor is printed");
  } catch (const Error &error) {
    require(*error.what() != '\0', "an error says something");
  }
}

std::vector<std::string> ir_seeds() {
  return {
      R"(func.func @f(%x: tensor<2x3xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %0 = tsum.square %x : tensor<2x3xf32>
  %1 = tsum.reduce_sum %0 axes = [1] : tensor<2x3xf32> -> tensor<2xf32>
  %2 = tsum.reduce_max %x axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  return %1, %2 : tensor<2xf32>, tensor<f32>
}
)",
      R"(func.func @g(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %x1 = tsum.constant dense<1.5> : tensor<2x3xf32>
  %0 = tsum.add %x, %x1 : tensor<2x3xf32>
  %1 = tsum.negative %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
)",
  };
}

void read_ir(std::string_view bytes) {
  for (const std::size_t count : {1, 0}) {
    const auto result = from_mlir(bytes, std::span(operands()).first(count));
    if (const auto *outputs = std::get_if<std::vector<Tensor>>(&result)) {
      // What is printed of it reads as the same.
      const std::string text = to_mlir(*outputs);
      const auto again = from_mlir(text, std::span(operands()).first(count));
      if (const auto *same = std::get_if<std::vector<Tensor>>(&again))
        require(to_mlir(*same) == text, "a graph reads as it is printed");
      return;
    }
    require(!std::get<CompileFailure>(result).diagnostic.empty(), "an error says something");
  }
}

} // namespace

const Reader expression_reader{"expression", expression_seeds, read_expression};
const Reader ir_reader{"ir", ir_seeds, read_ir};

} // namespace tsum::fuzz
