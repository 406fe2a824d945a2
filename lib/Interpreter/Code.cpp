// SPDX-License-Identifier: Apache-2.0

#include "Code.h"

#include "Scratch.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <bit>

namespace tsum::interpreter {

namespace {

using Value = CanonicalGraph::Value;

/// A block has about so many elements: 16 KB of f32, of which several stay in L1 or L2.
constexpr std::int64_t block_size = 4096;
/// Where nothing is reduced there is less to do between blocks, and all had better stay in L1.
constexpr std::int64_t elementwise_block_size = 2048;
/// Of what is only read more are worth less time between blocks.
constexpr std::int64_t read_block_size = 32768;
/// Each row has nodes, which take more room than short rows themselves.
constexpr std::int64_t most_rows = 1024;
/// A line whose values several phases read is kept whole up to so many elements.
constexpr std::int64_t longest_kept_line = 16384;

bool contains(const Dims &dims, std::int32_t dim) {
  return std::ranges::find(dims, dim) != dims.end();
}

std::int64_t power_of_two_below(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(n)));
}

class Generator {
public:
  Generator(const CanonicalGraph &graph, const Stage &stage, const Buffers &buffers)
      : graph(graph), stage(stage), buffers(buffers), slots(graph.values.size(), -1),
        computed(graph.values.size()) {
    code.rank = static_cast<std::int32_t>(graph.extents.size());
    find_depths();
    choose_blocks();
    make_phases();
    allocate_scratch(code);
  }

