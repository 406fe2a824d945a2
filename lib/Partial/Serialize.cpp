// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a partial reduction. Integers have 8 bytes and lists their length before them, but
// where it says otherwise; the lowest byte of a number comes first.
//
//   "tsumpart"                  what it is
//   u32 version of this format, u32 version of the order of additions
//   name of the reduction, name of the dtype: u8 length, letters
//   u8 complex, u8 exact, u8 keepdims
//   what an exact sum is divided by; u8 length, letters: the dtype of the results
//   shape of the whole operand, reduced axes, cut axis
//   ranges: begin and end of each
//   of both parts of complex numbers, of others once:
//     in order: of each node its numbers, f64; elements of incomplete blocks, in their dtype
//     exactly:  of each result its limbs, u32 but for the last, and the sums of infinities and NaNs
//     freely:   the results, in their dtype
//   checksum: XXH3 of all before
//
// The nodes are those that the ranges have, so that they need no description.
#include "State.h"

#include "tsum/Graph/SummationTree.h"

#include <algorithm>
#include <functional>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum {

using namespace partial;

static constexpr std::string_view magic = "tsumpart";
static constexpr std::uint32_t format_version = 2;

[[noreturn]] static void refuse(const std::string &reason) {
  throw Error(prefix + "bytes that are no partial reduction: " + reason);
}

static void write(ByteWriter &writer, const std::vector<std::int64_t> &list) {
  writer.write(std::ssize(list));
  for (std::int64_t number : list)
    writer.write(number);
}

static std::vector<std::int64_t> read_list(ByteReader &reader) {
  const std::int64_t size = reader.read_integer();
  reader.expect(size, 8);
  std::vector<std::int64_t> list(static_cast<std::size_t>(size));
  for (std::int64_t &number : list)
    number = reader.read_integer();
  return list;
}

static bool read_flag(ByteReader &reader) {
  const auto flag = reader.read<std::uint8_t>();
  if (flag > 1)
    refuse("a flag is neither 0 nor 1");
  return flag == 1;
}

static OpKind reduction_named(std::string_view name) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  if (name == #NAME)                                                                               \
    return OpKind::CLASS;
#include "tsum/Reductions.def"
  refuse("there is no reduction of that name");
}

