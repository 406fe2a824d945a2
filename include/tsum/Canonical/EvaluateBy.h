// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Canonical/Resolve.h"

#include <optional>

namespace tsum {

/// The least memory that one of `outputs` without values bounds, or -1.
[[nodiscard]] inline std::int64_t memory_of(std::span<const Node::Ptr> outputs) {
  std::int64_t memory = -1;
  for (const Node::Ptr &output : outputs)
    if (output->memory >= 0 && !output->values())
      memory = least_memory(memory, output->memory);
  return memory;
}

/// Calls `run` with one canonical graph after another until `outputs` have values, which `run`
/// gives to its results. What bounds the memory of `outputs` bounds that of each graph.
template <class Run> void evaluate_by(std::vector<Node::Ptr> outputs, const Run &run) {
  struct Task {
    std::vector<Node::Ptr> wanted;
    std::optional<Resolved> resolved;
  };
  const std::int64_t memory = memory_of(outputs);
  std::vector<Task> tasks;
  tasks.push_back({std::move(outputs), std::nullopt});
  // What has to have values first comes on top, the first group uppermost.
  auto push = [&tasks](std::vector<std::vector<Node::Ptr>> &groups) {
    while (!groups.empty()) {
      tasks.push_back({std::move(groups.back()), std::nullopt});
      groups.pop_back();
    }
  };
  while (!tasks.empty()) {
    Task &task = tasks.back();
    if (!task.resolved) {
      Resolved resolved = resolve(task.wanted);
      if (!resolved.needed_first.empty()) {
        push(resolved.needed_first);
        continue;
      }
      task.resolved = std::move(resolved);
    }
    std::vector<Node::Ptr> pending = task.resolved->nodes;
    std::erase_if(pending, [](const Node::Ptr &node) { return node->values() != nullptr; });
    if (pending.empty()) {
      task.resolved->finish();
      tasks.pop_back();
      continue;
    }
    Canonicalized bound = canonicalize(pending, memory);
    if (!bound.needed_first.empty())
      push(bound.needed_first);
    else
      run(bound);
  }
}

} // namespace tsum
