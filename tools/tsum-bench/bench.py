# SPDX-License-Identifier: Apache-2.0
"""Measures tsum beside its peers: in rounds, each system in each round, so that what else the
machine does hits all of them alike."""
from __future__ import annotations

import argparse
import json
import pathlib
import re
import statistics
import sys
import time

import cases
import systems
import table
import targets


def arguments():
    parser = argparse.ArgumentParser(prog="tools/dev bench", description=__doc__)
    parser.add_argument("--cases", metavar="NAME,...", default="",
                        help="only cases whose names match one of these regular expressions")
    parser.add_argument("--peers", metavar="NAME,...",
                        help="only these systems beside tsum; by default all that are there")
    parser.add_argument("--sweep", action="store_true",
                        help="sums of many shapes over all their axes, in all layouts")
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--rounds", type=int, help="how often each system is measured")
    parser.add_argument("--seconds", type=float, help="how long each time")
    parser.add_argument("--missing", action="store_true",
                        help="only cases that the file has no results for")
    parser.add_argument("--within", type=float, default=float("inf"), metavar="SECONDS",
                        help="begin no case later than that")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path,
                        help="where results are kept; those of other cases stay")
    parser.add_argument("--table", action="store_true", help="measure nothing, print the file")
    options = parser.parse_args()
    # Many short rounds: what disturbs one of them disturbs few systems of few rounds.
    options.rounds = options.rounds or (3 if options.quick else 9)
    options.seconds = options.seconds or (0.005 if options.quick or options.sweep else 0.02)
    if not options.json:
        options.json = systems.BUILD / "bench" / ("sweep.json" if options.sweep else "cases.json")
    return options


def chosen_cases(options, results):
    every = cases.sweep() if options.sweep else cases.CASES
    patterns = [pattern for pattern in options.cases.split(",") if pattern]
    return [case for case in every
            if (not patterns or any(re.search(pattern, case.name) for pattern in patterns))
            and not (options.missing and case.name in results)]


def wanted_systems(options):
    if options.sweep:  # C++ and the peers have C order only
        return [system for system in systems.SYSTEMS
                if system in ("tsum", "tsum/1") or system.startswith("limit")]
    if options.peers is None:
        return systems.SYSTEMS
    peers = [name for name in options.peers.split(",") if name]
    for name in peers:
        if name not in systems.PEERS:
            sys.exit(f"bench: there is no peer '{name}' (there are {', '.join(systems.PEERS)})")
    return [*peers, *set(systems.SYSTEMS).difference(systems.PEERS)]


def measure(case, workers, options):
    """The case's results: by system, seconds per call as the median of each round's calls, and of
    the rounds the lower quartile, since what else the machine does can only add."""
    firsts, refusals, rounds = {}, {}, {}
    for system, worker in workers.items():
        try:
            firsts[system] = float(worker.ask(f"prepare {system} {case.line()}")[0])
            rounds[system] = []
        except systems.Failed as failure:
            refusals[system] = str(failure)
    for _ in range(options.rounds):
        for system in list(rounds):
            try:
                times = workers[system].ask(f"run {system} {options.seconds}")
                rounds[system].append(statistics.median(map(float, times)))
            except systems.Failed as failure:
                refusals[system] = str(failure)
                del rounds[system]
    return {
        "read": case.read_bytes,
        "systems": {
            system: {"seconds": lower_quartile(times), "rounds": times, "first": firsts[system]}
            for system, times in rounds.items()},
        "refusals": refusals,
    }


def lower_quartile(values):
    return sorted(values)[len(values) // 4]


def main():
    begin = time.perf_counter()
    options = arguments()
    results = json.loads(options.json.read_text()) if options.json.exists() else {}
    if not options.table:
        chosen = chosen_cases(options, results)
        if not chosen:
            sys.exit("bench: no case is left to measure")
        workers, missing = systems.start(wanted_systems(options))
        for name, failure in missing.items():
            print(f"missing: {name}: {failure}")
        for case in chosen:
            start = time.perf_counter()
            if start - begin > options.within:
                break
            results[case.name] = measure(case, workers, options)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(results, indent=1) + "\n")
            print(f"{case.name}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
        systems.stop(workers)
    every = cases.sweep() if options.sweep else cases.CASES
    table.print_sweep(results) if options.sweep else table.print_cases(results)
    print("\nFalls short, the worst first:")
    print("\n".join(targets.shortfalls(every, results)))


if __name__ == "__main__":
    main()
