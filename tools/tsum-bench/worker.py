# SPDX-License-Identifier: Apache-2.0
"""A process that measures one peer: worker.py MODULE, with requests on stdin, replies on stdout.

    prepare SYSTEM CASE      -> ok SECONDS      what the first call took, or
                                error REASON
    run SYSTEM SECONDS       -> times T...      seconds per call, for about that long

MODULE is one in peers/; its `SYSTEMS` has a function for each system, from a case, its arrays and
their axes to a callable that computes the case and waits for the result, and from the result to an
array.
"""
import importlib
import os
import sys
import time

import arrays
from cases import Case


def measure(call, seconds):
    """Seconds per call, several times over about `seconds`, after two calls that do not count."""
    call()
    start = time.perf_counter()
    call()
    # The clock is read for what takes some time.
    batch = max(1, round(50e-6 / max(time.perf_counter() - start, 1e-9)))
    times = []
    end = start + seconds
    while len(times) < 3 or time.perf_counter() < end:
        before = time.perf_counter()
        for _ in range(batch):
            call()
        times.append((time.perf_counter() - before) / batch)
    return times


class Worker:
    def __init__(self, module):
        self.systems = importlib.import_module(f"peers.{module}").SYSTEMS
        self.line = self.operands = None
        self.calls = {}

    def prepare(self, system, line):
        if line != self.line:
            self.calls.clear()
            self.operands = None  # frees the former case's before making others
            self.case = Case.parse(line)
            self.operands = arrays.operands(self.case)
            self.line = line
        call, to_array = self.systems[system](self.case, self.operands, arrays.axes(self.case))
        start = time.perf_counter()
        result = call()
        first = time.perf_counter() - start
        if to_array is not None:
            arrays.check(self.case, self.operands, to_array(result))
        self.calls[system] = call
        return f"ok {first:.9f}"

    def run(self, system, seconds):
        return "times " + " ".join(f"{t:.9f}" for t in measure(self.calls[system], float(seconds)))


def main():
    # What libraries print goes to stderr.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        worker = Worker(sys.argv[1])
    except (ImportError, OSError) as error:
        sys.exit(print(f"error {error}", file=replies))
    print("ready", file=replies)
    for request in sys.stdin:
        word, system, argument = request.rstrip("\n").split(" ", 2)
        try:
            reply = {"prepare": worker.prepare, "run": worker.run}[word](system, argument)
        except Exception as error:  # whatever a peer raises, the others go on
            reply = f"error {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        print(reply, file=replies)


if __name__ == "__main__":
    main()
