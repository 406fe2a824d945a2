// SPDX-License-Identifier: Apache-2.0

#include "CacheLog.h"

#include "tsum/Canonical/Fields.h"
#include "tsum/Support/ForkSafe.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

namespace tsum {

namespace {

using Log = std::function<void(const CacheEvent &)>;

std::string to_text(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f ms",
                std::chrono::duration<double, std::milli>(time).count());
  return text;
}

void print(const CacheEvent &event) {
  static constexpr const char *names[] = {"memory", "disk", "compiler", "reference",
                                          "generic code"};
  std::string text = "tsum: cache: from ";
  text += names[static_cast<std::size_t>(event.origin)];
  text += " in " + to_text(event.total);
  if (!event.reason.empty())
    text += ", since " + event.reason;
  if (!event.novelty.empty())
    text += "; new: " + event.novelty;
  text += '\n';
  if (!event.failure.empty())
    text += "    failed: " + event.failure + '\n';
  for (const auto &[stage, time] : event.stages)
    text += "    " + stage + " " + to_text(time) + '\n';
  std::size_t begin = 0;
  for (std::size_t end; (end = event.graph.find('\n', begin)) != std::string::npos; begin = end + 1)
    text += "    " + event.graph.substr(begin, end - begin + 1);
  std::fputs(text.c_str(), stderr); // at once, so that threads do not mix lines
}

bool is_wanted_by_environment() {
  const char *topics = std::getenv("TSUM_LOG");
  if (!topics)
    return false;
  const std::string list = "," + std::string(topics) + ",";
  return list.find(",cache,") != std::string::npos;
}

/// Never destroyed, as the caches.
struct State {
  ForkSafeMutex mutex{LockRank::CacheLog};
  std::shared_ptr<const Log> log;
  std::atomic<bool> is_logged = false;
  struct Expression {
    int kinds = 0;         // for which it was compiled
    bool is_known = false; // since the caches were cleared
  };
  std::map<std::vector<std::int64_t>, Expression> expressions;

  State() {
    if (is_wanted_by_environment()) {
      log = std::make_shared<const Log>(print);
      is_logged = true;
    }
  }
};

ProcessWide<State> the_state;

State &state() { return the_state.get(); }

/// A name and a text for each part of a key that can be new.
std::vector<std::pair<std::string, std::string>> parts_of(const CanonicalGraph &graph) {
  std::string operations, dtypes, dims, layouts;
  for (const CanonicalGraph::Value &value : graph.values) {
    const std::string separator = operations.empty() ? "" : " ";
    operations += separator + std::string(op_info(value.op).name);
    dtypes += separator + std::string(name_of(value.dtype));
    dims += separator + to_string(std::vector<std::int64_t>(value.dims.begin(), value.dims.end()));
    if (value.has_strides())
      layouts += separator + to_string(value.strides);
  }
  std::vector<std::pair<std::string, std::string>> parts = {
      {"operations", operations},
      {"dtypes", dtypes},
      {"extents", to_string(graph.extents)},
      {"strides", layouts},
      {"dimensions", dims},
      {"bound of memory", std::to_string(graph.memory)}};
  return parts;
}

template <class T> std::int64_t difference(const T &a, const T &b) {
  const std::size_t common = std::min(a.size(), b.size());
  std::int64_t count = static_cast<std::int64_t>(std::max(a.size(), b.size()) - common);
  for (std::size_t i = 0; i < common; ++i)
    count += a[i] != b[i];
  return count;
}

} // namespace

bool is_cache_logged() { return state().is_logged.load(std::memory_order_relaxed); }

void log_cache_event(const CacheEvent &event) {
  std::shared_ptr<const Log> log;
  {
    std::lock_guard lock(state().mutex);
    log = state().log;
  }
  if (log)
    (*log)(event);
}

void set_cache_log(std::function<void(const CacheEvent &)> log) {
  State &all = state();
  std::lock_guard lock(all.mutex);
  all.log = log ? std::make_shared<const Log>(std::move(log)) : nullptr;
  all.is_logged = all.log != nullptr;
}

std::int64_t distance(const CanonicalGraph &a, const CanonicalGraph &b) {
  constexpr std::int64_t other_operation = 100;
  std::int64_t sum = difference(a.extents, b.extents) + difference(a.outputs, b.outputs) +
                     (a.memory != b.memory ? 1 : 0);
  const std::size_t common = std::min(a.values.size(), b.values.size());
  sum += other_operation *
         static_cast<std::int64_t>(std::max(a.values.size(), b.values.size()) - common);
  for (std::size_t i = 0; i < common; ++i) {
    if (a.values[i] == b.values[i])
      continue;
    sum += a.values[i].op != b.values[i].op ? other_operation : 1;
  }
  return sum;
}

std::string explain_difference(const CanonicalGraph &graph, const CanonicalGraph &nearest) {
  auto parts = parts_of(graph);
  auto others = parts_of(nearest);
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].second != others[i].second)
      text += (text.empty() ? "" : "; ") + parts[i].first + " " + parts[i].second + ", were " +
              others[i].second;
  return text.empty() ? "how the values are used" : text;
}

/// What is left of a graph without the sizes and the layouts.
static std::vector<std::int64_t> expression_of(const CanonicalGraph &graph) {
  FieldWriter expression;
  for (const CanonicalGraph::Value &value : graph.values) {
    expression.write(value.op);
    expression.write(value.dtype);
    expression.write(value.operands);
  }
  return std::move(expression.words);
}

bool is_known_expression(const CanonicalGraph &graph) {
  std::vector<std::int64_t> expression = expression_of(graph);
  State &all = state();
  std::lock_guard lock(all.mutex);
  auto known = all.expressions.find(expression);
  return known != all.expressions.end() && known->second.is_known;
}

void forget_expressions() {
  State &all = state();
  std::lock_guard lock(all.mutex);
  for (auto &[words, expression] : all.expressions)
    expression.is_known = false;
}

void count_signature(const CanonicalGraph &graph) {
  constexpr std::size_t most_expressions = 10'000;
  std::vector<std::int64_t> words = expression_of(graph);
  State &all = state();
  std::string text;
  {
    std::lock_guard lock(all.mutex);
    if (all.expressions.size() >= most_expressions)
      all.expressions.clear();
    State::Expression &expression = all.expressions[std::move(words)];
    expression.is_known = true;
    if (++expression.kinds != signatures_without_warning + 1)
      return;
    text = "tsum: warning: an expression was compiled for more than " +
           std::to_string(signatures_without_warning) + " kinds of data; " +
           many_signatures_advice + ". The latest:\n" + graph.to_string();
  }
  std::fputs(text.c_str(), stderr);
}

} // namespace tsum
