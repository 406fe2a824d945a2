// SPDX-License-Identifier: Apache-2.0
#include "KeptOutputs.h"

#include "Batch.h"

#include "tsum/Graph/Layout.h"

#include <algorithm>
#include <cstring>

namespace tsum::stream {

using namespace divided;

static std::int64_t bytes_of(const Goal &goal) {
  return byte_count(goal.node->shape, goal.node->dtype);
}

/// Of the first `count` places of `goal` along its cut dimension.
static std::size_t bytes_of_places(const Goal &goal, std::int64_t count) {
  const std::int64_t extent = goal.node->shape[static_cast<std::size_t>(goal.cut)];
  return extent ? static_cast<std::size_t>(bytes_of(goal) / extent * count) : 0;
}

KeptOutputs::KeptOutputs(const Pass &pass) {
  for (const Goal &goal : pass.goals)
    if (!goal.is_merged())
      all_bytes += bytes_of(goal);
}

std::byte *KeptOutputs::memory_of(const Goal &goal) {
  std::shared_ptr<std::byte> &memory = memories[goal.node];
  if (!memory)
    memory = allocate_buffer(std::max<std::int64_t>(bytes_of(goal), 1));
  return memory.get();
}

void KeptOutputs::add(const Goal &goal, const Tensor &piece, std::int64_t begin) {
  const Node &node = *goal.node;
  std::byte *memory = memory_of(goal);
  const auto *elements = static_cast<const std::byte *>(piece.bytes());
  for_each_run(node.shape, node.dtype, goal.cut, begin,
               piece.shape()[static_cast<std::size_t>(goal.cut)],
               [&](std::int64_t at, std::int64_t from, std::int64_t size) {
                 std::memcpy(memory + at, elements + from, static_cast<std::size_t>(size));
               });
}

std::vector<std::byte> KeptOutputs::first_places(const Goal &goal, std::int64_t count) const {
  std::vector<std::byte> elements(bytes_of_places(goal, count));
  if (elements.empty())
    return elements;
  const std::byte *memory = memories.at(goal.node).get();
  for_each_run(goal.node->shape, goal.node->dtype, goal.cut, 0, count,
               [&](std::int64_t at, std::int64_t from, std::int64_t size) {
                 std::memcpy(elements.data() + from, memory + at, static_cast<std::size_t>(size));
               });
  return elements;
}

void KeptOutputs::set_first_places(const Goal &goal, std::int64_t count,
                                   std::span<const std::byte> elements) {
  if (elements.size() != bytes_of_places(goal, count))
    throw Error("eval: " + std::to_string(elements.size()) + " bytes of an output, of which " +
                std::to_string(bytes_of_places(goal, count)) + " were computed");
  if (elements.empty())
    return;
  std::byte *memory = memory_of(goal);
  for_each_run(goal.node->shape, goal.node->dtype, goal.cut, 0, count,
               [&](std::int64_t at, std::int64_t from, std::int64_t size) {
                 std::memcpy(memory + at, elements.data() + from, static_cast<std::size_t>(size));
               });
}

void KeptOutputs::finish(Known &known) const {
  for (const auto &[node, memory] : memories)
    known.insert_or_assign(node, borrow(memory.get(), node->dtype, node->shape, {}, memory));
}

} // namespace tsum::stream
