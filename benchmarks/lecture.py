"""A lecture with eighty students on one machine, as a teacher would hold it.

python -m benchmarks.lecture                 # the table in benchmarks/README.md
python -m benchmarks.lecture --quick         # five students, printed only

The students are websocket clients without a browser (``reader.py``), each with a cookie and one
stream of the class of its own. All join at once; the teacher asks, all answer at once, change their
answers, and follow a lens and a pin; then each reads one text of their own within two minutes. With
``--cut 60`` all of it goes through a proxy that ends lines which say nothing for so many seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from benchmarks.load import Served, served, text
from benchmarks.measuring import machine, write_section
from benchmarks.reader import PATIENCE, Reader

STUDENTS, MINUTES = 80, 2.0
KEY = "the key of the class"
LESSON, STEP = "guess_the_next_word", 2
WORDS = (" the", " a", " sea", " moon", " night")
LOOKS = ("tokens?example=text_fact&token=5", "tokens?example=text_fact&token=9")
CLASS = {
    "ENTROSCOPE_MODE": "class",
    "ENTROSCOPE_TEACHER_KEY": KEY,
    "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",  # noqa: S104
    "STREAMLIT_SERVER_ALLOWED_HOSTS": "127.0.0.1 class.example",
}

Told = dict[str, Any]


class Seat:
    """One who listens to the class: a reader, and what was told last."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.told: Told = {}
        self._changed = asyncio.Condition()
        self.ended = ""

    async def listen(self) -> None:
        """Take over what is told until the stream ends."""
        try:
            async for told in self.reader.class_events():
                async with self._changed:
                    self.told = told
                    self._changed.notify_all()
            self.ended = "the stream ended"
        except Exception as error:  # a line of the table
            self.ended = f"{type(error).__name__}: {error}"
        async with self._changed:
            self._changed.notify_all()

    async def see(self, wanted: Callable[[Told], bool]) -> None:
        """Wait until what is told is so."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.ended or (self.told and wanted(self.told)))
        if self.ended:
            raise ConnectionError(self.ended)


class Lecture:
    """Counts the seconds of each part, for every student, and what went wrong."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = {}
        self.errors: list[str] = []

    async def part(self, name: str, acts: list[Callable[[], Awaitable[Any]]]) -> None:
        """Let all do something at once."""
        started, found = time.perf_counter(), self.parts.setdefault(name, [])

        async def timed(act: Callable[[], Awaitable[Any]]) -> None:
            try:
                own = await act()
                found.append(own if isinstance(own, float) else time.perf_counter() - started)
            except Exception as error:  # one student's trouble is a line of the table
                self.errors.append(f"{name}: {type(error).__name__}: {error}"[:200])

        await asyncio.gather(*map(timed, acts))


async def hold(url: str, students: int, minutes: float) -> Lecture:
    """Hold the lecture."""
    lecture, dice = Lecture(), random.Random(1)  # noqa: S311
    async with AsyncExitStack() as stack:
        listening: list[asyncio.Task[None]] = []

        async def come(key: str = "") -> Seat:
            reader = await stack.enter_async_context(Reader(url))
            if key:
                await reader.teach(key)
            await reader.open("tokens", "example=text_fact")
            await reader.fetch("text")
            seat = Seat(reader)
            listening.append(asyncio.create_task(seat.listen()))
            await seat.see(bool)
            return seat

        teacher, seats = await come(KEY), list[Seat]()

        async def join() -> None:
            seats.append(await come())

        await lecture.part("joined", [join] * students)
        asked = asyncio.create_task(teacher.reader.act("ask", lesson=LESSON, step=STEP))
        await lecture.part("saw the question", [_seeing(each, _asked) for each in seats])
        await asked
        for name in ("answered", "changed the answer"):
            acts = [_answering(each, dice.choice(WORDS)) for each in seats]
            await lecture.part(name, acts)
        await lecture.part(
            "the teacher saw all", [_seeing(teacher, lambda told: _count(told) >= len(seats))]
        )
        for name, look in zip(("followed a lens", "followed a pin"), LOOKS, strict=True):
            carried = asyncio.create_task(teacher.reader.act("follow", look=look, content=""))
            await lecture.part(name, [_seeing(each, _follows(look)) for each in seats])
            await carried
        await lecture.part(
            "read a text of their own",
            [_own(each, dice.uniform(0, 60 * minutes)) for each in seats],
        )
        await teacher.reader.act("away")
        await teacher.reader.act("follow", look=None, content="")
        lecture.errors += [f"stream: {each.ended}" for each in seats if each.ended]
        for each in listening:
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each
    return lecture


