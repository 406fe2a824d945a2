// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Arguments.h"
#include "Tracing.h"

#include "tsum/Runtime/KeptFunction.h"

#include <unordered_map>
#include <utility>

/// What a function that `tsum.jit` made keeps of its calls.
namespace tsum::python {

/// A trace and the functions prepared from it.
struct Traced {
  Signature signature; ///< that it is for
  std::shared_ptr<const Trace> trace;
  struct Prepared {
    std::vector<std::int64_t> strides;    ///< that it takes
    std::optional<KeptFunction> function; ///< nothing if there can be none
  };
  std::vector<Prepared> prepared;
  std::uint64_t last_used = 0; ///< by the table's count
};

/// Traces by signature. What it calls in Python may call the function again, in which the table
/// changes: nothing of the table is held meanwhile.
class TraceTable {
public:
  /// The trace for `signature`, or null.
  [[nodiscard]] std::shared_ptr<Traced> find(const Signature &signature) const {
    std::vector<std::shared_ptr<Traced>> candidates;
    auto [begin, end] = table.equal_range(signature.hash());
    for (auto entry = begin; entry != end; ++entry)
      if (entry->second->signature.words == signature.words) {
        if (signature.statics.empty())
          return use(entry->second);
        candidates.push_back(entry->second);
      }
    for (std::shared_ptr<Traced> &candidate : candidates)
      if (candidate->signature.has_statics_of(signature))
        return use(candidate);
    return nullptr;
  }

  /// The same signature may come twice, where two calls traced it at once: one of them is found.
  /// Of more traces than the cache has entries, the least recently used goes.
  void insert(std::shared_ptr<Traced> traced) {
    const std::size_t hash = traced->signature.hash();
    table.emplace(hash, use(traced));
    std::shared_ptr<Traced> gone; // freeing objects may run Python code
    if (static_cast<std::int64_t>(table.size()) > kept_function_capacity()) {
      auto oldest = std::ranges::min_element(
          table, {}, [](const auto &entry) { return entry.second->last_used; });
      gone = std::move(oldest->second);
      table.erase(oldest);
    }
  }

  void clear() {
    const auto gone = std::exchange(table, {}); // freeing objects may run Python code as well
  }

  /// Calls `visit` with each Python object until one call does not return 0; what that returns.
  template <class Visit> int visit_objects(const Visit &visit) const {
    for (const auto &[hash, traced] : table)
      for (const nb::object &object : traced->signature.statics)
        if (const int result = visit(object))
          return result;
    return 0;
  }

private:
  std::shared_ptr<Traced> use(const std::shared_ptr<Traced> &traced) const {
    traced->last_used = ++uses;
    return traced;
  }

  std::unordered_multimap<std::size_t, std::shared_ptr<Traced>> table;
  mutable std::uint64_t uses = 0;
};

} // namespace tsum::python
