// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"
#include "tsum/error.h"

namespace tsum {

/// What the compiler, which throws nothing, made. \throws CompileError if it failed.
template <class T> [[nodiscard]] T value_or_throw(std::variant<T, CompileFailure> outcome) {
  if (auto *failure = std::get_if<CompileFailure>(&outcome))
    throw CompileError(std::move(failure->stage), failure->diagnostic);
  return std::get<T>(std::move(outcome));
}

} // namespace tsum
