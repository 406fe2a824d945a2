// SPDX-License-Identifier: Apache-2.0

#include "Blocks.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <bit>

namespace tsum::interpreter {

namespace {

using Value = StageValues::Value;

/// A block has about so many elements: 16 KB of f32, of which several stay in L1 or L2.
constexpr std::int64_t block_size = 4096;
/// Where nothing is reduced there is less to do between blocks, and all had better stay in L1.
constexpr std::int64_t elementwise_block_size = 2048;
/// Of what is only read more are worth less time between blocks.
constexpr std::int64_t read_block_size = 32768;
/// So are more whole lines, whose reductions begin and end together.
constexpr std::int64_t kept_block_size = 16384;
/// Each row has nodes, which take more room than short rows themselves.
constexpr std::int64_t most_rows = 1024;
/// A line whose values several phases read is kept whole up to so many elements.
constexpr std::int64_t longest_kept_line = 16384;

std::int64_t power_of_two_below(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(n)));
}

class Blocks {
public:
  Blocks(Code &code, const StageValues &values, const Fusion &fusion)
      : code(code), values(values), fusion(fusion) {}

  void choose() {
    if (values.stage.dims.empty())
      return;
    const std::int32_t inner = values.stage.dims.back();
    std::int32_t rows = next_to(inner), columns = inner, line = -1;
    Dims nest = values.stage.axes;
    if (!nest.empty()) {
      // Where no reduction is ordered, the line may be whatever lies best.
      if (std::ranges::none_of(
              values.stage.reductions,
              [&](std::int32_t n) { return values.graph.is_ordered(values.value(n)); }) &&
          contains(nest, inner)) {
        std::erase(nest, inner);
        nest.push_back(inner);
      }
      line = nest.back();
      if (line != inner)
        rows = line;
    }
    // Each row costs a call or two, and rows that are columns instead reads far apart.
    constexpr std::int64_t few = 12;
    if (rows >= 0 && values.extent(columns) < few && values.extent(rows) > values.extent(columns) &&
        takes_rows_apart(rows, columns))
      std::swap(rows, columns);
    if (rows >= 0)
      code.rows = make_dim(rows);
    code.columns = make_dim(columns);
    code.line = line == code.rows.dim && rows >= 0 ? Line::Rows : Line::Columns;
    for (std::int32_t dim : values.stage.dims)
      if (dim != rows && dim != columns && !contains(nest, dim))
        code.outer.push_back(make_dim(dim));
    for (std::int32_t dim : nest)
      code.nest.push_back(make_dim(dim));
    choose_sizes();
  }

private:
  [[nodiscard]] Code::Dim make_dim(std::int32_t dim) const {
    return {dim, values.extent(dim), 1, contains(values.stage.axes, dim)};
  }

  /// The dimension outside of `dim`, or -1.
  [[nodiscard]] std::int32_t next_to(std::int32_t dim) const {
    std::int32_t next = -1;
    for (std::int32_t other : values.stage.dims)
      if (other != dim)
        next = other;
    return next;
  }

  /// Whether some operation has an operand with one value for each row, so that it takes rows of
  /// the others one by one.
  [[nodiscard]] bool takes_rows_apart(std::int32_t rows, std::int32_t columns) const {
    return std::ranges::any_of(values.graph.values, [&](const Value &v) {
      return !is_reduction(v.op) && contains(v.dims, columns) &&
             std::ranges::any_of(v.operands, [&](std::int32_t operand) {
               const Dims &dims = values.value(operand).dims;
               return contains(dims, rows) && !contains(dims, columns);
             });
    });
  }

