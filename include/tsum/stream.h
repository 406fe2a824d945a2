// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/eval.h"

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace tsum {

// Files that may be larger than memory. What opens one reads its header and gives a tensor of which
// nothing is in memory, nor ever will be all of it: evaluating a graph over it reads the file in
// pieces, ahead of the computation, and gives the bits of an evaluation in memory, for any size of
// pieces. docs/scaling.md says which graphs take one pass over the file and which several.
//
// The file must not change while the tensor is used. It is looked at for that: size, time and
// number of its inode, when it is opened again and when a pass is over.

/// The array in the NumPy file `path`, as `load_npy` but not loaded.
/// \throws FileError if the file cannot be read, is not exactly such an array, or is none that can
/// be read by its positions, such as a pipe.
[[nodiscard]] Tensor open_npy(const std::filesystem::path &path, std::string_view name = {});

/// Several such files as one tensor: their arrays behind one another along `axis`, which may count
/// from the last. They have the same dtype, order of elements, and extents but for that axis.
/// \throws FileError as above, ShapeError or DTypeError for files that do not fit together,
/// AxisError, and Error for no files at all.
[[nodiscard]] Tensor open_npy(std::span<const std::filesystem::path> paths, std::int64_t axis = 0,
                              std::string_view name = {});

/// The array `member` of the NumPy archive `path`, which must be stored and not compressed, as
/// `numpy.savez` does. Its checksum is not looked at.
/// \throws FileError as above, and for a compressed one.
[[nodiscard]] Tensor open_npz(const std::filesystem::path &path, std::string_view member,
                              std::string_view name = {});

/// How the elements of a file lie that says nothing of itself.
struct RawLayout {
  DType dtype;
  Shape shape;
  std::int64_t offset = 0; ///< bytes before the first element
  bool fortran_order = false;
};

/// The little-endian elements in the file `path`, which may go on behind them.
/// \throws FileError as above or if the file ends before, ShapeError for a shape that is none,
/// Error for a negative offset.
[[nodiscard]] Tensor open_raw(const std::filesystem::path &path, const RawLayout &layout,
                              std::string_view name = {});

/// How graphs over files are evaluated.
struct StreamOptions {
  /// Bytes that buffers and partial results take at most; what one piece computes in between comes
  /// on top, and so do the results.
  std::int64_t memory = std::int64_t{256} << 20;

  /// Where a file of partial sums is kept while reductions go on, with what is there of outputs
  /// that are not reduced over the files, written now and then (beside, synced, renamed) and when
  /// the evaluation ends early; empty for none. An evaluation of the same graph over the same files
  /// that finds it goes on from there, and removes it when it is done. Writing it takes as much
  /// memory as it is large, on top.
  std::filesystem::path checkpoint = {};
  /// How often it is written.
  std::chrono::nanoseconds checkpoint_interval = std::chrono::seconds(30);
};

/// Evaluates `outputs` as `tsum::eval`; what is in files by `options`. Outputs have all their
/// values or, where something throws, none.
///
/// \throws FileError, with path and position, if a file cannot be read, ends before, or changed.
/// Error if the memory is too little for a piece, or for an output that is not reduced over the
/// files (`save_npy` writes such a one piece by piece, and without a checkpoint). FileError for a
/// checkpoint of another evaluation, or a damaged one. CancelledError as all evaluations.
void eval(std::span<const Tensor> outputs, const StreamOptions &options);

/// While it lives, what this thread evaluates has these options. Scopes nest.
class StreamScope {
public:
  explicit StreamScope(StreamOptions options);
  ~StreamScope();
  StreamScope(const StreamScope &) = delete;
  StreamScope &operator=(const StreamScope &) = delete;

  /// Those of the innermost scope, or what stands above.
  [[nodiscard]] static const StreamOptions &current();

private:
  const StreamOptions options;
  StreamScope *outer;
};

/// What evaluating `outputs` reads: the passes and what each gives, how many bytes of which files,
/// in pieces of which size. Evaluates nothing, reads nothing.
[[nodiscard]] std::string explain_stream(std::span<const Tensor> outputs,
                                         const StreamOptions &options = {});

} // namespace tsum

#pragma GCC visibility pop
