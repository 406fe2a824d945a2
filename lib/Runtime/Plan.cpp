// SPDX-License-Identifier: Apache-2.0

#include "Plan.h"

#include "Buffer.h"
#include "Launches.h"
#include "Monitor.h"
#include "Threads.h"

#include "tsum/Graph/Layout.h"

#include <algorithm>

namespace tsum {

std::optional<LeafPlace> find_place(std::span<const Leaf> leaves, const std::byte *data,
                                    const Storage &storage) {
  auto offset_in = [&](const Leaf &leaf) {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(data) -
                                     reinterpret_cast<std::uintptr_t>(leaf.values->data));
  };
  std::optional<LeafPlace> place;
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    const Leaf &leaf = leaves[n];
    if (leaf.values == &storage)
      return LeafPlace{static_cast<std::int32_t>(n), offset_in(leaf)};
    // A view, such as a reshape, of memory that several leaves may share.
    const bool same_owner = !leaf.values->owner.owner_before(storage.owner) &&
                            !storage.owner.owner_before(leaf.values->owner);
    auto [low, high] = byte_range(leaf.node->shape, leaf.values->strides, leaf.node->dtype);
    if (!same_owner || offset_in(leaf) < low || offset_in(leaf) >= high)
      continue;
    if (place)
      return std::nullopt;
    place = LeafPlace{static_cast<std::int32_t>(n), offset_in(leaf)};
  }
  return place;
}

std::shared_ptr<const Plan> make_plan(const Signature &signature, const Canonicalized &bound,
                                      const std::shared_ptr<const CachedProgram> &program) {
  if (!signature.is_in_place())
    return nullptr;
  auto plan = std::make_shared<Plan>();
  plan->words.assign(signature.words().begin(), signature.words().end());
  plan->hash = signature.hash();
  plan->program = program;

  std::vector<Leaf> leaves;
  for (std::size_t n = 0; n < signature.leaves().size(); ++n)
    leaves.push_back({signature.leaf_nodes()[n], signature.leaves()[n].get()});
  for (const Canonicalized::Argument &argument : bound.arguments) {
    auto place = find_place(leaves, argument.data, *argument.storage);
    if (!place)
      return nullptr;
    plan->arguments.push_back(*place);
  }

  auto outputs = signature.outputs();
  for (std::size_t i = 0; i < bound.results.size(); ++i) {
    const Canonicalized::Result &result = bound.results[i];
    auto output = std::ranges::find(outputs, result.node.get());
    if (output == outputs.end())
      return nullptr;
    plan->results.push_back({static_cast<std::int32_t>(output - outputs.begin()),
                             program->outputs[i] - program->arguments, result.offset,
                             result.strides});
  }
  // Each output gets its values, or the walk that found the signature saw another graph.
  for (std::size_t n = 0; n < outputs.size(); ++n)
    if (std::ranges::none_of(plan->results, [&](const Plan::Result &result) {
          return outputs[static_cast<std::size_t>(result.output)] == outputs[n];
        }))
      return nullptr;
  return plan;
}

void Plan::run(const CachedProgram &program, const Signature &signature) const {
  std::array<std::byte, 1024> stack;
  std::pmr::monotonic_buffer_resource memory(stack.data(), stack.size());
  std::pmr::vector<const void *> buffers(&memory);
  std::size_t result_count = 0;
  for (const Program::Launch &launch : program.launches)
    result_count += launch.results.size();
  buffers.reserve(arguments.size() + result_count);
  for (const LeafPlace &argument : arguments)
    buffers.push_back(signature.leaves()[static_cast<std::size_t>(argument.leaf)]->data +
                      argument.offset);
  std::pmr::vector<std::shared_ptr<std::byte>> made(&memory);
  made.reserve(result_count);
  run_monitored(program.launches, [&] { run_launches(program, buffers, made, run_tiles); });
  for (const Result &result : results) {
    const auto &buffer = made[static_cast<std::size_t>(result.number)];
    signature.outputs()[static_cast<std::size_t>(result.output)]->set_values(
        std::make_shared<const Storage>(
            Storage{buffer, buffer.get() + result.offset, result.strides}));
  }
}

PlanCache::Found PlanCache::find(const Signature &signature) {
  Found found;
  Shard &shard = shard_of(signature.hash());
  std::lock_guard lock(shard.mutex);
  auto [begin, end] = shard.plans.equal_range(signature.hash());
  for (auto entry = begin; entry != end; ++entry)
    if (std::ranges::equal(entry->second->words, signature.words())) {
      found.program = entry->second->program.lock();
      if (found.program && !found.program->is_superseded) {
        found.plan = entry->second;
        ++shard.hits;
      }
      return found;
    }
  return found;
}

void PlanCache::insert(std::shared_ptr<const Plan> plan) {
  Shard &shard = shard_of(plan->hash);
  std::lock_guard lock(shard.mutex);
  // Plans are cheap to make again: those of unloaded code go first, and if need be all.
  if (shard.plans.size() >= plans_per_shard)
    std::erase_if(shard.plans, [](const auto &entry) { return entry.second->program.expired(); });
  if (shard.plans.size() >= plans_per_shard)
    shard.plans.clear();
  auto [begin, end] = shard.plans.equal_range(plan->hash);
  for (auto entry = begin; entry != end; ++entry)
    if (entry->second->words == plan->words) {
      entry->second = std::move(plan);
      return;
    }
  shard.plans.emplace(plan->hash, std::move(plan));
}

void PlanCache::clear() {
  for (Shard &shard : shards) {
    std::lock_guard lock(shard.mutex);
    shard.plans.clear();
  }
}

std::int64_t PlanCache::hits() const {
  std::int64_t hits = 0;
  for (const Shard &shard : shards) {
    std::lock_guard lock(shard.mutex);
    hits += shard.hits;
  }
  return hits;
}

} // namespace tsum
