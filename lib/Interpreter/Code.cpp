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
    count_uses(0, phase_count);
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
    if (has_line && code.line == Line::Rows && takes_elements_in_place()) {
      // Several of them in a stretch: memory likes long runs. But there should be tiles for all
      // threads.
      constexpr std::int64_t tiles = 64, fewest_columns = 128, most_columns = 1024;
      constexpr std::int64_t most_kept_columns = 256, most_rows = 16 * block_elements;
      const std::int64_t blocks = (rows.extent + block_elements - 1) / block_elements;
      columns.block = std::min(
          columns.extent,
          power_of_two_below(std::clamp(columns.extent * blocks / tiles, fewest_columns,
                                        phase_count > 1 ? most_kept_columns : most_columns)));
      rows.block = std::min(rows.extent, most_rows);
      return;
    }
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
    const std::int64_t size = !has_line && computes_outputs_alone()   ? read_block_size
                              : !has_line                             ? elementwise_block_size
                              : takes_elements_in_place() && !is_kept ? read_block_size
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

  //===-- Fusion ------------------------------------------------------------------------------===//

  /// Counts how often each value is read by what the phases from `begin` to `end` compute.
  void count_uses(int begin, int end) {
    uses.assign(graph.values.size(), 0);
    std::vector<bool> is_needed(graph.values.size());
    auto need = [&](std::int32_t n) { is_needed[static_cast<std::size_t>(n)] = true; };
    auto use = [&](std::int32_t n) {
      ++uses[static_cast<std::size_t>(n)];
      need(n);
    };
    auto is_computed_then = [&](std::int32_t n) { return depth(n) >= begin && depth(n) < end; };
    for (std::int32_t n : stage.reductions)
      if (is_computed_then(n))
        use(value(n).operands[0]);
    for (std::int32_t n : stage.outputs)
      if (is_computed_then(n))
        use(n);
    for (auto n = static_cast<std::int32_t>(graph.values.size()); n-- > 0;)
      if (is_needed[static_cast<std::size_t>(n)] && !is_given(n) && !is_own_reduction(n))
        for (std::int32_t operand : value(n).operands)
          use(operand);
  }

  /// Whether `n` may be computed where it is read, over `dims`, and nowhere else.
  [[nodiscard]] bool is_fusable(std::int32_t n, const Dims &dims) const {
    return !is_given(n) && !is_own_reduction(n) && !is_computed(n) && value(n).dims == dims &&
           uses[static_cast<std::size_t>(n)] == 1 && !loops().fix(value(n).dtype);
  }

  /// What one loop computes: an operation, and perhaps another one of its operand `place`.
  struct Fusion {
    Loop loop = nullptr;
    std::int32_t inner = -1; ///< value
    std::vector<std::int32_t> operands;
  };

  [[nodiscard]] std::vector<std::int32_t> operands_with(const Value &outer,
                                                        std::size_t place) const {
    std::vector<std::int32_t> operands = value(outer.operands[place]).operands;
    for (std::size_t n = 0; n < outer.operands.size(); ++n)
      if (n != place)
        operands.push_back(outer.operands[n]);
    return operands;
  }

  [[nodiscard]] Fusion fusion_at(std::int32_t n) const {
    const Value &v = value(n);
    for (std::size_t place = 0; place < v.operands.size(); ++place) {
      const std::int32_t inner = v.operands[place];
      if (loops().fix(v.dtype) || value(inner).dtype != v.dtype || !is_fusable(inner, v.dims))
        continue;
      if (Loop loop =
              loops().fused(v.op, value(inner).op, static_cast<int>(place), kind_of_block(v.dtype)))
        return {loop, inner, operands_with(v, place)};
    }
    return {nullptr, -1, v.operands};
  }

  /// What an ordered reduction reads, and the loops that compute its operand from that.
  struct Source {
    const OrderedLoops *loops = nullptr;
    std::vector<std::int32_t> operands;
  };

  /// \p are_blocks_whole says so of the blocks of rows that there will be.
  [[nodiscard]] Source source_of(const Value &reduction, bool are_blocks_whole) const {
    const std::int32_t n = reduction.operands[0];
    const Value &operand = value(n);
    const Kind kind = kind_of_block(operand.dtype);
    auto find = [&](OpKind outer, OpKind inner, std::vector<std::int32_t> operands) {
      // Rows are walked along, and so is what is the only operand.
      const bool fits = (code.line == Line::Columns && operands.size() > 1) ||
                        std::ranges::all_of(operands, [&](std::int32_t read) {
                          return contains(value(read).dims, code.columns.dim);
                        });
      return Source{fits ? loops().ordered(reduction.op, kind, outer, inner) : nullptr,
                    std::move(operands)};
    };
    if (is_fusable(n, operand.dims) && operand.op != OpKind::Iota &&
        (code.line == Line::Columns || are_blocks_whole)) {
      const std::int32_t inner = operand.operands[0];
      if (value(inner).dtype == operand.dtype && is_fusable(inner, operand.dims))
        if (Source both = find(operand.op, value(inner).op, operands_with(operand, 0)); both.loops)
          return both;
      if (Source one = find(operand.op, OpKind::Constant, operand.operands); one.loops)
        return one;
    }
    return find(OpKind::Constant, OpKind::Constant, {n});
  }

  /// Whether all reductions are of data as it lies in memory, or of what their loops make of that,
  /// so that blocks need no room.
  [[nodiscard]] bool takes_elements_in_place() const {
    auto has_no_line = [&](std::int32_t n) {
      return std::ranges::none_of(value(n).dims,
                                  [&](std::int32_t dim) { return contains(stage.axes, dim); });
    };
    auto is_in_place = [&](std::int32_t n) {
      const Value &v = value(n);
      if (!is_given(n))
        return has_no_line(n);
      if (size_of(v.dtype) != size_of(kind_of_block(v.dtype)) || v.dtype == DType::boolean)
        return false;
      const auto place = std::ranges::find(v.dims, code.columns.dim) - v.dims.begin();
      return v.op != OpKind::Constant || place == std::ssize(v.dims) ||
             v.strides[static_cast<std::size_t>(place)] == 1;
    };
    return std::ranges::all_of(stage.outputs, has_no_line) &&
           std::ranges::all_of(stage.reductions, [&](std::int32_t n) {
             return std::ranges::all_of(graph.is_ordered(value(n))
                                            ? source_of(value(n), true).operands
                                            : value(n).operands,
                                        is_in_place);
           });
  }

  /// Whether nothing is computed but outputs, which go where they belong at once.
  [[nodiscard]] bool computes_outputs_alone() const {
    return std::ranges::all_of(stage.outputs, [&](std::int32_t n) {
      if (is_given(n) || loops().fix(value(n).dtype) ||
          size_of(value(n).dtype) != size_of(kind_of_block(value(n).dtype)))
        return false;
      return std::ranges::all_of(fusion_at(n).operands, [&](std::int32_t operand) {
        const Value &v = value(operand);
        return v.op == OpKind::Constant &&
               (v.dims.empty() || (!v.strides.empty() && v.strides.back() == 1)) &&
               size_of(v.dtype) == size_of(kind_of_block(v.dtype));
      });
    });
  }

  //===-- Instructions ------------------------------------------------------------------------===//

  void make_phases() {
    const bool is_one_block = is_tile_one_block();
    for (int phase = 0; phase < phase_count; ++phase) {
      code.phases.emplace_back();
      if (!is_one_block) {
        computed.assign(computed.size(), false);
        count_uses(phase, phase + 1);
      }
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
    const Source source = graph.is_ordered(value(n)) ? source_of(value(n), code.has_whole_blocks())
                                                     : Source{nullptr, value(n).operands};
    const std::int32_t slot = slot_of(n);
    Code::Reduction reduction{value(n).op, value(n).dtype, source.loops, {-1, -1, -1}, slot};
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
        for (std::int32_t operand : fusion_at(next).operands)
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
      if (result.action == Instruction::Action::Read && is_large(v))
        result.memory.ahead = to_next_block(result.memory);
    } else if (v.op == OpKind::Iota) {
      result.action = Instruction::Action::Count;
      result.memory = memory_of(n, v.strides);
      result.first = v.offset;
    } else {
      const Fusion fusion = fusion_at(n);
      std::ranges::transform(fusion.operands, result.operands.begin(),
                             [&](std::int32_t operand) { return slot_of(operand); });
      const DType operand = value(v.operands.back()).dtype;
      // Repeating is a cast to the same dtype.
      const bool is_cast = v.op == OpKind::Cast || v.op == OpKind::BroadcastTo;
      result.loop = is_cast       ? loops().cast(kind_of_block(operand), v.dtype)
                    : fusion.loop ? fusion.loop
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
    const Value &v = value(n);
    if (is_given(n) || v.op == OpKind::Iota ||
        size_of(v.dtype) != size_of(kind_of_block(v.dtype)) || !contains(stage.outputs, n) ||
        depth(n) + 1 != std::ssize(code.phases))
      return false;
    // Past the caches goes what nothing else reads.
    if (is_streamed(v) && (uses[static_cast<std::size_t>(n)] > 1 ||
                           !(fusion_at(n).loop || loops().streams(v.op, kind_of_block(v.dtype)))))
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

  /// Whether `v` comes from memory beyond the caches, mostly.
  [[nodiscard]] bool is_large(const Value &v) const {
    constexpr std::int64_t fewest_bytes = 1 << 20;
    std::int64_t bytes = size_of(v.dtype);
    for (std::int32_t dim : v.dims)
      bytes *= extent(dim);
    return bytes >= fewest_bytes;
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
  std::vector<int> uses;           ///< by value: by how many others, and as an output
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
