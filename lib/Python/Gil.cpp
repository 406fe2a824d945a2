// SPDX-License-Identifier: Apache-2.0
#include "Gil.h"

#include "tsum/Support/ForkSafe.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <unistd.h>

namespace tsum::python {

namespace {

std::atomic<bool> is_ending = false;
std::atomic<std::thread::id> ending_thread;
std::atomic<int> takers = 0;  // threads about to take the lock
std::atomic<int> callers = 0; // threads with a PythonCall
thread_local int call_depth = 0;

AtFork at_fork(nullptr, [] {
  takers = 0;
  callers = call_depth > 0 ? 1 : 0;
});

/// Whether the calling thread must not take the lock any more.
bool is_late() { return is_ending && ending_thread.load() != std::this_thread::get_id(); }

[[noreturn]] void stop_here() {
  for (;;)
    ::pause();
}

/// While it lives, the end of the interpreter waits.
class Taker {
public:
  Taker() { ++takers; }
  ~Taker() { --takers; }
  Taker(const Taker &) = delete;
  Taker &operator=(const Taker &) = delete;
};

void end() {
  constexpr auto longest = std::chrono::seconds(2);
  ending_thread = std::this_thread::get_id();
  is_ending = true;
  const auto begin = std::chrono::steady_clock::now();
  const int own = call_depth > 0 ? 1 : 0;
  while (takers > 0 || (callers > own && std::chrono::steady_clock::now() - begin < longest)) {
    nb::gil_scoped_release others_run;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

} // namespace

GilRelease::GilRelease() : state(PyEval_SaveThread()) {}

GilRelease::~GilRelease() {
  {
    const Taker taker;
    if (!is_late()) {
      PyEval_RestoreThread(state);
      return;
    }
  }
  stop_here();
}

GilAcquire::GilAcquire() {
  const Taker taker;
  if (!nb::is_alive() || is_late())
    return;
  state = PyGILState_Ensure();
  is_taken = true;
}

GilAcquire::~GilAcquire() {
  if (is_taken)
    PyGILState_Release(state);
}

PythonCall::PythonCall() {
  if (call_depth++ > 0)
    return;
  if (is_late()) {
    PyEval_SaveThread();
    stop_here();
  }
  ++callers;
}

PythonCall::~PythonCall() {
  if (--call_depth == 0)
    --callers;
}

void bind_exit() { nb::module_::import_("atexit").attr("register")(nb::cpp_function(&end)); }

} // namespace tsum::python
