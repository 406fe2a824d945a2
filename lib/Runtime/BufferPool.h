// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

namespace tsum {

/// From here on buffers come from the pool: smaller ones are malloc's business, which keeps them
/// itself.
inline constexpr std::int64_t min_pooled_bytes = 64 * 1024;

/// `bytes` of memory, at least `min_pooled_bytes`, aligned to a page, from the pool, to which it
/// goes back: a fresh result of 16 MB costs more in page faults than the sum that fills it. It lies
/// on huge pages where the system has some. The pool keeps at most `set_pool_capacity` bytes of
/// buffers that nobody uses, and those that nobody has used for ten seconds go when others come
/// back.
///
/// \throws std::bad_alloc if there is not so much.
[[nodiscard]] std::shared_ptr<std::byte> take_pooled(std::int64_t bytes);

/// The same by hand: what was taken is to be given back, with the same `bytes`.
[[nodiscard]] std::byte *take_from_pool(std::int64_t bytes);
void give_to_pool(std::byte *memory, std::int64_t bytes) noexcept;

} // namespace tsum
