// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tsum {

inline constexpr std::size_t buffer_alignment = 64; ///< a cache line

/// Memory for `bytes`, aligned to a cache line, for a result or an intermediate: small ones in one
/// allocation with their reference count, large ones from the pool (BufferPool.h).
/// \throws std::bad_alloc.
[[nodiscard]] std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes);

} // namespace tsum
