// SPDX-License-Identifier: Apache-2.0

#include "tsum/Interpreter/Interpreter.h"

#include "Code.h"
#include "Text.h"

#include <algorithm>

namespace tsum {

namespace {

using namespace interpreter;

using Value = CanonicalGraph::Value;

/// Beyond these, compiling takes less time than what each block costs.
constexpr std::size_t most_values = 256, most_stages = 16;
constexpr std::int64_t most_scratch_bytes = 4 << 20;
/// One thread takes as long for these as a compilation, after which all threads share the work. A
/// tile is not divided, so that nobody could end an evaluation in the midst of one.
constexpr std::int64_t most_tile_bytes = 64 << 20;
constexpr double most_tile_steps = 32 << 20; ///< operations on an element

bool has_empty_values(const CanonicalGraph &graph) {
  return std::ranges::find(graph.extents, 0) != graph.extents.end();
}

/// Whether lib/Reference evaluates `graph` in less time than it takes to compile it.
bool is_small(const CanonicalGraph &graph) {
  constexpr std::int64_t most_bytes = 64 << 10;
  std::int64_t bytes = 0;
  return std::ranges::all_of(graph.values, [&](const Value &value) {
    bytes += graph.byte_count(value);
    return bytes <= most_bytes;
  });
}

bool is_for_reference(const CanonicalGraph &graph) {
  return has_empty_values(graph) && is_small(graph);
}

bool is_covered(const CanonicalGraph &graph) {
  return graph.values.size() <= most_values && !has_empty_values(graph) &&
         std::ranges::none_of(graph.values, [](const Value &value) {
           return value.is_exact || value.node_part >= 0;
         });
}

/// Operations on elements in each tile of `stage`, which is `code`: more than its memory says where
/// few values are broadcast, or much is done with each.
double steps_of_tile(const CanonicalGraph &graph, const Stage &stage, const Code &code) {
  double elements = 1;
  for (std::int32_t dim : stage.dims)
    elements *= static_cast<double>(graph.extents[static_cast<std::size_t>(dim)]);
  std::size_t operations = code.reductions.size();
  for (const Phase &phase : code.phases)
    operations +=
        static_cast<std::size_t>(std::ranges::count_if(phase.block, [](const Instruction &step) {
          return step.action == Instruction::Action::Apply ||
                 step.action == Instruction::Action::ApplyInMemory;
        }));
  return elements / static_cast<double>(code.tiles()) * static_cast<double>(operations);
}

/// What `stage` reads from memory: data, and reductions of other stages.
std::vector<std::int32_t> inputs_of(const CanonicalGraph &graph, const Stage &stage) {
  std::vector<bool> is_needed(graph.values.size());
  auto needs = [&](std::int32_t n) { return is_needed[static_cast<std::size_t>(n)]; };
  for (const Dims *results : {&stage.reductions, &stage.outputs})
    for (std::int32_t n : *results)
      is_needed[static_cast<std::size_t>(n)] = true;
  std::vector<std::int32_t> inputs;
  for (auto n = static_cast<std::int32_t>(graph.values.size()); n-- > 0;) {
    const Value &value = graph.values[static_cast<std::size_t>(n)];
    if (!needs(n))
      continue;
    if (value.op == OpKind::Constant ||
        (is_reduction(value.op) &&
         std::ranges::find(stage.reductions, n) == stage.reductions.end()))
      inputs.push_back(n);
    else
      for (std::int32_t operand : value.operands)
        is_needed[static_cast<std::size_t>(operand)] = true;
  }
  std::ranges::reverse(inputs);
  return inputs;
}

/// As `interpret`; `note` is called with each stage and its code.
template <class Note>
std::optional<Program> make_program(const CanonicalGraph &graph, const Note &note) {
  if (!is_covered(graph))
    return std::nullopt;
  const std::vector<Stage> stages = stages_of(graph);
  if (stages.size() > most_stages)
    return std::nullopt;

  Program program;
  const std::vector<std::int32_t> none(graph.values.size(), -1);
  std::vector<std::int32_t> numbers = none; // the program's, of values in memory
  for (std::size_t n = 0; n < graph.values.size(); ++n)
    if (graph.values[n].op == OpKind::Constant)
      numbers[n] = program.arguments++;
  std::vector<std::vector<std::int32_t>> inputs;
  std::vector<bool> is_read(graph.values.size()); // by a stage, or as an output
  for (const Stage &stage : stages)
    for (std::int32_t n : inputs.emplace_back(inputs_of(graph, stage)))
      is_read[static_cast<std::size_t>(n)] = true;
  for (std::int32_t output : graph.outputs)
    is_read[static_cast<std::size_t>(output)] = true;

  std::vector<std::int32_t> outputs = none; // likewise: data may be an output, too
  std::int32_t next = program.arguments;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    Program::Launch &launch = program.launches.emplace_back();
    Buffers buffers{none, none};
    std::int32_t buffer = 0;
    for (std::int32_t input : inputs[s]) {
      const auto n = static_cast<std::size_t>(input);
      launch.inputs.push_back(numbers[n]);
      launch.traffic += graph.byte_count(graph.values[n]);
      buffers.inputs[n] = buffer++;
    }
    for (const Dims *results : {&stages[s].reductions, &stages[s].outputs})
      for (std::int32_t result : *results) {
        const auto n = static_cast<std::size_t>(result);
        if (!is_read[n] || buffers.results[n] >= 0)
          continue;
        launch.results.push_back(graph.byte_count(graph.values[n]));
        launch.traffic += launch.results.back();
        buffers.results[n] = buffer++;
        outputs[n] = next;
        if (numbers[n] < 0)
          numbers[n] = next;
        ++next;
      }
    auto code = std::make_shared<const Code>(generate(graph, stages[s], buffers));
    if (code->scratch_bytes > most_scratch_bytes)
      return std::nullopt;
    launch.tiles = code->tiles();
    if (launch.traffic / launch.tiles > most_tile_bytes ||
        steps_of_tile(graph, stages[s], *code) > most_tile_steps)
      return std::nullopt;
    note(stages[s], *code);
    launch.name = "generic";
    launch.interpreted = std::make_shared<const Interpreted>(
        [code](const void *const *memory, std::int64_t begin, std::int64_t end) {
          run(*code, memory, begin, end);
        });
  }
  for (std::int32_t output : graph.outputs)
    program.outputs.push_back(outputs[static_cast<std::size_t>(output)]);
  return program;
}

} // namespace

