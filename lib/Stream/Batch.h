// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "FileData.h"

#include "tsum/Divided/Piece.h"

namespace tsum::stream {

/// Places along a dimension of a tensor in files, and where in a buffer they go.
struct Region {
  const FileData *data;
  std::int32_t dim;
  std::int64_t begin, end;
  std::int64_t at = 0; ///< in the buffer, in bytes
};

/// What is read for a section of `data`: with what is between its places.
[[nodiscard]] Region region_of(const FileData &data, const divided::Section &section);
[[nodiscard]] std::int64_t bytes_of(const Region &region);

/// What one piece of a pass reads.
struct Batch {
  std::vector<Region> regions;
  std::shared_ptr<std::byte> buffer;
  std::int64_t bytes = 0; ///< of the regions

  /// Reads them; without waiting it may return false.
  bool read(OpenFiles &files, OpenFiles::Wait wait) const;
  /// A section of `data` that is among what has been read.
  [[nodiscard]] Tensor section_of(const FileData &data, const divided::Section &section) const;
};

/// Memory to read to: aligned to pages.
[[nodiscard]] std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes);

} // namespace tsum::stream
