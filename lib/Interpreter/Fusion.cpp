// SPDX-License-Identifier: Apache-2.0

#include "Fusion.h"

#include <algorithm>

namespace tsum::interpreter {

using Value = StageValues::Value;

/// Counts how often each value is read by what the phases from `begin` to `end` compute.
void Fusion::count_uses(int begin, int end) {
  uses.assign(values.graph.values.size(), 0);
  std::vector<bool> is_needed(values.graph.values.size());
  auto need = [&](std::int32_t n) { is_needed[static_cast<std::size_t>(n)] = true; };
  auto use = [&](std::int32_t n) {
    ++uses[static_cast<std::size_t>(n)];
    need(n);
  };
  auto is_computed_then = [&](std::int32_t n) {
    return values.depth(n) >= begin && values.depth(n) < end;
  };
  for (std::int32_t n : values.stage.reductions)
    if (is_computed_then(n))
      use(values.value(n).operands[0]);
  for (std::int32_t n : values.stage.outputs)
    if (is_computed_then(n))
      use(n);
  for (auto n = static_cast<std::int32_t>(values.graph.values.size()); n-- > 0;)
    if (is_needed[static_cast<std::size_t>(n)] && !values.is_given(n) &&
        !values.is_own_reduction(n))
      for (std::int32_t operand : values.value(n).operands)
        use(operand);
}

/// Whether `n` may be computed where it is read, over `dims`, and nowhere else.
bool Fusion::is_fusable(std::int32_t n, const Dims &dims) const {
  return !values.is_given(n) && !values.is_own_reduction(n) && !is_computed(n) &&
         values.value(n).dims == dims && uses[static_cast<std::size_t>(n)] == 1 &&
         !loops().fix(values.value(n).dtype);
}

std::vector<std::int32_t> Fusion::operands_with(const Value &outer, std::size_t place,
                                                const Value &inner) const {
  std::vector<std::int32_t> operands = inner.operands;
  for (std::size_t n = 0; n < outer.operands.size(); ++n)
    if (n != place)
      operands.push_back(outer.operands[n]);
  return operands;
}

Fusion::Elementwise Fusion::elementwise(std::int32_t n) const {
  const Value &v = values.value(n);
  if (loops().fix(v.dtype))
    return {nullptr, v.operands};
  auto is_inner = [&](std::int32_t read) {
    return values.value(read).dtype == v.dtype && is_fusable(read, v.dims);
  };
  Elementwise two{nullptr, v.operands};
  for (std::size_t place = 0; place < v.operands.size(); ++place) {
    if (!is_inner(v.operands[place]))
      continue;
    const Value &next = values.value(v.operands[place]);
    auto find = [&](OpKind middle, const Value &inner) {
      return loops().fused(v.op, middle, inner.op, static_cast<int>(place), kind_of_block(v.dtype));
    };
    if (next.operands.size() == 1 && is_inner(next.operands[0])) {
      const Value &inner = values.value(next.operands[0]);
      if (Loop loop = find(next.op, inner))
        return {loop, operands_with(v, place, inner)};
    }
    if (Loop loop = two.loop ? nullptr : find(OpKind::Constant, next))
      two = {loop, operands_with(v, place, next)};
  }
  return two;
}

Fusion::Ordered Fusion::ordered(const Value &reduction, const Code &code,
                                bool are_blocks_whole) const {
  const std::int32_t n = reduction.operands[0];
  const Value &operand = values.value(n);
  const Kind kind = kind_of_block(operand.dtype);
  auto find = [&](OpKind outer, OpKind inner, std::vector<std::int32_t> operands) {
    // Rows are walked along, and so is what is the only operand.
    const bool fits = (code.line == Line::Columns && operands.size() > 1) ||
                      std::ranges::all_of(operands, [&](std::int32_t read) {
                        return contains(values.value(read).dims, code.columns.dim);
                      });
    return Ordered{fits ? loops().ordered(reduction.op, kind, outer, inner) : nullptr,
                   std::move(operands)};
  };
  if (is_fusable(n, operand.dims) && operand.op != OpKind::Iota &&
      (code.line == Line::Columns || are_blocks_whole)) {
    const std::int32_t inner = operand.operands[0];
    if (values.value(inner).dtype == operand.dtype && is_fusable(inner, operand.dims))
      if (Ordered both = find(operand.op, values.value(inner).op,
                              operands_with(operand, 0, values.value(inner)));
          both.loops)
        return both;
    if (Ordered one = find(operand.op, OpKind::Constant, operand.operands); one.loops)
      return one;
  }
  return find(OpKind::Constant, OpKind::Constant, {n});
}

} // namespace tsum::interpreter
