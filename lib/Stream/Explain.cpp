// SPDX-License-Identifier: Apache-2.0
#include "Plan.h"

#include "tsum/stream.h"

#include <algorithm>
#include <set>

namespace tsum {

using namespace divided;
using namespace stream;

/// "reduce_sum over [0] of f32[1000,40]".
static std::string goal_to_string(const Goal &goal) {
  std::string text(op_info(goal.node->op).name);
  if (!goal.node->name.empty())
    text += " \"" + goal.node->name + "\"";
  if (goal.is_merged())
    return text + " over " + to_string(goal.node->axes) + " of " +
           std::string(name_of(goal.source->dtype)) + to_string(goal.source->shape) +
           ": partial results";
  return text + " " + std::string(name_of(goal.node->dtype)) + to_string(goal.node->shape) +
         ": pieces side by side";
}

std::string explain_stream(std::span<const Tensor> outputs, const StreamOptions &options) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    if (!output.is_evaluated())
      nodes.push_back(output.node());
  const StreamPlan plan(nodes, options);
  std::set<const FileData *> files;
  std::string text;
  std::int64_t in_all = 0;
  for (const OrderedNode &entry : evaluation_order(nodes, /*with_inputs=*/true)) {
    const InputNode *input = as_input(*entry.node, entry.state.values != nullptr);
    const FileData *data = input ? as_file(*input) : nullptr;
    if (!data || !files.insert(data).second)
      continue;
    in_all += data->bytes();
    const std::int32_t cut = plan.cut_of(*input);
    text += data->to_string() + ": " + std::string(name_of(data->dtype)) + to_string(data->shape) +
            ", " + bytes_to_string(data->bytes()) +
            (cut == not_cut ? ", read as a whole" : ", cut along axis " + std::to_string(cut)) +
            "\n";
  }
  const std::size_t passes = plan.passes().size();
  text += std::to_string(passes) + (passes == 1 ? " pass" : " passes") + " over " +
          bytes_to_string(in_all) + "\n";
  // What a pass reads does not depend on what those before it gave.
  Known known;
  for (std::size_t n = 0; n < passes; ++n) {
    const Pass &pass = plan.passes()[n];
    const PassRun run(pass, known);
    const PiecePlan pieces = plan.pieces_of(pass, run);
    text += "pass " + std::to_string(n + 1) + ": " +
            std::to_string((pass.extent + pieces.count - 1) / pieces.count) + " pieces of " +
            bytes_to_string(pieces.bytes) + ", " + std::to_string(pieces.buffers) +
            " in memory at once\n";
    for (const Goal &goal : pass.goals)
      text += "  " + goal_to_string(goal) + "\n";
  }
  return text;
}

std::string FileData::explain(std::span<const Tensor> outputs) const {
  return explain_stream(outputs, StreamScope::current());
}

} // namespace tsum
