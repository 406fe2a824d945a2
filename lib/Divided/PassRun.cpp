// SPDX-License-Identifier: Apache-2.0
#include "tsum/Divided/PassRun.h"

#include "tsum/Graph/SummationTree.h"
#include "tsum/Partial/PartialWork.h"
#include "tsum/eval.h"

namespace tsum::divided {

/// Calls `visit` with each goal and the section of what it reads or is.
template <class Visit>
static void for_each_goal(const Pass &pass, std::int64_t begin, std::int64_t count,
                          const Visit &visit) {
  for (std::size_t n = 0; n < pass.goals.size(); ++n) {
    const Goal &goal = pass.goals[n];
    visit(n, goal, Section{goal.cut, begin, 1, count});
  }
}

/// What stands for data that is not read yet.
static Tensor stand_in(const InputNode &input, const std::optional<Section> &section) {
  Shape shape = input.shape;
  if (section)
    shape[static_cast<std::size_t>(section->dim)] = section->count;
  return Tensor(
      std::make_shared<InputNode>(input.dtype, std::move(shape), ByteStrides(), input.elsewhere));
}

std::vector<PassRun::Request> PassRun::requests(std::int64_t begin, std::int64_t count) const {
  std::vector<Request> list;
  auto note = [&list](const InputNode &input, const std::optional<Section> &section) {
    list.push_back({&input, section});
    return stand_in(input, section);
  };
  Piece piece(note, known);
  for_each_goal(pass, begin, count, [&](std::size_t, const Goal &goal, const Section &section) {
    (void)piece.of(goal.source, section);
  });
  return list;
}

void PassRun::prepare(const DataOf &data_of) {
  Piece piece(stand_in, known);
  for_each_goal(pass, 0, 1, [&](std::size_t, const Goal &goal, const Section &section) {
    (void)piece.of(goal.source, section);
  });
  const std::vector<Node::Ptr> &shared = piece.shared();
  Piece whole(data_of, known);
  std::vector<Tensor> tensors;
  for (const Node::Ptr &node : shared)
    tensors.push_back(whole.of(node, std::nullopt));
  eval(tensors);
  for (std::size_t n = 0; n < shared.size(); ++n)
    known.emplace(shared[n], tensors[n]);
}

PassRun::Part PassRun::evaluate(const DataOf &data_of, std::int64_t begin,
                                std::int64_t count) const {
  Piece piece(data_of, known);
  std::vector<Tensor> tensors;
  std::vector<std::optional<PartialWork>> works(pass.goals.size());
  Part part;
  part.begin = begin;
  part.kept.resize(pass.goals.size());
  part.merging.resize(pass.goals.size());
  for_each_goal(pass, begin, count, [&](std::size_t n, const Goal &goal, const Section &section) {
    const Tensor source = piece.of(goal.source, section);
    if (!goal.is_merged()) {
      part.kept[n] = source;
      tensors.push_back(source);
      return;
    }
    works[n].emplace(*goal.node, source, PartOf{goal.cut, begin, pass.extent});
    const std::span<const Tensor> more = works[n]->tensors();
    tensors.insert(tensors.end(), more.begin(), more.end());
  });
  eval(tensors);
  for (std::size_t n = 0; n < works.size(); ++n)
    if (works[n])
      part.merging[n] = works[n]->made();
  return part;
}

void PassRun::take(Part part, const Keep &keep) {
  // What needs no order is merged by kernels, which may be stopped: no goal has the piece then.
  std::vector<std::optional<PartialReduction>> freely(pass.goals.size());
  for (std::size_t n = 0; n < pass.goals.size(); ++n) {
    const Goal &goal = pass.goals[n];
    if (!merged[n] || goal.node->is_exact ||
        is_ordered(goal.node->op, goal.source->dtype, goal.node->is_exact))
      continue;
    freely[n] = merged[n];
    freely[n]->merge(*part.merging[n]);
  }
  for (std::size_t n = 0; n < pass.goals.size(); ++n) {
    if (part.kept[n])
      keep(pass.goals[n], *part.kept[n], part.begin);
    else if (freely[n])
      merged[n] = std::move(freely[n]);
    else if (!merged[n])
      merged[n] = std::move(part.merging[n]);
    else
      merged[n]->merge(*part.merging[n]);
  }
}

void PassRun::finish() {
  for (std::size_t n = 0; n < pass.goals.size(); ++n)
    if (merged[n])
      known.insert_or_assign(pass.goals[n].node, merged[n]->result());
}

void finish_outputs(std::span<const Tensor> outputs, const DataOf &data_of, const Known &known) {
  Piece whole(data_of, known);
  std::vector<Tensor> tensors;
  for (const Tensor &output : outputs)
    tensors.push_back(output.is_evaluated() ? output : whole.of(output.node(), std::nullopt));
  eval(tensors);
  for (std::size_t n = 0; n < outputs.size(); ++n)
    outputs[n].node()->set_values(tensors[n].node()->values());
}

} // namespace tsum::divided
