// SPDX-License-Identifier: Apache-2.0
#include "ReadAhead.h"

#include "tsum/Runtime/PieceProgress.h"

#include <chrono>

namespace tsum::stream {

ReadAhead::ReadAhead(OpenFiles &files, int count) : files(files) {
  for (int n = 0; n < count; ++n)
    threads.emplace_back([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex);
    is_ending = true;
  }
  asked.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

void ReadAhead::ask_for(std::shared_ptr<Batch> batch) {
  {
    const std::lock_guard lock(mutex);
    queue.push_back(std::move(batch));
  }
  asked.notify_one();
}

void ReadAhead::wait_for(const Batch &batch) {
  constexpr auto between_looks = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex);
  while (!read.wait_for(lock, between_looks, [&] { return batch.is_read; })) {
    lock.unlock();
    PieceProgress::look();
    lock.lock();
  }
  if (batch.error)
    std::rethrow_exception(batch.error);
}

void ReadAhead::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    asked.wait(lock, [this] { return is_ending || !queue.empty(); });
    if (is_ending)
      return;
    const std::shared_ptr<Batch> batch = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      for (const Region &region : batch->regions)
        files.read(*region.data, region.dim, region.begin, region.end,
                   batch->buffer.get() + region.at);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    batch->error = error;
    batch->is_read = true;
    read.notify_all();
  }
}

} // namespace tsum::stream
