"""Memory promised to work that runs, so that it is not promised twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import torch

_LOOK = 0.2  # seconds


class Ledger:
    """Who was promised how many bytes, and where.

    What somebody was promised and uses already counts twice until it is given back: once here and
    once in what is free. That can make others wait longer than they had to, and never lets two in
    on the same bytes.

    Args:
        free: returns the bytes free on a device.
    """

    def __init__(self, free: Callable[[torch.device], int]) -> None:
        self._free = free
        self._changed = threading.Condition()
        self._promised: dict[Any, dict[str, int]] = {}
        self._given_back = 0

    @property
    def given_back(self) -> int:
        """How often something was given back so far; see ``wait``."""
        return self._given_back

    @property
    def promised(self) -> int:
        """How many bytes are promised now, of every owner where they are most."""
        with self._changed:
            return sum(max(each.values()) for each in self._promised.values())

    def reserve(
        self, owner: Any, size: int, devices: Iterable[torch.device], *, spread: bool = False
    ) -> bool:
        """Promise bytes to ``owner``, in place of what it had before.

        Args:
            owner: who gives them back.
            size: bytes on each of the devices or, ``spread`` over them, on all together.
            devices: where.
            spread: as the weights of one model over several GPUs.

        Returns:
            False, and nothing is promised, where they are not free.
        """
        places = {_memory(device): device for device in devices}
        with self._changed:
            self._promised.pop(owner, None)  # the caller wants something else now
            left = [self._left(place, device) for place, device in places.items()]
            if size > (sum(left) if spread else min(left)):
                return False
            if size > 0:
                share = -(-size // len(places)) if spread else size
                self._promised[owner] = dict.fromkeys(places, share)
            return True

    def could(self, size: int, devices: Iterable[torch.device]) -> bool:
        """Tell whether ``size`` bytes would be free once everybody has given back."""
        with self._changed:
            return size <= min(self._free(each) for each in devices) + sum(
                max(promised.values()) for promised in self._promised.values()
            )

    def release(self, owner: Any) -> None:
        """Give back what ``owner`` was promised, if anything."""
        with self._changed:
            if self._promised.pop(owner, None) is not None:
                self._given_back += 1
                self._changed.notify_all()

    def wait(self, seen: int, look: Callable[[], None]) -> bool:
        """Wait until more has been given back than ``seen``, from ``given_back``.

        Args:
            seen: before it was tried in vain.
            look: called now and then meanwhile; what it raises ends the waiting.

        Returns:
            False, at once, where nobody has anything to give back.
        """
        while True:
            with self._changed:
                if self._given_back != seen:
                    return True
                if not self._promised:
                    return False
                self._changed.wait(_LOOK)
            look()

    def left(self, device: torch.device) -> int:
        """Return the bytes on a device that are free and not promised."""
        with self._changed:
            return max(0, self._left(_memory(device), device))

    def _left(self, place: str, device: torch.device) -> int:
        return self._free(device) - sum(each.get(place, 0) for each in self._promised.values())


def _memory(device: torch.device) -> str:
    """Return which memory a device uses: "mps" shares the machine's own."""
    return f"cuda:{device.index or 0}" if device.type == "cuda" else "cpu"
