"""An hour at ten readers: does the server's memory stay flat?

python -m benchmarks.soak                    # the section in benchmarks/README.md
python -m benchmarks.soak --minutes 5        # printed only

Readers come, run texts that nobody had before, change the lens, and go; others take their place.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time

from benchmarks.load import Seen, Served, served, text
from benchmarks.measuring import machine, write_section
from benchmarks.reader import Reader

READERS = 10
MINUTES = 60.0
WARM = 1 / 6  # of the time: caches fill up to their limits
VISIT = 5  # texts until a reader goes
PAUSE = (10, 30)  # seconds between two texts


async def visit(url: str, number: int, until: float, seen: Seen) -> None:
    """Be one reader after the other until a moment of the clock."""
    dice = random.Random(number)  # noqa: S311
    while time.monotonic() < until:
        try:
            async with Reader(url) as reader:
                await reader.open("tokens", "example=text_fact&token=5")
                for _ in range(VISIT):
                    await asyncio.sleep(dice.uniform(*PAUSE))
                    seen.presses.append(await reader.run(text()))
                    for page in ("read/attention", "read/tokens"):
                        await reader.change(page)
        except Exception as error:  # one reader's trouble is a line of the section
            seen.errors.append(f"reader {number}: {type(error).__name__}: {error}"[:200])
            await asyncio.sleep(PAUSE[0])


async def soak(server: Served, minutes: float) -> tuple[Seen, list[int]]:
    """Return what readers met, and the bytes that the process held, minute by minute."""
    seen, until = Seen(), time.monotonic() + 60 * minutes
    readers = [asyncio.create_task(visit(server.url, n, until, seen)) for n in range(READERS)]
    held: list[int] = []
    while time.monotonic() < until:
        await asyncio.sleep(60)
        held.append(server.status("VmRSS"))
    await asyncio.gather(*readers)
    return seen, held


def lines(seen: Seen, held: list[int]) -> list[str]:
    """Return the section."""
    warm = held[round(WARM * len(held)) :]
    tenth = max(1, len(warm) // 10)
    first, last = (statistics.median(each) for each in (warm[:tenth], warm[-tenth:]))
    return [
        f"{READERS} readers for {len(held)} minutes, {len(seen.presses)} texts, "
        f"{len(seen.errors)} errors. On {machine()}.",
        "",
        f"Memory of the process: {first / 1e6:.0f} MB once caches were filled (after "
        f"{len(held) - len(warm)} minutes), {last / 1e6:.0f} MB at the end: "
        f"{100 * (last / first - 1):+.1f} % (must stay within 5 %); at most "
        f"{max(held) / 1e6:.0f} MB. Press to numbers: median "
        f"{statistics.median(seen.presses):.2f} s, the last {max(seen.presses):.2f} s.",
        *sorted(set(seen.errors)),
    ]


def main() -> None:
    """Measure, and write the section unless only a try was asked for."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--minutes", type=float, help="how long; printed only")
    said = given.parse_args()
    with served() as server:
        found = lines(*asyncio.run(soak(server, said.minutes or MINUTES)))
    print("\n".join(found))
    if not said.minutes:
        write_section("soak", "\n".join(found))


if __name__ == "__main__":
    main()
