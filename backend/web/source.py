"""What the routes need of the engine; ``backend.cached`` has it, and ``app.py`` hands it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..events import Event


@dataclass(frozen=True)
class Parcel:
    """Something for a browser, which may keep it for ever under its address."""

    data: bytes
    media_type: str


class Source(Protocol):
    """The engine and the runs in memory. Everything may be called from any thread."""

    def parcel(self, content: str, part: str, parameters: Mapping[str, str]) -> Parcel | None:
        """Return a part of a run or array; None when the content is forgotten or has no such part.

        Args:
            content: name of the content of a run, finished or not, or of an array.
            part: what of it; from an address, unchecked.
            parameters: of the part; unchecked.

        Raises:
            EntroscopeError: a parameter is of no use; the message is for the reader.
        """
        ...

    def pattern(self, content: str, parameters: Mapping[str, str]) -> Parcel | None:
        """Return the attention weights of a head, read anew; None when the run is forgotten.

        Raises:
            EntroscopeError: a parameter is of no use, or the model cannot read it.
        """
        ...

    def count(self, body: bytes) -> dict[str, Any]:
        """Return how many tokens a text has: ``{"words": …, "over": …, "tokens": …}``.

        Without a model at hand there are words alone.

        Args:
            body: JSON ``{"text": …, "model": {"source": …, "revision": …}}``; unchecked.

        Raises:
            EntroscopeError: it says nothing of use, or the model is not offered.
        """
        ...

    def listen(self, job_id: str) -> AsyncIterator[Event]:
        """Yield what happens to a job, until an event that is the last."""
        ...

    def stop(self, job_id: str) -> bool:
        """Cancel a reader's share of a job; return whether there was one."""
        ...

    def warm_up(self) -> None:
        """Do what makes the first reader wait less; takes seconds."""
        ...

    def announce_shutdown(self) -> None:
        """Tell all who listen that the server goes down."""
        ...

    def close(self) -> None:
        """Stop all work; takes seconds."""
        ...
