// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tsum {

inline constexpr std::size_t buffer_alignment = 64; ///< a cache line

/// Memory for `bytes`, aligned to a cache line, in one allocation with its reference count.
/// \throws std::bad_alloc.
[[nodiscard]] std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes);

} // namespace tsum
