// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Options.h"

#include "tsum/Expression/Parse.h"
#include "tsum/tensor.h"

namespace tsum {

/// "64M" as a number of bytes. Throws Error for what is none.
[[nodiscard]] std::int64_t parseBytes(llvm::StringRef text);

/// The array of a file; of an archive the one behind a colon, or the only one; of a pattern those
/// of all files, joined. What is larger than memory is opened, not loaded; with --mpi each rank has
/// its share. Throws Error, with the file's name, for what cannot be read.
[[nodiscard]] Tensor loadArray(llvm::StringRef path, const Options &options);

/// What the operands (name=file, or an archive for all it has) name.
[[nodiscard]] NamedTensors loadNamed(const Options &options);

} // namespace tsum
