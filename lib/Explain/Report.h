// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Runtime/Kernels.h"
#include "tsum/JIT/Explain.h"

#include <string>
#include <vector>

namespace tsum {

struct KernelReport {
  KernelExplanation kernel;
  double measured = 0, predicted = 0; ///< microseconds
  std::int64_t in_limbs = 0;          ///< elements of exact sums that were added to limbs
  std::int64_t threads = 1;           ///< that it ran on

  /// Of the streaming limit, from 0 to about 1.
  [[nodiscard]] double share() const { return measured > 0 ? predicted / measured : 0; }
};

/// A canonical graph, as evaluations compile one after another.
struct GraphReport {
  std::string origin;      ///< "compiler", "disk", "memory"; else "generic" or "reference"
  double milliseconds = 0; ///< until its code was there
  std::string directory;   ///< where the code is kept on disk; empty if it is not
  std::string detour;      ///< why it is slower than what the compiler usually makes, or empty
  std::int64_t memory = -1, bytes_between = 0; ///< the bound, or -1, and what there is
  Kernels::Choice choice; ///< what code evaluations ran, or would have run, before this report
  std::vector<std::string> data;
  std::vector<KernelReport> kernels;
};

struct Report {
  std::string expression; ///< the graph as it was built, a line per node
  std::vector<GraphReport> graphs;
};

[[nodiscard]] std::string to_text(const Report &report);
[[nodiscard]] std::string to_json(const Report &report);
[[nodiscard]] std::string to_html(const Report &report);

/// "%2 f32[2,3], %3 f32[2]": the results of `kernel`, of which `next_value` numbers the first.
[[nodiscard]] std::string results_of(const KernelExplanation &kernel, std::size_t &next_value);

/// Which code evaluations run, and why: "generic code, since ...".
[[nodiscard]] std::string choice_of(const GraphReport &report);

/// What is in memory between the kernels of a graph whose memory is bounded, and what that takes.
[[nodiscard]] std::string memory_between(const GraphReport &report);

/// How long a kernel takes, on how many threads, and beside the best that could be.
[[nodiscard]] std::string time_of(const KernelReport &report);

/// Three digits and a unit: "12.8 KB".
[[nodiscard]] std::string with_unit(double number, const char *unit);

} // namespace tsum
