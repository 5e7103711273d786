"""How much one network address, or one account, may ask for; counted in memory that is bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address

from ..settings import settings

MOST_KNOWN = 10_000
"""Addresses that are remembered; some 4 MB. The one that was quiet for longest is forgotten."""

_SUBSCRIBER = 64
"""Bits of an IPv6 address that one subscriber has; the others are the subscriber's own choice."""


@dataclass(frozen=True)
class Limits:
    """What one address may do.

    Attributes:
        rate: requests a second, in the long run.
        burst: requests at once. A first visit makes some 130, and a reload as many.
        streams: open streams of events.
        sessions: open websockets; every open page has one.
        body_bytes: of one request.
        file_bytes: of one uploaded file.
        minute_bytes: sent in a minute, all requests together.
        all_streams, all_sessions: open for all addresses together.
    """

    rate: float
    burst: float
    streams: float
    sessions: float
    body_bytes: float = 4_000_000
    file_bytes: float = 50_000_000
    minute_bytes: float = 1_000_000_000
    all_streams: float = 1_000
    all_sessions: float = 1_000


# A class sits behind one router, and has one address: eighty readers open the page at once
# (10,400 requests), with a few tabs each.
CLASS = Limits(rate=500, burst=20_000, streams=500, sessions=500)
# A household, or an office of a few: four first visits at once, then what reading takes.
PUBLIC = Limits(
    rate=20, burst=600, streams=20, sessions=20, file_bytes=20_000_000, minute_bytes=60_000_000
)


def limits() -> Limits | None:
    """Return the limits of this server's mode, with what its administrator changed; None: none."""
    base = {"class": CLASS, "public": PUBLIC}.get(settings().mode)
    if base is None:
        return None
    changed = replace(base, **settings().address_limits)
    # Else a file that is allowed could never be sent.
    most = max(changed.minute_bytes, changed.file_bytes, changed.body_bytes)
    return replace(changed, minute_bytes=most)


class Bucket:
    """A store of permissions that fills by itself, as time goes by.

    Args:
        rate: permissions a second.
        capacity: the most it holds; it begins full.
        now: seconds of any clock.
    """

    __slots__ = ("_capacity", "_level", "_rate", "_then")

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self._rate, self._capacity = rate, capacity
        self._level, self._then = capacity, now

    def take(self, wanted: float, now: float) -> float:
        """Take permissions and return 0, or take none and return the seconds until they are there.

        More than the capacity is never there.
        """
        self._level = min(self._capacity, self._level + max(0.0, now - self._then) * self._rate)
        self._then = now
        if wanted <= self._level:
            self._level -= wanted
            return 0.0
        return (wanted - self._level) / self._rate


class Use:
    """What one address has done lately, and holds open."""

    __slots__ = ("bytes", "requests", "sessions", "streams")

    def __init__(self, limits: Limits, now: float) -> None:
        self.requests = Bucket(limits.rate, limits.burst, now)
        self.bytes = Bucket(limits.minute_bytes / 60, limits.minute_bytes, now)
        self.streams = 0
        self.sessions = 0

    @property
    def open(self) -> int:
        """How many lines are open."""
        return self.streams + self.sessions


class Uses:
    """The uses of all addresses, at most ``most`` of them beside those with open lines.

    Args:
        limits: for each.
        clock: seconds that only go forward.
        most: addresses to remember.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float], most: int = MOST_KNOWN) -> None:
        self._limits, self._clock, self._most = limits, clock, most
        self._known: OrderedDict[str, Use] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, name: str) -> Use:
        """Return the use of an address."""
        use = self._known.pop(name, None) or Use(self._limits, self._clock())
        self._known[name] = use
        if len(self._known) > self._most:
            self._forget_one()
        return use

    def _forget_one(self) -> None:
        """Forget the quietest without open lines, but not the last: it is about to open one.

        Those with open lines are moved behind the others.
        """
        for _ in range(len(self._known) - 1):
            name, use = self._known.popitem(last=False)
            if not use.open:
                return
            self._known[name] = use


def network_of(host: str) -> str:
    """Return the name under which an address is counted: itself, or its network of 64 bits.

    An IPv4 address that is written as an IPv6 one is the former. What is no address, such as the
    path of a socket, is a name of its own.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    shift = 128 - _SUBSCRIBER
    return f"{IPv6Address(int(address) >> shift << shift)}/{_SUBSCRIBER}"
