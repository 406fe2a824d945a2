// SPDX-License-Identifier: Apache-2.0
#include "ReadAhead.h"

namespace tsum::stream {

ReadAhead::ReadAhead(OpenFiles &files, int threads, Done done)
    : files(files), thread_count(threads), done(std::move(done)) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex);
    is_ending = true;
  }
  asked.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

void ReadAhead::ask_for(const Batch &batch) {
  {
    const std::lock_guard lock(mutex);
    while (std::ssize(threads) < thread_count)
      threads.emplace_back([this] { run(); });
    queue.push_back(&batch);
  }
  asked.notify_one();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    asked.wait(lock, [this] { return is_ending || !queue.empty(); });
    if (is_ending)
      return;
    const Batch &batch = *queue.front();
    queue.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      batch.read(files, OpenFiles::Wait::yes);
    } catch (...) {
      error = std::current_exception();
    }
    done(batch, error);
    lock.lock();
  }
}

} // namespace tsum::stream
