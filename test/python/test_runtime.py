# SPDX-License-Identifier: Apache-2.0
"""Caches, threads, the GIL, signals, memory."""
import asyncio
import os
import threading
import time

import numpy as np
import pytest

import tsum


def test_cache_counters_and_controls():
    def hits_and_misses(f):
        before = tsum.cache_stats()
        f()
        after = tsum.cache_stats()
        return after.hits - before.hits, after.misses - before.misses

    def run():
        return tsum.reduce_sum(np.ones((3, 1013))).numpy()

    tsum.clear_cache()
    assert tsum.cache_stats().entries == 0
    assert hits_and_misses(run) == (0, 1)
    assert hits_and_misses(run) == (1, 0)
    assert tsum.cache_stats().compile_seconds > 0
    assert "CacheStats(hits=" in repr(tsum.cache_stats())
    try:
        tsum.set_cache_capacity(1)
        assert tsum.cache_stats().entries == 1
    finally:
        tsum.set_cache_capacity(1024)


def test_cache_directory(tmp_path):
    former = tsum.cache_directory()
    assert former == ""  # the user's is left alone
    try:
        tsum.set_cache_directory(tmp_path / "cache")
        assert tsum.cache_directory() == str(tmp_path / "cache")

        def run():
            before = tsum.cache_stats()
            assert tsum.reduce_sum(np.ones((5, 1017))).item() == 5 * 1017
            after = tsum.cache_stats()
            return (after.compilations - before.compilations, after.disk_hits - before.disk_hits,
                    after.disk_writes - before.disk_writes)

        tsum.clear_cache()
        assert run() == (1, 0, 1)
        tsum.clear_cache()
        assert run() == (0, 1, 0)
        tsum.set_cache_directory("")
        assert tsum.cache_directory() == ""
        tsum.clear_cache()
        assert run() == (1, 0, 0)
    finally:
        tsum.set_cache_directory(former)


def test_threads_block():
    x = np.random.default_rng(0).random((2000, 1000))
    parallel = tsum.reduce_sum(x, 0).numpy()
    assert tsum.get_threads() == 0
    with tsum.threads(1):
        assert tsum.get_threads() == 1
        single = tsum.reduce_sum(x, 0).numpy()
        with pytest.raises(RuntimeError), tsum.threads(2):
            assert tsum.get_threads() == 2
            raise RuntimeError
        assert tsum.get_threads() == 1
    assert tsum.get_threads() == 0
    np.testing.assert_array_equal(single, parallel)


def test_threads_block_is_of_its_thread():
    seen = {}

    def work():
        seen["begun inside"] = tsum.get_threads()
        with tsum.threads(3):
            seen["own"] = tsum.get_threads()
            inside.set()
            left.wait(10)
            seen["still"] = tsum.get_threads()

    inside, left = threading.Event(), threading.Event()
    with tsum.threads(1):
        other = threading.Thread(target=work)
        other.start()
        inside.wait(10)
        assert tsum.get_threads() == 1
    assert tsum.get_threads() == 0
    left.set()
    other.join()
    assert seen == {"begun inside": 0, "own": 3, "still": 3}


def test_threads_block_is_of_its_task():
    seen = []

    async def work(count):
        with tsum.threads(count):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(tsum.get_threads() == count)

    async def both():
        await asyncio.gather(work(1), work(2))
        seen.append(tsum.get_threads() == 0)

    asyncio.run(both())
    assert seen == [True] * 7


def test_threads_of_the_process():
    try:
        tsum.set_threads(2)
        assert tsum.get_threads() == 2
        with tsum.threads(1):
            tsum.set_threads(3)
            assert tsum.get_threads() == 1
        assert tsum.get_threads() == 3
    finally:
        tsum.set_threads(0)
    with pytest.raises(tsum.Error, match="1025 threads"), tsum.threads(1025):
        pass
    with pytest.raises(tsum.Error, match="-1 threads"), tsum.threads(-1):
        pass
    assert tsum.get_threads() == 0


