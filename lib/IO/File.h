// SPDX-License-Identifier: Apache-2.0
#pragma once

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

  [[nodiscard]] bool is_open() const { return descriptor >= 0; }
  [[nodiscard]] int get() const { return descriptor; }
  /// Whether all that was written has arrived; some file systems tell only here.
  bool close();
  bool write(std::string_view bytes);

private:
  int descriptor;
};

/// The bytes of a whole file, mapped.
struct Mapping {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

/// \throws FileError, its message beginning with `where`.
[[nodiscard]] Mapping map_file(const std::filesystem::path &path, const std::string &where);

/// \throws FileError with the system's message for `error`.
[[noreturn]] void throw_system_error(const std::string &where, const std::string &what, int error);

} // namespace tsum
