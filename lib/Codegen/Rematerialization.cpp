// SPDX-License-Identifier: Apache-2.0

#include "Rematerialization.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

namespace tsum {

namespace {

/// How many launches there may be in place of `count`.
size_t mostSteps(size_t count) { return 4 * count + 64; }

/// Goes through the launches and keeps account of what is in memory.
class Rematerializer {
public:
  /// The launches run in the order of `sequence`.
  Rematerializer(const LaunchGraph &graph, llvm::ArrayRef<int32_t> sequence, int64_t bound)
      : graph(graph), sequence(sequence), bound(bound), states(graph.values.size()) {
    for (auto [place, number] : llvm::enumerate(sequence)) {
      for (int32_t value : graph.launches[number].results)
        states[value].producer = number;
      for (int32_t value : graph.launches[number].inputs)
        states[value].readers.push_back(int32_t(place));
    }
    for (State &state : states)
      std::reverse(state.readers.begin(), state.readers.end());
  }

  /// Nothing if that takes too many launches.
  std::optional<LaunchOrder> run() {
    for (now = 0; now < int32_t(sequence.size()); ++now)
      if (!runWithInputs(sequence[now]))
        return std::nullopt;
    return std::move(order);
  }

private:
  struct State {
    int32_t producer = -1;
    bool isThere = false;
    int32_t users = 0; ///< launches that wait for it or run on it
    /// Where in the sequence those stand that have not run yet; the next one is the last.
    llvm::SmallVector<int32_t, 4> readers{};
  };

  bool isThere(int32_t value) const { return states[value].isThere; }

  /// Runs `launch`, after what leaves those of its inputs that are not there.
  bool runWithInputs(int32_t launch) {
    llvm::SmallVector<int32_t> waiting;
    auto begin = [&](int32_t next) {
      for (int32_t input : graph.launches[next].inputs)
        ++states[input].users;
      waiting.push_back(next);
    };
    begin(launch);
    while (!waiting.empty()) {
      const LaunchGraph::Launch &next = graph.launches[waiting.back()];
      const auto missing =
          llvm::find_if(next.inputs, [&](int32_t input) { return !isThere(input); });
      if (missing != next.inputs.end()) {
        begin(states[*missing].producer);
        continue;
      }
      if (order.steps.size() == mostSteps(graph.launches.size()))
        return false;
      step(waiting.pop_back_val());
    }
    return true;
  }

  /// Runs a launch whose inputs are there.
  void step(int32_t number) {
    const LaunchGraph::Launch &launch = graph.launches[number];
    LaunchOrder::Step &step = order.steps.emplace_back(LaunchOrder::Step{number, {}});
    int64_t kept = 0, copies = 0; // of what is there already
    for (int32_t result : launch.results) {
      if (isThere(result)) {
        copies += graph.values[result].bytes;
        continue;
      }
      step.taken.push_back(result);
      kept += graph.values[result].isOutput ? 0 : graph.values[result].bytes;
    }
    while (bytes + kept + copies > bound && letGo())
      ;
    bytes += kept;
    order.bytes = std::max(order.bytes, bytes + copies);
    for (int32_t result : step.taken)
      states[result].isThere = true;
    for (int32_t input : launch.inputs) {
      State &state = states[input];
      --state.users;
      if (number == sequence[now])
        state.readers.pop_back();
    }
    for (int32_t value : launch.inputs)
      dropIfUnused(value);
    for (int32_t value : step.taken)
      dropIfUnused(value);
  }

  void dropIfUnused(int32_t value) {
    const State &state = states[value];
    if (state.users == 0 && state.readers.empty() && !graph.values[value].isOutput)
      drop(value);
  }

  void drop(int32_t value) {
    states[value].isThere = false;
    bytes -= graph.values[value].bytes;
  }

  /// Lets go of the value of which that costs least. Returns whether there was one.
  bool letGo() {
    int32_t chosen = -1;
    double least = std::numeric_limits<double>::infinity();
    for (auto [number, state] : llvm::enumerate(states)) {
      const LaunchGraph::Value &value = graph.values[number];
      if (!state.isThere || state.users > 0 || value.isOutput || value.bytes == 0)
        continue;
      const double cost = costOf(int32_t(number)) /
                          (double(value.bytes) * double(std::max(1, state.readers.back() - now)));
      if (cost < least) {
        least = cost;
        chosen = int32_t(number);
      }
    }
    if (chosen >= 0)
      drop(chosen);
    return chosen >= 0;
  }

