# SPDX-License-Identifier: Apache-2.0
"""Ranks that die while others evaluate, or stop for good: the others end soon, and say why.

usage: lost_rank.py TSUM_MPI_TEST MPIRUN [OPTION...]
"""
import subprocess
import sys

program, *mpirun = sys.argv[1:]


def output_of(test):
    run = subprocess.run([*mpirun, "-n", "3", program, "--gtest_also_run_disabled_tests",
                          f"--gtest_filter=DISABLED_MpiLost.{test}"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert run.returncode != 0, run.stdout
    return run.stdout


output = output_of("KilledRanksAreTheLaunchers")
assert "signal 9" in output, output

output = output_of("StoppedRanksAreWaitedForNoLonger")
for rank in (0, 1):
    assert f"rank {rank}: mpi: " in output, output
assert output.count("other ranks have not come within 2") == 2, output
