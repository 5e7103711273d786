"""Who listens to the class, and what they are told."""

from __future__ import annotations

import asyncio
import threading

import pytest

from backend.classroom import streams as module
from backend.classroom.streams import Streams
from backend.events import Alive, Closing

SILENCE = module.PATIENCE


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    monkeypatch.setattr(module, "PAUSE", 0)


def test_a_listener_is_told_at_first_and_of_what_changed_from_any_thread():
    async def play():
        streams, shown = Streams(), {"n": 0}
        stream = streams.listen("ann", lambda: dict(shown), student=True)
        first = await anext(stream)
        shown["n"] = 1
        threading.Thread(target=streams.changed).start()
        return [first.plain(), (await anext(stream)).plain()]

    assert asyncio.run(play()) == [{"type": "class", "n": 0}, {"type": "class", "n": 1}]


def test_nothing_new_is_not_told_again_but_the_line_never_falls_silent():
    async def play():
        streams = Streams()
        stream = streams.listen("ann", dict, student=True)
        await anext(stream)
        streams.changed()
        return await asyncio.wait_for(anext(stream), 1)

    assert isinstance(asyncio.run(play()), Alive)


def test_the_silence_is_shorter_than_a_proxy_bears():
    assert SILENCE < 60


def test_readers_are_counted_once_and_only_while_they_listen():
    async def play():
        streams = Streams()
        open_ones = [
            streams.listen(reader, dict, student=student)
            for reader, student in (("ann", True), ("ann", True), ("bob", True), ("tea", False))
        ]
        for each in open_ones:
            await anext(each)
        counts = [streams.here]
        await open_ones[2].aclose()
        return [*counts, streams.here]

    assert asyncio.run(play()) == [2, 1]


def test_a_whole_class_that_leaves_at_once_is_gone():
    async def play():
        streams, heard = Streams(), []

        async def listen(reader):
            async for each in streams.listen(reader, dict, student=True):
                heard.append(each)

        tasks = [asyncio.create_task(listen(f"reader{i}")) for i in range(40)]
        while streams.here < 40:
            await asyncio.sleep(0)
        for at, each in enumerate(tasks):  # some while the others are just being woken
            each.cancel()
            if at % 3 == 0:
                await asyncio.sleep(0)
        _, still = await asyncio.wait(tasks, timeout=1)
        return len(still), streams.here

    assert asyncio.run(play()) == (0, 0)


def test_a_reader_has_a_few_streams_and_the_oldest_gives_way():
    async def play():
        streams = Streams()
        opened = []
        for _ in range(module.MOST_STREAMS + 1):
            opened.append(streams.listen("ann", dict, student=True))
            await anext(opened[-1])
        return await anext(opened[0]), streams

    last, _ = asyncio.run(play())
    assert last.plain()["type"] == "elsewhere"
    assert last.last


def test_all_streams_end_when_the_server_goes_down():
    async def play():
        streams = Streams()
        stream = streams.listen("ann", dict, student=True)
        await anext(stream)
        streams.close()
        late = streams.listen("bob", dict, student=True)
        return [await anext(stream), await anext(late)]

    assert all(isinstance(each, Closing) for each in asyncio.run(play()))
