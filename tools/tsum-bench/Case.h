// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tsum/reductions.h>

#include <functional>
#include <string>
#include <vector>

namespace bench {

/// A reduction of row-major operands, as cases.py writes it in a line: "sum float32 1024x4096 1 C";
/// with "exact_" before its name, by exact sums.
struct Case {
  std::string op;
  tsum::DType dtype = {};
  tsum::Shape shape;
  std::vector<std::int64_t> axes;
  tsum::Accuracy accuracy = tsum::Accuracy::standard;

  [[nodiscard]] std::size_t operands() const { return op == "sqdiff" || op == "dot" ? 2 : 1; }
};

/// Computes a case once.
using Call = std::function<void()>;

/// How Eigen computes `which` from `inputs` to `output`, on one thread; nothing if it
/// cannot.
Call prepare_eigen(const Case &which, const std::vector<const void *> &inputs, void *output);

} // namespace bench
