// SPDX-License-Identifier: Apache-2.0

#include "Code.h"

#include "Blocks.h"
#include "Fusion.h"
#include "Scratch.h"
#include "StageValues.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>

namespace tsum::interpreter {

namespace {

using Value = StageValues::Value;

/// Writes a stage's instructions.
class Generator {
public:
  Generator(const CanonicalGraph &graph, const Stage &stage, const Buffers &buffers)
      : values(graph, stage), fusion(values), buffers(buffers), slots(graph.values.size(), -1) {
    code.rank = static_cast<std::int32_t>(graph.extents.size());
    choose_blocks(code, values, fusion);
    make_phases();
    allocate_scratch(code);
  }

  Code code;

private:
  /// Whether a tile is one block, whose values stay from phase to phase.
  [[nodiscard]] bool is_tile_one_block() const {
    return std::ranges::all_of(code.nest, [&](const Code::Dim &dim) {
      for (const Code::Dim *other : {&code.rows, &code.columns})
        if (other->dim == dim.dim)
          return other->block == other->extent;
      return false;
    });
  }

  void make_phases() {
    const bool is_one_block = is_tile_one_block();
    for (int phase = 0; phase < values.phase_count(); ++phase) {
      code.phases.emplace_back();
      if (!is_one_block)
        fusion.begin(phase);
      for (std::int32_t n : values.stage.reductions)
        if (values.depth(n) == phase)
          add_reduction(n);
      for (std::int32_t n : values.stage.outputs)
        if (values.depth(n) == phase) {
          const std::int32_t slot = compute(n);
          if (!computes_in_memory(n))
            instructions_for(n).push_back(write(n, slot));
        }
    }
  }

  void add_reduction(std::int32_t n) {
    Phase &phase = code.phases.back();
    const Fusion::Ordered source =
        values.graph.is_ordered(values.value(n))
            ? fusion.ordered(values.value(n), code, code.has_whole_blocks())
            : Fusion::Ordered{nullptr, values.value(n).operands};
    const std::int32_t slot = slot_of(n);
    Code::Reduction reduction{
        values.value(n).op, values.value(n).dtype, source.loops, {-1, -1, -1}, slot};
    std::ranges::transform(source.operands, reduction.operands.begin(),
                           [&](std::int32_t operand) { return compute(operand); });
    phase.reductions.push_back(static_cast<std::int32_t>(code.reductions.size()));
    code.reductions.push_back(reduction);
    if (buffers.results[static_cast<std::size_t>(n)] >= 0)
      phase.after.push_back(write(n, slot));
  }

  /// Of the current phase: those that run once for each tile, if `n` has no reduced dimension.
  std::vector<Instruction> &instructions_for(std::int32_t n) {
    Phase &phase = code.phases.back();
    const bool is_reduced = std::ranges::any_of(
        values.value(n).dims, [&](std::int32_t dim) { return contains(values.stage.axes, dim); });
    return is_reduced ? phase.block : phase.once;
  }

  std::int32_t slot_of(std::int32_t n) {
    std::int32_t &slot = slots[static_cast<std::size_t>(n)];
    if (slot < 0) {
      slot = static_cast<std::int32_t>(code.slots.size());
      const Dims &dims = values.value(n).dims;
      code.slots.push_back({n, kind_of_block(values.value(n).dtype), contains(dims, code.rows.dim),
                            contains(dims, code.columns.dim), -1});
    }
    return slot;
  }

  /// The slot that has `n` once the instructions so far have run. Graphs may be deep: what is
  /// needed first is found without recursion.
  std::int32_t compute(std::int32_t n) {
    std::vector<std::int32_t> pending{n};
    while (!pending.empty()) {
      const std::int32_t next = pending.back();
      if (fusion.is_computed(next) || values.is_own_reduction(next)) {
        pending.pop_back();
        continue;
      }
      std::size_t before = pending.size();
      if (!values.is_given(next))
        for (std::int32_t operand : fusion.elementwise(next).operands)
          if (!fusion.is_computed(operand) && !values.is_own_reduction(operand))
            pending.push_back(operand);
      if (pending.size() != before)
        continue;
      pending.pop_back();
      fusion.set_computed(next);
      instructions_for(next).push_back(instruction(next));
    }
    return slot_of(n);
  }

