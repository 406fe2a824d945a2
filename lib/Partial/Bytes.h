// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/error.h"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tsum::partial {

/// Writes numbers with their lowest byte first, whatever the processor does.
class ByteWriter {
public:
  template <std::unsigned_integral T> void write(T number) {
    for (std::size_t n = 0; n < sizeof(T); ++n)
      bytes.push_back(static_cast<std::byte>(number >> 8 * n));
  }
  void write(std::int64_t number) { write(static_cast<std::uint64_t>(number)); }
  void write(double number) { write(std::bit_cast<std::uint64_t>(number)); }
  void write(std::string_view text) {
    write(static_cast<std::uint8_t>(text.size()));
    for (char letter : text)
      bytes.push_back(static_cast<std::byte>(letter));
  }
  /// Numbers of `size` bytes each.
  void write_elements(std::span<const std::byte> elements, std::size_t size) {
    append_elements(bytes, elements, size);
  }

  /// Appends numbers of `size` bytes each, in the processor's order or from it.
  static void append_elements(std::vector<std::byte> &to, std::span<const std::byte> elements,
                              std::size_t size) {
    if constexpr (std::endian::native == std::endian::little)
      to.insert(to.end(), elements.begin(), elements.end());
    else
      for (std::size_t first = 0; first < elements.size(); first += size)
        for (std::size_t n = size; n-- > 0;)
          to.push_back(elements[first + n]);
  }

  std::vector<std::byte> bytes;
};

/// Reads what ByteWriter wrote. \throws Error where the bytes end before.
class ByteReader {
public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes(bytes) {}

  template <std::unsigned_integral T> T read() {
    T number = 0;
    const std::span<const std::byte> taken = take(1, sizeof(T));
    for (std::size_t n = 0; n < sizeof(T); ++n)
      number |= static_cast<T>(static_cast<T>(taken[n]) << 8 * n);
    return number;
  }
  std::int64_t read_integer() { return static_cast<std::int64_t>(read<std::uint64_t>()); }
  double read_double() { return std::bit_cast<double>(read<std::uint64_t>()); }
  std::string read_text() {
    std::string text;
    for (std::byte letter : take(1, read<std::uint8_t>()))
      text += static_cast<char>(letter);
    return text;
  }
  std::vector<std::byte> read_elements(std::int64_t count, std::size_t size) {
    std::vector<std::byte> elements;
    ByteWriter::append_elements(elements, take(count, size), size);
    return elements;
  }

  /// Fails unless `count` things of `size` bytes or more are left: to be asked before memory is
  /// taken for them.
  void expect(std::int64_t count, std::size_t size) const {
    if (count < 0 || static_cast<std::uint64_t>(count) > bytes.size() / size)
      throw Error("partial_reduction: the bytes end before what they describe");
  }

  [[nodiscard]] bool is_at_end() const { return bytes.empty(); }

private:
  std::span<const std::byte> take(std::int64_t count, std::size_t size) {
    if (size != 0)
      expect(count, size);
    const std::span<const std::byte> taken = bytes.first(static_cast<std::size_t>(count) * size);
    bytes = bytes.subspan(taken.size());
    return taken;
  }

  std::span<const std::byte> bytes;
};

} // namespace tsum::partial
