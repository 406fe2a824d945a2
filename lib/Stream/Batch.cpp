// SPDX-License-Identifier: Apache-2.0
#include "Batch.h"

#include <algorithm>
#include <new>

namespace tsum::stream {

using divided::Section;

Region region_of(const FileData &data, const Section &section) {
  const std::int64_t last = section.start + (section.count - 1) * section.step;
  if (section.count == 0)
    return {&data, section.dim, 0, 0};
  return {&data, section.dim, std::min(section.start, last), std::max(section.start, last) + 1};
}

std::int64_t bytes_of(const Region &region) {
  const std::int64_t extent = region.data->shape[static_cast<std::size_t>(region.dim)];
  return extent ? region.data->bytes() / extent * (region.end - region.begin) : 0;
}

bool Batch::read(OpenFiles &files, OpenFiles::Wait wait) const {
  return std::ranges::all_of(regions, [&](const Region &region) {
    return files.read(*region.data, region.dim, region.begin, region.end, buffer.get() + region.at,
                      wait);
  });
}

Tensor Batch::section_of(const FileData &data, const Section &section) const {
  const auto dim = static_cast<std::size_t>(section.dim);
  Shape shape = data.shape;
  if (section.count == 0 || data.bytes() == 0) {
    shape[dim] = section.count;
    return borrow(nullptr, data.dtype, std::move(shape));
  }
  const std::int64_t last = section.start + (section.count - 1) * section.step;
  const Region &region = *std::ranges::find_if(regions, [&](const Region &region) {
    return region.data == &data && region.dim == section.dim &&
           region.begin <= std::min(section.start, last) &&
           std::max(section.start, last) < region.end;
  });
  shape[dim] = region.end - region.begin;
  ByteStrides strides = data.strides_of(shape);
  const std::byte *first = buffer.get() + region.at + (section.start - region.begin) * strides[dim];
  shape[dim] = section.count;
  if (section.count > 1)
    strides[dim] *= section.step;
  return borrow(first, data.dtype, std::move(shape), std::move(strides), buffer);
}

std::shared_ptr<std::byte> allocate_buffer(std::int64_t bytes) {
  static constexpr std::align_val_t alignment{4096};
  return {static_cast<std::byte *>(::operator new(static_cast<std::size_t>(bytes), alignment)),
          [](std::byte *memory) { ::operator delete(memory, alignment); }};
}

} // namespace tsum::stream