bool costs_more_than_compiling(const CanonicalGraph &graph) {
  // Of one thread, about: see docs/caching.md.
  constexpr double element_nanoseconds = 0.07, compilation = 4e6, compilation_of_value = 1e6;
  double excess = 0;
  for (const Value &value : graph.values) {
    const Value &walked =
        is_reduction(value.op) ? graph.values[static_cast<std::size_t>(value.operands[0])] : value;
    excess += element_nanoseconds * static_cast<double>(graph.byte_count(walked)) /
              static_cast<double>(size_of(walked.dtype));
  }
  return excess > compilation + compilation_of_value * static_cast<double>(graph.values.size());
}

std::optional<Program> interpret(const CanonicalGraph &graph) {
  if (is_for_reference(graph))
    return interpret_by_reference(graph);
  return make_program(graph, [](const Stage &, const Code &) {});
}

std::string generic_code_to_string(const CanonicalGraph &graph) {
  if (is_for_reference(graph))
    return "element by element, as the reference evaluates it\n";
  std::string text;
  int launches = 0;
  auto note = [&](const Stage &stage, const Code &code) {
    text += "launch " + std::to_string(++launches) + ": " + to_text(graph, stage, code);
  };
  return make_program(graph, note) ? text : "there is no generic code for this graph\n";
}

} // namespace tsum
