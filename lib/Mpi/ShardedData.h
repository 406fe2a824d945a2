// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Sharding.h"

#include "tsum/Divided/PassRun.h"

#include <map>
#include <unordered_map>

namespace tsum::mpi {

/// Places along the axis of a sharded input.
struct Range {
  std::int64_t begin, end;
};

/// The data of sharded inputs on this rank, and what others have sent of it.
class ShardedData {
public:
  using Request = divided::PassRun::Request;

  /// \throws Error if the tensors behind `outputs` are of several communicators.
  ShardedData(Communicator &comm, std::span<const Node::Ptr> outputs);

  /// Has others send what the sections need that is not here. Collective.
  void fetch(std::span<const Request> requests);
  /// A section that is here or has been fetched.
  [[nodiscard]] Tensor of(const InputNode &input,
                          const std::optional<divided::Section> &section) const;
  /// Fetches what all ranks ask for alike, and gives it. Collective.
  [[nodiscard]] Tensor fetch_alike(const InputNode &input,
                                   const std::optional<divided::Section> &section) {
    const Request request{&input, section};
    fetch({&request, 1});
    return of(input, section);
  }
  /// How many places along the axis may be read of files at once, by the memory that streams have.
  [[nodiscard]] std::int64_t most_places() const;
  /// What this process has sent to others so far.
  [[nodiscard]] static std::int64_t moved_bytes();

private:
  struct Need {
    std::int64_t input;
    Range range;
  };
  struct Fetched {
    Range range;
    Tensor tensor;
  };

  /// What of the axis a section needs. \throws Error for what is not moved.
  [[nodiscard]] static Range needed(const InputNode &input,
                                    const std::optional<divided::Section> &section);
  [[nodiscard]] Bytes rows(const Need &need) const;
  void put_together(std::span<const Need> needs, std::vector<std::span<const std::byte>> &from);

  Communicator &comm;
  std::vector<OrderedNode> graph; ///< keeps the inputs
  std::vector<const InputNode *> inputs;
  std::unordered_map<const InputNode *, std::int64_t> numbers;
  std::multimap<const InputNode *, Fetched> fetched;
};

} // namespace tsum::mpi
