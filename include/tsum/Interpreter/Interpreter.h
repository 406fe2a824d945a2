// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

#include <optional>
#include <string>

namespace tsum {

/// A program that evaluates `graph` without a compiler, to the bits that compiled code gives:
/// operation after operation on blocks that stay in cache, by loops that are compiled with the
/// library. Nothing if the graph has what such loops do not do: exact sums, parts of nodes, much
/// beside extents of 0, or so many operations that compiling them is better.
///
/// Making it takes microseconds, and it keeps a few KB.
[[nodiscard]] std::optional<Program> interpret(const CanonicalGraph &graph);

/// What that program does, for people: for each launch its tiles and blocks and a line for each of
/// its loops; or that there is none.
[[nodiscard]] std::string generic_code_to_string(const CanonicalGraph &graph);

/// Whether generic code for `graph` takes longer than compiled code by more than compiling takes,
/// about: it has much data.
[[nodiscard]] bool costs_more_than_compiling(const CanonicalGraph &graph);

/// A program of one launch that evaluates any graph by lib/Reference, to the same bits, element by
/// element on one thread: for what nothing else evaluates.
[[nodiscard]] Program interpret_by_reference(const CanonicalGraph &graph);

} // namespace tsum
