// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace tsum::exact {

/// What a function of tsum/Exact/Calls.def takes: pointers into buffers, then numbers.
struct Signature {
  std::string_view name;
  std::size_t buffers, numbers;
};

namespace detail {
template <class... Parameters>
constexpr Signature signature_of(std::string_view name, void (*)(Parameters...)) {
  return {name, (std::size_t{std::is_pointer_v<Parameters>} + ...),
          (std::size_t{!std::is_pointer_v<Parameters>} + ... + 0)};
}
using T = float;

inline constexpr Signature signatures[] = {
#define TSUM_EXACT_CALL(NAME, PARAMETERS, ARGUMENTS)                                               \
  signature_of(#NAME, static_cast<void(*) PARAMETERS>(nullptr)),
#include "tsum/Exact/Calls.def"
};
} // namespace detail

using detail::signatures;

/// A function that compiled code calls by its name.
struct Call {
  const char *name;
  void *address;
};

/// Those of tsum/Exact/Calls.def.
[[nodiscard]] std::span<const Call> calls();

/// How many elements of exact sums this process has added to limbs, one by one.
[[nodiscard]] std::int64_t elements_in_limbs();

} // namespace tsum::exact