  Instruction instruction(std::int32_t n) {
    const Value &v = values.value(n);
    Instruction result;
    result.slot = slot_of(n);
    const Slot &slot = code.slots[static_cast<std::size_t>(result.slot)];
    if (values.is_given(n)) {
      result.memory = memory_of(n, v.op == OpKind::Constant ? v.strides : row_major(v));
      result.memory.buffer = buffers.inputs[static_cast<std::size_t>(n)];
      const bool is_block = size_of(v.dtype) == size_of(slot.kind) && v.dtype != DType::boolean;
      // A value for each row alone is a row of its own.
      const std::int64_t step = slot.has_columns ? result.memory.column : result.memory.row;
      result.action = is_block && (step == 1 || (!slot.has_columns && !slot.has_rows))
                          ? Instruction::Action::Read
                          : Instruction::Action::Load;
      result.load = loops().load(v.dtype);
      if (result.action == Instruction::Action::Read && is_large(v))
        result.memory.ahead = to_next_block(result.memory);
    } else if (v.op == OpKind::Iota) {
      result.action = Instruction::Action::Count;
      result.memory = memory_of(n, v.strides);
      result.first = v.offset;
    } else {
      const Fusion::Elementwise fused = fusion.elementwise(n);
      std::ranges::transform(fused.operands, result.operands.begin(),
                             [&](std::int32_t operand) { return slot_of(operand); });
      const DType operand = values.value(v.operands.back()).dtype;
      // Repeating is a cast to the same dtype.
      const bool is_cast = v.op == OpKind::Cast || v.op == OpKind::BroadcastTo;
      result.loop = is_cast      ? loops().cast(kind_of_block(operand), v.dtype)
                    : fused.loop ? fused.loop
                                 : loops().elementwise(v.op, kind_of_block(operand));
      result.fix = loops().fix(v.dtype);
      if (computes_in_memory(n)) {
        result.action = Instruction::Action::ApplyInMemory;
        result.memory = write(n, result.slot).memory;
        result.is_streamed = is_streamed(v);
        if (!result.is_streamed && is_large(v))
          result.memory.ahead = to_next_block(result.memory);
      }
    }
    return result;
  }

  /// Whether the output `n` is computed where it lies in memory.
  [[nodiscard]] bool computes_in_memory(std::int32_t n) const {
    const Value &v = values.value(n);
    if (values.is_given(n) || v.op == OpKind::Iota ||
        size_of(v.dtype) != size_of(kind_of_block(v.dtype)) || !contains(values.stage.outputs, n) ||
        values.depth(n) + 1 != std::ssize(code.phases))
      return false;
    // Past the caches goes what nothing else reads.
    if (is_streamed(v) &&
        (fusion.use_count(n) > 1 ||
         !(fusion.elementwise(n).loop || loops().streams(v.op, kind_of_block(v.dtype)))))
      return false;
    const Memory memory = memory_of(n, row_major(v));
    return contains(v.dims, code.columns.dim) ? memory.column == 1 : memory.row == 1;
  }

  /// Whether `v` goes past the caches, which it would only fill.
  [[nodiscard]] bool is_streamed(const Value &v) const {
    constexpr std::int64_t fewest_bytes = 8 << 20;
    return values.graph.byte_count(v) >= fewest_bytes && loops().stream(v.dtype) &&
           !is_reduction(v.op);
  }

  /// Whether `v` comes from memory beyond the caches, mostly.
  [[nodiscard]] bool is_large(const Value &v) const {
    constexpr std::int64_t fewest_bytes = 1 << 20;
    return values.graph.byte_count(v) >= fewest_bytes;
  }

  /// Elements from a block to the one that is computed next.
  [[nodiscard]] std::int64_t to_next_block(const Memory &memory) const {
    const bool rows_come_first = code.line == Line::Rows && !code.nest.empty();
    if (rows_come_first ? code.rows.block < code.rows.extent
                        : code.columns.block == code.columns.extent)
      return code.rows.block * memory.row;
    return code.columns.block * memory.column;
  }

  Instruction write(std::int32_t n, std::int32_t slot) {
    Instruction result;
    result.action = Instruction::Action::Write;
    result.slot = slot;
    result.memory = memory_of(n, row_major(values.value(n)));
    result.memory.buffer = buffers.results[static_cast<std::size_t>(n)];
    result.store = is_streamed(values.value(n)) ? loops().stream(values.value(n).dtype)
                                                : loops().store(values.value(n).dtype);
    return result;
  }

  [[nodiscard]] std::vector<std::int64_t> row_major(const Value &v) const {
    std::vector<std::int64_t> strides(v.dims.size(), 1);
    for (std::size_t dim = v.dims.size(); dim-- > 1;)
      strides[dim - 1] = strides[dim] * values.extent(v.dims[dim]);
    return strides;
  }

  [[nodiscard]] Memory memory_of(std::int32_t n, const std::vector<std::int64_t> &strides) const {
    const Value &v = values.value(n);
    Memory memory;
    memory.dtype = v.dtype;
    for (std::size_t n = 0; n < v.dims.size(); ++n)
      if (v.dims[n] == code.rows.dim)
        memory.row = strides[n];
      else if (v.dims[n] == code.columns.dim)
        memory.column = strides[n];
      else
        memory.outer.emplace_back(v.dims[n], strides[n]);
    return memory;
  }

  const StageValues values;
  Fusion fusion;
  const Buffers &buffers;
  std::vector<std::int32_t> slots; ///< by value; -1 for none
};

} // namespace

std::int64_t Code::tiles() const {
  std::int64_t tiles = 1;
  for (const Dim *dim : {&rows, &columns})
    if (!dim->is_reduced)
      tiles *= (dim->extent + dim->block - 1) / dim->block;
  for (const Dim &dim : outer)
    tiles *= dim.extent;
  return tiles;
}

bool Code::has_whole_blocks() const {
  return rows.block == rows.extent || rows.block % block_elements == 0;
}

Code generate(const CanonicalGraph &graph, const Stage &stage, const Buffers &buffers) {
  return std::move(Generator(graph, stage, buffers).code);
}

} // namespace tsum::interpreter
