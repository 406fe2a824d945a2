// SPDX-License-Identifier: Apache-2.0
//
// Sums and products of floats, whose order shows: the nodes of the summation tree.
#include "Content.h"
#include "NodeMath.h"

#include "tsum/Graph/SummationTree.h"
#include "tsum/Ops/Make.h"
#include "tsum/eval.h"
#include "tsum/reductions.h"
#include "tsum/shapes.h"

#include <algorithm>

namespace tsum::partial {

namespace {

/// The leaves of the tree along the cut axis: blocks, where the axis is the innermost that is
/// reduced, else what is at one place of it.
struct Leaves {
  explicit Leaves(const Whole &whole)
      : extent(whole.cut_extent()), size(whole.inner().empty() ? block_elements : 1),
        count((extent + size - 1) / size) {}

  /// The end of the leaf that has the place `at`.
  [[nodiscard]] std::int64_t end_of(std::int64_t at) const {
    return std::min(extent, (at / size + 1) * size);
  }

  std::int64_t extent, size, count;
};

/// A node of the tree along the cut axis, or some elements of a block that has others; of both the
/// values for each *column*: each index of the outer dimensions, and for each of these of the kept
/// ones.
struct Entry {
  static constexpr int is_elements = -1;

  int level;
  /// Of a node on its level, counted in nodes. Of elements, the place of the first.
  std::int64_t index;
  std::int64_t count = 1; ///< of elements
  /// Of a node column by column; of elements one by one, each for all columns.
  std::vector<double> values;

  [[nodiscard]] std::int64_t begin(const Leaves &leaves) const {
    return level == is_elements ? index : (index << level) * leaves.size;
  }
  [[nodiscard]] std::int64_t end(const Leaves &leaves) const {
    if (level == is_elements)
      return index + count;
    return std::min(leaves.extent, ((index + 1) << level) * leaves.size);
  }
};

/// A part, and where it lies along the cut axis.
struct Part {
  const Tensor &tensor;
  std::int64_t axis, begin, end;

  [[nodiscard]] Tensor slice(std::int64_t from, std::int64_t to) const {
    return slice_along(tensor, axis, from - begin, to - begin);
  }
};

class InOrder final : public Content {
public:
  explicit InOrder(const Whole &whole)
      : whole(whole), leaves(whole), math(node_math(whole.op, whole.dtype)),
        columns(whole.size_of(whole.outer()) * whole.size_of(whole.kept())) {}

  /// What is to be evaluated of a part, and then taken.
  struct Piece {
    Entry entry;                 ///< without its values
    std::vector<Tensor> tensors; ///< the numbers of a node, or elements
    std::int64_t first = 0;      ///< of these
  };
  [[nodiscard]] std::vector<Piece> pieces(const Part &part) const;
  void take(Piece piece);
  void read(std::span<const Range> ranges, ByteReader &reader);

  [[nodiscard]] Ptr merged(const Content &other) const override;
  void append(const Content &next) override {
    for (const Entry &entry : static_cast<const InOrder &>(next).entries)
      append_entry(entry);
  }
  [[nodiscard]] Tensor result() const override;
  void write(ByteWriter &writer) const override;
  [[nodiscard]] std::string to_string() const override;

private:
  void find_elements(const Part &part, std::int64_t begin, std::int64_t end,
                     std::vector<Piece> &pieces) const;
  void find_nodes(const Part &part, std::int64_t begin, std::int64_t end,
                  std::vector<Piece> &pieces) const;
  std::int64_t read_elements(std::int64_t begin, std::int64_t end, ByteReader &reader);
  std::int64_t read_node(std::int64_t begin, std::int64_t end, ByteReader &reader);
  void append_entry(Entry entry);
  void append_node(Entry node);
  [[nodiscard]] Entry largest_node(std::int64_t begin, std::int64_t end) const;
  [[nodiscard]] Tensor by_columns(const Tensor &tensor, const Dims &gone) const;
  [[nodiscard]] std::size_t element_size() const {
    return static_cast<std::size_t>(size_of(whole.dtype));
  }

