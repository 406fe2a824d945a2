// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tsum::fuzz {

/// What reads bytes from outside. A fuzzer changes `seeds` at random and looks for bytes on which
/// `read` crashes, throws what is no tsum::Error, does not end, or takes too much memory.
struct Reader {
  std::string_view name;
  std::vector<std::string> (*seeds)(); ///< that are right, or nearly
  void (*read)(std::string_view bytes);
};

extern const Reader npy_reader;        ///< NumPy files
extern const Reader npz_reader;        ///< NumPy archives
extern const Reader expression_reader; ///< the text of expressions
extern const Reader ir_reader;         ///< .mlir files
extern const Reader cache_reader;      ///< files of the disk cache

inline const Reader *const readers[] = {&npy_reader, &npz_reader, &expression_reader, &ir_reader,
                                        &cache_reader};

/// Ends the process if `holds` is not true of what was read.
void require(bool holds, const char *what);

} // namespace tsum::fuzz
