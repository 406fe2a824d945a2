// SPDX-License-Identifier: Apache-2.0
//
// From values to Python: evaluation, NumPy arrays, the buffer protocol.
#include "Bindings.h"
#include "Gil.h"
#include "Numpy.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Node.h"
#include "tsum/Runtime/OfShapes.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

namespace tsum::python {

void evaluate(std::span<const Tensor> tensors, Shapes shapes) {
  if (std::ranges::all_of(tensors, &Tensor::is_evaluated))
    return;
  try {
    const BlockThreads threads;
    GilRelease others_run;
    eval(tensors, shapes);
  } catch (const Error &) {
    check_known(tensors); // says better why there are no values
    throw;
  }
  if (PyErr_CheckSignals() < 0)
    throw nb::python_error();
}

/// Whether what `tensor` is computed from has bytes in [first, last).
static bool reads_from(const Tensor &tensor, const std::byte *first, const std::byte *last) {
  std::vector<Node::Ptr> pending = {tensor.node()};
  std::unordered_set<const Node *> seen;
  const std::less<> is_before;
  while (!pending.empty()) {
    const Node::Ptr node = std::move(pending.back());
    pending.pop_back();
    if (!seen.insert(node.get()).second)
      continue;
    const Node::State state = node->state();
    if (state.values && state.values->data) {
      const auto [low, high] = byte_range(node->shape, state.values->strides, node->dtype);
      if (is_before(state.values->data + low, last) && is_before(first, state.values->data + high))
        return true;
    }
    pending.insert(pending.end(), state.operands.begin(), state.operands.end());
  }
  return false;
}

bool evaluate_into(const Tensor &tensor, nb::handle array) {
  check_known({&tensor, 1});
  const numpy::Memory memory = numpy::memory_of(array);
  auto *const first = static_cast<std::byte *>(const_cast<void *>(memory.data));
  const std::byte *const last = first + tensor.size() * size_of(tensor.dtype());
  // A complex result is two real ones, which are put side by side at the end.
  if (tensor.is_evaluated() || tensor.size() == 0 ||
      kind_of(tensor.dtype()) == DTypeKind::Complex || reads_from(tensor, first, last))
    return false;
  try {
    const BlockThreads threads;
    GilRelease others_run;
    void *const outputs[] = {first};
    compile({}, {tensor})(std::span<const void *const>(), outputs);
  } catch (const CompileError &) {
    return false; // an evaluation has other ways
  }
  if (PyErr_CheckSignals() < 0)
    throw nb::python_error();
  return true;
}

nb::object keeper_of(nb::handle owner, const Tensor &tensor) {
  const bool is_plain =
      Py_TYPE(owner.ptr()) == reinterpret_cast<PyTypeObject *>(nb::type<Tensor>().ptr());
  return is_plain ? nb::borrow(owner) : nb::cast(tensor);
}

nb::object to_numpy(nb::handle owner, const Tensor &tensor, bool scalars) {
  evaluate(tensor);
  // The strides as they are: a result may be stored in its input's order.
  std::shared_ptr<const Storage> values = tensor.node()->values();
  if (scalars && tensor.rank() == 0)
    return numpy::make_scalar(tensor.dtype(), values->data);
  return numpy::make_array(tensor.dtype(), tensor.shape(), values->strides, values->data,
                           keeper_of(owner, tensor));
}

} // namespace tsum::python
