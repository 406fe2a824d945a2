// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"

namespace tsum {

/// Keeps what nodes are computed from when they are evaluated, so that gradients find their way
/// through values that somebody has looked at.
///
/// While it is open, it takes in the nodes that are built on the thread that opened it; until it
/// goes, these keep their operands. It holds no node itself. Recordings nest, and a node may be in
/// several.
class Recording {
public:
  Recording();
  /// May be on another thread.
  ~Recording();
  Recording(const Recording &) = delete;
  Recording &operator=(const Recording &) = delete;

  /// Begins, or goes on, on this thread.
  void open();
  /// Takes in no more; may be called on another thread, and more than once.
  void close();

  /// Whether there is an open one on this thread.
  [[nodiscard]] static bool is_on();
  /// Takes `node`, which was just built and has operands, into all that are open on this thread.
  static void note(const std::shared_ptr<Node> &node);

private:
  struct Record;
  std::shared_ptr<Record> record;
};

} // namespace tsum
