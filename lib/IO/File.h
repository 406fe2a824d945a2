// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace tsum {

/// A file descriptor that is closed at the end of its scope.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() { close(); }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  /// Takes the place of what is not open.
  void open(int opened) { descriptor = opened; }
  [[nodiscard]] bool is_open() const { return descriptor >= 0; }
  [[nodiscard]] int get() const { return descriptor; }
  /// Whether all that was written has arrived; some file systems tell only here.
  bool close();
  bool write(std::string_view bytes);
  /// Fewer than `size` bytes if the file ends before, or -1.
  std::int64_t read(char *to, std::size_t size);

private:
  int descriptor;
};

/// The bytes of a whole file: of up to `most_read_bytes` a copy, which nobody changes any more; of
/// more mapped, which takes no memory. If a mapped file is made shorter, reading what is gone ends
/// the process.
struct Mapping {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

inline constexpr std::size_t most_read_bytes = std::size_t{16} << 20;

/// \throws FileError, its message beginning with `where`.
[[nodiscard]] Mapping map_file(const std::filesystem::path &path, const std::string &where);

/// \throws FileError with the system's message for `error`.
[[noreturn]] void throw_system_error(const std::string &where, const std::string &what, int error);

} // namespace tsum
