// SPDX-License-Identifier: Apache-2.0
//
// What is tested is the compiler: not what an earlier run left on disk, nor generic code, but where
// a test asks for these.
#include <cstdlib>

[[maybe_unused]] static const int set = ::setenv("TSUM_CACHE_DIR", "", /*overwrite=*/0) +
                                        ::setenv("TSUM_SPECIALIZE", "always", /*overwrite=*/0);
