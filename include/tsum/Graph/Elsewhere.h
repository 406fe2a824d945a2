// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

#include <functional>

namespace tsum {

/// Where the data of an input is that nobody will give: in files, or on several machines. It comes
/// in pieces, so whoever knows where it is evaluates what depends on it.
class Elsewhere {
public:
  virtual ~Elsewhere() = default;

  /// Evaluates `outputs`, one of which at least reads an input that is here, as `tsum::eval` does.
  virtual void evaluate(std::span<const Tensor> outputs) const = 0;
  /// Takes a piece of an output: from `begin` on along dimension `dim`, and all of the others.
  using TakePiece = std::function<void(const Tensor &piece, std::int32_t dim, std::int64_t begin)>;
  /// Evaluates `output`, which reads an input that is here, but gives it no values: they go to
  /// `take`, piece by piece, or in one. They may be more than memory has room for.
  virtual void evaluate_to(const Tensor &output, const TakePiece &take) const = 0;
  /// What an evaluation will do, as text for a terminal, without doing it.
  [[nodiscard]] virtual std::string explain(std::span<const Tensor> outputs) const = 0;
  /// "file 'x.npy'".
  [[nodiscard]] virtual std::string to_string() const = 0;

protected:
  Elsewhere() = default;
};

/// Where the first input behind `outputs` is that is not in memory, or null.
[[nodiscard]] std::shared_ptr<const Elsewhere> elsewhere_behind(std::span<const Tensor> outputs);

/// Calls `visit` for each run of bytes that a piece of a tensor of `shape` has in the row-major
/// whole: with its place there, its place in the row-major piece, and its length. The piece has
/// `count` places from `begin` on along dimension `dim`, and all of the others.
template <class Visit>
void for_each_run(std::span<const std::int64_t> shape, DType dtype, std::int32_t dim,
                  std::int64_t begin, std::int64_t count, const Visit &visit) {
  if (shape.empty())
    return visit(std::int64_t{0}, std::int64_t{0}, size_of(dtype));
  std::int64_t outside = 1, inside = size_of(dtype);
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (n < static_cast<std::size_t>(dim))
      outside *= shape[n];
    else if (n > static_cast<std::size_t>(dim))
      inside *= shape[n];
  const std::int64_t slab = inside * shape[static_cast<std::size_t>(dim)], run = inside * count;
  if (run > 0)
    for (std::int64_t n = 0; n < outside; ++n)
      visit(n * slab + begin * inside, n * run, run);
}

} // namespace tsum
