// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Kernels.h"

#include "tsum/Runtime/Trace.h"
#include "tsum/function.h"

#include <array>
#include <atomic>
#include <optional>

namespace tsum {

/// A schedule laid out for quick calls.
struct Function::Prepared {
  struct Launch {
    const Program::Launch *code;
    std::int32_t first_input, input_count; ///< in `operands`
    std::int32_t result_count;
  };
  // These two are found while the schedule is.
  std::int64_t code_bytes = 0;
  std::vector<KernelCache::ProgramPtr> generic; ///< the programs that are generic code
  Schedule schedule;                            // keeps the code and the constants
  std::vector<Layout> inputs, outputs;
  std::vector<bool> is_empty_input, is_empty_output;
  std::vector<Launch> launches;
  std::vector<Schedule::Place> operands;
  std::vector<std::int32_t> copies; ///< outputs that are no launch's whole result
  std::size_t most_buffers = 0;     ///< of a launch

  /// What calls trace, in place of a schedule, of a function whose inputs have open extents.
  std::optional<detail::Traces> traces;

  Prepared(std::span<const Tensor> given_inputs, std::span<const Tensor> given_outputs,
           Kernels::Use use);
  Prepared(std::span<const Tensor> open_inputs, detail::Traces traces);
  ~Prepared();
  Prepared(const Prepared &) = delete;
  Prepared &operator=(const Prepared &) = delete;

  void check(std::span<const void *const> in, std::span<void *const> out) const;
  void run(std::span<const void *const> in, std::span<void *const> out) const;
  /// Whether there is compiled code in the place of some generic code.
  [[nodiscard]] bool is_superseded() const;

private:
  void run_schedule(std::span<const void *const> in, std::span<void *const> out) const;

  /// Memory for temporaries between two calls, for as many threads at once; more than some KB is
  /// the pool's.
  static constexpr std::size_t spare_count = 8;
  mutable std::array<std::atomic<std::byte *>, spare_count> spares{};

  [[nodiscard]] std::byte *take_scratch() const;
  void give_back(std::byte *memory) const;
};

} // namespace tsum
