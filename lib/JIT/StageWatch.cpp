// SPDX-License-Identifier: Apache-2.0

#include "StageWatch.h"

#include "tsum/JIT/CompilerUse.h"
#include "tsum/Support/ForkSafe.h"
#include "tsum/Support/Timeline.h"

namespace tsum {

namespace {

/// What compilations may take: what is compiled in practice takes some ms for each operation at
/// most, a graph of any size in proportion.
constexpr std::chrono::milliseconds budgetOfGraph(10'000), budgetOfValue(20);

struct Fault {
  ForkSafeMutex mutex{LockRank::CompileFault};
  CompileFault fault;
};

ProcessWide<Fault> injected;

Fault &theFault() { return injected.get(); }

CompileFailure outOfTime(std::string_view stage, std::chrono::milliseconds budget) {
  return {std::string(stage), "compiling has taken longer than its budget of " +
                                  std::to_string(budget.count()) + " ms before this stage"};
}

} // namespace

void setCompileFault(CompileFault fault) {
  std::lock_guard lock(theFault().mutex);
  theFault().fault = std::move(fault);
}

std::optional<CompileFailure> injectedFailure(std::string_view stage, bool inSmallKernels) {
  std::lock_guard lock(theFault().mutex);
  const CompileFault &fault = theFault().fault;
  if (fault.stage != stage || (inSmallKernels && !fault.inSmallKernels))
    return std::nullopt;
  if (fault.isBudget)
    return outOfTime(stage, {});
  return CompileFailure{std::string(stage), "made to fail by a test"};
}

StageWatch::StageWatch(std::vector<StageTime> &stages, const CanonicalGraph &graph,
                       bool inSmallKernels)
    : stages(stages),
      budget(budgetOfGraph + budgetOfValue * static_cast<std::int64_t>(graph.values.size())),
      inSmallKernels(inSmallKernels) {}

std::optional<CompileFailure> StageWatch::obstacle(std::string_view stage) const {
  if (CompilerUse::is_exit())
    return CompilerUse::failure();
  if (start - begin > budget)
    return outOfTime(stage, budget);
  return injectedFailure(stage, inSmallKernels);
}

void StageWatch::stop(std::string_view stage) {
  const auto now = Clock::now();
  stages.push_back({stage, now - start});
  if (Timeline *timeline = Timeline::get())
    timeline->add("compile", stage, start, now);
  start = now;
}

} // namespace tsum
