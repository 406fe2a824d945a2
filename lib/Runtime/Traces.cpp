// SPDX-License-Identifier: Apache-2.0
//
// What `jit` keeps of a callable: a function for each kind of inputs that it was called with.

#include "tsum/function.h"

#include "CacheLog.h"
#include "ThrowCount.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Recording.h"
#include "tsum/Runtime/KeptFunction.h"
#include "tsum/Runtime/OfShapes.h"
#include "tsum/Support/ForkSafe.h"
#include "tsum/cache.h"
#include "tsum/eval.h"

#include <cstdio>
#include <map>
#include <mutex>

namespace tsum {

struct detail::Traces::State {
  using Key = std::vector<std::int64_t>;

  State(std::size_t arity, Trace trace, Shapes shapes)
      : arity(arity), trace(std::move(trace)), shapes(shapes) {}

  std::size_t arity;
  Trace trace;
  Shapes shapes;
  std::int64_t kinds = 0; ///< that were traced
  ForkSafeMutex mutex{LockRank::Traces};
  std::map<Key, KeptFunction> functions;

  /// Lets go of what the process no longer keeps, if there is more than it may. Called with the
  /// lock.
  void forget_gone() {
    if (static_cast<std::int64_t>(functions.size()) > kept_function_capacity())
      std::erase_if(functions, [](const auto &entry) { return entry.second.is_gone(); });
  }
};

detail::Traces::Traces(std::size_t arity, Trace trace, Shapes shapes)
    : state(std::make_shared<State>(arity, std::move(trace), shapes)) {}

std::int64_t detail::Traces::count() const {
  std::unique_lock lock(state->mutex);
  return state->kinds;
}

std::vector<Tensor> detail::Traces::call(std::span<const Tensor> inputs) const {
  if (state->arity != 0 && inputs.size() != state->arity)
    throw_count("inputs", inputs.size(), state->arity);
  if (Recording::is_on()) { // which wants the graph
    std::vector<Tensor> results = state->trace(inputs);
    eval(results);
    return results;
  }
  eval(inputs);
  State::Key key;
  std::vector<ByteStrides> strides;
  for (const Tensor &input : inputs) {
    std::shared_ptr<const Storage> values = input.node()->values();
    strides.push_back(values->data && is_in_place(values->strides, input.dtype())
                          ? values->strides
                          : row_major_strides(input.shape(), input.dtype()));
    key.push_back(static_cast<std::int64_t>(input.dtype()));
    key.push_back(input.rank());
    key.insert(key.end(), input.shape().begin(), input.shape().end());
    key.insert(key.end(), strides.back().begin(), strides.back().end());
  }
  {
    std::unique_lock lock(state->mutex);
    if (auto known = state->functions.find(key); known != state->functions.end()) {
      const std::optional<Function> function = known->second.get();
      lock.unlock();
      if (function)
        return (*function)(inputs);
    }
  }
  std::vector<Tensor> placeholders;
  for (std::size_t n = 0; n < inputs.size(); ++n)
    placeholders.push_back(input(inputs[n].dtype(),
                                 Shape(inputs[n].shape().begin(), inputs[n].shape().end()),
                                 strides[n], inputs[n].name()));
  // Two threads may trace the same at once: the first one's stays, and the caches compile once.
  const Function function = compile(placeholders, state->trace(placeholders), state->shapes);
  const KeptFunction kept(function);
  std::int64_t count = 0;
  {
    std::unique_lock lock(state->mutex);
    if (state->functions.insert_or_assign(std::move(key), kept).second)
      count = ++state->kinds;
    state->forget_gone();
  }
  const bool is_compiled = state->shapes == Shapes::compiled ||
                           (state->shapes == Shapes::as_set && specialize() == Specialize::always);
  if (is_compiled && count == signatures_without_warning + 1)
    std::fprintf(stderr,
                 "tsum: warning: a jitted function was traced for more than %d kinds of "
                 "inputs; %s\n",
                 signatures_without_warning, many_signatures_advice);
  return function(inputs);
}

} // namespace tsum
