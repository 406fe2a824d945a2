// SPDX-License-Identifier: Apache-2.0
//
// Functions whose inputs have open extents. Their graphs are those of their calls: an extent may be
// part of a constant, or decide on what broadcasts.

#include "tsum/Runtime/OpenInputs.h"

#include "Prepared.h"
#include "ThrowCount.h"

namespace tsum {

void check_is_of(const Function::Layout &wanted, std::size_t number, DType dtype,
                 std::span<const std::int64_t> shape) {
  auto which = [&] {
    return "call: input " + std::to_string(number) +
           (wanted.name.empty() ? "" : " '" + wanted.name + "'");
  };
  if (dtype != wanted.dtype)
    throw DTypeError(which() + " is " + std::string(name_of(dtype)) + ", and the function takes " +
                     std::string(name_of(wanted.dtype)));
  if (shape.size() != wanted.shape.size())
    throw ShapeError(which() + " is of shape " + to_string(shape) + " and rank " +
                     std::to_string(shape.size()) + ", and the function takes " +
                     open_shape_to_string(wanted.shape));
  for (std::size_t dim = 0; dim < shape.size(); ++dim)
    if (wanted.shape[dim] != any && shape[dim] != wanted.shape[dim])
      throw ShapeError(which() + " has extent " + std::to_string(shape[dim]) + " in dimension " +
                       std::to_string(dim) + ", where the function takes " +
                       std::to_string(wanted.shape[dim]) + ": shape " + to_string(shape) +
                       " in place of " + open_shape_to_string(wanted.shape));
}

static void check_is_input(const Tensor &tensor, std::size_t number) {
  const std::string which = "compile: input " + std::to_string(number);
  if (!as_input(*tensor.node(), tensor.is_evaluated()))
    throw Error(which + " is a " + std::string(tensor.op()) + " (make inputs with tsum::input)");
}

Function detail::compile_trace(std::span<const Tensor> inputs, std::size_t arity,
                               Traces::Trace trace) {
  if (arity != 0 && inputs.size() != arity)
    throw Error("compile: " + std::to_string(inputs.size()) +
                " inputs given for a callable that takes " + std::to_string(arity));
  bool is_open = false;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    check_is_input(inputs[n], n);
    is_open |= has_open_extent(inputs[n].shape());
  }
  if (!is_open)
    return compile(inputs, trace(inputs));
  return Function(std::make_shared<const Function::Prepared>(
      inputs, Traces(arity, std::move(trace), Shapes::any)));
}

} // namespace tsum
