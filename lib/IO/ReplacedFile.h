// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "File.h"

namespace tsum {

/// A file that appears, or is replaced, when it is complete and on the disk: until then it has
/// another name beside, and what stops before leaves all as it was. A file that is replaced hands
/// on its mode, and its owner and group if the process may set them; a symbolic link goes on to
/// point to it, while another hard link keeps the old bytes.
class ReplacedFile {
public:
  /// \throws FileError, beginning with `where`, if it cannot be created.
  ReplacedFile(const std::filesystem::path &path, std::string where);
  ~ReplacedFile();
  ReplacedFile(const ReplacedFile &) = delete;
  ReplacedFile &operator=(const ReplacedFile &) = delete;

  // All throw FileError if they cannot.

  /// Behind what was written so before.
  void write(std::string_view bytes);
  /// Anywhere.
  void write_at(std::int64_t place, std::string_view bytes);
  void commit();

private:
  [[noreturn]] void fail();

  std::string where;
  std::filesystem::path target, temporary;
  File file;
  bool is_committed = false;
};

} // namespace tsum
