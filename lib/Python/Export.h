// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

/// A tensor's values as other libraries read them in place.
namespace tsum::python {

/// The slots of the buffer protocol for the Python class of tensors.
[[nodiscard]] const PyType_Slot *buffer_slots();

/// A DLPack capsule of the values; `arguments` are the keywords of `__dlpack__`.
[[nodiscard]] nb::object to_dlpack(nb::handle owner, const Tensor &tensor, nb::kwargs arguments);

/// `numpy.asarray(tensor)`, converted to `dtype` if it is not None, copied if `copy` says so.
[[nodiscard]] nb::object to_array(nb::handle owner, const Tensor &tensor, nb::handle dtype,
                                  nb::handle copy);

} // namespace tsum::python
