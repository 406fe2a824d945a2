// SPDX-License-Identifier: Apache-2.0
#include "NpyHeader.h"

#include "tsum/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace tsum {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t alignment = 64;

constexpr std::array all_dtypes = {
#define TSUM_DTYPE(NAME, CPP, KIND) DType::NAME,
#include "tsum/DTypes.def"
};

/// NumPy's name of `dtype` after the byte order: "f4".
std::string type_code(DType dtype) {
  if (dtype == DType::bf16)
    return "V2"; // as ml_dtypes' bfloat16 is saved
  char kind = "fiubc"[static_cast<int>(kind_of(dtype))];
  return kind + std::to_string(size_of(dtype));
}

std::string descr_of(DType dtype) { return (size_of(dtype) == 1 ? '|' : '<') + type_code(dtype); }

std::optional<DType> dtype_from(std::string_view descr) {
  if (descr.empty())
    return std::nullopt;
  for (DType dtype : all_dtypes) {
    // A single byte has no order, and some writers give it one.
    std::string_view orders = size_of(dtype) == 1 ? "|<>="sv : "<"sv;
    if (orders.find(descr[0]) != orders.npos && descr.substr(1) == type_code(dtype))
      return dtype;
  }
  return std::nullopt;
}

std::string supported_descrs() {
  std::string list;
  for (DType dtype : all_dtypes)
    list += (list.empty() ? "'" : ", '") + descr_of(dtype) + "'";
  return list;
}

/// Reads the header's dict: Python literals, of which only the needed ones are known.
class DictParser {
public:
  DictParser(std::string_view text, const std::string &where) : text(text), where(where) {}

  NpyHeader parse() {
    std::optional<DType> dtype;
    std::optional<bool> fortran_order;
    std::optional<Shape> shape;
    expect('{');
    while (!accept('}')) {
      std::string_view key = string();
      expect(':');
      if (key == "descr")
        set(key, dtype, descr());
      else if (key == "fortran_order")
        set(key, fortran_order, boolean());
      else if (key == "shape")
        set(key, shape, tuple());
      else
        fail("has the unknown key '" + std::string(key) + "'");
      if (!accept(',') && peek() != '}')
        fail_expecting("',' or '}'");
    }
    peek();
    if (at != text.size())
      fail("goes on after its dict");
    if (!dtype || !fortran_order || !shape)
      fail("lacks one of the keys 'descr', 'fortran_order' and 'shape'");
    return {*dtype, *fortran_order, *std::move(shape)};
  }

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw FileError(where + ": the header " + what);
  }

  [[noreturn]] void fail_expecting(const std::string &what) const {
    fail("has no " + what + " at byte " + std::to_string(at) + " of its dict");
  }

  template <class T> void set(std::string_view key, std::optional<T> &field, T value) const {
    if (field)
      fail("has the key '" + std::string(key) + "' twice");
    field = std::move(value);
  }

  /// The next character that is no space, or 0 at the end.
  char peek() {
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    return at < text.size() ? text[at] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted)
      return false;
    ++at;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted))
      fail_expecting({'\'', wanted, '\''});
  }

  bool accept_word(std::string_view word) {
    peek();
    if (!text.substr(at).starts_with(word))
      return false;
    at += word.size();
    return true;
  }

  std::string_view string() {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      fail_expecting("string");
    std::size_t begin = at + 1;
    std::size_t end = text.find(quote, begin);
    if (end == text.npos)
      fail("has a string without an end");
    at = end + 1;
    return text.substr(begin, end - begin);
  }

  DType descr() {
    if (peek() == '[')
      fail("describes records (supported dtypes: " + supported_descrs() + ")");
    std::string_view descr = string();
    if (std::optional<DType> dtype = dtype_from(descr))
      return *dtype;
    fail("has the dtype '" + std::string(descr) +
         "', which is not supported (supported: " + supported_descrs() + ")");
  }

  bool boolean() {
    if (accept_word("True"))
      return true;
    if (accept_word("False"))
      return false;
    fail_expecting("True or False");
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      shape.push_back(extent());
      // As in Python, (3) is no tuple and (3,) is one.
      if (!accept(',') && (peek() != ')' || shape.size() == 1))
        fail_expecting("','");
    }
    return shape;
  }

  std::int64_t extent() {
    peek();
    std::int64_t value = 0;
    const char *begin = text.data() + at;
    auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range)
      fail("has an extent beyond 2^63 - 1");
    if (error != std::errc() || value < 0)
      fail_expecting("extent (0 or more)");
    at += static_cast<std::size_t>(end - begin);
    accept_word("L"); // Python 2 wrote long integers so.
    return value;
  }

  std::string_view text;
  const std::string &where;
  std::size_t at = 0;
};

/// Takes `count` bytes off the front of `file`.
std::string_view take(std::string_view &file, std::size_t count, const std::string &where) {
  if (file.size() < count)
    throw FileError(where + ": the file ends inside its header");
  std::string_view front = file.substr(0, count);
  file.remove_prefix(count);
  return front;
}

} // namespace

NpyHeader parse_npy_header(std::string_view &file, const std::string &where) {
  if (!file.starts_with(magic))
    throw FileError(where + ": not a NumPy file (it does not begin with '\\x93NUMPY')");
  take(file, magic.size(), where);
  std::string_view version = take(file, 2, where);
  int major = static_cast<unsigned char>(version[0]);
  int minor = static_cast<unsigned char>(version[1]);
  if (major < 1 || major > 3 || minor != 0)
    throw FileError(where + ": format version " + std::to_string(major) + "." +
                    std::to_string(minor) + " is not supported (supported: 1.0, 2.0 and 3.0)");
  std::size_t length = 0;
  std::string_view bytes = take(file, major == 1 ? 2 : 4, where);
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
    length = length << 8 | static_cast<unsigned char>(*byte);
  return DictParser(take(file, length, where), where).parse();
}

std::string to_string(const NpyHeader &header) {
  std::string dict = "{'descr': '" + descr_of(header.dtype) +
                     "', 'fortran_order': " + (header.fortran_order ? "True" : "False") +
                     ", 'shape': (";
  for (std::size_t dim = 0; dim < header.shape.size(); ++dim)
    dict += (dim ? ", " : "") + std::to_string(header.shape[dim]);
  dict += header.shape.size() == 1 ? ",), }" : "), }";

  // Version 1 counts the dict's bytes in two bytes, which a tensor of some thousand dimensions
  // exceeds.
  bool is_long = dict.size() + alignment > 0xffff;
  std::size_t before = magic.size() + 2 + (is_long ? 4 : 2);
  std::size_t total = (before + dict.size() + 1 + alignment - 1) / alignment * alignment;
  dict.resize(total - before - 1, ' ');
  dict += '\n';

  std::string text(magic);
  text += {is_long ? '\2' : '\1', '\0'};
  for (int byte = 0; byte < (is_long ? 4 : 2); ++byte)
    text += static_cast<char>(dict.size() >> (8 * byte) & 0xff);
  return text + dict;
}

} // namespace tsum