  void choose_sizes() {
    Code::Dim &rows = code.rows, &columns = code.columns;
    const bool has_line = !code.nest.empty();
    if (has_line && code.line == Line::Rows && takes_elements_in_place()) {
      // Several of them in a stretch: memory likes long runs. But there should be tiles for all
      // threads, where these have enough to read.
      constexpr std::int64_t tiles = 64, fewest_columns = 128, most_columns = 1024;
      constexpr std::int64_t most_kept_columns = 256, most_rows = 16 * block_elements;
      constexpr std::int64_t fewest_elements = 64 << 10;
      const std::int64_t most = values.phase_count() > 1 ? most_kept_columns : most_columns;
      const std::int64_t fewest = std::clamp(fewest_elements / rows.extent, fewest_columns, most);
      const std::int64_t blocks = (rows.extent + block_elements - 1) / block_elements;
      columns.block =
          std::min(columns.extent,
                   power_of_two_below(std::clamp(columns.extent * blocks / tiles, fewest, most)));
      rows.block = std::min(rows.extent, most_rows);
      return;
    }
    if (has_line && code.line == Line::Rows) {
      // Rows are whole blocks of the order of additions, or parts of one.
      constexpr std::int64_t fewest_columns = 256;
      const std::int64_t most_rows = std::min(rows.extent, block_elements);
      columns.block = std::min(
          columns.extent, std::max(fewest_columns, power_of_two_below(block_size / most_rows)));
      rows.block =
          power_of_two_below(std::clamp(block_size / columns.block, block_lanes, block_elements));
      // Narrower columns that are kept take longer than computing the values twice.
      constexpr std::int64_t longest_kept_column = 1024, fewest_kept_columns = 64;
      if (values.phase_count() > 1 && code.nest.size() == 1 && rows.extent <= longest_kept_column) {
        rows.block = rows.extent;
        columns.block = std::min(columns.extent,
                                 std::clamp(longest_kept_column * fewest_kept_columns / rows.extent,
                                            fewest_kept_columns, columns.block));
      }
      rows.block = std::min(rows.block, rows.extent);
      return;
    }
    const bool is_kept = values.phase_count() > 1 && columns.extent <= longest_kept_line;
    const std::int64_t size = !has_line && computes_outputs_alone() ? read_block_size
                              : !has_line                           ? elementwise_block_size
                              : is_kept                             ? size_of_kept_blocks()
                              : takes_elements_in_place()           ? read_block_size
                                                                    : block_size;
    columns.block = has_line && is_kept ? columns.extent : std::min(columns.extent, size);
    rows.block =
        columns.block < columns.extent
            ? 1
            : std::clamp<std::int64_t>(size / columns.block, 1, std::min(rows.extent, most_rows));
    // Nodes of rows next to each other are those of a whole subtree.
    if (rows.is_reduced && rows.block < rows.extent)
      rows.block =
          static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows.block)));
  }

  /// So many elements that there are blocks for some threads, too.
  [[nodiscard]] std::int64_t size_of_kept_blocks() const {
    constexpr std::int64_t fewest_blocks = 8;
    std::int64_t elements = 1;
    for (std::int32_t dim : values.stage.dims)
      elements *= values.extent(dim);
    return std::clamp(elements / fewest_blocks, block_size,
                      takes_elements_in_place() ? read_block_size : kept_block_size);
  }

  /// Whether all reductions are of data as it lies in memory, or of what their loops make of that,
  /// so that blocks need no room.
  [[nodiscard]] bool takes_elements_in_place() const {
    auto has_no_line = [&](std::int32_t n) {
      return std::ranges::none_of(
          values.value(n).dims, [&](std::int32_t dim) { return contains(values.stage.axes, dim); });
    };
    auto is_in_place = [&](std::int32_t n) {
      const Value &v = values.value(n);
      if (!values.is_given(n))
        return has_no_line(n);
      if (size_of(v.dtype) != size_of(kind_of_block(v.dtype)) || v.dtype == DType::boolean)
        return false;
      const auto place = std::ranges::find(v.dims, code.columns.dim) - v.dims.begin();
      return v.op != OpKind::Constant || place == std::ssize(v.dims) ||
             v.strides[static_cast<std::size_t>(place)] == 1;
    };
    return std::ranges::all_of(values.stage.outputs, has_no_line) &&
           std::ranges::all_of(values.stage.reductions, [&](std::int32_t n) {
             return std::ranges::all_of(values.graph.is_ordered(values.value(n))
                                            ? fusion.ordered(values.value(n), code, true).operands
                                            : values.value(n).operands,
                                        is_in_place);
           });
  }

  /// Whether nothing is computed but outputs, which go where they belong at once.
  [[nodiscard]] bool computes_outputs_alone() const {
    return std::ranges::all_of(values.stage.outputs, [&](std::int32_t n) {
      if (values.is_given(n) || loops().fix(values.value(n).dtype) ||
          size_of(values.value(n).dtype) != size_of(kind_of_block(values.value(n).dtype)))
        return false;
      return std::ranges::all_of(fusion.elementwise(n).operands, [&](std::int32_t operand) {
        const Value &v = values.value(operand);
        return v.op == OpKind::Constant &&
               (v.dims.empty() || (!v.strides.empty() && v.strides.back() == 1)) &&
               size_of(v.dtype) == size_of(kind_of_block(v.dtype));
      });
    });
  }

  Code &code;
  const StageValues &values;
  const Fusion &fusion;
};

} // namespace

void choose_blocks(Code &code, const StageValues &values, const Fusion &fusion) {
  Blocks(code, values, fusion).choose();
}

} // namespace tsum::interpreter
