// SPDX-License-Identifier: Apache-2.0
#include "Plan.h"

#include "tsum/Graph/SummationTree.h"
#include "tsum/Runtime/Jobs.h"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace tsum::stream {

using namespace divided;

/// Small enough for all buffers to stay in caches, from which what is read is then taken (with 4 MB
/// each, 2 GB from the page cache took twice as long), and large enough for what a piece costs
/// beside its data to be little.
static constexpr std::int64_t most_piece_bytes = std::int64_t{2} << 20;
static constexpr std::int64_t least_piece_bytes = std::int64_t{16} << 10;
static constexpr int fewest_buffers = 2, most_ahead = 8;
static constexpr std::int64_t alignment = 64;

std::string bytes_to_string(std::int64_t bytes) {
  constexpr std::string_view units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto number = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; number >= 999.5; number /= 1000)
    ++unit;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g ", number);
  return text + std::string(units[unit]);
}

StreamPlan::StreamPlan(std::span<const Node::Ptr> outputs, const StreamOptions &options)
    : options(options), graph(evaluation_order(outputs, /*with_inputs=*/true)) {
  if (options.memory <= 0)
    throw Error("eval: a memory of " + std::to_string(options.memory) +
                " bytes (more than 0 is needed)");
  list = passes_of(outputs, [this](const InputNode &input) { return cut_of(input); });
}

/// The outermost dimension in the order of the file of which a place is small enough, so that what
/// a piece reads lies in few runs.
std::int32_t StreamPlan::cut_of(const InputNode &input) const {
  const FileData *data = as_file(input);
  if (!data)
    throw Error("eval: " + (input.elsewhere ? input.elsewhere->to_string() : "an input") +
                " and files in one graph (evaluate one of them first)");
  const std::int64_t bytes = data->bytes();
  std::int32_t smallest = not_cut;
  for (std::int32_t dim : data->dims_outermost_first()) {
    auto extent = [&](std::int32_t dim) { return data->shape[static_cast<std::size_t>(dim)]; };
    if (bytes / extent(dim) <= options.memory / 4)
      return dim;
    if (smallest == not_cut || extent(dim) > extent(smallest))
      smallest = dim;
  }
  return bytes == 0 ? not_cut : smallest;
}

Batch StreamPlan::batch_of(const PassRun &run, std::int64_t begin, std::int64_t count) {
  std::vector<Region> wanted;
  for (const PassRun::Request &request : run.requests(begin, count))
    if (request.section && request.section->count > 0)
      wanted.push_back(region_of(*as_file(*request.input), *request.section));
  auto key = [](const Region &region) { return std::tuple(region.data, region.dim, region.begin); };
  std::ranges::sort(wanted, {}, key);
  Batch batch;
  for (const Region &region : wanted) {
    if (!batch.regions.empty()) {
      Region &before = batch.regions.back();
      if (before.data == region.data && before.dim == region.dim && region.begin <= before.end) {
        before.end = std::max(before.end, region.end);
        continue;
      }
    }
    batch.regions.push_back(region);
  }
  for (Region &region : batch.regions) {
    region.at = batch.bytes;
    batch.bytes += (bytes_of(region) + alignment - 1) / alignment * alignment;
  }
  return batch;
}

/// What the partial results of `pass` take at most, with pieces of `count` places: nodes of one
/// tree for each column, and elements of a block that is not complete.
static std::int64_t bytes_of_partials(const Pass &pass, std::int64_t count) {
  std::int64_t bytes = 0;
  for (const Goal &goal : pass.goals) {
    if (!goal.is_merged())
      continue;
    std::int64_t columns = 1;
    bool is_innermost = true;
    for (std::int64_t dim = 0; dim < std::ssize(goal.source->shape); ++dim) {
      const std::int64_t extent = goal.source->shape[static_cast<std::size_t>(dim)];
      const bool is_reduced = std::ranges::find(goal.node->axes, dim) != goal.node->axes.end();
      if (!is_reduced || dim < goal.cut)
        columns *= extent;
      is_innermost &= !(is_reduced && dim > goal.cut && extent > 1);
    }
    const bool is_in_order = is_ordered(goal.node->op, goal.source->dtype, goal.node->is_exact);
    std::int64_t numbers = 1; // for each column
    if (is_in_order) {
      const auto pieces = static_cast<std::uint64_t>((pass.extent + count - 1) / count);
      const int node_size = goal.source->dtype == DType::f64 ? 2 : 1;
      numbers = (std::bit_width(pieces) + 1) * node_size;
      if (is_innermost && count < block_elements)
        numbers += 2 * block_elements;
    } else if (goal.node->is_exact) {
      numbers = goal.source->dtype == DType::f64 ? 72 : 16;
    }
    bytes += columns * numbers * 8;
  }
  return bytes;
}

PiecePlan StreamPlan::pieces_of(const Pass &pass, const PassRun &run) const {
  auto bytes_of = [&](std::int64_t count) {
    return batch_of(run, 0, std::min(count, pass.extent)).bytes;
  };
  const std::int64_t wanted = std::clamp(options.memory / 16, least_piece_bytes, most_piece_bytes);
  PiecePlan plan;
  while (plan.count < pass.extent && bytes_of(2 * plan.count) <= wanted)
    plan.count *= 2;
  // Blocks of the order of additions are better not divided: their elements would have to be kept.
  if (plan.count < block_elements &&
      fewest_buffers * bytes_of(block_elements) + bytes_of_partials(pass, block_elements) <=
          options.memory)
    plan.count = block_elements;
  plan.bytes = bytes_of(plan.count);
  const std::int64_t partials = bytes_of_partials(pass, plan.count);
  const std::int64_t left = options.memory - partials;
  if (left < fewest_buffers * plan.bytes)
    throw Error("eval: a memory of " + bytes_to_string(options.memory) + " is too little: " +
                std::to_string(fewest_buffers) + " pieces of " + bytes_to_string(plan.bytes) +
                " and partial results of " + bytes_to_string(partials) + " need " +
                bytes_to_string(fewest_buffers * plan.bytes + partials));
  plan.buffers = static_cast<int>(
      std::clamp<std::int64_t>(plan.bytes ? left / 2 / plan.bytes : 1, fewest_buffers,
                               std::max<std::int64_t>(most_ahead, 2 * usable_threads())));
  return plan;
}

} // namespace tsum::stream
