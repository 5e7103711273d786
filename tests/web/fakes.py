"""A source without an engine, which tells what it is asked."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from backend.errors import InputError
from backend.events import Event, Unknown
from backend.web import Parcel


@dataclass
class FakeSource:
    """Has one run, called "run", and plays back events by job."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    warm: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def parcel(self, content: str, part: str, parameters: Mapping[str, str]) -> Parcel | None:
        self.threads.append(threading.current_thread())
        self.asked.append((content, part, dict(parameters)))
        if part == "bad":
            raise InputError("There is no such head.")
        if part == "broken":
            raise ZeroDivisionError("secret detail")
        return Parcel(b"\0numbers", "application/octet-stream") if content == "run" else None

    async def listen(self, job_id: str) -> AsyncIterator[Event]:
        for event in self.events.get(job_id, [Unknown()]):
            yield event

    def stop(self, job_id: str) -> bool:
        known = job_id in self.jobs
        self.jobs.discard(job_id)
        return known

    def warm_up(self) -> None:
        self.warm.set()

    def announce_shutdown(self) -> None:
        self.said.append("goodbye")

    def close(self) -> None:
        self.said.append("closed")
