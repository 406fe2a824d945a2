// SPDX-License-Identifier: Apache-2.0
//
// What is tested is the compiler: not what an earlier run left on disk, nor generic code, but where
// a test asks for these.
#include <cstdlib>
#include <unistd.h>

[[maybe_unused]] static const int set = ::setenv("TSUM_CACHE_DIR", "", /*overwrite=*/0) +
                                        ::setenv("TSUM_SPECIALIZE", "always", /*overwrite=*/0);

/// What threads of the parent had at hand is out of reach in a child, which has none of them: the
/// leak sanitizer, which asks this, is for processes that were not forked.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's.
extern "C" int __lsan_is_turned_off() {
  static const pid_t started = ::getpid();
  return ::getpid() != started;
}

[[maybe_unused]] static const int noted = __lsan_is_turned_off(); // before any fork
