// SPDX-License-Identifier: Apache-2.0

#include "tsum/eval.h"

#include "KernelCache.h"
#include "Threads.h"

#include "tsum/Graph/CanonicalGraph.h"
#include "tsum/JIT/Compiler.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

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

/// Memory for `bytes`, aligned to a cache line.
std::shared_ptr<std::byte> allocate(std::int64_t bytes) {
  constexpr std::size_t alignment = 64;
  std::size_t size = (static_cast<std::size_t>(bytes) / alignment + 1) * alignment;
  auto *memory = static_cast<std::byte *>(std::aligned_alloc(alignment, size));
  if (!memory)
    throw std::bad_alloc();
  return {memory, [](std::byte *pointer) { std::free(pointer); }};
}

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
    results.push_back(allocate(launch.bytes));
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
  // What has to have values first comes on top.
  std::vector<std::vector<Node::Ptr>> pending(1);
  for (const Tensor &output : outputs)
    pending.front().push_back(output.node());
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
    run(*cache().get(bound.graph), bound);
    pending.pop_back();
  }
}

void set_kernel_hook(void (*hook)()) { kernel_hook = hook; }

CacheStats cache_stats() { return cache().stats(); }

void set_cache_capacity(std::int64_t entries) { cache().set_capacity(entries); }

void clear_cache() { cache().clear(); }

} // namespace tsum
