// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <concepts>
#include <cstring>
#include <string>
#include <type_traits>

namespace tsum {

// `visit_fields(object, visit)` calls `visit` with every field of `object`: signatures, hashes,
// files and logs are made from these lists, so that none forgets a field. A field that is added to
// a struct and not to its list does not compile.

template <class T, class Struct>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Struct>;

template <MaybeConst<Description> Description, class Visit>
void visit_fields(Description &description, Visit &&visit) {
  auto &[op, dtype, shape, axes, keepdims, is_exact, divisor, node_part, starts, steps] =
      description;
  visit(op, dtype, shape, axes, keepdims, is_exact, divisor, node_part, starts, steps);
}

/// Turns numbers, strings, lists and structs with fields into words. Every list comes with its
/// length, so that different objects give different words.
class FieldWriter {
public:
  template <class T> void write(const T &object) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      words.push_back(static_cast<std::int64_t>(object));
    } else if constexpr (std::same_as<T, std::string>) {
      write(object.size());
      const std::size_t begin = words.size();
      words.resize(begin + (object.size() + 7) / 8, 0);
      if (!object.empty())
        std::memcpy(words.data() + begin, object.data(), object.size());
    } else if constexpr (requires { object.begin(); }) {
      write(object.size());
      for (const auto &element : object)
        write(element);
    } else {
      visit_fields(object, [this](const auto &...fields) { (this->write(fields), ...); });
    }
  }

  std::vector<std::int64_t> words;
};

/// Reads what FieldWriter wrote, from words that may be anything.
class FieldReader {
public:
  explicit FieldReader(std::span<const std::int64_t> words) : words(words) {}

  /// Reads `object` or, where the words are no such object, fails.
  template <class T> void read(T &object) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      const std::int64_t word = next();
      object = static_cast<T>(word);
      is_good &= static_cast<std::int64_t>(object) == word;
    } else if constexpr (std::same_as<T, std::string>) {
      std::size_t size = 0;
      read(size);
      is_good &= size <= 8 * words.size();
      if (!is_good)
        return;
      object.assign(reinterpret_cast<const char *>(words.data()), size);
      words = words.subspan((size + 7) / 8);
    } else if constexpr (requires { object.resize(0); }) {
      std::size_t size = 0;
      read(size);
      is_good &= size <= words.size(); // an element is a word at least
      if (!is_good)
        return;
      object.resize(size);
      for (auto &element : object)
        read(element);
    } else {
      visit_fields(object, [this](auto &...fields) { (this->read(fields), ...); });
    }
  }

  /// Whether all reads were good and nothing is left.
  [[nodiscard]] bool is_complete() const { return is_good && words.empty(); }

private:
  std::int64_t next() {
    is_good &= !words.empty();
    if (!is_good)
      return 0;
    const std::int64_t word = words.front();
    words = words.subspan(1);
    return word;
  }

  std::span<const std::int64_t> words;
  bool is_good = true;
};

} // namespace tsum
