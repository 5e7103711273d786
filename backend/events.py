"""What those who wait for a job are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from .progress import Progress


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    Attributes:
        type: name of the event.
        last: whether nothing comes after it.
    """

    type: ClassVar[str]
    last: ClassVar[bool] = True

    def plain(self) -> dict[str, Any]:
        """Return the event as JSON has it."""
        return {"type": self.type, **asdict(self)}


@dataclass(frozen=True)
class Alive(Event):
    """Nothing happened for a while, and the job is still there."""

    type: ClassVar[str] = "alive"
    last: ClassVar[bool] = False


@dataclass(frozen=True)
class Progressed(Event):
    """The job has come so far; ``total`` is 0, and ``seconds_left`` None, while nobody knows."""

    type: ClassVar[str] = "progress"
    last: ClassVar[bool] = False
    done: int
    total: int
    message: str
    seconds_left: float | None

    @classmethod
    def of(cls, progress: Progress) -> Progressed:
        """Return the event of a progress."""
        left = progress.seconds_left
        return cls(
            progress.done,
            progress.total,
            progress.message,
            left if left is None else round(left, 1),
        )


@dataclass(frozen=True)
class Partial(Event):
    """Something can be shown already; ``content`` names it until the next one comes."""

    type: ClassVar[str] = "partial"
    last: ClassVar[bool] = False
    content: str


@dataclass(frozen=True)
class Done(Event):
    """The job is done; ``contents`` names the content of every run, by kind."""

    type: ClassVar[str] = "done"
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed(Event):
    """The job cannot be done; ``message`` is for the reader."""

    type: ClassVar[str] = "error"
    message: str


@dataclass(frozen=True)
class Cancelled(Event):
    """The job was stopped; ``content`` names what was there by then, if anything."""

    type: ClassVar[str] = "cancelled"
    content: str | None = None


@dataclass(frozen=True)
class Unknown(Event):
    """There is no such job: it was forgotten, or the server was started anew."""

    type: ClassVar[str] = "unknown"


@dataclass(frozen=True)
class Closing(Event):
    """The server goes down."""

    type: ClassVar[str] = "closing"


def named_contents(event: Event) -> tuple[str, ...]:
    """Return the contents that an event tells of."""
    if isinstance(event, Done):
        return tuple(event.contents.values())
    if isinstance(event, Partial | Cancelled) and event.content:
        return (event.content,)
    return ()
