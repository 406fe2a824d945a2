// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Explain.h"

#include <string>
#include <vector>

namespace tsum {

struct KernelReport {
  KernelExplanation kernel;
  double measured = 0, predicted = 0; ///< microseconds

  /// Of the streaming limit, from 0 to about 1.
  [[nodiscard]] double share() const { return measured > 0 ? predicted / measured : 0; }
};

/// A canonical graph, as evaluations compile one after another.
struct GraphReport {
  std::string origin;      ///< "compiler", "disk" or "memory"
  double milliseconds = 0; ///< until its code was there
  std::vector<std::string> data;
  std::vector<KernelReport> kernels;
};

struct Report {
  std::string expression; ///< the graph as it was built, a line per node
  std::vector<GraphReport> graphs;
};

/// What is promised of the sums of `kernel`, or nothing if it has none of floats.
[[nodiscard]] std::string accuracy_of(const KernelExplanation &kernel);

[[nodiscard]] std::string to_text(const Report &report);
[[nodiscard]] std::string to_json(const Report &report);
[[nodiscard]] std::string to_html(const Report &report);

/// Three digits and a unit: "12.8 KB".
[[nodiscard]] std::string with_unit(double number, const char *unit);

} // namespace tsum