def _asked(told: Told) -> bool:
    return bool(told.get("question"))


def _count(told: Told) -> int:
    return told["question"]["tally"]["count"]


def _follows(look: str) -> Callable[[Told], bool]:
    return lambda told: (told.get("follow") or {}).get("look") == look


def _seeing(seat: Seat, wanted: Callable[[Told], bool]) -> Callable[[], Awaitable[None]]:
    return lambda: seat.see(wanted)


def _answering(seat: Seat, word: str) -> Callable[[], Awaitable[None]]:
    return lambda: seat.reader.act("answer", question=seat.told["question"]["id"], word=word)


def _own(seat: Seat, moment: float) -> Callable[[], Awaitable[float]]:
    async def act() -> float:
        await asyncio.sleep(moment)
        return await seat.reader.run(text())

    return act


@asynccontextmanager
async def cutting(url: str, silence: float) -> AsyncIterator[str]:
    """Serve ``url`` through a proxy that ends what is silent for so many seconds both ways."""
    host, port = url.removeprefix("http://").split(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond, onward = await asyncio.open_connection(host, int(port))
        last = time.monotonic()

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            nonlocal last
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    last = time.monotonic()
                    target.write(data)
                    await target.drain()
            target.close()

        both = asyncio.gather(pass_on(reader, onward), pass_on(beyond, writer))
        while not both.done():
            await asyncio.wait([both], timeout=1)
            if time.monotonic() - last > silence:
                both.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await both
                writer.close()
                onward.close()
                return

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def run(server: Served, students: int, minutes: float, cut: float | None) -> Lecture:
    """Hold the lecture once for two students, so that the model is there, and then for all."""
    await hold(server.url, 2, 0.0)
    if cut is None:
        return await hold(server.url, students, minutes)
    async with cutting(server.url, cut) as url:
        return await hold(url, students, minutes)


def table(lecture: Lecture, students: int, cut: float | None) -> list[str]:
    """Return the table as lines."""
    way = f", through a proxy that cuts lines silent for {cut:g} s" if cut else ""
    lines = [f"{students} students{way}. {len(lecture.errors)} errors. On {machine()}.", ""]
    lines += ["| part | students | median | the last |", "|---|--:|--:|--:|"]
    for name, seconds in lecture.parts.items():
        middle = f"{statistics.median(seconds):.2f} s" if seconds else ""
        last = f"{max(seconds):.2f} s" if seconds else ""
        lines.append(f"| {name} | {len(seconds)} | {middle} | {last} |")
    return [*lines, "", *sorted(set(lecture.errors))]


def main() -> None:
    """Measure, and write the section unless only a try was asked for."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--quick", action="store_true", help="five students, printed only")
    given.add_argument("--cut", type=float, help="seconds of silence after which a proxy cuts")
    said = given.parse_args()
    students, minutes = (5, 0.1) if said.quick else (STUDENTS, MINUTES)
    with served(**CLASS) as server:
        lecture = asyncio.run(run(server, students, minutes, said.cut))
    lines = table(lecture, students, said.cut)
    print("\n".join(lines))
    if not said.quick:
        write_section("lecture cut" if said.cut else "lecture", "\n".join(lines))


if __name__ == "__main__":
    main()
