// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

namespace tsum::python {

// Before version 3.14, Python ends a thread that wants its lock when the interpreter is going, by
// unwinding the stack, which frames of C++ do not survive. So no thread of ours wants it any more
// when that begins: it stops where it is, and the process ends around it.

/// Lets other Python threads run while it lives.
class GilRelease {
public:
  GilRelease();
  ~GilRelease();
  GilRelease(const GilRelease &) = delete;
  GilRelease &operator=(const GilRelease &) = delete;

private:
  PyThreadState *state;
};

/// Takes Python's lock, if there still is one to take.
class GilAcquire {
public:
  GilAcquire();
  ~GilAcquire();
  GilAcquire(const GilAcquire &) = delete;
  GilAcquire &operator=(const GilAcquire &) = delete;

  explicit operator bool() const { return is_taken; }

private:
  bool is_taken = false;
  PyGILState_STATE state{};
};

/// While it lives, on a thread that has the lock, functions of Python are called from C++. At its
/// end the interpreter waits for them, for two seconds at most.
class PythonCall {
public:
  PythonCall();
  ~PythonCall();
  PythonCall(const PythonCall &) = delete;
  PythonCall &operator=(const PythonCall &) = delete;
};

/// Arranges for being told of the interpreter's end.
void bind_exit();

} // namespace tsum::python
