"""Many readers at once: errors, waiting, page changes, and what an idle session costs.

python -m benchmarks.load                    # the table in benchmarks/README.md
python -m benchmarks.load --quick            # a minute, printed only
python -m benchmarks.load --readers 80 --minutes 5 --url http://192.168.0.7:8501   # another server

The readers are websocket clients without a browser (``reader.py``): each opens a page, changes the
lens, pins, and runs three texts of its own of some 60 tokens at moments of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import ROOT, machine, write_section
from benchmarks.reader import Reader

TEXTS = 3
IDLE = 200
LATE = 6  # times the seconds of one alone; a reader who waits longer is starved
_SENTENCE = "The river was low that year, and children walked across it on the stones, {}. "
_START_SECONDS = 120


@dataclass
class Seen:
    """What readers met.

    Attributes:
        presses: seconds from a press to the numbers.
        changes: seconds of a change of page.
        errors: what went wrong, in words.
    """

    presses: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Served:
    """A server, with its process where it is ours."""

    url: str
    process: int | None = None

    def status(self, name: str) -> int:
        """Return a number of the process in bytes, such as VmRSS (Linux)."""
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

    def worked(self) -> float:
        """Return the seconds that processors worked for it."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(**settings: str) -> Iterator[Served]:
    """Serve the app on a free port, with a library of its own, until the end.

    ``settings`` are variables of its environment.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "ENTROSCOPE_DATA_DIR": folder} | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url)
            yield Served(url, process.pid)
        finally:
            process.terminate()
            process.wait(60)


def _wait(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


_texts = itertools.count(1000)


def text() -> str:
    """Return some 60 tokens that nobody had before."""
    return 3 * _SENTENCE.format(f"as {time.time():.0f} or {next(_texts)} said")


async def read(url: str, number: int, minutes: float, seen: Seen) -> None:
    """Be one reader for so many minutes."""
    dice = random.Random(number)  # noqa: S311
    moments = sorted(dice.uniform(0, 60 * minutes) for _ in range(TEXTS))
    start = time.perf_counter()
    try:
        async with Reader(url) as reader:
            await reader.open("tokens", "example=text_fact&token=5")
            await reader.fetch("text")
            for moment in moments:
                await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
                seen.presses.append(await reader.run(text()))
                for page in ("read/attention", "read/tokens"):
                    before = time.perf_counter()
                    await reader.change(page)
                    seen.changes.append(time.perf_counter() - before)
    except Exception as error:  # one reader's trouble is a line of the table
        seen.errors.append(f"reader {number}: {type(error).__name__}: {error}"[:200])


async def together(url: str, readers: int, minutes: float) -> Seen:
    """Let so many readers read at once."""
    seen = Seen()
    await asyncio.gather(*(read(url, number, minutes, seen) for number in range(readers)))
    return seen


def row(readers: int, seen: Seen, alone: float) -> str:
    """Return a row of the table."""
    presses, changes = sorted(seen.presses), sorted(seen.changes)
    starved = sum(each > LATE * alone for each in presses)
    middle = statistics.median(presses) if presses else float("nan")
    last = presses[-1] if presses else float("nan")
    quick = changes[int(0.95 * (len(changes) - 1))] if changes else float("nan")
    return (
        f"| {readers} | {len(presses)} of {TEXTS * readers} | {len(seen.errors)} | {starved} | "
        f"{middle:.2f} s ({middle / alone:.1f} ×) | {last:.2f} s ({last / alone:.1f} ×) | "
        f"{quick:.2f} s |"
    )


async def idle(server: Served, sessions: int, seconds: float) -> str:
    """Return a line on what sessions cost that do nothing."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Reader(server.url))
        await first.open("tokens", "example=text_fact")
        before = server.status("VmRSS")
        for _ in range(sessions):
            reader = await stack.enter_async_context(Reader(server.url))
            await reader.open("tokens", "example=text_fact")
        each = (server.status("VmRSS") - before) / sessions
        worked = server.worked()
        await asyncio.sleep(seconds)
        share = (server.worked() - worked) / seconds
    cost = f"{each / 1e6:.2f} MB each, {100 * share:.1f} % of a core for all"
    return f"{sessions} idle sessions: {cost}."


def options() -> argparse.Namespace:
    """Return what the command line says."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--quick", action="store_true", help="few readers, printed only")
    given.add_argument("--readers", type=int, nargs="*", help="how many at once, by row")
    given.add_argument("--minutes", type=float, help="within which a reader runs three texts")
    given.add_argument("--url", help="of a server that runs already; printed only")
    return given.parse_args()


def measure(server: Served, said: argparse.Namespace) -> list[str]:
    """Return the table and what stands under it."""
    numbers = said.readers or ([1, 3] if said.quick else [1, 10, 30])
    minutes = said.minutes or (0.25 if said.quick else 5.0)
    asyncio.run(together(server.url, 1, 0.0))  # loads the model
    alone = statistics.median(asyncio.run(together(server.url, 1, 0.0)).presses or [float("nan")])
    lines = [
        f"Each reader runs {TEXTS} texts of some 60 tokens within {minutes:g} minutes. One reader "
        f"alone waits {alone:.2f} s. On {machine()}.",
        "",
        "| readers | answered | errors | starved | press to numbers, median | the last | "
        "change of page, 95 % |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    troubles: list[str] = []
    for readers in numbers:
        seen = asyncio.run(together(server.url, readers, minutes))
        lines.append(row(readers, seen, alone))
        troubles += seen.errors
    if server.process is not None:
        sessions, seconds = (20, 3.0) if said.quick else (IDLE, 60.0)
        lines += ["", asyncio.run(idle(server, sessions, seconds))]
    return [*lines, *troubles]


def main() -> None:
    """Measure, and write the table unless only a try was asked for."""
    said = options()
    if said.url:
        lines = measure(Served(said.url), said)
    else:
        with served() as server:
            lines = measure(server, said)
    print("\n".join(lines))
    if not (said.quick or said.url):
        write_section("load", "\n".join(lines))


if __name__ == "__main__":
    main()
