"""What every benchmark needs: a fresh process a case, time, peak memory, a place in README."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

README = Path(__file__).parent / "README.md"
ROOT = Path(__file__).parents[1]
_SHORTEST = 3.0  # seconds to measure for


def timed(action: Callable[[], Any], warm_up: Callable[[], Any] = lambda: None) -> dict[str, float]:
    """Run ``action`` after ``warm_up``, which sets up threads, kernels and the heap.

    Returns:
        Its seconds, and those that processors worked for it, which a busy machine changes less:
        medians where runs are so short that three seconds take several; and its peak memory over
        what there was before either, in bytes (Linux).
    """
    before = _status("VmRSS")
    warm_up()
    Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
    seconds: list[float] = []
    worked: list[float] = []
    while sum(seconds) < _SHORTEST:
        start, busy = time.perf_counter(), time.process_time()
        action()
        seconds.append(time.perf_counter() - start)
        worked.append(time.process_time() - busy)
    return {
        "seconds": statistics.median(seconds),
        "worked": statistics.median(worked),
        "bytes": max(0, _status("VmHWM") - before),
    }


def in_fresh_process(script: str, *arguments: str) -> dict[str, Any]:
    """Run ``script`` of this folder in a process of its own and return the JSON it prints last."""
    command = [sys.executable, "-m", f"benchmarks.{Path(script).stem}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def machine() -> str:
    """Return one line about what the numbers were taken on, and how busy it was before."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    software = f"torch {torch.__version__}, Python {platform.python_version()}"
    return f"{len(models)} × {models[0]}, load {os.getloadavg()[0]:.1f}, {software}"


def write_section(name: str, text: str) -> None:
    """Put ``text`` between the markers of ``name`` in README.md, at the end if there are none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = README.read_text(encoding="utf-8") if README.exists() else ""
    if begin not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    README.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
