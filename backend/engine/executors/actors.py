"""What a cluster's executor asks of the cluster, so that one module alone knows which it is."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from ...runs import Request
from ...settings import Settings
from .base import Order
from .host import Told

_HERE_ALONE = frozenset(
    {"ENTROSCOPE_EXECUTOR", "ENTROSCOPE_MODE", "ENTROSCOPE_SERVERS", "ENTROSCOPE_TEACHER_KEY"}
)
"""Variables that no actor needs; keys are among them."""


class LostError(Exception):
    """The process of a model, or its machine, ended.

    Attributes:
        final: whether it will not come back by itself.
    """

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class Actor(Protocol):
    """A place for a process in the cluster and, once it is started, the ``Host`` in it."""

    def has_place(self) -> bool:
        """Tell whether the cluster has reserved the place; waits for milliseconds at most."""
        ...

    def start(self, limits: Settings, environment: Mapping[str, str], threads: int) -> None:
        """Start a ``Host`` of these arguments there, and again whenever it dies."""
        ...

    def work(self, order: Order) -> AsyncIterator[Told]:
        """Yield where an order stands, until it is finished; see ``Host.work``.

        Raises:
            LostError: the process is gone, and the order with it.
        """
        ...

    def cancel(self, order_id: str) -> None:
        """Stop an order that was sent; does not wait for it."""
        ...

    def seconds(self, request: Request) -> float | None:
        """Return about how long a study takes there; None where that is not known soon.

        Raises:
            InputError, OverBudgetError: it would be refused.
        """
        ...

    def memory(self) -> dict[str, int] | None:
        """Return the bytes free and promised there; None where that is not known soon."""
        ...

    def close(self) -> None:
        """End the process and give back the place."""
        ...


class Cluster(Protocol):
    """Machines with places for actors."""

    def actor(self) -> Actor:
        """Ask for a place for an actor."""
        ...

    def close(self) -> None:
        """Leave the cluster."""
        ...


def without_keys(limits: Settings) -> Settings:
    """Return the settings without what must not leave this process."""
    return limits.model_copy(update={"teacher_key": "", "servers": {}})


def environment() -> dict[str, str]:
    """Return the variables that studies read where they run."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("ENTROSCOPE_") and name not in _HERE_ALONE
    }