  Code code;

private:
  [[nodiscard]] const Value &value(std::int32_t n) const {
    return graph.values[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] std::int64_t extent(std::int32_t dim) const {
    return graph.extents[static_cast<std::size_t>(dim)];
  }
  [[nodiscard]] bool is_own_reduction(std::int32_t n) const {
    return contains(stage.reductions, n);
  }
  /// Whether `n` is in memory when the stage begins.
  [[nodiscard]] bool is_given(std::int32_t n) const {
    const OpKind op = value(n).op;
    return op == OpKind::Constant || (is_reduction(op) && !is_own_reduction(n));
  }

  //===-- Depths ------------------------------------------------------------------------------===//

  /// The number of reductions of the stage that a value waits for, one after the other.
  void find_depths() {
    depths.assign(graph.values.size(), 0);
    for (std::size_t n = 0; n < graph.values.size(); ++n) {
      if (is_given(static_cast<std::int32_t>(n)))
        continue;
      for (std::int32_t operand : graph.values[n].operands)
        depths[n] = std::max(depths[n], depth(operand) + is_own_reduction(operand));
    }
    for (const Dims *results : {&stage.reductions, &stage.outputs})
      for (std::int32_t result : *results)
        phase_count = std::max(phase_count, depth(result) + 1);
  }
  [[nodiscard]] int depth(std::int32_t n) const { return depths[static_cast<std::size_t>(n)]; }

  //===-- Blocks ------------------------------------------------------------------------------===//

  [[nodiscard]] Code::Dim make_dim(std::int32_t dim) const {
    return {dim, extent(dim), 1, contains(stage.axes, dim)};
  }

  /// The dimension outside of `dim`, or -1.
  [[nodiscard]] std::int32_t next_to(std::int32_t dim) const {
    std::int32_t next = -1;
    for (std::int32_t other : stage.dims)
      if (other != dim)
        next = other;
    return next;
  }

  void choose_blocks() {
    if (stage.dims.empty())
      return;
    const std::int32_t inner = stage.dims.back();
    std::int32_t rows = next_to(inner), columns = inner, line = -1;
    Dims nest = stage.axes;
    if (!nest.empty()) {
      // Where no reduction is ordered, the line may be whatever lies best.
      if (std::ranges::none_of(stage.reductions,
                               [&](std::int32_t n) { return graph.is_ordered(value(n)); }) &&
          contains(nest, inner)) {
        std::erase(nest, inner);
        nest.push_back(inner);
      }
      line = nest.back();
      if (line != inner)
        rows = line;
    }
    // Each row costs a call or two, and rows that are columns instead reads far apart.
    constexpr std::int64_t few = 12;
    if (rows >= 0 && extent(columns) < few && extent(rows) > extent(columns) &&
        takes_rows_apart(rows, columns))
      std::swap(rows, columns);
    if (rows >= 0)
      code.rows = make_dim(rows);
    code.columns = make_dim(columns);
    code.line = line == code.rows.dim && rows >= 0 ? Line::Rows : Line::Columns;
    for (std::int32_t dim : stage.dims)
      if (dim != rows && dim != columns && !contains(nest, dim))
        code.outer.push_back(make_dim(dim));
    for (std::int32_t dim : nest)
      code.nest.push_back(make_dim(dim));
    choose_sizes();
  }

  /// Whether all reductions are of data as it lies in memory.
  [[nodiscard]] bool computes_nothing() const {
    return stage.outputs.empty() && std::ranges::all_of(stage.reductions, [&](std::int32_t n) {
             const Value &operand = value(value(n).operands[0]);
             return operand.op == OpKind::Constant && operand.dtype != DType::boolean &&
                    size_of(operand.dtype) == size_of(kind_of_block(operand.dtype));
           });
  }

  /// Whether some operation has an operand with one value for each row, so that it takes rows of
  /// the others one by one.
  [[nodiscard]] bool takes_rows_apart(std::int32_t rows, std::int32_t columns) const {
    return std::ranges::any_of(graph.values, [&](const Value &v) {
      return !is_reduction(v.op) && contains(v.dims, columns) &&
             std::ranges::any_of(v.operands, [&](std::int32_t operand) {
               const Dims &dims = value(operand).dims;
               return contains(dims, rows) && !contains(dims, columns);
             });
    });
  }

  void choose_sizes() {
    Code::Dim &rows = code.rows, &columns = code.columns;
    const bool has_line = !code.nest.empty();
    if (has_line && code.line == Line::Rows) {
      // Rows are whole blocks of the order of additions, or parts of one.
      constexpr std::int64_t fewest_columns = 256;
      const std::int64_t most_rows = std::min(rows.extent, block_elements);
      columns.block = std::min(
          columns.extent, std::max(fewest_columns, power_of_two_below(block_size / most_rows)));
      rows.block =
          power_of_two_below(std::clamp(block_size / columns.block, block_lanes, block_elements));
      // Narrower columns that are kept take longer than computing the values twice.
      constexpr std::int64_t longest_kept_column = 1024, fewest_kept_columns = 64;
      if (phase_count > 1 && code.nest.size() == 1 && rows.extent <= longest_kept_column) {
        rows.block = rows.extent;
        columns.block = std::min(columns.extent,
                                 std::clamp(longest_kept_column * fewest_kept_columns / rows.extent,
                                            fewest_kept_columns, columns.block));
      }
      rows.block = std::min(rows.block, rows.extent);
      return;
    }
    const bool is_kept = phase_count > 1 && columns.extent <= longest_kept_line;
    const std::int64_t size = !has_line            ? elementwise_block_size
                              : computes_nothing() ? read_block_size
                                                   : block_size;
    columns.block = has_line && is_kept ? columns.extent : std::min(columns.extent, size);
    rows.block =
        columns.block < columns.extent
            ? 1
            : std::clamp<std::int64_t>(size / columns.block, 1, std::min(rows.extent, most_rows));
    // Nodes of rows next to each other are those of a whole subtree.
    if (rows.is_reduced && rows.block < rows.extent)
      rows.block =
          static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows.block)));
  }

  /// Whether a tile is one block, whose values stay from phase to phase.
  [[nodiscard]] bool is_tile_one_block() const {
    return std::ranges::all_of(code.nest, [&](const Code::Dim &dim) {
      for (const Code::Dim *other : {&code.rows, &code.columns})
        if (other->dim == dim.dim)
          return other->block == other->extent;
      return false;
    });
  }

  //===-- Instructions ------------------------------------------------------------------------===//

  void make_phases() {
    for (int phase = 0; phase < phase_count; ++phase) {
      code.phases.emplace_back();
      if (!is_tile_one_block())
        computed.assign(computed.size(), false);
      for (std::int32_t n : stage.reductions)
        if (depth(n) == phase)
          add_reduction(n);
      for (std::int32_t n : stage.outputs)
        if (depth(n) == phase) {
          const std::int32_t slot = compute(n);
          if (!computes_in_memory(n))
            instructions_for(n).push_back(write(n, slot));
        }
    }
  }

  void add_reduction(std::int32_t n) {
    Phase &phase = code.phases.back();
    const std::int32_t operand = compute(value(n).operands[0]);
    const std::int32_t slot = slot_of(n);
    phase.reductions.push_back(static_cast<std::int32_t>(code.reductions.size()));
    code.reductions.push_back(
        {value(n).op, value(n).dtype, graph.is_ordered(value(n)), operand, slot});
    if (buffers.results[static_cast<std::size_t>(n)] >= 0)
      phase.after.push_back(write(n, slot));
  }

  /// Of the current phase: those that run once for each tile, if `n` has no reduced dimension.
  std::vector<Instruction> &instructions_for(std::int32_t n) {
    Phase &phase = code.phases.back();
    const bool is_reduced = std::ranges::any_of(
        value(n).dims, [&](std::int32_t dim) { return contains(stage.axes, dim); });
    return is_reduced ? phase.block : phase.once;
  }

  std::int32_t slot_of(std::int32_t n) {
    std::int32_t &slot = slots[static_cast<std::size_t>(n)];
    if (slot < 0) {
      slot = static_cast<std::int32_t>(code.slots.size());
      const Dims &dims = value(n).dims;
      code.slots.push_back({kind_of_block(value(n).dtype), contains(dims, code.rows.dim),
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
      if (is_computed(next) || is_own_reduction(next)) {
        pending.pop_back();
        continue;
      }
      std::size_t before = pending.size();
      if (!is_given(next))
        for (std::int32_t operand : value(next).operands)
          if (!is_computed(operand) && !is_own_reduction(operand))
            pending.push_back(operand);
      if (pending.size() != before)
        continue;
      pending.pop_back();
      computed[static_cast<std::size_t>(next)] = true;
      instructions_for(next).push_back(instruction(next));
    }
    return slot_of(n);
  }

  [[nodiscard]] bool is_computed(std::int32_t n) const {
    return computed[static_cast<std::size_t>(n)];
  }

  Instruction instruction(std::int32_t n) {
    const Value &v = value(n);
    Instruction result;
    result.slot = slot_of(n);
    const Slot &slot = code.slots[static_cast<std::size_t>(result.slot)];
    if (is_given(n)) {
      result.memory = memory_of(n, v.op == OpKind::Constant ? v.strides : row_major(v));
      result.memory.buffer = buffers.inputs[static_cast<std::size_t>(n)];
      const bool is_block = size_of(v.dtype) == size_of(slot.kind) && v.dtype != DType::boolean;
      // A value for each row alone is a row of its own.
      const std::int64_t step = slot.has_columns ? result.memory.column : result.memory.row;
      result.action = is_block && (step == 1 || (!slot.has_columns && !slot.has_rows))
                          ? Instruction::Action::Read
                          : Instruction::Action::Load;
      result.load = loops().load(v.dtype);
    } else if (v.op == OpKind::Iota) {
      result.action = Instruction::Action::Count;
      result.memory = memory_of(n, v.strides);
      result.first = v.offset;
    } else {
      std::ranges::transform(v.operands, result.operands.begin(),
                             [&](std::int32_t operand) { return slot_of(operand); });
      const DType operand = value(v.operands.back()).dtype;
      // Repeating is a cast to the same dtype.
      const bool is_cast = v.op == OpKind::Cast || v.op == OpKind::BroadcastTo;
      result.loop = is_cast ? loops().cast(kind_of_block(operand), v.dtype)
                            : loops().elementwise(v.op, kind_of_block(operand));
      result.fix = loops().fix(v.dtype);
      if (computes_in_memory(n)) {
        result.action = Instruction::Action::ApplyInMemory;
        result.memory = write(n, result.slot).memory;
      }
    }
    return result;
  }

  /// Whether the output `n` is computed where it lies in memory.
  [[nodiscard]] bool computes_in_memory(std::int32_t n) const {
    const Value &v = value(n);
    if (is_given(n) || v.op == OpKind::Iota ||
        size_of(v.dtype) != size_of(kind_of_block(v.dtype)) || !contains(stage.outputs, n) ||
        depth(n) + 1 != std::ssize(code.phases) || is_streamed(v))
      return false;
    const Memory memory = memory_of(n, row_major(v));
    return contains(v.dims, code.columns.dim) ? memory.column == 1 : memory.row == 1;
  }

  /// Whether `v` goes past the caches, which it would only fill.
  [[nodiscard]] bool is_streamed(const Value &v) const {
    constexpr std::int64_t fewest_bytes = 8 << 20;
    std::int64_t bytes = size_of(v.dtype);
    for (std::int32_t dim : v.dims)
      bytes *= extent(dim);
    return bytes >= fewest_bytes && loops().stream(v.dtype) && !is_reduction(v.op);
  }

  Instruction write(std::int32_t n, std::int32_t slot) {
    Instruction result;
    result.action = Instruction::Action::Write;
    result.slot = slot;
    result.memory = memory_of(n, row_major(value(n)));
    result.memory.buffer = buffers.results[static_cast<std::size_t>(n)];
    result.store =
        is_streamed(value(n)) ? loops().stream(value(n).dtype) : loops().store(value(n).dtype);
    return result;
  }

  [[nodiscard]] std::vector<std::int64_t> row_major(const Value &v) const {
    std::vector<std::int64_t> strides(v.dims.size(), 1);
    for (std::size_t dim = v.dims.size(); dim-- > 1;)
      strides[dim - 1] = strides[dim] * extent(v.dims[dim]);
    return strides;
  }

  [[nodiscard]] Memory memory_of(std::int32_t n, const std::vector<std::int64_t> &strides) const {
    const Value &v = value(n);
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

  const CanonicalGraph &graph;
  const Stage &stage;
  const Buffers &buffers;
  std::vector<int> depths;
  int phase_count = 1;
  std::vector<std::int32_t> slots; ///< by value; -1 for none
  std::vector<bool> computed;      ///< by value, in the current phase
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

Code generate(const CanonicalGraph &graph, const Stage &stage, const Buffers &buffers) {
  return std::move(Generator(graph, stage, buffers).code);
}

} // namespace tsum::interpreter
