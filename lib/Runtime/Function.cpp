// SPDX-License-Identifier: Apache-2.0

#include "tsum/function.h"

#include "Buffer.h"
#include "BufferPool.h"
#include "Kernels.h"
#include "Monitor.h"
#include "Prepared.h"
#include "Threads.h"
#include "ThrowCount.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Runtime/OfShapes.h"
#include "tsum/Runtime/OpenInputs.h"
#include "tsum/eval.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <ranges>

namespace tsum {

void throw_count(const char *what, std::size_t given, std::size_t wanted) {
  throw Error("call: " + std::to_string(given) + " " + what + " given to a function with " +
              std::to_string(wanted));
}

namespace {

using Layout = Function::Layout;

Layout layout_of(const Tensor &tensor, ByteStrides strides) {
  return {tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end()), std::move(strides),
          std::string(tensor.name())};
}

[[noreturn]] void throw_null(const char *what, std::size_t number) {
  throw MemoryError(std::string("call: ") + what + " " + std::to_string(number) +
                    " is null (only a tensor without elements needs no memory)");
}

[[noreturn]] void throw_misaligned(std::size_t number, const Layout &layout) {
  throw MemoryError("call: output " + std::to_string(number) + " is not aligned to " +
                    std::to_string(size_of(layout.dtype)) + " bytes, the element size of " +
                    std::string(name_of(layout.dtype)));
}

[[noreturn]] void throw_open_call() {
  throw Error("call: the function has inputs with open extents, which pointers do not tell (give "
              "tensors: borrow(data, dtype, shape))");
}

} // namespace

Function::Prepared::Prepared(std::span<const Tensor> given_inputs,
                             std::span<const Tensor> given_outputs, Kernels::Use use)
    : schedule(trace(given_inputs, given_outputs, [this, use](const CanonicalGraph &graph) {
        KernelCache::ProgramPtr program = Kernels::instance().get(graph, use);
        code_bytes += program->bytes;
        if (program->is_generic())
          generic.push_back(program);
        return program;
      })) {
  for (const Tensor &input : given_inputs) {
    inputs.push_back(layout_of(input, static_cast<const InputNode &>(*input.node()).strides));
    is_empty_input.push_back(input.size() == 0);
  }
  for (std::size_t n = 0; n < given_outputs.size(); ++n) {
    const Tensor &output = given_outputs[n];
    outputs.push_back(layout_of(output, row_major_strides(output.shape(), output.dtype())));
    is_empty_output.push_back(output.size() == 0);
    if (output.size() != 0 && !schedule.outputs[n].is_direct)
      copies.push_back(static_cast<std::int32_t>(n));
  }
  for (const Schedule::Launch &launch : schedule.launches) {
    launches.push_back({&schedule.code_of(launch), static_cast<std::int32_t>(operands.size()),
                        static_cast<std::int32_t>(launch.inputs.size()),
                        static_cast<std::int32_t>(schedule.code_of(launch).results.size())});
    operands.insert(operands.end(), launch.inputs.begin(), launch.inputs.end());
    most_buffers =
        std::max(most_buffers, launch.inputs.size() + schedule.code_of(launch).results.size());
  }
}

Function::Prepared::Prepared(std::span<const Tensor> open_inputs, detail::Traces traces)
    : traces(std::move(traces)) {
  for (const Tensor &input : open_inputs)
    inputs.push_back(layout_of(input, {}));
}

Function::Prepared::~Prepared() {
  for (std::atomic<std::byte *> &spare : spares)
    std::free(spare.load());
}

std::byte *Function::Prepared::take_scratch() const {
  if (schedule.scratch_bytes == 0)
    return nullptr;
  for (std::atomic<std::byte *> &spare : spares)
    if (std::byte *memory = spare.exchange(nullptr, std::memory_order_acquire))
      return memory;
  if (schedule.scratch_bytes >= min_pooled_bytes)
    return take_from_pool(schedule.scratch_bytes);
  void *memory =
      std::aligned_alloc(buffer_alignment, static_cast<std::size_t>(schedule.scratch_bytes));
  if (!memory)
    throw std::bad_alloc();
  return static_cast<std::byte *>(memory);
}

void Function::Prepared::give_back(std::byte *memory) const {
  if (schedule.scratch_bytes >= min_pooled_bytes)
    return give_to_pool(memory, schedule.scratch_bytes);
  for (std::atomic<std::byte *> &spare : spares)
    if (std::byte *none = nullptr; spare.compare_exchange_strong(
            none, memory, std::memory_order_release, std::memory_order_relaxed))
      return;
  std::free(memory);
}

void Function::Prepared::check(std::span<const void *const> in, std::span<void *const> out) const {
  if (in.size() != inputs.size())
    throw_count("inputs", in.size(), inputs.size());
  if (out.size() != outputs.size())
    throw_count("outputs", out.size(), outputs.size());
  for (std::size_t n = 0; n < in.size(); ++n)
    if (!in[n] && !is_empty_input[n])
      throw_null("input", n);
  for (std::size_t n = 0; n < out.size(); ++n) {
    if (is_empty_output[n])
      continue;
    if (!out[n])
      throw_null("output", n);
    if (!is_aligned(out[n], outputs[n].dtype))
      throw_misaligned(n, outputs[n]);
  }
}

bool Function::Prepared::is_superseded() const {
  return std::ranges::any_of(generic, [](const KernelCache::ProgramPtr &program) {
    return program->is_superseded.load();
  });
}

