// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/JIT/Compiler.h"

#include <optional>

namespace tsum {

/// Kernels and functions that call them, for a file to link into programs that know nothing of
/// tsum, LLVM or MLIR: ahead-of-time compilation. Nothing in it depends on this machine's CPU.
class Library {
public:
  /// For x86-64 with the extensions `features`, as LLVM spells them ("+avx2,+fma"); none for any.
  explicit Library(std::string features);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  /// Adds the kernels of `graph`; their names in `image` are the library's own. Where the compiler
  /// fails, kernels of one operation each, of which `notes` tells.
  [[nodiscard]] std::optional<CompileFailure> addKernels(const CanonicalGraph &graph, Image &image);

  /// Why some graphs are in small kernels.
  [[nodiscard]] std::span<const CompileFailure> notes() const;

  /// One function's view of the kernels. Buffers have numbers: the inputs, the constants, the
  /// outputs, then the scratch memory, all of it one buffer.
  struct Entry {
    struct Place {
      std::int32_t buffer;
      std::int64_t offset; ///< bytes
    };
    struct Constant {
      const std::byte *begin; ///< of its memory
      std::int64_t bytes;
      std::int64_t first; ///< bytes to element 0
    };
    struct Launch {
      std::string kernel;
      std::int64_t tiles;
      std::vector<Place> buffers; ///< inputs, then results
    };
    /// Elements by strides to the row-major output of that shape.
    struct Copy {
      Place from, to;
      std::vector<std::int64_t> shape, strides;
      std::int64_t element;
    };

    std::string name;
    std::int32_t inputs = 0, outputs = 0;
    std::vector<Constant> constants;
    bool hasScratch = false;
    std::vector<Launch> launches;
    std::vector<Copy> copies;
  };
  /// Adds `void name(const void *input..., void *output..., void *scratch)`, the last if there is
  /// any.
  void addEntry(const Entry &entry);

  enum class Format { Object, Assembly, LlvmIr };
  /// All of it, as one file.
  [[nodiscard]] std::variant<std::string, CompileFailure> emit(Format format);

private:
  struct Parts;
  std::unique_ptr<Parts> parts;
};

} // namespace tsum
