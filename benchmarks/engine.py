"""What the engine adds to the work itself: telling, joining, listing, collecting.

python -m benchmarks.engine            # the table in benchmarks/README.md
python -m benchmarks.engine --quick    # few rounds, printed only
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from backend.cached import EXAMPLES
from backend.engine import Engine
from backend.events import Event, Progressed
from backend.models.language import LanguageModel
from backend.progress import Progress, Report
from backend.runs import ModelSpec, TextRequest
from backend.settings import Settings
from backend.storage.examples import list_examples
from benchmarks.measuring import machine, write_section

FILES = 150
READERS = 10
SPEC = ModelSpec(device="cpu", dtype="float32")
_SENTENCE = "The river was low that year, and children walked across it on the stones, {}. "


def text(word: str) -> str:
    """Return some 60 tokens that hold ``word``."""
    return 3 * _SENTENCE.format(word)


def report_often(model: LanguageModel, count: int, pause: float, *, report: Report) -> None:
    """Report ``count`` times the nanosecond it is."""
    for done in range(count):
        report(Progress(done, count, str(time.perf_counter_ns())))
        time.sleep(pause)


async def _delays(engine: Engine, listeners: int, reports: int) -> list[float]:
    """Return how long after its report each listener heard of it, in ms."""
    job = engine.call(SPEC, report_often, reports, 0.005, stay=True)

    async def listen() -> list[float]:
        return [
            (time.perf_counter_ns() - int(event.message)) / 1e6
            async for event in engine.listen(job.id)
            if isinstance(event, Progressed) and event.message.isdigit()
        ]

    heard = await asyncio.gather(*(listen() for _ in range(listeners)))
    return [each for found in heard for each in found]


def telling(engine: Engine, reports: int) -> Iterator[str]:
    """Yield rows on how late listeners hear, and what a report costs the study."""
    for listeners in (1, 100):
        delays = sorted(asyncio.run(_delays(engine, listeners, reports)))
        late = delays[int(0.99 * len(delays))]
        yield (
            f"| a report is heard by {listeners} on one event loop, median and 99 of 100 | "
            f"{statistics.median(delays):.2f} and {late:.2f} ms |"
        )
    count = 20_000
    start = time.perf_counter()
    engine.call(SPEC, report_often, count, 0.0, stay=True).result()
    idle = time.perf_counter()
    for _ in range(count):
        time.sleep(0.0)
    cost = (idle - start) - (time.perf_counter() - idle)
    yield f"| a report costs a study that nobody listens to | {cost / count * 1e6:.1f} µs |"


def joining(engine: Engine) -> Iterator[str]:
    """Yield rows on readers who press together."""

    async def press(request: TextRequest) -> tuple[float, Event]:
        start = time.perf_counter()
        job = engine.submit(request)
        last = None
        async for event in engine.listen(job.id):
            last = event
        assert last is not None  # noqa: S101
        return time.perf_counter() - start, last

    async def together(requests: list[TextRequest]) -> list[float]:
        answers = await asyncio.gather(*map(press, requests))
        assert all(event.type == "done" for _, event in answers)  # noqa: S101
        return [seconds for seconds, _ in answers]

    alone = TextRequest(model=SPEC, text=text("alone"))
    one = asyncio.run(together([alone]))[0]
    run = engine.find(alone.key)
    work = run.seconds if run else float("nan")
    yield f"| one reader: the work, and from press to last event | {work:.2f} s, {one:.2f} s |"
    equal = [TextRequest(model=SPEC, text=text("equal"))] * READERS
    slowest = max(asyncio.run(together(equal)))
    yield f"| {READERS} readers press for one text: the last is answered after | {slowest:.2f} s |"
    different = [TextRequest(model=SPEC, text=text(str(each))) for each in range(READERS)]
    seconds = asyncio.run(together(different))
    runs = [engine.find(each.key) for each in different]
    work = sum(each.seconds for each in runs if each)
    yield (
        f"| {READERS} readers press for texts of their own: the work of all, and the last is "
        f"answered after | {work:.2f} s, {max(seconds):.2f} s |"
    )
    start = time.perf_counter()
    engine.submit(alone).result()
    again = (time.perf_counter() - start) * 1e3
    yield f"| a text asked before is answered after | {again:.1f} ms |"


def listing() -> Iterator[str]:
    """Yield a row on the titles of many shipped examples."""
    with tempfile.TemporaryDirectory() as folder:
        shipped = sorted(EXAMPLES.rglob("*.safetensors"))
        for number in range(FILES):
            file = shipped[number % len(shipped)]
            shutil.copy(file, Path(folder) / f"{number}_{file.name}")
        seconds, processor = [], []
        for _ in range(10):
            start, used = time.perf_counter(), time.process_time()
            list_examples(Path(folder))
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
    first, again = processor[0] * 1e3, statistics.median(processor[1:]) * 1e3
    yield (
        f"| titles, notes and texts of {FILES} example files: processor time, the first time in a "
        f"process and again; the quickest by the clock | {first:.0f} ms, {again:.0f} ms; "
        f"{min(seconds) * 1e3:.0f} ms |"
    )


def collecting() -> Iterator[str]:
    """Yield a row on a full collection of Python's garbage, with and without what is frozen."""

    def collection() -> float:
        start = time.perf_counter()
        gc.collect()
        return (time.perf_counter() - start) * 1e3

    frozen = collection()
    gc.unfreeze()
    thawed = collection()
    gc.freeze()
    yield (
        "| a full collection with a model loaded: nothing frozen, and as the engine leaves it | "
        f"{thawed:.0f} ms, {frozen:.1f} ms |"
    )


def measure(*, quick: bool) -> str:
    """Return the table."""
    load = os.getloadavg()[0]  # of all programs of the machine
    lines = ["| | |", "|:--|--:|", *listing()]
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(limits=Settings(cache_dir=Path(folder)))
        with closing(engine):
            engine.warm(SPEC).result()
            engine.submit(TextRequest(model=SPEC, text=text("warm")), stay=True).result()  # warm-up
            lines += telling(engine, 50 if quick else 500)
            lines += joining(engine)
            lines += collecting()
    about = (
        f"{machine()}, bundled model, float32, some 60 tokens; {load:.0f} processes wanted to run "
        "when it began."
    )
    return "\n".join([about, "", *lines])


def main() -> None:
    """Measure and write the table."""
    quick = "--quick" in sys.argv
    table = measure(quick=quick)
    sys.stdout.write(table + "\n")
    if not quick:
        write_section("engine", table)


if __name__ == "__main__":
    main()
