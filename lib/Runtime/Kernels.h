// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Plan.h"

namespace tsum {

/// The compiled code of the process: the caches in memory and on disk and the compiler behind them.
/// One for the process, never destroyed, so that destructors that run while it exits may evaluate.
class Kernels {
public:
  static Kernels &instance();

  /// The program for `graph`, from memory, disk or the compiler. \throws CompileError.
  [[nodiscard]] KernelCache::ProgramPtr get(const CanonicalGraph &graph);

  KernelCache memory;
  PlanCache plans;

private:
  Kernels();
};

/// Calls `run` with one canonical graph after another until `outputs` have values, which `run`
/// gives to its results.
template <class Run> void evaluate_by(std::vector<Node::Ptr> outputs, const Run &run) {
  // What has to have values first comes on top.
  std::vector<std::vector<Node::Ptr>> pending;
  pending.push_back(std::move(outputs));
  while (!pending.empty()) {
    std::vector<Node::Ptr> &nodes = pending.back();
    std::erase_if(nodes, [](const Node::Ptr &node) { return node->values() != nullptr; });
    if (nodes.empty()) {
      pending.pop_back();
      continue;
    }
    Canonicalized bound = canonicalize(nodes);
    if (!bound.needed_first.empty()) {
      pending.push_back(std::move(bound.needed_first));
      continue;
    }
    run(bound);
    pending.pop_back();
  }
}

} // namespace tsum