# Threads that a kernel begins stay, so that the process tells by their number.
THREADS_BLOCK = """
import os
import numpy as np, tsum
def threads_after(evaluate):
    before = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        evaluate()
    return len(os.listdir("/proc/self/task")) - before
x = np.ones((2000, 1000))
f = tsum.jit(lambda x: tsum.reduce_sum(x, 1))
with tsum.threads(1):
    print(threads_after(lambda: tsum.reduce_sum(x, 0).numpy()), threads_after(lambda: f(x)))
print(threads_after(lambda: tsum.reduce_sum(x, 0).numpy()) > 0)
"""


def test_threads_block_limits_kernels(run_python):
    has_several = len(os.sched_getaffinity(0)) > 1
    assert run_python(THREADS_BLOCK) == f"0 0\n{has_several}\n"


def test_other_threads_run_during_evaluation():
    x = np.ones((4000, 4000), np.float32)
    steps = []
    done = threading.Event()

    def count():
        while not done.is_set():
            steps.append(time.perf_counter())

    counter = threading.Thread(target=count)
    counter.start()
    try:
        start = time.perf_counter()
        with tsum.threads(1):
            for _ in range(5):
                tsum.eval(tsum.reduce_sum(tsum.sqrt(tsum.asarray(x) * 1.5), 0))
        end = time.perf_counter()
    finally:
        done.set()
        counter.join()
    during = [t for t in steps if start < t < end]
    # Without the GIL released it would get a turn between evaluations alone.
    assert len(during) > 1000


