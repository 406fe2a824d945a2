// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

namespace tsum {

/// `bytes` of memory, aligned to a cache line, for a result or an intermediate.
///
/// Large buffers come from a pool and go back to it: a fresh result of 16 MB costs more in page
/// faults than the sum that fills it. They lie on huge pages where the system has some. The pool
/// keeps at most `set_pool_capacity` bytes of buffers that nobody uses.
///
/// \throws std::bad_alloc if there is not so much.
[[nodiscard]] std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes);

} // namespace tsum
