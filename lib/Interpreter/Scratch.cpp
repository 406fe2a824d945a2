// SPDX-License-Identifier: Apache-2.0

#include "Scratch.h"

#include <algorithm>

namespace tsum::interpreter {

namespace {

class Allocation {
public:
  explicit Allocation(Code &code) : code(code), last_use(code.slots.size(), 0) {
    find_last_uses();
    for (const Code::Reduction &reduction : code.reductions)
      take(slot(reduction.result));
    // What is computed once for a tile stays while its blocks are walked over.
    if (!code.nest.empty())
      for (const Phase &phase : code.phases)
        for (const Instruction &instruction : phase.once)
          if (needs_place(instruction))
            take(slot(instruction.slot));
    share();
  }

private:
  [[nodiscard]] Slot &slot(std::int32_t n) const { return code.slots[static_cast<std::size_t>(n)]; }
  [[nodiscard]] std::int32_t &last_use_of(std::int32_t n) {
    return last_use[static_cast<std::size_t>(n)];
  }

  [[nodiscard]] bool needs_place(const Instruction &instruction) const {
    using enum Instruction::Action;
    const bool is_computed =
        instruction.action == Load || instruction.action == Count || instruction.action == Apply;
    return is_computed && slot(instruction.slot).scratch < 0;
  }

  /// Calls `visit` with each instruction and the time at which it runs: with reductions between.
  template <class Visit> void for_each_instruction(const Visit &visit) const {
    std::int32_t time = 0;
    for (const Phase &phase : code.phases) {
      for (const auto *list : {&phase.once, &phase.block})
        for (const Instruction &instruction : *list)
          visit(instruction, ++time);
      ++time;
    }
  }

  void find_last_uses() {
    for_each_instruction([&](const Instruction &instruction, std::int32_t time) {
      for (std::int32_t operand : instruction.operands)
        if (operand >= 0)
          last_use_of(operand) = time;
      if (instruction.action == Instruction::Action::Write)
        last_use_of(instruction.slot) = time;
    });
    // A reduction reads its operand after the last instruction of its phase.
    std::int32_t time = 0;
    for (const Phase &phase : code.phases) {
      time += static_cast<std::int32_t>(phase.once.size() + phase.block.size()) + 1;
      for (std::int32_t n : phase.reductions)
        for (std::int32_t operand : code.reductions[static_cast<std::size_t>(n)].operands)
          if (operand >= 0)
            last_use_of(operand) = std::max(last_use_of(operand), time);
    }
  }

  [[nodiscard]] std::int64_t bytes_of(const Slot &slot) const {
    constexpr std::int64_t cache_line = 64;
    const std::int64_t elements =
        (slot.has_rows ? code.rows.block : 1) * (slot.has_columns ? code.columns.block : 1);
    return (elements * size_of(slot.kind) + cache_line - 1) / cache_line * cache_line;
  }

  void take(Slot &slot) {
    const std::int64_t bytes = bytes_of(slot);
    auto place = std::ranges::find(free, bytes, &Place::bytes);
    if (place != free.end()) {
      slot.scratch = place->begin;
      free.erase(place);
    } else {
      slot.scratch = code.scratch_bytes;
      code.scratch_bytes += bytes;
    }
  }

  void share() {
    std::vector<std::int32_t> living; // slots
    for_each_instruction([&](const Instruction &instruction, std::int32_t time) {
      std::erase_if(living, [&](std::int32_t n) {
        const bool is_dead = last_use_of(n) < time;
        if (is_dead)
          free.push_back({bytes_of(slot(n)), slot(n).scratch});
        return is_dead;
      });
      if (!needs_place(instruction))
        return;
      take(slot(instruction.slot));
      last_use_of(instruction.slot) = std::max(last_use_of(instruction.slot), time);
      living.push_back(instruction.slot);
    });
  }

  struct Place {
    std::int64_t bytes, begin;
  };

  Code &code;
  std::vector<std::int32_t> last_use; ///< by slot
  std::vector<Place> free;
};

} // namespace

void allocate_scratch(Code &code) { Allocation allocation(code); }

} // namespace tsum::interpreter
