// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/function.h"

#include <atomic>
#include <optional>

namespace tsum {

/// A function that the process keeps until it has more, or more code, than it may: then the least
/// recently used one goes, and is to be made again.
class KeptFunction {
public:
  explicit KeptFunction(const Function &function);

  /// The function, if it is still there and nothing better is: compiled code for its generic one.
  /// Notes a use.
  [[nodiscard]] std::optional<Function> get() const;
  [[nodiscard]] bool is_gone() const;

private:
  std::weak_ptr<const Function::Prepared> prepared;
  std::shared_ptr<std::atomic<std::uint64_t>> last_used;
};

/// How many of them are kept: as many as the cache has entries.
[[nodiscard]] std::int64_t kept_function_capacity();
void set_kept_function_capacity(std::int64_t entries, std::int64_t bytes);
void forget_kept_functions();

} // namespace tsum
