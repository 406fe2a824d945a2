// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tsum {

/// Addresses that stand for a buffer where nothing is run. Zeros if somebody reads them, but they
/// take no memory. \throws std::bad_alloc if there are not so many.
[[nodiscard]] std::shared_ptr<const std::byte> reserve_addresses(std::int64_t bytes);

/// Whether `owner` keeps such addresses: what lies there may be terabytes, and is not worth a copy.
[[nodiscard]] bool is_stand_in(const std::shared_ptr<const void> &owner);

} // namespace tsum
