// SPDX-License-Identifier: Apache-2.0

#include "Text.h"

namespace tsum::interpreter {

namespace {

using Value = CanonicalGraph::Value;

std::string name_of_value(std::int32_t n) { return "%" + std::to_string(n); }

class Text {
public:
  Text(const CanonicalGraph &graph, const Stage &stage, const Code &code)
      : graph(graph), stage(stage), code(code) {}

  [[nodiscard]] std::string lines() const {
    std::string text = blocks() + '\n';
    for (std::size_t n = 0; n < code.phases.size(); ++n) {
      const Phase &phase = code.phases[n];
      if (n > 0)
        text += "  then\n";
      add(text, ", for each tile", phase.once);
      add(text, "", phase.block);
      for (std::int32_t reduction : phase.reductions)
        text += "    " + line_of(code.reductions[static_cast<std::size_t>(reduction)]) + '\n';
      add(text, ", for each tile", phase.after);
    }
    return text;
  }

private:
  [[nodiscard]] const Value &value(std::int32_t n) const {
    return graph.values[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] const Slot &slot(std::int32_t n) const {
    return code.slots[static_cast<std::size_t>(n)];
  }

  /// "63 tiles in blocks of d0 by 16, d1 by 100; over all of d1".
  [[nodiscard]] std::string blocks() const {
    std::string text = std::to_string(code.tiles()) + (code.tiles() == 1 ? " tile" : " tiles");
    std::string separator = " in blocks of d";
    for (const Code::Dim *dim : {&code.rows, &code.columns})
      if (dim->dim >= 0) {
        text += separator + std::to_string(dim->dim) + " by " + std::to_string(dim->block);
        separator = ", d";
      }
    separator = "; over all of d";
    for (std::int32_t axis : stage.axes) {
      text += separator + std::to_string(axis);
      separator = ", d";
    }
    return text;
  }

  /// Adds a line for each of `instructions`, which run `when`; that is plain where a tile is a
  /// block.
  void add(std::string &text, const std::string &when,
           const std::vector<Instruction> &instructions) const {
    for (const Instruction &instruction : instructions)
      text += "    " + line_of(instruction) + (code.nest.empty() ? "" : when) + '\n';
  }

  [[nodiscard]] std::string line_of(const Instruction &instruction) const {
    const std::int32_t n = slot(instruction.slot).value;
    const std::string name = name_of_value(n);
    switch (instruction.action) {
    case Instruction::Action::Read:
      return "read " + name + " where it lies";
    case Instruction::Action::Load:
      return "load " + name;
    case Instruction::Action::Count:
      return "count " + name;
    case Instruction::Action::Write:
      return "write " + name;
    case Instruction::Action::Apply:
    case Instruction::Action::ApplyInMemory:
      break;
    }
    const bool is_in_memory = instruction.action == Instruction::Action::ApplyInMemory;
    return name + " = " + spelled(n, values_of(instruction.operands)) +
           (instruction.fix ? ", as " + std::string(name_of(value(n).dtype)) : "") +
           (!is_in_memory             ? ""
            : instruction.is_streamed ? ", to memory past the caches"
                                      : ", to memory");
  }

  [[nodiscard]] std::string line_of(const Code::Reduction &reduction) const {
    const std::int32_t n = slot(reduction.result).value;
    return name_of_value(n) + " = " + spelled(n, values_of(reduction.operands));
  }

  [[nodiscard]] std::vector<std::int32_t>
  values_of(const std::array<std::int32_t, 3> &operands) const {
    std::vector<std::int32_t> values;
    for (std::int32_t operand : operands)
      if (operand >= 0)
        values.push_back(slot(operand).value);
    return values;
  }

  /// The operation of `n`, of values that are there, as "exp(subtract(%0, %1))": few, since a loop
  /// has no more.
  [[nodiscard]] std::string spelled(std::int32_t n, const std::vector<std::int32_t> &there) const {
    std::string text = std::string(op_info(value(n).op).name);
    std::string separator = "(";
    for (std::int32_t operand : value(n).operands) {
      text +=
          separator + (contains(there, operand) ? name_of_value(operand) : spelled(operand, there));
      separator = ", ";
    }
    return text + ")";
  }

  const CanonicalGraph &graph;
  const Stage &stage;
  const Code &code;
};

} // namespace

std::string to_text(const CanonicalGraph &graph, const Stage &stage, const Code &code) {
  return Text(graph, stage, code).lines();
}

} // namespace tsum::interpreter
