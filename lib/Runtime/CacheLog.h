// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/cache.h"

namespace tsum {

/// Whether anybody wants to know of look-ups.
[[nodiscard]] bool is_cache_logged();
/// Tells whoever does.
void log_cache_event(const CacheEvent &event);

/// In how many entries of their lists two graphs differ: 0 for equal ones. Another operation counts
/// for more than another extent.
[[nodiscard]] std::int64_t distance(const CanonicalGraph &a, const CanonicalGraph &b);

/// What `graph` has and `nearest` has not, such as "extents [3,101], were [3,100]".
[[nodiscard]] std::string explain_difference(const CanonicalGraph &graph,
                                             const CanonicalGraph &nearest);

/// Whether the expression of `graph` has been counted, in any shape.
[[nodiscard]] bool is_known_expression(const CanonicalGraph &graph);

void forget_expressions();

/// Counts a kind of `graph` that was compiled or loaded. Warns on stderr, once for each expression,
/// when one has come in more than `signatures_without_warning` kinds.
void count_signature(const CanonicalGraph &graph);

/// The most kinds of one expression that cause no warning.
inline constexpr int signatures_without_warning = 64;
/// What to do about more.
inline constexpr const char *many_signatures_advice =
    "each costs a compilation: pad the data to a few shapes, or make larger batches";

} // namespace tsum
