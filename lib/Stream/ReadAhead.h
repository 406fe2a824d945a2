// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Batch.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <thread>

namespace tsum::stream {

/// Threads that wait for disks: they read batches in the order in which they are asked for, several
/// at a time.
class ReadAhead {
public:
  /// Called, on one of the threads, with a batch that has been read, and with what that threw.
  using Done = std::function<void(const Batch &, std::exception_ptr)>;

  ReadAhead(OpenFiles &files, int threads, Done done);
  ReadAhead(const ReadAhead &) = delete;
  ReadAhead &operator=(const ReadAhead &) = delete;
  /// Waits for what is being read; what is not begun is left.
  ~ReadAhead();

  /// `batch` must stay where it is until it is done.
  void ask_for(const Batch &batch);

private:
  void run();

  OpenFiles &files;
  const int thread_count;
  const Done done;
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<const Batch *> queue;
  bool is_ending = false;
  std::vector<std::thread> threads; ///< from the first batch on
};

} // namespace tsum::stream
