// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)

namespace tsum {

/// The base of everything tsum throws. A message names the operation, what was given and what would
/// be right.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An axis out of range, or given twice.
class AxisError : public Error {
public:
  using Error::Error;
};

/// Shapes that do not fit together, negative extents, or more elements than memory can address.
class ShapeError : public Error {
public:
  using Error::Error;
};

/// A dtype that an operation does not take, mixed dtypes, or a number that a dtype cannot hold.
class DTypeError : public Error {
public:
  using Error::Error;
};

/// Memory that cannot be read as described: null, or strides of another rank than the shape.
class MemoryError : public Error {
public:
  using Error::Error;
};

/// A file that cannot be read or written, or is not what it should be.
class FileError : public Error {
public:
  using Error::Error;
};

/// The compiler failed where nothing can take its place: asked for what a stage makes of a graph,
/// say. Evaluations go another way then (tsum/eval.h). The process stays usable.
class CompileError : public Error {
public:
  CompileError(std::string stage, const std::string &diagnostic)
      : Error("compile: " + stage + ": " + diagnostic), stage_name(std::move(stage)) {}

  /// The pipeline stage that failed, as `tsum-opt` names it.
  [[nodiscard]] const std::string &stage() const { return stage_name; }

private:
  std::string stage_name;
};

} // namespace tsum

#pragma GCC visibility pop
