// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"
#include "Interpreter/Loops.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <vector>

/// What the loops of lib/Interpreter are tried on.
namespace tsum::test {

using interpreter::Elements, interpreter::Kind, interpreter::Loops;

inline constexpr Kind kinds[] = {Kind::F32, Kind::F64, Kind::I32, Kind::U32,
                                 Kind::I64, Kind::U64, Kind::Bool};

/// Elements of `kind`, special ones among them.
inline std::vector<std::byte> elements_of(Kind kind, std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(count * static_cast<std::size_t>(size_of(kind)));
  auto fill = [&]<class T>(T) {
    const std::vector<T> special = special_values<T>();
    for (std::size_t n = 0; n < count; ++n) {
      T element = special[random() % special.size()];
      if (random() % 4)
        element = static_cast<T>(std::is_floating_point_v<T>
                                     ? std::ldexp(static_cast<double>(random() % 4096) - 2048,
                                                  static_cast<int>(random() % 24) - 14)
                                     : static_cast<double>(random() % 100));
      std::memcpy(bytes.data() + n * sizeof(T), &element, sizeof(T));
    }
  };
  switch (kind) {
  case Kind::F32:
    fill(float{});
    break;
  case Kind::F64:
    fill(double{});
    break;
  case Kind::I32:
    fill(std::int32_t{});
    break;
  case Kind::U32:
    fill(std::uint32_t{});
    break;
  case Kind::I64:
    fill(std::int64_t{});
    break;
  case Kind::U64:
    fill(std::uint64_t{});
    break;
  case Kind::Bool:
    for (std::byte &byte : bytes)
      byte = static_cast<std::byte>(random() % 2);
    break;
  }
  return bytes;
}

/// The bits of floats, with one NaN for all.
inline std::vector<std::byte> without_nans(std::vector<std::byte> bytes, Kind kind) {
  auto replace = [&]<class T>(T nan) {
    for (std::size_t n = 0; n + sizeof(T) <= bytes.size(); n += sizeof(T)) {
      T x;
      std::memcpy(&x, &bytes[n], sizeof(T));
      if (x != x)
        std::memcpy(&bytes[n], &nan, sizeof(T));
    }
  };
  if (kind == Kind::F32)
    replace(std::numeric_limits<float>::quiet_NaN());
  if (kind == Kind::F64)
    replace(std::numeric_limits<double>::quiet_NaN());
  return bytes;
}

/// Of a block with gaps between its rows.
inline constexpr std::int64_t rows = 3, columns = 67, row = columns + 2;

inline constexpr OpKind all_operations[] = {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) OpKind::CLASS,
#define TSUM_BINARY TSUM_UNARY
#include "tsum/Elementwise.def"
};

inline bool is_unary(OpKind op) {
  switch (op) {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY) case OpKind::CLASS:
#include "tsum/Elementwise.def"
    return true;
  default:
    return false;
  }
}

/// `bytes` of rows, `row` apart, of `outer` of `inner`, by two loops.
inline std::vector<std::byte> by_two_loops(const Loops &set, OpKind outer, OpKind inner, int place,
                                           Kind kind, std::span<const Elements> operands) {
  const auto bytes = static_cast<std::size_t>(rows * row * size_of(kind));
  std::vector<std::byte> between(bytes), result(bytes);
  set.elementwise(inner, kind)({between.data(), row}, operands.data(), {rows, columns});
  if (outer == OpKind::Constant)
    return between;
  const Elements first{between.data(), row, 1}, other = operands[is_unary(inner) ? 1 : 2];
  const Elements both[] = {place == 0 ? first : other, place == 0 ? other : first};
  set.elementwise(outer, kind)({result.data(), row}, both, {rows, columns});
  return result;
}

/// Calls `visit` with three operands: blocks with gaps, one element a row, one row, one number.
template <class Visit> void for_operands(Kind kind, const Visit &visit) {
  std::vector<std::vector<std::byte>> data;
  for (unsigned n = 0; n < 3; ++n)
    data.push_back(elements_of(kind, rows * row, n + 11));
  for (int how = 0; how < 64; ++how) {
    std::array<Elements, 3> operands;
    for (std::size_t n = 0; n < operands.size(); ++n) {
      const int own = how >> (2 * n) & 3;
      operands[n] = {data[n].data(), own & 1 ? 0 : row, own & 2 ? 0 : 1};
    }
    visit(operands);
  }
}

} // namespace tsum::test
