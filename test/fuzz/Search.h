// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Worker.h"

#include <filesystem>

namespace tsum::fuzz {

/// A kind of random test. Equal seeds make equal tests.
struct Search {
  const char *name; ///< of one test
  Worker::Test test;
  /// What reproduces the finding of a seed, as small as it became within `patience`, as text.
  /// Writes files to `folder` as well, if there is one.
  std::function<std::string(Seed, std::chrono::seconds patience,
                            const std::filesystem::path &folder)>
      make_smaller;
};

/// Random graphs against the reference evaluator, their outputs together and apart.
[[nodiscard]] Search search_graphs();

/// The same elements, reduced in settings that change no bit: the contract of docs/numerics.md.
[[nodiscard]] Search search_settings();

/// A process tests at most so many seeds, whose quotients by this number are the same.
inline constexpr Seed seeds_of_process = 64;

/// Begins to watch what this process compiles.
void forget_compilations();

/// A compilation takes longer than it ever should.
inline constexpr std::chrono::seconds compile_limit{1};

/// What a test came to: wrong too if a compilation since `forget_compilations` failed, though the
/// graph had its values in another way, or took too long. Of the time counts what the process
/// worked.
[[nodiscard]] Outcome outcome_of(std::string wrong);

} // namespace tsum::fuzz
