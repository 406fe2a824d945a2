// SPDX-License-Identifier: Apache-2.0

#include "tsum/Runtime/Trace.h"

#include "Buffer.h"
#include "Kernels.h"
#include "ScratchSpace.h"

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/Graph/Layout.h"
#include "tsum/Graph/StandIn.h"

#include <algorithm>
#include <map>

namespace tsum {

namespace {

class Tracer {
public:
  Tracer(std::span<const Tensor> inputs, const GetProgram &get_program);
  Schedule run(std::span<const Tensor> outputs);

private:
  /// A number and where the value begins.
  struct Value {
    std::int32_t number;
    const std::byte *begin;
  };

  Node::Ptr copy(const OrderedNode &original, const std::vector<Node::Ptr> &copies);
  std::shared_ptr<const Storage> stand_in(const InputNode &input, std::int32_t number);
  void note(const Canonicalized &bound);
  void place_results(std::span<const Tensor> outputs);
  void place_scratch();
  [[nodiscard]] Schedule::Place place_of(const std::byte *data, const Storage &storage) const;

  const GetProgram &get_program;
  std::map<const Node *, std::int32_t> input_numbers;
  /// By what owns the memory, which is another for each value.
  std::map<std::shared_ptr<const void>, Value, std::owner_less<>> values;
  Schedule schedule;
};

} // namespace

/// A complex result is put together from its parts after the kernels, which a schedule does not do.
static void check_not_complex(const std::string &which, const Tensor &tensor) {
  if (kind_of(tensor.dtype()) == DTypeKind::Complex)
    throw DTypeError(which + " is " + std::string(name_of(tensor.dtype())) +
                     " (functions are of real tensors: give its parts, real(x) and imag(x))");
}

Tracer::Tracer(std::span<const Tensor> inputs, const GetProgram &get_program)
    : get_program(get_program) {
  schedule.inputs = inputs.size();
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const Node &node = *inputs[n].node();
    const std::string which = "compile: input " + std::to_string(n);
    if (!as_input(node, inputs[n].is_evaluated()))
      throw Error(which + " is a " + std::string(inputs[n].op()) +
                  " (make inputs with tsum::input)");
    if (has_open_extent(node.shape))
      throw ShapeError(which + " of shape " + open_shape_to_string(node.shape) +
                       " has open extents (give a callable that builds the graph, in place of "
                       "outputs)");
    check_not_complex(which, inputs[n]);
    if (!input_numbers.emplace(&node, static_cast<std::int32_t>(n)).second)
      throw Error(which + " is given twice");
  }
}

/// Where the data of `input` will lie, as addresses that are nobody's.
std::shared_ptr<const Storage> Tracer::stand_in(const InputNode &input, std::int32_t number) {
  auto [low, high] = byte_range(input.shape, input.strides, input.dtype);
  std::shared_ptr<const std::byte> addresses = reserve_addresses(high - low);
  const std::byte *first = addresses.get() - low;
  values.emplace(addresses, Value{number, first});
  return std::make_shared<const Storage>(Storage{addresses, first, input.strides});
}

/// A copy of a node that can be given values without the user's graph noticing.
Node::Ptr Tracer::copy(const OrderedNode &original, const std::vector<Node::Ptr> &copies) {
  const Node &node = *original.node;
  std::vector<Node::Ptr> operands;
  for (std::int32_t operand : original.operands)
    operands.push_back(copies[static_cast<std::size_t>(operand)]);
  auto result = std::make_shared<Node>(static_cast<const Description &>(node), std::move(operands));
  result->memory = node.memory;

  const std::shared_ptr<const Storage> &data = original.state.values;
  if (const InputNode *input = as_input(node, data != nullptr)) {
    if (input->elsewhere)
      throw_unbound(*input);
    auto number = input_numbers.find(&node);
    if (number == input_numbers.end())
      throw Error("compile: the graph reads the input " +
                  (node.name.empty() ? "" : "'" + node.name + "' ") + "of shape " +
                  to_string(node.shape) + ", which is not among the inputs given");
    result->set_values(stand_in(*input, number->second));
  } else if (data) {
    auto kept = is_in_place(data->strides, node.dtype)
                    ? data
                    : pack_row_major(node.shape, node.dtype, *data);
    auto owner = std::make_shared<std::shared_ptr<const Storage>>(kept);
    const auto number = static_cast<std::int32_t>(schedule.first_result());
    auto [low, high] = byte_range(node.shape, kept->strides, node.dtype);
    schedule.constants.push_back({kept, low, high});
    values.emplace(owner, Value{number, kept->data});
    result->set_values(std::make_shared<const Storage>(Storage{owner, kept->data, kept->strides}));
  }
  return result;
}

Schedule::Place Tracer::place_of(const std::byte *data, const Storage &storage) const {
  auto value = values.find(storage.owner);
  if (value == values.end())
    throw Error("compile: the graph reshapes a tensor whose strides cannot express that, so that "
                "each call would copy it (give the inputs row-major strides)");
  return {value->second.number,
          static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(data) -
                                    reinterpret_cast<std::uintptr_t>(value->second.begin))};
}