  Whole whole;
  Leaves leaves;
  const NodeMath &math;
  std::int64_t columns;
  /// In the order of what they are of. No two could be one: see `append_entry`.
  std::vector<Entry> entries;
};

} // namespace

//===-- Putting entries together --------------------------------------------------------------===//

/// Appends what follows all entries: what completes a block makes a node of it, and what completes
/// a node of a higher level makes that. So a range has the fewest nodes that it can have.
void InOrder::append_entry(Entry entry) {
  if (entry.level != Entry::is_elements)
    return append_node(std::move(entry));
  if (!entries.empty() && entries.back().level == Entry::is_elements &&
      entries.back().index + entries.back().count == entry.index &&
      entry.index % leaves.size != 0) {
    Entry &last = entries.back();
    last.values.insert(last.values.end(), entry.values.begin(), entry.values.end());
    last.count += entry.count;
  } else {
    entries.push_back(std::move(entry));
  }
  const Entry &last = entries.back();
  if (last.index % leaves.size != 0 || last.index + last.count != leaves.end_of(last.index))
    return;
  Entry node{.level = 0, .index = last.index / leaves.size, .values = {}};
  node.values = math.block(last.values, last.count, columns);
  entries.pop_back();
  append_node(std::move(node));
}

void InOrder::append_node(Entry node) {
  for (;; ++node.level, node.index /= 2) {
    if (node.index % 2 == 0) {
      const bool is_root = (std::int64_t{1} << node.level) >= leaves.count;
      const bool has_neighbour = (node.index + 1) << node.level < leaves.count;
      if (is_root || has_neighbour)
        break;
      continue; // passed on
    }
    if (entries.empty() || entries.back().level != node.level ||
        entries.back().index != node.index - 1)
      break;
    math.merge(entries.back().values, node.values);
    node.values = std::move(entries.back().values);
    entries.pop_back();
  }
  entries.push_back(std::move(node));
}

/// The largest node that begins at `begin`, where a leaf does, and does not end behind `end`.
Entry InOrder::largest_node(std::int64_t begin, std::int64_t end) const {
  Entry node{.level = 0, .index = begin / leaves.size, .values = {}};
  while (node.index % 2 == 0 && std::int64_t{1} << node.level < leaves.count) {
    const Entry above{.level = node.level + 1, .index = node.index / 2, .values = {}};
    if (above.end(leaves) > end)
      break;
    node = above;
  }
  return node;
}

Content::Ptr InOrder::merged(const Content &other) const {
  auto both = std::make_shared<InOrder>(whole);
  std::vector<const Entry *> all;
  for (const std::vector<Entry> *some : {&entries, &static_cast<const InOrder &>(other).entries})
    for (const Entry &entry : *some)
      all.push_back(&entry);
  std::ranges::sort(all, {}, [this](const Entry *entry) { return entry->begin(leaves); });
  for (const Entry *entry : all)
    both->append_entry(*entry);
  return both;
}

Tensor InOrder::result() const {
  std::vector<double> nodes = entries.front().values;
  // From the innermost of the outer dimensions on, each a tree over its extent.
  const Dims outer = whole.outer();
  std::int64_t groups = whole.size_of(outer);
  for (std::size_t dim = outer.size(); dim-- > 0;) {
    groups /= whole.extent(outer[dim]);
    nodes = math.trees(nodes, groups, whole.extent(outer[dim]));
  }
  return whole.results(math.round(nodes).data());
}

//===-- Of a part -----------------------------------------------------------------------------===//

/// `tensor`, which has all dimensions but `gone`, with the cut one first, then the outer and the
/// kept ones.
Tensor InOrder::by_columns(const Tensor &tensor, const Dims &gone) const {
  std::vector<std::int64_t> permutation;
  auto take = [&](std::int64_t dim) {
    if (std::ranges::find(gone, dim) == gone.end())
      permutation.push_back(dim -
                            std::ranges::count_if(gone, [&](auto less) { return less < dim; }));
  };
  take(whole.cut);
  std::ranges::for_each(whole.outer(), take);
  std::ranges::for_each(whole.kept(), take);
  for (std::int64_t axis : whole.axes) // those that take no part
    if (axis != whole.cut && whole.extent(axis) == 1)
      take(axis);
  return transpose(tensor, std::move(permutation));
}

/// The elements from `begin` to `end`, which are some of a block.
void InOrder::find_elements(const Part &part, std::int64_t begin, std::int64_t end,
                            std::vector<Piece> &pieces) const {
  if (begin == end)
    return;
  // As many as a block has are evaluated where there are so many: of one shape, which is compiled
  // once.
  const std::int64_t from = std::max(part.begin, std::min(begin, part.end - leaves.size));
  const Tensor elements =
      by_columns(part.slice(from, std::min(part.end, from + leaves.size)), /*gone=*/{});
  pieces.push_back(
      {.entry = {.level = Entry::is_elements, .index = begin, .count = end - begin, .values = {}},
       .tensors = {elements},
       .first = from});
}

/// The largest nodes that make up what lies from `begin` to `end`, which are places where leaves
/// begin or the last one ends. Each is a reduction of its own, so that kernels are compiled for
/// sizes that are powers of two, wherever the part is cut.
void InOrder::find_nodes(const Part &part, std::int64_t begin, std::int64_t end,
                         std::vector<Piece> &pieces) const {
  Dims axes = {whole.cut};
  for (std::int64_t axis : whole.inner())
    axes.push_back(axis);
  while (begin < end) {
    Piece piece{.entry = largest_node(begin, end), .tensors = {}};
    const std::int64_t node_end = piece.entry.end(leaves);
    if (node_end - begin == 1 && leaves.size != 1) // of which there is no sum
      return find_elements(part, begin, node_end, pieces);
    const Tensor operand = part.slice(begin, node_end);
    const Tensor reduction = whole.op == OpKind::ReduceSum
                                 ? reduce_sum(operand, axes, {.accuracy = Accuracy::standard})
                                 : reduce_prod(operand, axes);
    for (int number = 0; number < math.numbers; ++number)
      piece.tensors.push_back(by_columns(make_node_part(reduction, number), axes));
    pieces.push_back(std::move(piece));
    begin = node_end;
  }
}

std::vector<InOrder::Piece> InOrder::pieces(const Part &part) const {
  std::vector<Piece> pieces;
  const std::int64_t first =
      std::min(leaves.extent, (part.begin + leaves.size - 1) / leaves.size * leaves.size);
  // The last leaf may be short.
  const std::int64_t last =
      part.end == leaves.extent ? part.end : part.end / leaves.size * leaves.size;
  if (first > last) { // within a block
    find_elements(part, part.begin, part.end, pieces);
    return pieces;
  }
  find_elements(part, part.begin, first, pieces);
  find_nodes(part, first, last, pieces);
  find_elements(part, last, part.end, pieces);
  return pieces;
}

void InOrder::take(Piece piece) {
  Entry &entry = piece.entry;
  if (entry.level == Entry::is_elements) {
    const Tensor &elements = piece.tensors.front();
    const auto row = static_cast<std::size_t>(columns) * element_size();
    const std::span bytes(static_cast<const std::byte *>(elements.bytes()),
                          static_cast<std::size_t>(elements.size()) * element_size());
    entry.values =
        math.widen(bytes.subspan(static_cast<std::size_t>(entry.index - piece.first) * row,
                                 static_cast<std::size_t>(entry.count) * row));
  } else {
    const std::size_t numbers = piece.tensors.size();
    entry.values.resize(static_cast<std::size_t>(columns) * numbers);
    for (std::size_t number = 0; number < numbers; ++number) {
      const std::span<const double> values = piece.tensors[number].data<double>();
      for (std::size_t column = 0; column < values.size(); ++column)
        entry.values[column * numbers + number] = values[column];
    }
  }
  append_entry(std::move(entry));
}

//===-- As bytes and text ---------------------------------------------------------------------===//

void InOrder::write(ByteWriter &writer) const {
  for (const Entry &entry : entries)
    if (entry.level == Entry::is_elements)
      writer.write_elements(math.narrow(entry.values), element_size());
    else
      for (const double number : entry.values)
        writer.write(number);
}

/// The entries follow from the ranges: they are those that appending makes of these.
void InOrder::read(std::span<const Range> ranges, ByteReader &reader) {
  for (auto [begin, end] : ranges)
    while (begin < end)
      if (begin % leaves.size != 0 || leaves.end_of(begin) > end)
        begin = read_elements(begin, std::min(end, leaves.end_of(begin)), reader);
      else
        begin = read_node(begin, end, reader);
}

/// Returns `end`, like `read_node`.
std::int64_t InOrder::read_elements(std::int64_t begin, std::int64_t end, ByteReader &reader) {
  reader.expect(columns, element_size());
  entries.push_back(
      {.level = Entry::is_elements,
       .index = begin,
       .count = end - begin,
       .values = math.widen(reader.read_elements((end - begin) * columns, element_size()))});
  return end;
}

/// The largest node of what lies from `begin` to `end`; returns where it ends.
std::int64_t InOrder::read_node(std::int64_t begin, std::int64_t end, ByteReader &reader) {
  Entry node = largest_node(begin, end);
  reader.expect(columns, sizeof(double) * static_cast<std::size_t>(math.numbers));
  node.values.resize(static_cast<std::size_t>(columns * math.numbers));
  for (double &number : node.values)
    number = reader.read_double();
  const std::int64_t stop = node.end(leaves);
  entries.push_back(std::move(node));
  return stop;
}

std::string InOrder::to_string() const {
  std::string text;
  for (const Entry &entry : entries) {
    text += "\n  ";
    if (entry.level == Entry::is_elements)
      text += "elements " + std::to_string(entry.index) + " to " +
              std::to_string(entry.index + entry.count - 1) + ": ";
    else
      text +=
          "node " + std::to_string(entry.index) + " of level " + std::to_string(entry.level) + ": ";
    text += first_of(std::ssize(entry.values), [&](std::int64_t n) {
      return element_to_string(DType::f64, reinterpret_cast<const std::byte *>(
                                               &entry.values[static_cast<std::size_t>(n)]));
    });
  }
  return text;
}

Work make_in_order(const Whole &whole, const Tensor &part, std::int64_t begin) {
  auto content = std::make_shared<InOrder>(whole);
  Work work;
  auto pieces = std::make_shared<std::vector<InOrder::Piece>>(content->pieces(
      {part, whole.cut, begin, begin + part.shape()[static_cast<std::size_t>(whole.cut)]}));
  for (const InOrder::Piece &piece : *pieces)
    work.tensors.insert(work.tensors.end(), piece.tensors.begin(), piece.tensors.end());
  work.made = [content, pieces]() -> Content::Ptr {
    for (InOrder::Piece &piece : *pieces)
      content->take(std::move(piece));
    return content;
  };
  return work;
}

Content::Ptr read_in_order(const Whole &whole, std::span<const Range> ranges, ByteReader &reader) {
  auto content = std::make_shared<InOrder>(whole);
  content->read(ranges, reader);
  return content;
}

} // namespace tsum::partial
