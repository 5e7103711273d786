"""CPU seconds of every training, beside those of the specification; records a second, first record.

Run as ``python benchmarks/trainings.py [name …]``. One thread, as a training has in the dashboard.
"""

from __future__ import annotations

import sys
import time

import torch

from backend import trainings
from backend.progress import Progress

ALLOWED = 1.5


def measure(name: str) -> tuple[float, float, float]:
    """Return CPU seconds, seconds to the first record, and records a CPU second."""
    first: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()

    def report(progress: Progress) -> None:
        if progress.partial is not None and not first:
            first.append(time.perf_counter() - began)

    run = trainings.run(name, report=report)
    spent = time.process_time() - cpu
    return spent, first[0], len(run.step) / spent


def main() -> None:
    """Print a table; exit code 1 when a training takes too long."""
    torch.set_num_threads(1)
    slow = []
    print("| training | CPU s | specification | first record s | records a CPU s |")
    print("|---|---|---|---|---|")
    for name in sys.argv[1:] or trainings.names():
        wanted = trainings.EXPERIMENTS[name].cost
        spent, first, rate = measure(name)
        print(f"| {name} | {spent:.1f} | {wanted:g} | {first:.2f} | {rate:.1f} |", flush=True)
        if spent > ALLOWED * wanted:
            slow.append(name)
    if slow:
        raise SystemExit(f"Over {ALLOWED} times the specification: {', '.join(slow)}.")


if __name__ == "__main__":
    main()
