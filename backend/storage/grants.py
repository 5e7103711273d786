"""What each reader was given: names that mean nothing to anybody else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from threading import Lock

MOST_READERS = 5_000
MOST_NAMES = 5_000
"""Of one reader; those used least recently are taken back first."""


class Grants:
    """Which names a reader may use, and what they stand for. Safe from any thread.

    A name is the content of a run, which stands for itself, or a handle that stands for the key of
    a request: a key is a hash that others could guess, a handle is random to them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._secret = secrets.token_bytes(32)
        self._given: OrderedDict[str, OrderedDict[str, str]] = OrderedDict()

    def give(self, owner: str, name: str, meaning: str = "") -> str:
        """Let a reader use a name from now on, and return it.

        Args:
            owner: the reader.
            name: of a content, or a handle.
            meaning: what it stands for; itself by default.
        """
        with self._lock:
            own = self._given.setdefault(owner, OrderedDict())
            self._given.move_to_end(owner)
            own[name] = meaning or name
            own.move_to_end(name)
            if len(own) > MOST_NAMES:
                own.popitem(last=False)
            if len(self._given) > MOST_READERS:
                self._given.popitem(last=False)
        return name

    def handle(self, owner: str, key: str) -> str:
        """Return a name of 128 bits for the key of a request, which this reader may use."""
        made = hmac.new(self._secret, f"{owner} {key}".encode(), hashlib.sha256).hexdigest()[:32]
        return self.give(owner, made, key)

    def meaning(self, owner: str, name: str) -> str | None:
        """Return what a name stands for; None where this reader was not given it."""
        with self._lock:
            own = self._given.get(owner, {})
            return own.get(name)

    def forget(self, owner: str) -> None:
        """Take back everything a reader was given."""
        with self._lock:
            self._given.pop(owner, None)
