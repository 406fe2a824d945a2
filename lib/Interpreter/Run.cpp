// SPDX-License-Identifier: Apache-2.0

#include "Arena.h"
#include "Code.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tsum::interpreter {

namespace {

/// A part of a dimension.
struct Range {
  std::int64_t begin = 0, size = 1;
};

/// Runs tiles of a stage one after the other.
class Runner {
public:
  Runner(const Code &code, const void *const *buffers)
      : code(code), buffers(buffers), index(static_cast<std::size_t>(code.rank), &arena),
        elements(code.slots.size(), &arena), accumulators(&arena) {
    const AccumulatorShape shape{code.nest.size(),
                                 code.line,
                                 {code.rows.block, code.columns.block},
                                 code.has_whole_blocks()};
    accumulators.reserve(code.reductions.size());
    for (const Code::Reduction &reduction : code.reductions)
      accumulators.push_back(
          reduction.ordered
              ? make_ordered_accumulator(arena, reduction.op, reduction.dtype, *reduction.ordered,
                                         shape)
              : make_unordered_accumulator(arena, reduction.op, reduction.dtype, shape));
    // What is large comes last, so that the rest fits in the memory that the arena begins with.
    constexpr std::size_t alignment = 64;
    scratch = static_cast<std::byte *>(
        arena.allocate(static_cast<std::size_t>(code.scratch_bytes), alignment));
  }

  void run_tile(std::int64_t tile) {
    for (auto dim = code.outer.rbegin(); dim != code.outer.rend(); ++dim)
      index[static_cast<std::size_t>(dim->dim)] = take(tile, dim->extent);
    for (auto [dim, range] : {std::pair(&code.columns, &columns), std::pair(&code.rows, &rows)}) {
      if (dim->is_reduced)
        *range = {0, dim->extent};
      else
        *range = range_of(*dim, take(tile, (dim->extent + dim->block - 1) / dim->block));
    }
    for (const Phase &phase : code.phases)
      run_phase(phase);
  }

private:
  /// The last of the numbers that make up `number`, which is below `extent`.
  static std::int64_t take(std::int64_t &number, std::int64_t extent) {
    const std::int64_t last = number % extent;
    number /= extent;
    return last;
  }

  static Range range_of(const Code::Dim &dim, std::int64_t block) {
    const std::int64_t begin = block * dim.block;
    return {begin, std::min(dim.block, dim.extent - begin)};
  }

  //===-- The nest ----------------------------------------------------------------------------===//

  void run_phase(const Phase &phase) {
    for (const Instruction &instruction : phase.once)
      run_instruction(instruction);
    if (!phase.block.empty() || !phase.reductions.empty())
      walk(phase, 0);
    for (std::int32_t n : phase.reductions) {
      const Code::Reduction &reduction = code.reductions[static_cast<std::size_t>(n)];
      const Slot &slot = code.slots[static_cast<std::size_t>(reduction.result)];
      accumulators[static_cast<std::size_t>(n)]->write(scratch + slot.scratch);
      elements_of(reduction.result) = computed_elements(slot);
    }
    for (const Instruction &instruction : phase.after)
      run_instruction(instruction);
  }

  /// Reduces the axes of the nest from `level` on.
  void walk(const Phase &phase, std::size_t level) {
    const bool is_line = level + 1 == code.nest.size();
    const Code::Dim &axis = code.nest[level];
    const bool is_rows = axis.dim == code.rows.dim, is_columns = axis.dim == code.columns.dim;
    if (is_rows || is_columns) {
      const Code::Dim &dim = is_rows ? code.rows : code.columns;
      Range &range = is_rows ? rows : columns;
      for (std::int64_t begin = 0, block = 0; begin < dim.extent; begin += dim.block, ++block) {
        range = range_of(dim, block);
        if (is_line) {
          run_block(phase);
          continue;
        }
        walk(phase, level + 1);
        for_each_accumulator(phase, [&](Accumulator &accumulator) {
          accumulator.fold_width();
          accumulator.push(level);
        });
      }
    } else {
      for (std::int64_t i = 0; i < axis.extent; ++i) {
        index[static_cast<std::size_t>(axis.dim)] = i;
        walk(phase, level + 1);
        for_each_accumulator(phase, [&](Accumulator &accumulator) { accumulator.push(level); });
      }
    }
    for_each_accumulator(phase, [&](Accumulator &accumulator) {
      if (is_line)
        accumulator.finish_line();
      else
        accumulator.finish(level);
    });
  }

  void run_block(const Phase &phase) {
    for (const Instruction &instruction : phase.block)
      run_instruction(instruction);
    for (std::int32_t n : phase.reductions) {
      std::array<Elements, 3> operands;
      const Code::Reduction &reduction = code.reductions[static_cast<std::size_t>(n)];
      for (std::size_t i = 0; i < operands.size() && reduction.operands[i] >= 0; ++i)
        operands[i] = elements_of(reduction.operands[i]);
      // Along what is read first the processor looks ahead itself.
      if (&phase == &code.phases.front())
        for (Elements &operand : operands)
          operand.ahead = 0;
      accumulators[static_cast<std::size_t>(n)]->add(operands.data(), {rows.size, columns.size});
    }
  }

  template <class Visit> void for_each_accumulator(const Phase &phase, const Visit &visit) {
    for (std::int32_t n : phase.reductions)
      visit(*accumulators[static_cast<std::size_t>(n)]);
  }

