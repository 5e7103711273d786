"""A Ray cluster: joining it, and one actor in it. Nothing else here knows Ray."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import ray
from ray.exceptions import ActorDiedError, GetTimeoutError, RayError, RayTaskError
from ray.util import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from ...errors import EntroscopeError
from ...runs import Request
from ...settings import Settings
from .actors import LostError
from .base import Order
from .host import Host, Told

_SOON = 1.0  # seconds to wait for a number that can be done without
_GLANCE = 0.01  # seconds


class RayCluster:
    """A cluster that this process has joined; see ``actors.Cluster``.

    Args:
        executor: ``ray://`` and "local", "auto" or the address of the head.
        cpus, gpus: that an actor gets.

    Raises:
        EntroscopeError: there is no such cluster.
    """

    def __init__(self, executor: str, cpus: float, gpus: float) -> None:
        self._cpus, self._gpus = cpus, gpus
        self._joined = not ray.is_initialized()
        if self._joined:
            _join(executor.removeprefix("ray://"))

    def actor(self) -> RayActor:
        """Ask for a place for an actor."""
        return RayActor(self._cpus, self._gpus)

    def close(self) -> None:
        """Leave the cluster, if it was joined here."""
        if self._joined:
            ray.shutdown()


class RayActor:
    """A place in the cluster, and the actor in it; see ``actors.Actor``."""

    def __init__(self, cpus: float, gpus: float) -> None:
        self._cpus, self._gpus = cpus, gpus
        # A group of one: it alone tells whether there is a place, before anything starts there.
        bundle = {"CPU": cpus, "GPU": gpus} if gpus else {"CPU": cpus}
        self._place = placement_group([bundle])
        self._actor: Any = None

    def has_place(self) -> bool:
        return self._place.wait(_GLANCE)

    def start(self, limits: Settings, environment: Mapping[str, str], threads: int) -> None:
        options = ray.remote(Host).options(
            num_cpus=self._cpus,
            num_gpus=self._gpus,
            max_restarts=-1,
            scheduling_strategy=PlacementGroupSchedulingStrategy(self._place),
        )
        self._actor = options.remote(limits, environment, threads)

    async def work(self, order: Order) -> AsyncIterator[Told]:
        references = self._actor.work.remote(order)
        try:
            async for reference in references:
                yield await reference
        except RayTaskError as failure:
            raise failure.cause from None
        except RayError as failure:
            raise LostError(str(failure), final=isinstance(failure, ActorDiedError)) from failure

    def cancel(self, order_id: str) -> None:
        if self._actor is not None:
            self._actor.cancel.remote(order_id)

    def seconds(self, request: Request) -> float | None:
        return self._ask("seconds", request)

    def memory(self) -> dict[str, int] | None:
        return self._ask("memory")

    def close(self) -> None:
        if self._actor is not None:
            ray.kill(self._actor)
        remove_placement_group(self._place)

    def _ask(self, method: str, *args: Any) -> Any:
        """Return what the actor answers; None where it does not, in time."""
        try:
            return ray.get(getattr(self._actor, method).remote(*args), timeout=_SOON)
        except RayTaskError as failure:
            raise failure.cause from None
        except (GetTimeoutError, RayError):
            return None


def _join(address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    alone: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address, namespace="entroscope", log_to_driver=False, **alone)
    except (ConnectionError, ValueError, RuntimeError, RayError) as failure:
        raise EntroscopeError(
            f"There is no Ray cluster at {address!r}, or this machine has not joined it "
            f"(ray start --address=…): {failure}"
        ) from failure
