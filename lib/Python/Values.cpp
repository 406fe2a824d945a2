// SPDX-License-Identifier: Apache-2.0
//
// From values to Python: evaluation, NumPy arrays, the buffer protocol.
#include "Bindings.h"
#include "Gil.h"
#include "Numpy.h"

#include "tsum/Graph/Node.h"

#include <algorithm>

namespace tsum::python {

void evaluate(std::span<const Tensor> tensors) {
  if (std::ranges::all_of(tensors, &Tensor::is_evaluated))
    return;
  try {
    const BlockThreads threads;
    GilRelease others_run;
    eval(tensors);
  } catch (const Error &) {
    check_known(tensors); // says better why there are no values
    throw;
  }
  if (PyErr_CheckSignals() < 0)
    throw nb::python_error();
}

nb::object to_numpy(nb::handle owner, const Tensor &tensor, bool scalars) {
  evaluate(tensor);
  // The strides as they are: a result may be stored in its input's order.
  std::shared_ptr<const Storage> values = tensor.node()->values();
  if (scalars && tensor.rank() == 0)
    return numpy::make_scalar(tensor.dtype(), values->data);
  return numpy::make_array(tensor.dtype(), tensor.shape(), values->strides, values->data, owner);
}

} // namespace tsum::python
