// SPDX-License-Identifier: Apache-2.0

#include "tsum/eval.h"

#include "Buffer.h"
#include "Kernels.h"
#include "Lifetimes.h"
#include "Threads.h"

namespace tsum {

/// Runs `program` on the data that `bound` names and gives the results to their nodes.
static void run(const Program &program, const Canonicalized &bound) {
  std::vector<const void *> buffers;
  for (const Canonicalized::Argument &argument : bound.arguments)
    buffers.push_back(argument.data);
  std::vector<std::shared_ptr<std::byte>> results;
  std::vector<const void *> arguments;
  for (const Program::Launch &launch : program.launches) {
    arguments.clear();
    for (std::int32_t input : launch.inputs)
      arguments.push_back(buffers[static_cast<std::size_t>(input)]);
    for (std::int64_t bytes : launch.results) {
      results.push_back(allocate_buffer(bytes));
      buffers.push_back(results.back().get());
      arguments.push_back(buffers.back());
    }
    run_tiles(launch, arguments.data());
    release_after(program, static_cast<std::size_t>(&launch - program.launches.data()), results);
  }
  for (std::size_t i = 0; i < bound.results.size(); ++i) {
    const Canonicalized::Result &result = bound.results[i];
    const auto &buffer = results[static_cast<std::size_t>(program.outputs[i] - program.arguments)];
    result.node->set_values(std::make_shared<const Storage>(
        Storage{buffer, buffer.get() + result.offset, result.strides}));
  }
}

void eval(std::span<const Tensor> outputs) {
  TimelineScope event("eval", "eval");
  Kernels &kernels = Kernels::instance();
  Signature signature(outputs);
  if (signature.outputs().empty())
    return;
  if (signature.is_in_place()) { // otherwise data is copied each time
    if (PlanCache::Found found = kernels.plans.find(signature); found.plan) {
      kernels.memory.touch(*found.program);
      found.plan->run(*found.program, signature);
      return;
    }
  }

  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  int graphs = 0;
  std::shared_ptr<const Plan> plan;
  evaluate_by(std::move(nodes), [&](const Canonicalized &bound) {
    KernelCache::ProgramPtr program = kernels.get(bound.graph);
    if (++graphs == 1)
      plan = make_plan(signature, bound, program);
    run(*program, bound);
  });
  // What takes several graphs is found step by step each time.
  if (graphs == 1 && plan)
    kernels.plans.insert(std::move(plan));
}

} // namespace tsum