def test_many_threads_evaluate():
    x = np.random.default_rng(0).random((50, 40))
    expected = tsum.reduce_sum(x, 0).numpy()
    failed = []

    def work(n):
        for i in range(50):
            if not np.array_equal(tsum.reduce_sum(x, 0), expected):
                failed.append(i)
            np.asarray(tsum.reduce_sum(x[: n + 1 + i % 7], 1))

    threads = [threading.Thread(target=work, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


# In the background of a shell SIGINT would be ignored.
INTERRUPTED = """
import signal, threading, time, os
import numpy as np, tsum
signal.signal(signal.SIGINT, signal.default_int_handler)
x = np.ones((3000, 3000), np.float32)
tsum.reduce_sum(tsum.sqrt(x), 0).numpy()
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
start = time.time()
try:
    while time.time() - start < 20:
        tsum.eval(tsum.reduce_sum(tsum.sqrt(x), 0))
except KeyboardInterrupt:
    print("interrupted", tsum.reduce_sum(x).item())
"""


def test_keyboard_interrupt(run_python):
    assert run_python(INTERRUPTED) == "interrupted 9000000.0\n"


# The signal comes while a long evaluation runs: the other thread gets the GIL only where this one
# lets go of it. The kernels are cut for certain, each needs the sum before it; and where the
# machine is through with them before anybody looks for signals, there is more to do the next time.
INTERRUPTED_INSIDE = """
import os, signal, sys, threading, time
import numpy as np, tsum
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.setswitchinterval(1e6)
is_running = False
def interrupt():
    while not is_running:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
def chain(a):
    total = tsum.constant(1, tsum.f32)
    for _ in range(16):
        total = tsum.reduce_sum(a * total)
    return total
for size in [*2 ** np.arange(22, 27), *[2 ** 26] * 12]:  # again on a busy machine
    a = tsum.asarray(np.zeros(size, np.float32))
    tsum.eval(chain(a))  # compiles
    long = chain(a)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        is_running = True
        tsum.eval(long)
        thread.join()
        time.sleep(1)
        raise AssertionError("the signal was lost")
    except KeyboardInterrupt:
        is_running = False
        thread.join()
    if not long.is_evaluated:
        print("interrupted", tsum.reduce_sum(a).item())
        break
"""


def test_keyboard_interrupt_between_kernels(run_python):
    assert run_python(INTERRUPTED_INSIDE) == "interrupted 0.0\n"


MEMORY = """
import gc, resource, sys
import numpy as np, tsum

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

a = np.ones((8, 8), np.float32)
f = tsum.jit(lambda x, y: tsum.reduce_sum(x * y, 0))
def work(count):
    for _ in range(count):
        tsum.reduce_sum(a).numpy()
        f(a, a)[1:]
        str(tsum.asarray(a)[0] + 1)
count = int(sys.argv[1])
work(count // 10)
before = resident()
work(count)
print(resident() - before)
"""


def test_memory_stays_flat(run_python):
    assert int(run_python(MEMORY, "20000")) < 1 << 20


LEAKS = """
import numpy as np, tsum
a = np.ones((8, 8), np.float32)
f = tsum.jit(lambda x: {"sum": tsum.reduce_sum(x), "x": x})
results = [f(a), tsum.explain(tsum.asarray(a) + 1), memoryview(tsum.asarray(a)), tsum.f32.numpy]
view = tsum.asarray(a).numpy()
try:
    tsum.reduce_sum(a, 7)
except tsum.AxisError as error:
    kept = error
print("end")
"""


def test_nothing_leaks_at_exit(run_python):
    assert run_python(LEAKS) == "end\n"


def test_evaluation_at_exit(run_python):
    assert run_python("""
import atexit, numpy as np, tsum
a = np.ones(3)
tsum.reduce_sum(a).numpy()
atexit.register(lambda: print(tsum.reduce_sum(a).item(), tsum.reduce_sum(a, keepdims=True).dtype))
class Late:
    def __del__(self):
        x = tsum.reduce_sum(a)
keep = [Late(), tsum.asarray(a) + 1]
""") == "3.0 f64\n"


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ImportError: # before Python 3.13
    import _xxsubinterpreters as interpreters
other = interpreters.create()
try:
    print(interpreters.run_string(other, f"import sys; sys.path[:] = {sys.path!r}; import tsum"))
except Exception as error: # before Python 3.13, too
    print(error)
import tsum
print(tsum.reduce_sum([1, 2]).item())
"""


def test_subinterpreters_are_refused(run_python):
    output = run_python(SUBINTERPRETER)
    assert "tsum runs in the main interpreter of a process only" in output
    assert output.endswith("\n3\n")


def test_daemon_threads_end_with_the_process(run_python):
    assert run_python("""
import sys, threading, time
import numpy as np, tsum
x = np.ones((300, 1000), np.float32)
def forever(act):
    while True:
        act()
def trace():
    tsum.jit(lambda a: tsum.reduce_sum(a * 2))(x)
def evaluate():
    tsum.reduce_sum(x).numpy()
def inspect():
    tsum.lower(tsum.exp(x)).asm()
for act in (evaluate, trace, inspect):
    threading.Thread(target=forever, args=(act,), daemon=True).start()
time.sleep(0.3)
print("end")
""") == "end\n"


def test_a_bound_thread_does_not_bind_others(run_python):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    assert "on 1 thread" not in run_python("""
import os, threading
import numpy as np, tsum
def bound():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tsum.reduce_sum(np.ones((1000, 1000), np.float32)).numpy()
thread = threading.Thread(target=bound)
thread.start()
thread.join()
print(tsum.explain(tsum.reduce_sum(np.ones((4096, 4096), np.float32), axis=1)))
""")


# One kernel of some seconds: the signal is answered between its pieces.
INTERRUPTED_IN_A_KERNEL = """
import os, signal, threading, time
import numpy as np, tsum
signal.signal(signal.SIGINT, signal.default_int_handler)
def slow(x):
    for _ in range(60):
        x = tsum.sin(x) + 0.5
    return tsum.reduce_sum(x, 1)
large = tsum.asarray(np.zeros((16384, 8192), np.float32))
def interrupt():
    global sent
    while tsum.cache_stats().compilations == 0:
        time.sleep(0.01)
    time.sleep(0.3)
    sent = time.time()
    os.kill(os.getpid(), signal.SIGINT)
for threads in (1, 0):
    with tsum.threads(threads):
        y = slow(large)
        threading.Thread(target=interrupt).start()
        try:
            tsum.eval(y)
        except KeyboardInterrupt:
            print(time.time() - sent, y.is_evaluated, tsum.reduce_sum(y[:1] * 0).item())
"""


def test_keyboard_interrupt_in_a_kernel(run_python):
    lines = run_python(INTERRUPTED_IN_A_KERNEL).splitlines()
    assert len(lines) == 2
    for line in lines:
        seconds, *rest = line.split()
        assert rest == ["False", "0.0"]
        assert float(seconds) < 0.5  # 0.2 on a machine that does nothing else


def test_memory_budget(run_python):
    assert run_python("""
import numpy as np, tsum
tsum.set_cache_capacity(8)
f = tsum.jit(lambda x: tsum.reduce_sum(x))
def mappings():
    with open("/proc/self/maps") as file:
        return sum(1 for _ in file)
f(np.ones(3, np.float32))
before = mappings()
for n in range(4, 64):
    assert f(np.ones(n, np.float32)).item() == n
assert mappings() - before < 40
assert f(np.ones(3, np.float32)).item() == 3
assert f.trace_count == 62
assert tsum.memory_use().total > 0 and "functions=" in repr(tsum.memory_use())
tsum.trim_memory()
assert tsum.memory_use().total == 0
tsum.set_memory_budget(0)
assert f(np.ones(5, np.float32)).item() == 5
assert tsum.memory_use().total == 0
try:
    tsum.set_memory_budget(-1)
except tsum.Error as error:
    print(error)
""") == "set_memory_budget: -1 bytes (0 or more)\n"


def test_memory_budget_of_the_environment(run_python, monkeypatch):
    program = """
import numpy as np, tsum
tsum.exp(np.ones(1 << 20, np.float32)).numpy()
print(tsum.memory_use().results)
"""
    monkeypatch.setenv("TSUM_MEMORY_BUDGET", "1M")
    assert run_python(program) == "0\n"
    monkeypatch.setenv("TSUM_MEMORY_BUDGET", "64M")
    assert run_python(program) == f"{4 << 20}\n"
    monkeypatch.setenv("TSUM_MEMORY_BUDGET", "much")
    assert "TSUM_MEMORY_BUDGET: 'much' is no number of bytes" in run_python(program)


def test_misaligned_arrays_are_read_in_place(run_python):
    assert run_python("""
import numpy as np, tsum
raw = np.ones(4 * (1 << 22) + 64, np.uint8)
f = tsum.jit(lambda x: tsum.reduce_sum(x, axis=1))
def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
sums = []
for offset in (0, 1, 2, 4, 40):
    x = raw[offset:offset + 4 * (1 << 22)].view(np.float32).reshape(1 << 11, 1 << 11)
    f(x).numpy(), tsum.reduce_sum(x, 0).numpy()
    if offset == 0:
        before = resident()
    sums.append(f(x).numpy().tobytes())
print(len(set(sums)), resident() - before < 4096)
""") == "1 True\n"


def test_a_trace_has_no_event_twice_after_a_fork(run_python, monkeypatch, tmp_path):
    monkeypatch.setenv("TSUM_TRACE", str(tmp_path / "trace.json"))
    run_python("""
import os, sys
import numpy as np, tsum
tsum.reduce_sum(np.ones(7)).numpy()
pid = os.fork()
tsum.reduce_sum(np.ones(9)).numpy()
if pid == 0:
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
""")
    lines = (tmp_path / "trace.json").read_text().splitlines()
    assert len(lines) > 10
    assert len(lines) == len(set(lines))


def test_names_for_perf_follow_no_links(run_python, monkeypatch, tmp_path):
    monkeypatch.setenv("TSUM_PERF", "1")
    victim = tmp_path / "victim"
    victim.write_text("")
    program = """
import os, sys
import numpy as np, tsum
path = f"/tmp/perf-{os.getpid()}.map"
if len(sys.argv) > 1:
    os.symlink(sys.argv[1], path)
try:
    tsum.reduce_sum(np.ones(11)).numpy()
    print(os.path.getsize(path) > 0)
finally:
    os.unlink(path)
"""
    assert run_python(program) == "True\n"
    assert "cannot be written\nFalse\n" in run_python(program, str(victim))
    assert victim.read_text() == ""