  //===-- Instructions ------------------------------------------------------------------------===//

  Elements &elements_of(std::int32_t slot) { return elements[static_cast<std::size_t>(slot)]; }

  /// Those that a slot has in scratch memory.
  [[nodiscard]] Elements computed_elements(const Slot &slot) const {
    const std::byte *data = scratch + slot.scratch;
    if (slot.has_columns)
      return {data, slot.has_rows ? columns.size : 0, 1};
    return {data, slot.has_rows ? 1 : 0, 0};
  }

  /// In elements of its dtype.
  [[nodiscard]] std::int64_t offset_of(const Memory &memory, const Slot &slot) const {
    std::int64_t offset = 0;
    for (auto [dim, stride] : memory.outer)
      offset += index[static_cast<std::size_t>(dim)] * stride;
    if (slot.has_rows)
      offset += rows.begin * memory.row;
    if (slot.has_columns)
      offset += columns.begin * memory.column;
    return offset;
  }

  [[nodiscard]] std::byte *address_of(const Memory &memory, const Slot &slot) const {
    const void *data = buffers[memory.buffer];
    return const_cast<std::byte *>(static_cast<const std::byte *>(data)) +
           offset_of(memory, slot) * size_of(memory.dtype);
  }

  void run_instruction(const Instruction &instruction) {
    const Slot &slot = code.slots[static_cast<std::size_t>(instruction.slot)];
    const Memory &memory = instruction.memory;
    // A value for each row alone is a row of its own.
    const bool is_row = slot.has_rows && !slot.has_columns;
    const Extents extents =
        is_row ? Extents{1, rows.size}
               : Extents{slot.has_rows ? rows.size : 1, slot.has_columns ? columns.size : 1};
    const std::int64_t row = is_row ? 0 : memory.row;
    const std::int64_t column = is_row ? memory.row : memory.column;
    std::byte *out = slot.scratch < 0 ? nullptr : scratch + slot.scratch;
    switch (instruction.action) {
    case Instruction::Action::Read:
      elements_of(instruction.slot) = {address_of(memory, slot), slot.has_rows ? memory.row : 0,
                                       slot.has_columns ? 1 : 0,
                                       memory.ahead * size_of(memory.dtype)};
      return;
    case Instruction::Action::Write: {
      const Elements in = elements_of(instruction.slot);
      instruction.store(address_of(memory, slot), row, column,
                        is_row ? Elements{in.data, 0, in.row} : in, extents);
      return;
    }
    case Instruction::Action::Load:
      instruction.load(out, address_of(memory, slot), row, column, extents);
      break;
    case Instruction::Action::Count:
      count(out, memory.dtype, instruction.first + offset_of(memory, slot), row, column, extents);
      break;
    case Instruction::Action::Apply:
      apply(instruction, {out, extents.columns}, is_row, extents);
      break;
    case Instruction::Action::ApplyInMemory:
      out = address_of(memory, slot);
      apply(instruction, {out, row, instruction.is_streamed, memory.ahead * size_of(memory.dtype)},
            is_row, extents);
      elements_of(instruction.slot) = {out, slot.has_rows ? memory.row : 0,
                                       slot.has_columns ? 1 : 0};
      return;
    }
    elements_of(instruction.slot) = computed_elements(slot);
  }

  /// The numbers of an iota, in the dtype of which they wrap.
  static void count(std::byte *out, DType dtype, std::int64_t first, std::int64_t row,
                    std::int64_t column, Extents extents) {
    visit_dtype(dtype, [&]<class T>(T) {
      if constexpr (IntegerElement<T>) {
        using Element = std::conditional_t<sizeof(T) < 4, std::int32_t, T>;
        auto *element = reinterpret_cast<Element *>(out);
        for (std::int64_t r = 0; r < extents.rows; ++r)
          for (std::int64_t c = 0; c < extents.columns; ++c)
            *element++ = static_cast<T>(first + r * row + c * column);
      }
    });
  }

  void apply(const Instruction &instruction, Result out, bool is_row, Extents extents) {
    std::array<Elements, 3> operands;
    bool is_dense = out.row == extents.columns || extents.rows == 1; // one row without gaps
    for (std::size_t n = 0; n < operands.size() && instruction.operands[n] >= 0; ++n) {
      Elements &operand = operands[n] = elements_of(instruction.operands[n]);
      if (is_row)
        operand = {operand.data, 0, operand.row, operand.ahead};
      is_dense &= operand.column == 1 ? operand.row == extents.columns
                                      : operand.row == 0 && operand.column == 0;
    }
    if (is_dense)
      extents = {1, extents.rows * extents.columns};
    instruction.loop(out, operands.data(), extents);
    if (instruction.fix)
      instruction.fix(out.data, out.row, extents);
  }

  const Code &code;
  const void *const *buffers;
  Arena arena;
  std::byte *scratch;
  std::pmr::vector<std::int64_t> index; ///< of dimensions of no block
  Range rows, columns;
  std::pmr::vector<Elements> elements; ///< of slots
  std::pmr::vector<Accumulator *> accumulators;
};

} // namespace

void run(const Code &code, const void *const *buffers, std::int64_t begin, std::int64_t end) {
  Runner runner(code, buffers);
  for (std::int64_t tile = begin; tile < end; ++tile)
    runner.run_tile(tile);
#ifdef __x86_64__
  // Stores past the caches are in no order with those that tell others of them.
  __builtin_ia32_sfence();
#endif
}

} // namespace tsum::interpreter
