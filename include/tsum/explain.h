// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <cstdint>
#include <span>
#include <string>

#pragma GCC visibility push(default)

namespace tsum {

/// How `explain` writes.
enum class ExplainFormat : std::uint8_t {
  Text, ///< for a terminal
  Json, ///< the same, for programs
  Html, ///< a page of its own, with the kernels and what flows between them drawn
};

/// What evaluating `outputs` together means: which kernels the graph becomes and why each ends
/// where it does, its strategy and tiles, what it reads, writes and computes, how long it takes on
/// how many threads and could take at best, how exact its sums are, and where its code came from
/// and is kept.
///
/// Evaluates `outputs`, and runs each kernel some times more to measure it. The best that could be
/// is the time that a sum of integers takes to read as many bytes, measured likewise.
///
/// Of what reads files (tsum/stream.h) it says instead, as text and without evaluating anything,
/// which passes over them it takes.
///
/// \throws what `eval` throws.
[[nodiscard]] std::string explain(std::span<const Tensor> outputs,
                                  ExplainFormat format = ExplainFormat::Text);
[[nodiscard]] inline std::string explain(const Tensor &output,
                                         ExplainFormat format = ExplainFormat::Text) {
  return explain(std::span(&output, 1), format);
}

} // namespace tsum

#pragma GCC visibility pop
