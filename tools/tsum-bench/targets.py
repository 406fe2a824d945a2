# SPDX-License-Identifier: Apache-2.0
"""What docs/performance.md promises, and the results that fall short of it."""
import math

from table import fastest_peer, limit, seconds
from systems import THREADS

# Of the time of the fastest peer, by operation; 1 for others.
RATIOS = {"logsumexp": 2.0, "variance": 2.0, "softmax": 1.5, "layer_norm": 1.5}
GEOMETRIC_MEAN = 1.5

# Of the streaming-read limit: sums of contiguous f32, over short lines or few columns, and sums of
# narrow dtypes.
SHARE = 0.85
NARROW_SHARE = 0.70
SMALL_DTYPE_SHARE = 0.60

SPREAD = 2.0  # fastest to slowest axes of one layout
TRANSPOSED = 1.1  # transposed to C order, either way

LEAST_BYTES = 1 << 20


def share_wanted(case):
    """Or None, where nothing is promised."""
    if case.op != "sum" or case.read_bytes < LEAST_BYTES or "slice" in case.layout:
        return None
    if case.dtype in ("float16", "int8"):
        return SMALL_DTYPE_SHARE
    if case.dtype != "float32":
        return None
    return NARROW_SHARE if 2 <= case.shape[-1] <= 15 else SHARE


def shortfalls(cases, results):
    """Lines, the largest first."""
    found = []

    def demand(value, wanted, text):
        if value < wanted:
            found.append((value / wanted, text))

    cases = [case for case in cases if case.name in results]
    for case in cases:
        result = results[case.name]
        time = seconds(result, "tsum")
        best = fastest_peer(result)
        if best:
            wanted = RATIOS.get(case.op, 1.0)
            demand(best[1] / time, wanted,
                   f"{case.name}: {best[1] / time:.2f} times as fast as {best[0]}, not {wanted}")
        wanted = share_wanted(case)
        if wanted:
            for system, threads in (("tsum", THREADS), ("tsum/1", 1)):
                share = limit(result, threads) / seconds(result, system)
                demand(share, wanted, f"{case.name}: {share:.0%} of the limit on {threads} "
                                      f"thread{'s' * (threads > 1)}, not {wanted:.0%}")
    for key, group in _groups(cases).items():
        rates = {case.axes: _share(results[case.name]) for case in group}
        spread = max(rates.values()) / min(rates.values())
        slowest = min(rates, key=rates.get)
        demand(1 / spread, 1 / SPREAD, f"{key}: axes {slowest} are {spread:.2f} times as slow as "
                                       f"others, not {SPREAD}")
    for case in cases:
        other = case.name.replace("/transposed/", "/C/")
        if case.layout == "transposed" and other in results:
            ratio = _share(results[case.name]) / _share(results[other])
            demand(min(ratio, 1 / ratio), 1 / TRANSPOSED,
                   f"{case.name}: {ratio:.2f} of the speed in C order")
    return [text for _, text in sorted(found)]


def _share(result):
    return limit(result, THREADS) / seconds(result, "tsum")


def _groups(cases):
    groups = {}
    for case in cases:
        if case.name.startswith("sweep/"):
            groups.setdefault(case.name.rsplit("/", 1)[0], []).append(case)
    return groups
