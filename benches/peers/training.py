#!/usr/bin/env python3
"""Training steps of PyTorch, JAX, numpy and micrograd beside those by hand in Rust, and those of the library.

    pip install numpy jax torch micrograd       # those that are missing are left out
    benches/peers/training.py [--rounds N] [--only TASK] [--rust-only]

Everything runs in turns on one core, with the same data and initial parameters, in both precisions. First
every engine has to have the losses of the steps by hand. A time is the median over the rounds, a ratio the
median of those of single rounds; what a step is says `benches/workloads/training`.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

# Before the engines are imported, which read it once.
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

sys.path.insert(0, str(Path(__file__).resolve().parent))
ROOT = Path(__file__).resolve().parent.parent.parent
ENGINES = ["numpy", "jax", "torch", "micrograd"]
TASKS = {"moons": ["f64", "f32"], "iris": ["f64", "f32"], "digits": ["f64", "f32"], "two_two_two": ["f64"]}
TOLERANCE = {"f64": 1e-10, "f32": 1e-4}
LEAST_SECONDS = 0.2  # of one timing


def build():
    """Builds the Rust side; gives its path."""
    command = ["cargo", "bench", "--features", "parallel", "--bench", "training", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in lines.splitlines()]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "training")


def export(bench):
    """Data, initial parameters and first losses of every task."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "training.json")
        subprocess.run([bench, "--export", file], check=True)
        tasks = json.loads(file.read_text())
    return {name: SimpleNamespace(name=name, **task) for name, task in tasks.items()}


def rust_times(bench, name):
    """Nanoseconds per step of a task, by precision and mode: whatever modes there are."""
    command = [bench, "--json", "--quick", "--only", name]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    entries = [json.loads(line) for line in lines.splitlines()]
    return {(entry["workload"], entry["precision"], entry["mode"]): entry["ns"] for entry in entries}


def runners(tasks):
    """By task, precision and engine: what trains from the start for some steps and gives their losses."""
    found = {}
    for name in ENGINES:
        try:
            engine = importlib.import_module(f"training_engines.{name}_engine")
        except (ImportError, OSError, ValueError) as error:  # torch without its libraries raises all of them
            print(f"left out: {name} ({error})", file=sys.stderr)
            continue
        for task in tasks.values():
            for precision in TASKS[task.name]:
                for mode, run in engine.modes(task, precision).items():
                    found[task.name, precision, mode] = run
    return found


def check(key, run, task):
    """Whether the first losses are those by hand. Engines that cannot run are left out, wrong ones end it."""
    _, precision, mode = key
    count = steps_of_run(run, len(task.losses[precision]))
    try:
        losses = run(count)
        run(steps_of_run(run, task.steps))  # what has to be compiled for it is compiled now
    except Exception as error:
        print(f"left out: {' '.join(key)} ({type(error).__name__}: {str(error)[:200]})", file=sys.stderr)
        return False
    for step, (found, expected) in enumerate(zip(losses, task.losses[precision], strict=False)):
        if not abs(found / expected - 1) < TOLERANCE[precision]:
            sys.exit(f"{' '.join(key)}: a loss of {found} before step {step}, by hand {expected}")
    return True


def steps_of_run(run, steps):
    """As many, or fewer where the engine is too slow for that."""
    return min(steps, getattr(run, "most_steps", steps))


def nanoseconds(run, steps):
    """Of a step."""
    steps = steps_of_run(run, steps)
    repeats, start = 0, time.perf_counter_ns()
    while repeats == 0 or time.perf_counter_ns() - start < LEAST_SECONDS * 1e9:
        run(steps)
        repeats += 1
    return (time.perf_counter_ns() - start) / (repeats * steps)


def readable(ns):
    for unit, size in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]:
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=TASKS)
    parser.add_argument("--rust-only", action="store_true", help="without the engines of Python")
    options = parser.parse_args()

    bench = build()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # of what is started from here, too
    exported = export(bench)
    tasks = {name: exported[name] for name in TASKS if options.only in (None, name)}
    engines = {} if options.rust_only else runners(tasks)
    engines = {key: run for key, run in engines.items() if check(key, run, tasks[key[0]])}

    rounds = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        times = {}
        for name, task in tasks.items():
            times |= rust_times(bench, name)
            times |= {key: nanoseconds(run, task.steps) for key, run in engines.items() if key[0] == name}
        rounds.append(times)

    print(f"{'task':<12} {'':<4} {'engine':<20} {'per step':>10} {'ratio':>9}")
    for name, precision in [(name, precision) for name in tasks for precision in TASKS[name]]:
        for key in [key for key in rounds[0] if key[:2] == (name, precision)]:
            by_hand = (name, precision, "handwritten")
            ratio = statistics.median(times[key] / times[by_hand] for times in rounds)
            ns = statistics.median(times[key] for times in rounds)
            print(f"{name:<12} {precision:<4} {key[2]:<20} {readable(ns):>10} {ratio:>9.3g}")


if __name__ == "__main__":
    main()
