// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Accumulators.h"
#include "Stages.h"

#include <array>

namespace tsum::interpreter {

/// Where the elements of a value in memory lie, in elements of its dtype.
struct Memory {
  std::int32_t buffer = 0; ///< of the launch
  DType dtype = DType::f32;
  std::vector<std::pair<std::int32_t, std::int64_t>> outer; ///< strides of dimensions of no block
  std::int64_t row = 0, column = 0;                         ///< strides
  std::int64_t ahead = 0; ///< to the next block, if it had better be asked for
};

/// A value of a stage, as a block: where it is computed in the scratch memory, and which of the
/// block's dimensions it has.
struct Slot {
  std::int32_t value = 0; ///< the graph's
  Kind kind = Kind::F32;
  bool has_rows = false, has_columns = false;
  std::int64_t scratch = -1; ///< bytes from its start; -1 for what lies in memory
};

/// One step of a stage on a block.
struct Instruction {
  enum class Action : std::uint8_t {
    Read,          ///< points to elements in memory
    Load,          ///< reads them
    Count,         ///< numbers of an iota
    Apply,         ///< an operation
    ApplyInMemory, ///< one whose results go to memory
    Write          ///< a slot to memory
  };

  Action action = Action::Apply;
  std::int32_t slot = 0; ///< the result, or what is written
  Memory memory;         ///< the dtype and the steps of Count; of others where their elements lie
  std::int64_t first = 0;
  Loop loop = nullptr;      ///< of Apply
  bool is_streamed = false; ///< of ApplyInMemory: past the caches
  LoadLoop load = nullptr;
  StoreLoop store = nullptr; ///< of Write
  FixLoop fix = nullptr;
  std::array<std::int32_t, 3> operands{-1, -1, -1}; ///< slots; -1 for none
};

/// Steps between which reductions end.
struct Phase {
  std::vector<Instruction> once;  ///< for each tile
  std::vector<Instruction> block; ///< for each block of it
  std::vector<std::int32_t> reductions;
  std::vector<Instruction> after; ///< what writes their results
};

/// How a stage runs: in tiles of the dimensions that are kept, each of which walks over the reduced
/// ones in blocks of rows and columns. Tiles share nothing but what they read.
struct Code {
  struct Dim {
    std::int32_t dim = -1;
    std::int64_t extent = 1;
    std::int64_t block = 1; ///< the most of it that a block has
    bool is_reduced = false;
  };
  struct Reduction {
    OpKind op = OpKind::ReduceSum;
    DType dtype = DType::f32;
    const OrderedLoops *ordered = nullptr;            ///< null for what has no order
    std::array<std::int32_t, 3> operands{-1, -1, -1}; ///< slots; -1 for none
    std::int32_t result = 0;
  };

  Dim rows, columns;
  std::vector<Dim> outer; ///< those of no block that are kept
  std::vector<Dim> nest;  ///< those that are reduced, outermost first
  Line line = Line::Columns;
  std::vector<Slot> slots;
  std::vector<Reduction> reductions;
  std::vector<Phase> phases;
  std::int64_t scratch_bytes = 0;
  std::int32_t rank = 0; ///< of the graph

  [[nodiscard]] std::int64_t tiles() const;
  /// Whether blocks of rows are whole blocks of the order of additions, but for the last one.
  [[nodiscard]] bool has_whole_blocks() const;
};

/// The numbers of a launch's buffers, by the values that it reads and writes; -1 for other values.
struct Buffers {
  std::vector<std::int32_t> inputs, results;
};

[[nodiscard]] Code generate(const CanonicalGraph &graph, const Stage &stage,
                            const Buffers &buffers);

/// Computes the tiles from `begin` to `end`.
void run(const Code &code, const void *const *buffers, std::int64_t begin, std::int64_t end);

} // namespace tsum::interpreter
