// SPDX-License-Identifier: Apache-2.0

#include "Arguments.h"

#include <nanobind/stl/string.h>

namespace tsum::python {

namespace {

/// Pandas' and other arrays; memory without a type of its own (bytes) is an argument like any
/// other.
bool is_foreign_array(nb::handle object) {
  return !PyType_Check(object.ptr()) &&
         (nb::hasattr(object, "__array__") || nb::hasattr(object, "__array_interface__") ||
          nb::hasattr(object, "typecode") || PyMemoryView_Check(object.ptr()));
}

bool is_static(const StaticArguments &statics, std::int64_t position, nb::handle object) {
  if (!statics.positions.empty() &&
      std::ranges::find(statics.positions, position) != statics.positions.end())
    return true;
  if (as_tensor(object) || numpy::is_array(object))
    return false;
  if (numpy::is_number(object)) // in an operation as well, a number has no dtype of its own
    return true;
  return !numpy::is_scalar(object) &&
         (!nb::hasattr(object, "__dlpack__") || PyType_Check(object.ptr())) &&
         !is_foreign_array(object);
}
void add_static(Arguments &sorted, nb::handle object, const std::string &which) {
  try {
    sorted.add_static(object);
  } catch (nb::python_error &error) {
    if (!error.matches(PyExc_TypeError))
      throw;
    throw DTypeError("jit: " + which + " is a " +
                     nb::cast<std::string>(nb::str(nb::inst_name(object))) +
                     ", which is neither a tensor nor an array nor hashable (pass its parts as "
                     "arguments of their own, or a tuple of numbers)");
  }
}

} // namespace

Arguments sort(nb::handle args, nb::handle kwargs, const StaticArguments &statics) {
  Arguments sorted;
  sorted.signature.words.push_back(static_cast<std::int64_t>(default_accuracy()));
  const Py_ssize_t count = PyTuple_Size(args.ptr());
  for (Py_ssize_t i = 0; i < count; ++i) {
    nb::handle object = PyTuple_GetItem(args.ptr(), i);
    if (is_static(statics, i, object))
      add_static(sorted, object, "argument " + std::to_string(i));
    else
      sorted.add(object);
  }
  if (!kwargs.ptr())
    return sorted;
  for (auto [key, object] : nb::borrow<nb::dict>(kwargs)) {
    sorted.signature.add_static(key);
    std::string name = nb::cast<std::string>(key);
    if (std::ranges::find(statics.names, name) != statics.names.end() ||
        is_static(statics, -1, object))
      add_static(sorted, object, "argument '" + name + "'");
    else
      sorted.add(object);
  }
  return sorted;
}

} // namespace tsum::python
