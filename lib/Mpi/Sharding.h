// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Communicator.h"

#include "tsum/Graph/Elsewhere.h"

namespace tsum::mpi {

/// A tensor that is divided among ranks along an axis.
class Sharding final : public Elsewhere {
public:
  std::shared_ptr<Communicator> comm;
  std::int32_t axis = 0;
  /// Where the part of each rank begins along the axis, and where the last one ends.
  std::vector<std::int64_t> offsets;
  Tensor part; ///< of this rank; without values if it is in files

  Sharding(std::shared_ptr<Communicator> comm, Tensor part)
      : comm(std::move(comm)), part(std::move(part)) {}

  void evaluate(std::span<const Tensor> outputs) const override;
  void evaluate_to(const Tensor &output, const TakePiece &take) const override;
  [[nodiscard]] std::string explain(std::span<const Tensor> outputs) const override;
  [[nodiscard]] std::string to_string() const override;

  [[nodiscard]] std::int64_t begin() const { return offsets[rank()]; }
  [[nodiscard]] std::int64_t end() const { return offsets[rank() + 1]; }

private:
  [[nodiscard]] std::size_t rank() const { return static_cast<std::size_t>(comm->rank()); }
};

/// The sharding of `input`. \throws Error if it is none.
[[nodiscard]] const Sharding &sharding_of(const InputNode &input);

/// The tensor of which each rank has given `part`.
[[nodiscard]] Tensor make_sharded(const std::shared_ptr<Communicator> &comm, const Tensor &part,
                                  std::int32_t axis, std::string_view name);

/// What `outputs` are on this rank, in order. Those that are whole get their values.
[[nodiscard]] std::vector<Part> evaluate_local(const std::shared_ptr<Communicator> &comm,
                                               std::span<const Tensor> outputs);

} // namespace tsum::mpi
