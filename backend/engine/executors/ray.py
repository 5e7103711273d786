"""A Ray cluster: joining it, and one actor in it. Nothing else here knows Ray."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
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
_SIGACTION_BYTES = 256  # more than the struct has anywhere


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
        self._membership: _Membership | None = None
        if not ray.is_initialized():
            self._membership = _Membership(executor.removeprefix("ray://"))

    def actor(self) -> RayActor:
        """Ask for a place for an actor."""
        return RayActor(self._cpus, self._gpus)

    def close(self) -> None:
        """Leave the cluster, if it was joined here."""
        if self._membership is not None:
            self._membership.end()


class _Membership:
    """Joins a cluster on a thread that lives for as long as it lasts.

    Ray's own processes on this machine end with the thread that started them (PR_SET_PDEATHSIG),
    and a server may start its engine on one that ends soon.

    Args:
        address: as ``_join`` takes it.

    Raises:
        EntroscopeError: as ``_join``.
    """

    def __init__(self, address: str) -> None:
        self._over = threading.Event()
        joined: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._last, args=(address, joined), name="entroscope ray", daemon=True
        )
        self._thread.start()
        joined.result()

    def end(self) -> None:
        """Leave the cluster."""
        self._over.set()
        self._thread.join()

    def _last(self, address: str, joined: Future[None]) -> None:
        try:
            _join(address)
        except BaseException as failure:
            joined.set_exception(failure)
            return
        joined.set_result(None)
        self._over.wait()
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
        with _answers_kept(signal.SIGTERM):
            ray.init(address, namespace="entroscope", log_to_driver=False, **alone)
    except (ConnectionError, ValueError, RuntimeError, RayError) as failure:
        raise EntroscopeError(
            f"There is no Ray cluster at {address!r}, or this machine has not joined it "
            f"(ray start --address=…): {failure}"
        ) from failure


@contextmanager
def _answers_kept(number: int) -> Iterator[None]:
    """Leave to this process what it does on a signal; Ray's core would end it at once, on SIGTERM.

    Python itself sets handlers from its main thread only, which this one is not.
    """
    if os.name != "posix":
        yield
        return
    library, before = ctypes.CDLL(None), ctypes.create_string_buffer(_SIGACTION_BYTES)
    library.sigaction(number, None, before)
    try:
        yield
    finally:
        library.sigaction(number, before, None)