static DType dtype_named(std::string_view name) {
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  if (name == #NAME)                                                                               \
    return DType::NAME;
#include "tsum/DTypes.def"
  refuse("there is no dtype of that name");
}

static Whole read_whole(ByteReader &reader) {
  Whole whole;
  whole.op = reduction_named(reader.read_text());
  whole.dtype = dtype_named(reader.read_text());
  whole.is_complex = read_flag(reader);
  whole.is_exact = read_flag(reader);
  whole.keepdims = read_flag(reader);
  whole.divisor = reader.read_integer();
  whole.result = dtype_named(reader.read_text());
  whole.shape = read_list(reader);
  whole.axes = read_list(reader);
  whole.cut = reader.read_integer();

  const bool is_float = contains(Domain::Float, whole.dtype);
  const bool is_sum = whole.op == OpKind::ReduceSum;
  if (kind_of(whole.dtype) == DTypeKind::Complex ||
      !contains(op_info(whole.op).domain, whole.dtype))
    refuse("the reduction does not take the dtype");
  const bool is_part = whole.dtype == DType::f32 || whole.dtype == DType::f64; // of complex numbers
  if ((whole.is_exact && !(is_sum && is_float)) || (whole.is_complex && !(is_sum && is_part)))
    refuse("only sums of floats are exact or parts of complex sums");
  if (whole.is_exact ? whole.divisor < 1 || whole.divisor > largest_divisor ||
                           !contains(Domain::Float, whole.result)
                     : whole.divisor != 1 || whole.result != whole.dtype)
    refuse("only exact sums are divided, by up to 2^47 - 1, or rounded to another float");
  checked_size("partial_reduction", whole.shape, whole.dtype);
  auto is_axis = [&](std::int64_t axis) { return axis >= 0 && axis < std::ssize(whole.shape); };
  if (!std::ranges::all_of(whole.axes, is_axis) ||
      std::ranges::adjacent_find(whole.axes, std::greater_equal()) != whole.axes.end() ||
      !whole.is_reduced(whole.cut))
    refuse("the axes are none of the shape");
  return whole;
}

static std::vector<Range> read_ranges(const Whole &whole, ByteReader &reader) {
  const std::vector<std::int64_t> list = read_list(reader);
  std::vector<Range> ranges;
  std::int64_t last = -1; // no range begins where another ends
  for (std::size_t n = 0; n + 1 < list.size(); n += 2) {
    if (list[n] <= last || list[n] >= list[n + 1] || list[n + 1] > whole.cut_extent())
      refuse("the ranges do not ascend within the extent");
    ranges.push_back({list[n], list[n + 1]});
    last = list[n + 1];
  }
  if (list.size() % 2 != 0)
    refuse("a range has no end");
  return ranges;
}

static Content::Ptr read_content(const Whole &whole, std::span<const Range> ranges,
                                 ByteReader &reader) {
  switch (whole.way()) {
  case Whole::Way::InOrder:
    return read_in_order(whole, ranges, reader);
  case Whole::Way::Exactly:
    return read_exact(whole, reader);
  case Whole::Way::Freely:
    break;
  }
  return read_free(whole, reader);
}

std::vector<std::byte> PartialReduction::to_bytes() const {
  const Whole &whole = state->whole;
  ByteWriter writer;
  writer.write_elements(std::as_bytes(std::span(magic)), 1);
  writer.write(format_version);
  writer.write(static_cast<std::uint32_t>(summation_order_version));
  writer.write(op_info(whole.op).name);
  writer.write(name_of(whole.dtype));
  for (bool flag : {whole.is_complex, whole.is_exact, whole.keepdims})
    writer.write(static_cast<std::uint8_t>(flag));
  writer.write(whole.divisor);
  writer.write(name_of(whole.result));
  tsum::write(writer, whole.shape);
  tsum::write(writer, whole.axes);
  writer.write(whole.cut);
  std::vector<std::int64_t> limits;
  for (auto [begin, end] : state->ranges) {
    limits.push_back(begin);
    limits.push_back(end);
  }
  tsum::write(writer, limits);
  for (const Content::Ptr &content : state->contents)
    content->write(writer);
  writer.write(std::uint64_t{XXH3_64bits(writer.bytes.data(), writer.bytes.size())});
  return std::move(writer.bytes);
}

PartialReduction PartialReduction::from_bytes(std::span<const std::byte> bytes) {
  constexpr std::size_t checksum_size = 8;
  if (bytes.size() < magic.size() + checksum_size ||
      !std::ranges::equal(bytes.first(magic.size()), std::as_bytes(std::span(magic))))
    refuse("they do not begin with '" + std::string(magic) + "'");
  const std::span<const std::byte> content = bytes.first(bytes.size() - checksum_size);
  ByteReader reader(content.subspan(magic.size()));
  if (const auto version = reader.read<std::uint32_t>(); version != format_version)
    refuse("their format is version " + std::to_string(version) + ", and version " +
           std::to_string(format_version) + " is read");
  if (const auto order = reader.read<std::uint32_t>(); order != summation_order_version)
    refuse("their order of additions is version " + std::to_string(order) + ", and this one is " +
           std::to_string(summation_order_version));
  ByteReader end(bytes.last(checksum_size));
  if (end.read<std::uint64_t>() != XXH3_64bits(content.data(), content.size()))
    refuse("their checksum does not match");

  // Others could have computed the checksum, too.
  auto read = std::make_shared<State>();
  read->whole = read_whole(reader);
  read->ranges = read_ranges(read->whole, reader);
  for (int n = 0; n < (read->whole.is_complex ? 2 : 1); ++n)
    read->contents.push_back(read_content(read->whole, read->ranges, reader));
  if (!reader.is_at_end())
    refuse("something follows them");
  return PartialReduction(std::move(read));
}

} // namespace tsum
