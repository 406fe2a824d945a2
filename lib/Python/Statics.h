// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

/// What `tsum.jit` asks of the arguments that are no tensors.
namespace tsum::python {

/// Whether a function may take `a` for `b`: values of one type that are equal in all that can be
/// told apart. Unlike `==`, which says so of 0.0 and -0.0 and of (1,) and (1.0,), and never of a
/// NaN. Classes of the user's are asked by their own `==`, and dataclasses by their fields as well.
///
/// May run any Python code. \throws nb::python_error if that does.
[[nodiscard]] bool is_same_static(nb::handle a, nb::handle b);

/// A hash that is equal where `is_same_static` holds; as that, may run any Python code.
/// \throws nb::python_error for what is not hashable.
[[nodiscard]] std::int64_t hash_static(nb::handle object);

} // namespace tsum::python
