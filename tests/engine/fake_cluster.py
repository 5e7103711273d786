"""A cluster inside this process, whose actors die when a test says so."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from backend.engine.executors.actors import LostError
from backend.engine.executors.base import Standing
from backend.engine.executors.host import Host
from backend.runs import TrajectoryRequest


class FakeCluster:
    """Has so many places."""

    def __init__(self, places: int = 2) -> None:
        self.places = places
        self.actors: list[FakeActor] = []
        self.closed = False

    def actor(self) -> FakeActor:
        self.actors.append(FakeActor(self))
        return self.actors[-1]

    def close(self) -> None:
        self.closed = True


class FakeActor:
    """A ``Host`` in this process.

    Attributes:
        lose: how many orders for trajectories end the process once they run.
        final: whether it stays away then.
        placed, started, closed: what became of it.
    """

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self._host: Host | None = None
        self.lose, self.final = 0, False
        self.placed = self.started = self.closed = False

    def has_place(self) -> bool:
        if not self.placed:
            taken = sum(each.placed and not each.closed for each in self._cluster.actors)
            self.placed = taken < self._cluster.places
        return self.placed

    def start(self, limits, environment, threads) -> None:
        self.started = True
        self.limits, self.environment = limits, environment
        self._host = Host(limits, environment, threads)

    async def work(self, order):
        host = self._host
        async with aclosing(host.work(order)) as all_told:
            async for told in all_told:
                if host is not self._host:  # another order was lost, and this one with it
                    raise LostError("lost", final=self.final)
                deadly = isinstance(order.work, TrajectoryRequest)
                if deadly and self.lose and told.standing.state in ("running", "done"):
                    self.lose -= 1
                    yield replace(told, standing=Standing("running"))
                    self.start(self.limits, self.environment, 2)
                    raise LostError("lost", final=self.final)
                yield told

    def cancel(self, order_id: str) -> None:
        self._host._executor.cancel(order_id)

    def seconds(self, request):
        return self._host._executor.seconds(request)

    def memory(self):
        return self._host._executor.memory()

    def close(self) -> None:
        self.closed = True
        if self._host is not None:
            self._host._executor.close(0)
