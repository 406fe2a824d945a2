// SPDX-License-Identifier: Apache-2.0

#include "tsum/Graph/Names.h"

namespace tsum {

std::string name_after(std::span<const std::string_view> operations) {
  constexpr std::size_t longest = 60;
  std::string name;
  std::string_view last;
  for (std::string_view operation : operations) {
    if (operation == last)
      continue;
    if (name.size() + operation.size() >= longest)
      return name + "_etc";
    name += (name.empty() ? "" : "_") + std::string(operation);
    last = operation;
  }
  return name;
}

} // namespace tsum
