// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "FileData.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <thread>

namespace tsum::stream {

/// Places along a dimension of a tensor in files, and where in a buffer they go.
struct Region {
  const FileData *data;
  std::int32_t dim;
  std::int64_t begin, end;
  std::int64_t at = 0; ///< in the buffer, in bytes
};

/// What one piece of a pass reads.
struct Batch {
  std::vector<Region> regions;
  std::shared_ptr<std::byte> buffer;
  std::int64_t bytes = 0; ///< of the regions

  // What the readers say of it.
  bool is_read = false;
  std::exception_ptr error;
};

/// Threads that read batches in the order in which they are asked for, several at a time.
class ReadAhead {
public:
  ReadAhead(OpenFiles &files, int threads);
  ReadAhead(const ReadAhead &) = delete;
  ReadAhead &operator=(const ReadAhead &) = delete;
  /// Waits for what is being read; what is not begun is left.
  ~ReadAhead();

  void ask_for(std::shared_ptr<Batch> batch);
  /// Waits until it is read, and looks meanwhile whether the evaluation shall end. \throws what
  /// reading it threw, and what ends the evaluation.
  void wait_for(const Batch &batch);

private:
  void run();

  OpenFiles &files;
  std::mutex mutex;
  std::condition_variable asked, read;
  std::deque<std::shared_ptr<Batch>> queue;
  bool is_ending = false;
  std::vector<std::thread> threads;
};

} // namespace tsum::stream
