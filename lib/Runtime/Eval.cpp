// SPDX-License-Identifier: Apache-2.0

#include "tsum/eval.h"

#include "BufferPool.h"
#include "KernelCache.h"
#include "Threads.h"

#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/Graph/Resolve.h"
#include "tsum/JIT/Compiler.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>

namespace tsum {

namespace {

KernelCache &cache() {
  // Never destroyed, so that a destructor that runs while the process exits may still evaluate.
  static KernelCache &instance = *new KernelCache(1024, [](const CanonicalGraph &graph) {
    std::variant<Program, CompileFailure> outcome = compile(graph);
    if (auto *failure = std::get_if<CompileFailure>(&outcome))
      throw CompileError(failure->stage, failure->diagnostic);
    return std::get<Program>(std::move(outcome));
  });
  return instance;
}

std::atomic<void (*)()> kernel_hook = nullptr;

/// Runs `program` on the data that `bound` names and gives the results to their nodes.
void run(const Program &program, const Canonicalized &bound) {
  std::vector<const void *> buffers;
  for (const Canonicalized::Argument &argument : bound.arguments)
    buffers.push_back(argument.data);
  std::vector<std::shared_ptr<std::byte>> results;
  std::vector<const void *> arguments;
  for (const Program::Launch &launch : program.launches) {
    if (auto hook = kernel_hook.load(std::memory_order_relaxed); hook && !results.empty())
      hook();
    results.push_back(allocate_buffer(launch.bytes));
    buffers.push_back(results.back().get());
    arguments.clear();
    for (std::int32_t input : launch.inputs)
      arguments.push_back(buffers[static_cast<std::size_t>(input)]);
    arguments.push_back(buffers.back());
    run_tiles(launch, arguments.data());
  }
  for (std::size_t i = 0; i < bound.results.size(); ++i) {
    const Canonicalized::Result &result = bound.results[i];
    const auto &buffer = results[static_cast<std::size_t>(program.outputs[i] - program.arguments)];
    result.node->set_values(std::make_shared<const Storage>(
        Storage{buffer, buffer.get() + result.offset, result.strides}));
  }
}

} // namespace

void eval(std::span<const Tensor> outputs) {
  struct Task {
    std::vector<Node::Ptr> wanted;
    std::optional<Resolved> resolved;
  };
  // What has to have values first comes on top.
  std::vector<Task> tasks(1);
  for (const Tensor &output : outputs)
    tasks.front().wanted.push_back(output.node());
  while (!tasks.empty()) {
    Task &task = tasks.back();
    if (!task.resolved) {
      Resolved resolved = resolve(task.wanted);
      if (!resolved.needed_first.empty()) {
        tasks.push_back({std::move(resolved.needed_first), std::nullopt});
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
    Canonicalized bound = canonicalize(pending);
    if (!bound.needed_first.empty())
      tasks.push_back({std::move(bound.needed_first), std::nullopt});
    else
      run(*cache().get(bound.graph), bound);
  }
}

void set_kernel_hook(void (*hook)()) { kernel_hook = hook; }

CacheStats cache_stats() { return cache().stats(); }

void set_cache_capacity(std::int64_t entries) { cache().set_capacity(entries); }

void clear_cache() { cache().clear(); }

} // namespace tsum
