// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

namespace tsum {

/// Where the data of an input is that nobody will give: in files, or on several machines. It comes
/// in pieces, so whoever knows where it is evaluates what depends on it.
class Elsewhere {
public:
  virtual ~Elsewhere() = default;

  /// Evaluates `outputs`, one of which at least reads an input that is here, as `tsum::eval` does.
  virtual void evaluate(std::span<const Tensor> outputs) const = 0;
  /// What that will do, as text for a terminal, without doing it.
  [[nodiscard]] virtual std::string explain(std::span<const Tensor> outputs) const = 0;
  /// "file 'x.npy'".
  [[nodiscard]] virtual std::string to_string() const = 0;

protected:
  Elsewhere() = default;
};

} // namespace tsum