  /// The time to compute `value` again. Of long ways back the first launches say enough.
  double costOf(int32_t value) const {
    constexpr size_t mostLaunches = 32;
    llvm::SmallVector<int32_t, mostLaunches> launches = {states[value].producer};
    double cost = 0;
    for (size_t n = 0; n < launches.size(); ++n) {
      const LaunchGraph::Launch &launch = graph.launches[launches[n]];
      cost += launch.cost;
      for (int32_t input : launch.inputs)
        if (!isThere(input) && launches.size() < mostLaunches &&
            !llvm::is_contained(launches, states[input].producer))
          launches.push_back(states[input].producer);
    }
    return cost;
  }

  const LaunchGraph &graph;
  const llvm::ArrayRef<int32_t> sequence;
  const int64_t bound;
  std::vector<State> states; // of the values
  int64_t bytes = 0;
  int32_t now = 0; // which of the sequence is next
  LaunchOrder order;
};

/// What the launch that reads and writes most needs.
int64_t leastBytes(const LaunchGraph &graph) {
  int64_t least = 0;
  for (const LaunchGraph::Launch &launch : graph.launches) {
    int64_t bytes = 0;
    for (int32_t value : llvm::concat<const int32_t>(launch.inputs, launch.results))
      bytes += graph.values[value].isOutput ? 0 : graph.values[value].bytes;
    least = std::max(least, bytes);
  }
  return least;
}

/// The launches in an order in which those that leave no more in memory than they let go of run as
/// soon as they can: a gradient of weights, which is an output, before memory of what it reads is
/// needed for other layers.
llvm::SmallVector<int32_t> soonestFirst(const LaunchGraph &graph) {
  std::vector<int32_t> readersLeft(graph.values.size(), 0), missing(graph.launches.size(), 0);
  std::vector<llvm::SmallVector<int32_t, 2>> readers(graph.values.size());
  std::set<int32_t> ready;
  for (auto [number, launch] : llvm::enumerate(graph.launches)) {
    missing[number] = int32_t(launch.inputs.size());
    if (launch.inputs.empty())
      ready.insert(int32_t(number));
    for (int32_t input : launch.inputs) {
      ++readersLeft[input];
      readers[input].push_back(int32_t(number));
    }
  }
  auto growthOf = [&](int32_t number) {
    int64_t growth = 0;
    for (int32_t result : graph.launches[number].results)
      growth += graph.values[result].isOutput || readersLeft[result] == 0
                    ? 0
                    : graph.values[result].bytes;
    for (int32_t input : graph.launches[number].inputs)
      growth -=
          graph.values[input].isOutput || readersLeft[input] > 1 ? 0 : graph.values[input].bytes;
    return growth;
  };
  llvm::SmallVector<int32_t> sequence;
  while (!ready.empty()) {
    auto next = llvm::find_if(ready, [&](int32_t number) { return growthOf(number) <= 0; });
    if (next == ready.end())
      next = ready.begin();
    const int32_t number = *next;
    ready.erase(next);
    sequence.push_back(number);
    for (int32_t input : graph.launches[number].inputs)
      --readersLeft[input];
    for (int32_t result : graph.launches[number].results)
      for (int32_t reader : readers[result])
        if (--missing[reader] == 0)
          ready.insert(reader);
  }
  return sequence;
}

} // namespace

LaunchOrder rematerialize(const LaunchGraph &graph, int64_t bound) {
  constexpr int64_t unbounded = std::numeric_limits<int64_t>::max();
  const auto given = llvm::to_vector(llvm::seq(int32_t(graph.launches.size())));
  LaunchOrder once = *Rematerializer(graph, given, unbounded).run();
  if (once.bytes <= bound)
    return once;
  llvm::SmallVector<int32_t> sequence = soonestFirst(graph);
  if (LaunchOrder other = *Rematerializer(graph, sequence, unbounded).run();
      other.bytes < once.bytes)
    once = std::move(other);
  else
    sequence = given;
  LaunchOrder best = std::move(once);
  auto attempt = [&](int64_t within) {
    if (std::optional<LaunchOrder> order = Rematerializer(graph, sequence, within).run();
        order && order->bytes < best.bytes)
      best = std::move(*order);
    return best.bytes <= bound;
  };
  // What launches wait for stays, whatever it comes to. Where that is beyond the bound, a lower aim
  // has less stay before.
  for (int64_t eighths : {8, 7, 6, 5, 4})
    if (best.bytes > bound && attempt(bound / 8 * eighths + bound % 8 * eighths / 8))
      return best;
  for (int64_t within = std::max(bound, leastBytes(graph)), most = best.bytes; within < most;
       within += within / 4 + 1)
    if (attempt(within))
      break;
  return best;
}

} // namespace tsum
