// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Elsewhere.h"
#include "tsum/Graph/Node.h"

#include <filesystem>
#include <mutex>
#include <sys/types.h>

namespace tsum::stream {

/// What tells that a file is still the one that it was.
struct FileIdentity {
  std::int64_t device = 0, inode = 0, size = 0, seconds = 0, nanoseconds = 0;
  bool operator==(const FileIdentity &) const = default;
};

/// An array, or a part of one, in a file.
struct FilePart {
  std::filesystem::path path;
  FileIdentity identity;
  std::int64_t offset = 0;           ///< bytes before element 0
  std::int64_t begin = 0, count = 0; ///< of the part, along the axis that the files are joined at
};

/// A tensor in files.
class FileData final : public Elsewhere {
public:
  DType dtype = DType::f32;
  Shape shape;
  bool fortran_order = false;
  std::int64_t joined = 0; ///< the axis along which the parts lie behind one another
  std::vector<FilePart> parts;

  void evaluate(std::span<const Tensor> outputs) const override;
  void evaluate_to(const Tensor &output, const TakePiece &take) const override;
  [[nodiscard]] std::string explain(std::span<const Tensor> outputs) const override;
  [[nodiscard]] std::string to_string() const override;

  [[nodiscard]] std::int64_t bytes() const;
  /// Dimensions of more than one place, in the order of the files, outermost first.
  [[nodiscard]] std::vector<std::int32_t> dims_outermost_first() const;
  /// Byte strides of elements of `shape` in the order of the files.
  [[nodiscard]] ByteStrides strides_of(const Shape &shape) const;
};

/// The data of `input` if it is in files, or null.
[[nodiscard]] const FileData *as_file(const InputNode &input);

/// The files of some tensors while a pass reads them. Opened when they are first needed, a limited
/// number at a time. Safe to use from several threads.
class OpenFiles {
public:
  OpenFiles() = default;
  OpenFiles(const OpenFiles &) = delete;
  OpenFiles &operator=(const OpenFiles &) = delete;
  ~OpenFiles();

  enum class Wait : bool { no, yes };
  /// Reads the places from `begin` to `end` along dimension `dim` of `data`, and all of its other
  /// dimensions, to `to`, where they lie as `strides_of` says. Without waiting for a disk it may
  /// return false, with anything in `to`.
  /// \throws FileError with the path, and where in the file something was wrong.
  bool read(const FileData &data, std::int32_t dim, std::int64_t begin, std::int64_t end,
            std::byte *to, Wait wait = Wait::yes);

  /// Looks whether any file has changed since its tensor was opened. \throws FileError if one has.
  void check();

private:
  struct File {
    FilePart part;
    int descriptor;
  };
  /// The descriptor of a file, which is not closed before it is let go of.
  [[nodiscard]] std::shared_ptr<const File> open(const FilePart &part);
  bool read_part(const FileData &data, const FilePart &part, std::int32_t dim, std::int64_t begin,
                 std::int64_t end, std::byte *to, Wait wait);

  std::mutex mutex;
  std::vector<std::shared_ptr<const File>> files; ///< the last one was used last
};

/// \throws FileError if the file of `part`, open as `descriptor`, is not as it was.
void check_same(const FilePart &part, int descriptor);
/// What `descriptor` says of its file. \throws FileError, beginning with `where`, if it is none
/// that can be read by positions.
[[nodiscard]] FileIdentity identity_of(int descriptor, const std::string &where);

} // namespace tsum::stream
