// SPDX-License-Identifier: Apache-2.0

#include "tsum/eval.h"

#include "Kernels.h"
#include "Launches.h"
#include "Threads.h"

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Graph/Elsewhere.h"
#include "tsum/Runtime/OfShapes.h"

namespace tsum {

void eval(std::span<const Tensor> outputs) { eval(outputs, Shapes::as_set); }

void eval(std::span<const Tensor> outputs, Shapes shapes) {
  TimelineScope event("eval", "eval");
  Kernels &kernels = Kernels::instance();
  Signature signature(outputs);
  if (signature.outputs().empty())
    return;
  if (signature.elsewhere())
    return signature.elsewhere()->evaluate(outputs);
  if (signature.is_in_place()) { // otherwise data is copied each time
    PlanCache::Found found = kernels.plans.find(signature);
    if (found.plan && !(shapes == Shapes::compiled && found.program->is_generic())) {
      kernels.memory.touch(*found.program);
      kernels.run(*found.program, [&] { found.plan->run(*found.program, signature); });
      return;
    }
  }

  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  int graphs = 0;
  std::shared_ptr<const Plan> plan;
  evaluate_by(std::move(nodes), [&](const Canonicalized &bound) {
    KernelCache::ProgramPtr program = kernels.get(bound.graph, use_for(shapes));
    if (++graphs == 1)
      plan = make_plan(signature, bound, program);
    kernels.run(*program, [&] { run_program(*program, bound, run_tiles); });
  });
  // What takes several graphs is found step by step each time.
  if (graphs == 1 && plan)
    kernels.plans.insert(std::move(plan));
}

} // namespace tsum
