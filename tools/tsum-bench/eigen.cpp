// SPDX-License-Identifier: Apache-2.0
//
// The peer without a run time: Eigen's arrays, compiled for this machine.

#include "Case.h"

#include <Eigen/Core>

#include <cmath>
#include <numeric>
#include <optional>

using namespace bench;
using Eigen::Dynamic;

namespace {

template <class T> using Rows = Eigen::Array<T, Dynamic, Dynamic, Eigen::RowMajor>;
template <class T> using Column = Eigen::Map<Eigen::Array<T, Dynamic, 1>>;
template <class T> using Row = Eigen::Map<Eigen::Array<T, 1, Dynamic>>;

/// A case as a matrix: what is kept and what is reduced are one dimension each.
struct Matrix {
  Eigen::Index rows = 1, columns = 1;
  bool over_rows = false; ///< or else along them

  /// Nothing if reduced axes lie between kept ones.
  static std::optional<Matrix> of(const Case &which) {
    const auto rank = static_cast<std::int64_t>(which.shape.size());
    const auto count = static_cast<std::int64_t>(which.axes.size());
    const bool are_last = which.axes.front() == rank - count;
    const bool are_first = which.axes.back() == count - 1;
    if (!are_last && !are_first)
      return std::nullopt;
    const auto split = which.shape.begin() + (are_last ? rank - count : count);
    const auto product = std::multiplies<>();
    return Matrix{std::accumulate(which.shape.begin(), split, Eigen::Index{1}, product),
                  std::accumulate(split, which.shape.end(), Eigen::Index{1}, product), !are_last};
  }
};

template <class T>
Call sum_of(const Matrix &matrix, const std::vector<const void *> &inputs, void *output) {
  const Eigen::Map<const Rows<T>> x(static_cast<const T *>(inputs[0]), matrix.rows, matrix.columns);
  auto *out = static_cast<T *>(output);
  if (matrix.over_rows)
    return [=] { Row<T>(out, x.cols()) = x.colwise().sum(); };
  if (matrix.rows == 1)
    return [=] { *out = x.sum(); };
  return [=] { Column<T>(out, x.rows()) = x.rowwise().sum(); };
}

Call float_op(const std::string &op, const Matrix &matrix, const std::vector<const void *> &inputs,
              void *output) {
  using Map = Eigen::Map<const Rows<float>>;
  const auto map = [&](const void *data) {
    return Map(static_cast<const float *>(data), matrix.rows, matrix.columns);
  };
  const Map x = map(inputs[0]), y = map(inputs.back());
  auto *out = static_cast<float *>(output);
  if (matrix.over_rows)
    return {};
  Column<float> column(out, x.rows());
  Eigen::Map<Rows<float>> rows(out, x.rows(), x.cols());
  if (op == "sqdiff")
    return [=]() mutable { column = (x - y).square().rowwise().sum(); };
  if (op == "dot")
    return [=] { *out = (x * y).sum(); };
  // A row at a time, which stays in L1.
  if (op == "softmax")
    return [=]() mutable {
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        rows.row(i) = (x.row(i) - x.row(i).maxCoeff()).exp();
        rows.row(i) /= rows.row(i).sum();
      }
    };
  if (op == "logsumexp")
    return [=] {
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        const float largest = x.row(i).maxCoeff();
        out[i] = std::log((x.row(i) - largest).exp().sum()) + largest;
      }
    };
  if (op == "variance")
    return [=] {
      for (Eigen::Index i = 0; i < x.rows(); ++i)
        out[i] = (x.row(i) - x.row(i).mean()).square().mean();
    };
  if (op == "layer_norm")
    return [=]() mutable {
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        rows.row(i) = x.row(i) - x.row(i).mean();
        rows.row(i) /= std::sqrt(rows.row(i).square().mean() + 1e-5f);
      }
    };
  return {};
}

} // namespace

Call bench::prepare_eigen(const Case &which, const std::vector<const void *> &inputs,
                          void *output) {
  const std::optional<Matrix> matrix = Matrix::of(which);
  if (!matrix)
    return {};
  if (which.op != "sum")
    return which.dtype == tsum::DType::f32 ? float_op(which.op, *matrix, inputs, output) : Call();
  switch (which.dtype) {
  case tsum::DType::f32:
    return sum_of<float>(*matrix, inputs, output);
  case tsum::DType::f64:
    return sum_of<double>(*matrix, inputs, output);
  case tsum::DType::i32:
    return sum_of<std::int32_t>(*matrix, inputs, output);
  case tsum::DType::i8:
    return sum_of<std::int8_t>(*matrix, inputs, output);
  default:
    return {};
  }
}