void Function::Prepared::run(std::span<const void *const> in, std::span<void *const> out) const {
  if (generic.empty())
    return run_schedule(in, out);
  // Mostly it is one program; of several each counts as if it had taken all of the time.
  const auto start = std::chrono::steady_clock::now();
  run_schedule(in, out);
  const auto time = std::chrono::steady_clock::now() - start;
  for (const KernelCache::ProgramPtr &program : generic)
    Kernels::instance().note_generic_run(*program, time);
}

void Function::Prepared::run_schedule(std::span<const void *const> in,
                                      std::span<void *const> out) const {
  // On the stack for up to some hundred values.
  std::array<std::byte, 2048> stack;
  std::pmr::monotonic_buffer_resource memory(stack.data(), stack.size());
  const std::size_t value_count = schedule.first_result() + schedule.results.size();
  std::pmr::polymorphic_allocator<const std::byte *> allocator(&memory);
  const std::byte **values = allocator.allocate(value_count);
  const std::byte **arguments = allocator.allocate(most_buffers);
  // The hook before a kernel may throw.
  auto release = [this](std::byte *memory) { give_back(memory); };
  const std::unique_ptr<std::byte, decltype(release)> scratch(take_scratch(), release);

  const std::byte **next = values;
  for (const void *pointer : in)
    *next++ = static_cast<const std::byte *>(pointer);
  for (const Schedule::Constant &constant : schedule.constants)
    *next++ = constant.values->data;
  const Schedule::Result *result = schedule.results.data();
  auto run_launches = [&] {
    for (const Launch &launch : launches) {
      const Schedule::Place *input = operands.data() + launch.first_input;
      for (std::int32_t n = 0; n < launch.input_count; ++n)
        arguments[n] = values[input[n].value] + input[n].offset;
      for (std::int32_t n = 0; n < launch.result_count; ++n, ++result)
        arguments[launch.input_count + n] = *next++ =
            result->output < 0
                ? scratch.get() + result->scratch
                : static_cast<std::byte *>(out[static_cast<std::size_t>(result->output)]);
      run_tiles(*launch.code, reinterpret_cast<const void *const *>(arguments));
    }
  };
  run_monitored(launches |
                    std::views::transform([](const Launch &launch) -> const Program::Launch & {
                      return *launch.code;
                    }),
                run_launches);
  for (std::int32_t output : copies) {
    const auto n = static_cast<std::size_t>(output);
    const Schedule::Output &from = schedule.outputs[n];
    copy_row_major(static_cast<std::byte *>(out[n]), values[from.first.value] + from.first.offset,
                   outputs[n].shape, from.strides, outputs[n].dtype);
  }
}

std::span<const Function::Layout> Function::inputs() const { return prepared->inputs; }

std::span<const Function::Layout> Function::outputs() const {
  if (has_open_inputs())
    throw Error("outputs: what they are depends on the open extents of the inputs, and is known of "
                "a call's results");
  return prepared->outputs;
}

bool Function::has_open_inputs() const { return prepared->traces.has_value(); }

void Function::operator()(std::span<const void *const> inputs,
                          std::span<void *const> outputs) const {
  if (prepared->traces) [[unlikely]]
    throw_open_call();
  prepared->check(inputs, outputs);
  prepared->run(inputs, outputs);
}

std::vector<Tensor> Function::operator()(std::span<const Tensor> inputs) const {
  if (inputs.size() != prepared->inputs.size())
    throw_count("inputs", inputs.size(), prepared->inputs.size());
  if (prepared->traces) {
    for (std::size_t n = 0; n < inputs.size(); ++n)
      check_is_of(prepared->inputs[n], n, inputs[n].dtype(), inputs[n].shape());
    return prepared->traces->call(inputs);
  }
  eval(inputs);
  std::vector<std::shared_ptr<const Storage>> kept;
  std::vector<const void *> in;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const Layout &layout = prepared->inputs[n];
    const Tensor &input = inputs[n];
    const std::string which = "call: input " + std::to_string(n) + " is ";
    if (input.dtype() != layout.dtype)
      throw DTypeError(which + std::string(name_of(input.dtype())) + ", and the function takes " +
                       std::string(name_of(layout.dtype)));
    if (!std::ranges::equal(input.shape(), layout.shape))
      throw ShapeError(which + "of shape " + to_string(input.shape()) +
                       ", and the function takes " + to_string(layout.shape));
    std::shared_ptr<const Storage> values = input.node()->values();
    if (values->strides != layout.strides)
      values = input.node()->row_major_values();
    if (!is_packed(layout.shape, layout.strides, layout.dtype) &&
        values->strides != layout.strides && input.size() != 0)
      throw MemoryError(which + "stored by strides " + to_string(input.node()->values()->strides) +
                        ", and the function takes " + to_string(layout.strides));
    in.push_back(values->data);
    kept.push_back(std::move(values));
  }
  return (*this)(in);
}

std::vector<Tensor> Function::operator()(std::span<const void *const> inputs) const {
  if (prepared->traces) [[unlikely]]
    throw_open_call();
  std::vector<Tensor> results;
  std::vector<void *> out;
  for (const Layout &layout : prepared->outputs) {
    std::shared_ptr<std::byte> buffer =
        allocate_buffer(checked_size("call", layout.shape, layout.dtype) * size_of(layout.dtype));
    out.push_back(buffer.get());
    results.push_back(borrow(out.back(), layout.dtype, layout.shape, layout.strides,
                             std::move(buffer), layout.name));
  }
  (*this)(inputs, out);
  return results;
}

Function compile(std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
  return compile(inputs, outputs, Shapes::compiled);
}

Function compile(std::span<const Tensor> inputs, std::span<const Tensor> outputs, Shapes shapes) {
  return Function(std::make_shared<const Function::Prepared>(inputs, outputs, use_for(shapes)));
}

} // namespace tsum
