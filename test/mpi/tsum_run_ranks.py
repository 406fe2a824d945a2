# SPDX-License-Identifier: Apache-2.0
"""Compares what `tsum-run --mpi` prints with what one process prints.

usage: tsum_run_ranks.py TSUM_RUN LARGE_ARRAYS MPIRUN [OPTION...]
"""
import subprocess
import sys
import tempfile

tsum_run, large_arrays, *mpirun = sys.argv[1:]
EXPRESSION = "reduce_mean(x, axis=0), reduce_std(x), argmax(x, axis=[0, 1]), reduce_sum(x, axis=1)"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=200)


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, large_arrays, folder], check=True)
    expected = run(tsum_run, "--expr", EXPRESSION, f"x={folder}/x.npy").stdout
    assert expected.count("tsum.Tensor") == 4
    # More ranks than files, too; and parts of one file, along either axis.
    for arguments in ([f"x={folder}/row*.npy"], [f"x={folder}/x.npy"],
                      [f"x={folder}/col?.npy", "--join-axis=1"]):
        for ranks in ("1", "2", "5"):
            found = run(*mpirun, "-n", ranks, tsum_run, "--mpi", "--expr", EXPRESSION, *arguments)
            assert found.returncode == 0 and found.stdout == expected, found
            read = run(*mpirun, "-n", ranks, tsum_run, "--mpi", "--memory=900k", "--expr",
                       EXPRESSION, *arguments)
            assert read.returncode == 0 and read.stdout == expected, read
    # What is wrong is said once.
    failed = run(*mpirun, "-n", "3", tsum_run, "--mpi", "--expr", "abs(x)", "x=/none.npy")
    assert failed.returncode != 0 and failed.stderr.count("tsum-run: error:") == 1, failed
    assert "'/none.npy': cannot be opened" in failed.stderr
