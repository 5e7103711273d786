"""The same studies in this process and on a Ray cluster of one machine.

    python -m benchmarks.cluster            # the tables in benchmarks/README.md
    python -m benchmarks.cluster --quick    # one round, printed only

Both work with the same number of threads, in turn, so that a busy machine slows both alike.
"""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.engine import Engine, Job, LocalExecutor
from backend.engine.executors.choice import make_executor
from backend.progress import Report
from backend.runs import AttentionRequest, ModelSpec, Request, TextRequest, TrajectoryRequest
from backend.runs.trajectories import plans
from backend.settings import Settings
from benchmarks.measuring import machine, write_section

SPEC = ModelSpec(device="cpu", dtype="float32")
READERS = (30, 100, 1000)
EVERY = 60.0  # seconds from one study of a reader to the next
BUSY = 0.7  # share of the time in which a replica may work: beyond it queues grow
_WORDS = "The river was low that year and we walked across on stones while he counted them aloud. "
_PATIENCE = 300.0


def studies() -> dict[str, Request]:
    """Return what is measured; texts of about 20 tokens a sentence."""
    return {
        "text, 20 tokens": TextRequest(model=SPEC, text=_WORDS),
        "text, 200 tokens": TextRequest(model=SPEC, text=_WORDS * 10),
        "attention, 200 tokens": AttentionRequest(model=SPEC, text=_WORDS * 10),
        "eight samplers, 40 steps": TrajectoryRequest(
            model=SPEC,
            prompt="The old lighthouse keeper opened the door and saw",
            samplers=plans(
                ["greedy", "temperature", "top_k", "top_p", "min_p", "typical", "mirostat_v2",
                 "top_h"]
            ),
            steps=40,
        ),
    }  # fmt: skip


def seconds_of(engine: Engine, request: Request, number: int) -> float:
    """Return how long a study takes that was not asked for before."""
    name = "prompt" if isinstance(request, TrajectoryRequest) else "text"
    fresh = replace(request, **{name: f"{number}. {getattr(request, name)}"})
    started = time.perf_counter()
    engine.submit(fresh, stay=True).result(_PATIENCE)
    return time.perf_counter() - started


def process(model: Any, *, report: Report) -> int:
    """Return the process in which a model is."""
    return os.getpid()


@contextmanager
def cluster(limits: Settings) -> Iterator[tuple[Engine, float]]:
    """Start Ray on this machine; yield an engine on it and the seconds that the start took."""
    folder = tempfile.mkdtemp(prefix="ray")
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
        "RAY_worker_niceness": "0",  # else others' work on this machine would count for more
    }
    import ray

    started = time.perf_counter()
    ray.init("local", include_dashboard=False, log_to_driver=False, _temp_dir=folder)
    taken = time.perf_counter() - started
    engine = Engine(make_executor(limits), limits=limits)
    try:
        yield engine, taken
    finally:
        engine.close()
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def compare(here: Engine, there: Engine, rounds: int) -> tuple[str, dict[str, float]]:
    """Return the table of seconds, and the seconds here by study."""
    rows = ["| study | here | on Ray | more |", "|:--|--:|--:|--:|"]
    found = {}
    for name, request in studies().items():
        for engine in (here, there):
            seconds_of(engine, request, -1)
        pairs = [
            (seconds_of(here, request, each), seconds_of(there, request, each))
            for each in range(rounds)
        ]
        # The quickest, as others use the machine too.
        one, other = (min(each) for each in zip(*pairs, strict=True))
        found[name] = one
        rows.append(f"| {name} | {one:.2f} s | {other:.2f} s | {1000 * (other - one):+.0f} ms |")
        print(rows[-1], flush=True)
    return "\n".join(rows), found


def after_a_death(engine: Engine) -> tuple[float, float]:
    """Kill the process of a model while it works.

    Returns:
        Seconds until it is back and the study goes on, and until the study is done.
    """
    victim = engine.call(SPEC, process, stay=True).result(_PATIENCE)
    job = engine.submit(studies()["eight samplers, 40 steps"], stay=True)
    _wait(job, lambda: job.state == "running" and job.progress.done > 0)
    os.kill(victim, signal.SIGKILL)
    killed = time.perf_counter()
    _wait(job, lambda: job.state == "queued")
    _wait(job, lambda: job.state == "running")
    back = time.perf_counter() - killed
    job.result(_PATIENCE)
    return back, time.perf_counter() - killed


def _wait(job: Job, until: Callable[[], bool]) -> None:
    while not (until() or job.finished):
        time.sleep(0.005)


def replicas(seconds: dict[str, float]) -> str:
    """Return the table of replicas, by what a study takes."""
    heads = " | ".join(f"{each:,} readers" for each in READERS)
    rows = [f"| study | one replica serves | {heads} |", "|:--|--:|" + "--:|" * len(READERS)]
    for name, taken in seconds.items():
        serves = math.floor(BUSY * EVERY / taken)
        counts = " | ".join(str(math.ceil(each * taken / (BUSY * EVERY))) for each in READERS)
        rows.append(f"| {name} | {serves:,} readers | {counts} |")
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Measure, and print or write the tables."""
    if importlib.util.find_spec("ray") is None:
        print("Ray is not installed; pip install 'ray>=2.60,<3'")
        return
    quick, folder = arguments == ["--quick"], Path(tempfile.mkdtemp())
    rounds = 1 if quick else 3
    limits = Settings(executor="ray://auto", cache_dir=folder)
    here = Engine(LocalExecutor(limits), limits=limits)
    here.warm(SPEC).result(_PATIENCE)
    with cluster(limits) as (there, started):
        begun = time.perf_counter()
        there.warm(SPEC).result(_PATIENCE)
        loaded = time.perf_counter() - begun
        table, seconds = compare(here, there, rounds)
        back, done = after_a_death(there)
    here.close()
    shutil.rmtree(folder, ignore_errors=True)
    text = "\n\n".join(
        [
            f"{machine()}, float32, the quickest of {rounds}.",
            table,
            f"Ray starts on this machine in {started:.1f} s; the process of a model, up to the "
            f"bundled model in memory, in {loaded:.1f} s. After its process was killed while it "
            f"worked, a study went on in a new one after {back:.1f} s and was done after "
            f"{done:.1f} s.",
            f"Replicas (a server and its actor, on two cores like these) for readers who each ask "
            f"for a study every {EVERY:.0f} seconds, where a replica works {BUSY:.0%} of the time. "
            "Computed from the seconds above.",
            replicas(seconds),
        ]
    )
    if quick:
        print(text)
    else:
        write_section("cluster", text)


if __name__ == "__main__":
    main(sys.argv[1:])
