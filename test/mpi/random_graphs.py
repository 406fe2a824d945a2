# SPDX-License-Identifier: Apache-2.0
"""Random graphs over tensors of random divisions among ranks, against one process, bit for bit;
`tools/dev mpi graphs` is what calls it.

    random_graphs.py [--count N] [--seed S] [--ranks P,...] [--hosts H]
                     [--accuracy standard|exact]... --mpirun PROGRAM MPIRUN...

PROGRAM is tsum-mpi-test as built for MPIRUN; --mpirun may be given for several. For each number of
ranks, N graphs of floats, N of every dtype, and N of gradients, 167 unless said, from seed S on;
all of them with standard and with exact accuracy. Some data is sharded, some of that in files;
parts are uneven, and some empty. With --hosts the ranks are on H network namespaces that stand for
hosts, and talk through TCP. What differs is printed, and makes the exit status 1, as does what
takes longer than the time limit; 77 says that there can be no namespaces here.
"""
import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time

from hosts import Hosts

SKIPPED = 77  # as ctest's SKIP_RETURN_CODE

OPEN_MPI = ["--oversubscribe", "--allow-run-as-root"]


def launch(mpirun, ranks, environment, hosts):
    """The words that start `ranks` ranks, with `environment` beside what they inherit."""
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    if "Open MPI" in version or "OpenRTE" in version:
        words = [mpirun, *OPEN_MPI, "-n", str(ranks)]
        for name in environment:
            words += ["-x", name]
        if hosts:
            words += ["--host", ",".join(f"{address}:{slots}"
                                         for address, slots in hosts.slots(ranks)),
                      "--mca", "plm_rsh_agent", hosts.agent, "--mca", "btl", "tcp,self",
                      "--mca", "pml", "ob1", "--mca", "btl_tcp_if_include", "eth0",
                      "--mca", "oob_tcp_if_include", "eth0"]
    else:
        words = [mpirun, "-n", str(ranks)]
        for name, value in environment.items():
            words += ["-genv", name, value]
        if hosts:
            words += ["-launcher", "ssh", "-launcher-exec", hosts.agent, "-iface", "eth0",
                      "-hosts", ",".join(f"{address}:{slots}"
                                         for address, slots in hosts.slots(ranks)),
                      "-genv", "UCX_TLS", "tcp,self,sm", "-genv", "UCX_NET_DEVICES", "eth0",
                      "-genv", "TSUM_TEST_WITHOUT_FINALIZE", "1"]
    return words


def run(words, environment, time_limit):
    """The exit status and the output of a run, which is ended after so many seconds."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0] + f"\nended after {time_limit:.0f} s\n"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=167)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ranks", default="1,2,3,5,8,13")
    parser.add_argument("--hosts", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=1800, help="seconds, of each run")
    parser.add_argument("--accuracy", choices=["standard", "exact"], action="append")
    parser.add_argument("--mpirun", nargs=2, action="append", required=True,
                        metavar=("PROGRAM", "MPIRUN"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # namespaces are removed then, too
    if options.hosts and (why := Hosts.obstacle()):
        print(f"random_graphs.py: no namespaces can be made here: {why}", file=sys.stderr)
        return SKIPPED

    specialize = os.environ.get("TSUM_SPECIALIZE", "never")  # many small graphs, each seen once
    failed = 0
    with Hosts(options.hosts) if options.hosts else contextlib.nullcontext() as hosts:
        for program, mpirun in options.mpirun:
            for ranks in map(int, options.ranks.split(",")):
                for accuracy in options.accuracy or ["standard", "exact"]:
                    environment = {"TSUM_ACCURACY": accuracy, "TSUM_TEST_SEED": str(options.seed),
                                   "TSUM_TEST_GRAPHS": str(options.count),
                                   "TSUM_SPECIALIZE": specialize}
                    words = launch(mpirun, ranks, environment, hosts)
                    words += [os.path.abspath(program), "--gtest_color=no",
                              "--gtest_filter=MpiRandomGraphs.*"]
                    if hosts:
                        words = [*hosts.entered, shlex.join(words)]
                        sent = hosts.bytes_sent()
                    start = time.monotonic()
                    status, output = run(words, {**os.environ, **environment}, options.time_limit)
                    seconds = time.monotonic() - start
                    # Three tests of so many graphs.
                    is_good = status == 0 and "[  PASSED  ] 3 tests" in output
                    where = ""
                    if hosts:
                        sent = hosts.bytes_sent() - sent
                        where = f" on {len(hosts.slots(ranks))} hosts, {sent / 1e6:.1f} MB sent"
                        # A kilobyte a graph at least, and 100 for the start: or they have found
                        # another way.
                        is_good &= ranks == 1 or sent > 3000 * options.count + 100_000
                    failed += not is_good
                    print(f"{mpirun}, {ranks} ranks{where}, {accuracy}: 3 x {options.count} graphs "
                          f"{'are the same' if is_good else 'FAILED'} ({seconds:.0f} s)",
                          flush=True)
                    if not is_good:
                        print(output, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
