// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

namespace tsum::python {

/// Makes a C++ exception the Python error that it stands for: where a slot of a type, and not
/// nanobind, is between the two languages.
void set_python_error(const std::exception_ptr &pointer) noexcept;

} // namespace tsum::python