/// In place of running it.
void Tracer::note(const Canonicalized &bound) {
  std::shared_ptr<const Program> program = get_program(bound.graph);
  std::vector<Schedule::Place> places; // by the program's numbers
  for (const Canonicalized::Argument &argument : bound.arguments)
    places.push_back(place_of(argument.data, *argument.storage));
  const auto known = static_cast<std::int32_t>(schedule.results.size());
  const auto first_value = static_cast<std::int32_t>(schedule.first_result());
  for (std::size_t n = 0; n < program->launches.size(); ++n) {
    Schedule::Launch launch{
        static_cast<std::int32_t>(schedule.programs.size()), static_cast<std::int32_t>(n), {}};
    for (std::int32_t input : program->launches[n].inputs)
      launch.inputs.push_back(places[static_cast<std::size_t>(input)]);
    for (std::int64_t bytes : program->launches[n].results) {
      places.push_back({first_value + static_cast<std::int32_t>(schedule.results.size()), 0});
      schedule.results.push_back({bytes});
    }
    schedule.launches.push_back(std::move(launch));
  }

  std::map<std::int32_t, std::shared_ptr<const std::byte>> buffers; // by the schedule's result
  for (std::size_t i = 0; i < bound.results.size(); ++i) {
    const Canonicalized::Result &result = bound.results[i];
    const std::int32_t number = known + program->outputs[i] - program->arguments;
    std::shared_ptr<const std::byte> &buffer = buffers[number];
    if (!buffer) {
      buffer = reserve_addresses(schedule.results[static_cast<std::size_t>(number)].bytes);
      values.emplace(buffer, Value{first_value + number, buffer.get()});
    }
    result.node->set_values(std::make_shared<const Storage>(
        Storage{buffer, buffer.get() + result.offset, result.strides}));
  }
  schedule.programs.push_back(std::move(program));
}

/// A launch writes each result to the memory of the first output that is this result, or if there
/// is none to scratch memory.
void Tracer::place_results(std::span<const Tensor> outputs) {
  const auto first_result = static_cast<std::int32_t>(schedule.first_result());
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    Schedule::Output &output = schedule.outputs[n];
    const Tensor &tensor = outputs[n];
    if (output.first.value < first_result || output.first.offset != 0 || tensor.size() == 0 ||
        !is_packed(tensor.shape(), output.strides, tensor.dtype()))
      continue;
    Schedule::Result &result =
        schedule.results[static_cast<std::size_t>(output.first.value - first_result)];
    output.is_direct = result.output < 0 && result.bytes == tensor.size() * size_of(tensor.dtype());
    if (output.is_direct)
      result.output = static_cast<std::int32_t>(n);
  }
  place_scratch();
}

/// Gives each result that is no output a place in the scratch memory, from the launch that writes
/// it to the last one that reads it; to the end, if an output is copied from it.
void Tracer::place_scratch() {
  const auto first_result = static_cast<std::int32_t>(schedule.first_result());
  std::vector<std::size_t> last_use(schedule.results.size(), 0);
  auto use = [&](std::int32_t value, std::size_t launch) {
    if (value >= first_result)
      last_use[static_cast<std::size_t>(value - first_result)] = launch;
  };
  for (std::size_t n = 0; n < schedule.launches.size(); ++n)
    for (const Schedule::Place &input : schedule.launches[n].inputs)
      use(input.value, n);
  for (const Schedule::Output &output : schedule.outputs)
    use(output.first.value, schedule.launches.size());

  ScratchSpace space;
  std::vector<std::vector<std::size_t>> leaving(schedule.launches.size() + 1);
  std::size_t next = 0;
  for (std::size_t n = 0; n < schedule.launches.size(); ++n) {
    for (std::size_t count = schedule.code_of(schedule.launches[n]).results.size(); count-- > 0;
         ++next)
      if (Schedule::Result &result = schedule.results[next]; result.output < 0) {
        result.scratch = space.take(result.bytes);
        leaving[std::max(last_use[next], n)].push_back(next);
      }
    for (std::size_t gone : leaving[n])
      space.give_back(schedule.results[gone].scratch, schedule.results[gone].bytes);
  }
  schedule.scratch_bytes = space.size();
}

Schedule Tracer::run(std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs) {
    check_not_complex("compile: output " + std::to_string(nodes.size()), output);
    nodes.push_back(output.node());
  }
  const std::vector<OrderedNode> order = evaluation_order(nodes, /*with_inputs=*/true);
  std::map<const Node *, Node::Ptr> copy_of;
  std::vector<Node::Ptr> copies;
  for (const OrderedNode &original : order) {
    copies.push_back(copy(original, copies));
    copy_of[original.node.get()] = copies.back();
  }
  for (Node::Ptr &node : nodes)
    node = copy_of.at(node.get());
  evaluate_by(nodes, [this](const Canonicalized &bound) { note(bound); });
  for (const Node::Ptr &node : nodes) {
    std::shared_ptr<const Storage> result = node->values();
    schedule.outputs.push_back({place_of(result->data, *result), result->strides});
  }
  place_results(outputs);
  return std::move(schedule);
}

Schedule trace(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
               const GetProgram &get_program) {
  return Tracer(inputs, get_program).run(outputs);
}

} // namespace tsum
