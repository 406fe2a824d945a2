// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/JIT/Program.h"

#include <functional>

namespace tsum {

/// A graph over inputs as a list of launches. Values have numbers: first the inputs, then the
/// constants, then the results of the launches, in order.
struct Schedule {
  /// A place `offset` bytes from the start of a value's buffer, or from element 0 of an input or a
  /// constant.
  struct Place {
    std::int32_t value;
    std::int64_t offset;
  };
  struct Launch {
    std::int32_t program; ///< of `programs`
    std::int32_t number;  ///< among that program's launches
    std::vector<Place> inputs;
  };
  /// What a launch writes, and where to.
  struct Result {
    std::int64_t bytes;
    std::int32_t output = -1;  ///< whose memory it is, row-major and whole, or -1
    std::int64_t scratch = -1; ///< or where in the scratch memory
  };
  struct Output {
    Place first; ///< element 0
    ByteStrides strides;
    bool is_direct = false; ///< whether a launch writes to it; otherwise it is copied at the end
  };

  /// The memory of a constant goes from `low`, not above 0, to `high` bytes from its element 0.
  struct Constant {
    std::shared_ptr<const Storage> values;
    std::int64_t low, high;
  };

  std::size_t inputs = 0;
  std::vector<Constant> constants;
  std::vector<std::shared_ptr<const Program>> programs;
  std::vector<Launch> launches;
  std::vector<Result> results; ///< of the launches, in order
  std::vector<Output> outputs;
  /// For the results that are no outputs, of which those that are not needed at the same time share
  /// it; aligned as buffers are.
  std::int64_t scratch_bytes = 0;

  [[nodiscard]] std::size_t first_result() const { return inputs + constants.size(); }
  [[nodiscard]] const Program::Launch &code_of(const Launch &launch) const {
    return programs[static_cast<std::size_t>(launch.program)]
        ->launches[static_cast<std::size_t>(launch.number)];
  }
};

/// Gives the program of a canonical graph.
using GetProgram = std::function<std::shared_ptr<const Program>(const CanonicalGraph &)>;

/// What evaluating `outputs` does, as a function of `inputs`: goes through all the steps of an
/// evaluation, on a copy of the graph and without running anything.
/// \throws Error as `compile` in tsum/function.h, and what `get_program` throws.
[[nodiscard]] Schedule trace(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                             const GetProgram &get_program);

} // namespace tsum
