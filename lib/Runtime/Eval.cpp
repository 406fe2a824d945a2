// SPDX-License-Identifier: Apache-2.0

#include "tsum/eval.h"

#include "Kernels.h"
#include "Launches.h"
#include "Threads.h"

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Graph/Elsewhere.h"

namespace tsum {

void eval(std::span<const Tensor> outputs) {
  TimelineScope event("eval", "eval");
  Kernels &kernels = Kernels::instance();
  Signature signature(outputs);
  if (signature.outputs().empty())
    return;
  if (signature.elsewhere())
    return signature.elsewhere()->evaluate(outputs);
  if (signature.is_in_place()) { // otherwise data is copied each time
    if (PlanCache::Found found = kernels.plans.find(signature); found.plan) {
      kernels.memory.touch(*found.program);
      kernels.note_run(*found.program);
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
    KernelCache::ProgramPtr program = kernels.get(bound.graph, Kernels::Use::Once);
    kernels.note_run(*program);
    if (++graphs == 1)
      plan = make_plan(signature, bound, program);
    run_program(*program, bound, run_tiles);
  });
  // What takes several graphs is found step by step each time.
  if (graphs == 1 && plan)
    kernels.plans.insert(std::move(plan));
}

} // namespace tsum
