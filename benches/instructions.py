#!/usr/bin/env python3
"""Instructions per gradient of every workload and mode, as a Markdown table.

Counted by callgrind, so the same on a busy machine: a run with more repetitions less one with fewer.

    benches/instructions.py [WORKLOAD...]
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEWER, MORE = 1, 2  # the first repetition also finds the memory


def build():
    """Builds the bench; gives its path."""
    command = ["cargo", "bench", "--features", "parallel,macros", "--bench", "ratios", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in lines.splitlines()]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "ratios")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True)


def instructions(bench, workload, mode):
    """Instructions of one gradient."""

    def collected(repeats):
        callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        run = output(*callgrind, bench, "--count", workload, mode, str(repeats))
        return int(re.search(r"Collected : (\d+)", run.stderr)[1])

    return (collected(MORE) - collected(FEWER)) / (MORE - FEWER)


def main():
    bench = build()
    rows = [line.split() for line in output(bench, "--list").stdout.splitlines()]
    print("| workload | mode | instructions | per node | ratio to by hand |")
    print("|---|---|--:|--:|--:|")
    by_hand = {}
    for workload, mode in rows:
        if sys.argv[1:] and workload not in sys.argv[1:]:
            continue
        if workload not in by_hand:
            by_hand[workload] = instructions(bench, workload, "by_hand")
            print(f"| {workload} | by hand | {by_hand[workload]:,.0f} | | 1 |")
        count = instructions(bench, workload, mode)
        nodes = int(output(bench, "--count", workload, mode, "0").stdout)
        per_node = f"{count / nodes:.1f}" if nodes else ""  # a batch has none
        print(f"| {workload} | {mode} | {count:,.0f} | {per_node} | {count / by_hand[workload]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
