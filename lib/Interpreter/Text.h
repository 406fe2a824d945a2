// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Code.h"

#include <string>

namespace tsum::interpreter {

/// What `code`, that of `stage`, does, for people: its tiles and blocks, then a line for each loop.
/// Values are called as in the text of the graph; those that no loop leaves are spelled out.
[[nodiscard]] std::string to_text(const CanonicalGraph &graph, const Stage &stage,
                                  const Code &code);

} // namespace tsum::interpreter
