# SPDX-License-Identifier: Apache-2.0
"""What is measured, and the processes that measure it."""
from __future__ import annotations

import ctypes
import dataclasses
import os
import pathlib
import select
import signal
import subprocess

HERE = pathlib.Path(__file__).parent
BUILD = HERE.parent.parent / "build"
ENVIRONMENTS = BUILD / "peers"

THREADS = len(os.sched_getaffinity(0))


@dataclasses.dataclass(frozen=True)
class Group:
    """Systems that one process measures: a module of peers/ in the environment build/peers/NAME,
    or the program tsum-bench."""
    systems: tuple[str, ...]
    module: str | None = None
    environment: str | None = None

    def command(self):
        if self.module is None:
            return [str(BUILD / "release" / "bin" / "tsum-bench")]
        folder = ENVIRONMENTS / (self.environment or self.module)
        return [str(folder / "bin" / "python"), str(HERE / "worker.py"), self.module]


GROUPS = (
    Group(("tsum", "tsum/1"), "tsum"),
    Group(tuple(f"limit/{threads}/{streams}" for threads in (1, THREADS) for streams in (1, 4)),
          "limit", environment="tsum"),
    Group(("tsum/C++", "tsum/C++/1", "eigen")),
    Group(("numpy",), "numpy"),
    Group(("tensorflow", "tf.xla"), "tensorflow"),
    Group(("jax",), "jax"),
    Group(("torch", "torch.compile"), "torch"),
    Group(("onnxruntime",), "onnxruntime"),
    Group(("numexpr",), "numexpr"),
    Group(("mlx",), "mlx"),
)

SYSTEMS = tuple(system for group in GROUPS for system in group.systems)
# The others are tsum's, and the limit of the memory.
PEERS = tuple(system for system in SYSTEMS if not system.startswith(("tsum", "limit")))


class Failed(Exception):
    """A worker's answer was an error, or none."""


def die_with_parent():
    """A stopped process would not notice that its input has ended."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Worker:
    """The process of a peer. It is stopped but while it answers, since pools of idle threads spin
    for a while."""

    def __init__(self, command):
        library = BUILD / "release" / "lib" / "libtsum-bench-stream.so"
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, bufsize=1, preexec_fn=die_with_parent,
            env={**os.environ, "TSUM_BENCH_STREAM": str(library), "TSUM_CACHE_DIR": "",
                 # Compiled code is measured; generic code has benchmarks of its own.
                 "TSUM_SPECIALIZE": "always"})
        self._answer(timeout=120)

    def ask(self, request, timeout=120):
        """The reply's words after the first."""
        self.process.send_signal(signal.SIGCONT)
        print(request, file=self.process.stdin)
        return self._answer(timeout)

    def _answer(self, timeout):
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            self.close()
            raise Failed(f"no answer in {timeout} s")
        reply = self.process.stdout.readline().split()
        if not reply:
            self.close()
            raise Failed("the process ended")
        self.process.send_signal(signal.SIGSTOP)
        if reply[0] == "error":
            raise Failed(" ".join(reply[1:]))
        return reply[1:]

    def close(self):
        self.process.kill()
        self.process.communicate()



def start(names):
    """The workers by system, and why there are none for others."""
    workers, missing = {}, {}
    for group in GROUPS:
        wanted = [name for name in group.systems if name in names]
        if not wanted:
            continue
        try:
            worker = Worker(group.command())
        except FileNotFoundError:
            failure = f"no {group.command()[0]}"
        except Failed as reason:
            failure = str(reason)
        else:
            workers.update((name, worker) for name in wanted)
            continue
        missing.update((name, failure) for name in wanted)
    return workers, missing


def stop(workers):
    for worker in set(workers.values()):
        worker.close()
