// SPDX-License-Identifier: Apache-2.0
//
// A program that has its own matrices and its own threads.
#include <tsum/tsum.h>

#include <Eigen/Core>
#include <tbb/task_arena.h>

#include <cmath>
#include <iostream>
#include <span>

/// An Eigen matrix or block in place: column-major, which is nothing but strides.
static tsum::Tensor view(const Eigen::Ref<const Eigen::MatrixXf> &matrix) {
  constexpr auto element = static_cast<std::int64_t>(sizeof(float));
  return tsum::borrow(matrix.data(), tsum::DType::f32, {matrix.rows(), matrix.cols()},
                      {element * matrix.innerStride(), element * matrix.outerStride()});
}

static tsum::Tensor view(std::span<const float> values) {
  return tsum::borrow(values.data(), {static_cast<std::int64_t>(values.size())});
}

/// A result in place, as Eigen's.
static Eigen::Map<const Eigen::VectorXf> vector(const tsum::Tensor &tensor) {
  return {tensor.data<float>().data(), tensor.size()};
}

int main() {
  // Its own arena of threads, in which evaluations run.
  tbb::task_arena arena(2);

  const Eigen::MatrixXf matrix = Eigen::MatrixXf::Random(700, 900);
  const Eigen::MatrixXf doubled = 2 * matrix;
  const std::vector<float> weights(900, 0.5f);

  tsum::Tensor rows = reduce_sum(view(matrix) * view(std::span(weights)), 1);
  tsum::Tensor columns = reduce_sum(square(view(doubled.block(100, 200, 300, 400))), 0);
  arena.execute([&] { tsum::eval(rows, columns); });

  const Eigen::VectorXf expected_rows = 0.5f * matrix.rowwise().sum();
  const Eigen::VectorXf expected_columns =
      doubled.block(100, 200, 300, 400).array().square().matrix().colwise().sum().transpose();
  const float row_error = (vector(rows) - expected_rows).cwiseAbs().maxCoeff();
  const float column_error =
      ((vector(columns) - expected_columns).array() / expected_columns.array()).abs().maxCoeff();
  const bool is_right = row_error < 1e-4f && column_error < 1e-5f;
  std::cout << (is_right ? "as Eigen computes it" : "not as Eigen computes it") << '\n';
  return !is_right;
}
