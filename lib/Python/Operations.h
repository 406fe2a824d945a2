// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

namespace tsum::python {

using nb::literals::operator""_a;

/// What every page of documentation ends with.
inline constexpr const char *cost = "\n\nBuilds a node and computes nothing; O(rank).";

/// "f32, f64": the dtypes that an operation takes.
[[nodiscard]] std::string dtypes_of(Domain domain);

/// \throws DTypeError if `object` is neither a tensor, an array nor a number.
[[nodiscard]] Operand must_be_operand(nb::handle object, std::optional<DType> hint);

/// The dtype of `object` if it is a tensor: what numbers beside it become.
[[nodiscard]] std::optional<DType> dtype_hint(nb::handle object);

/// The accuracy that a string names, or nothing for None. \throws Error, naming `op`, for another.
[[nodiscard]] std::optional<Accuracy> to_accuracy(std::string_view op, nb::handle object);

// Parts of `bind_operations`.
void bind_accuracy(nb::module_ &m);
void bind_reductions(nb::module_ &m);
void bind_shapes(nb::module_ &m);
void bind_composites(nb::module_ &m);
void bind_gradients(nb::module_ &m);

} // namespace tsum::python
