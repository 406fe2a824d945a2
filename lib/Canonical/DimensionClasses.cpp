// SPDX-License-Identifier: Apache-2.0
#include "DimensionClasses.h"

#include <utility>

namespace tsum {

std::vector<DimensionClasses::Id> DimensionClasses::add(std::span<const std::int64_t> shape) {
  std::vector<Id> ids(shape.size(), none);
  Id begin = static_cast<Id>(dims.size());
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == 1)
      continue;
    Id id = static_cast<Id>(dims.size());
    dims.push_back({shape[dim], id, id, 1, begin, begin});
    ids[dim] = id;
  }
  for (Id id = begin, end = static_cast<Id>(dims.size()); id < end; ++id)
    at(id).tensor_end = end;
  return ids;
}

DimensionClasses::Id DimensionClasses::find(Id id) const {
  // Uniting by size keeps the paths short.
  while (at(id).parent != id)
    id = at(id).parent;
  return id;
}

bool DimensionClasses::unite(Id a, Id b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return true;
  if (at(a).class_size < at(b).class_size)
    std::swap(a, b);
  Id member = b;
  do {
    for (Id other = at(member).tensor_begin; other < at(member).tensor_end; ++other)
      if (find(other) == a)
        return false;
    member = at(member).next;
  } while (member != b);

  at(b).parent = a;
  at(a).class_size += at(b).class_size;
  std::swap(at(a).next, at(b).next);
  return true;
}

} // namespace tsum
