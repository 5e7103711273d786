"""A tap: something that watches a model while it reads a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.language import LanguageModel


class Tap:
    """Base of all taps. A subclass per thing to watch says how it is watched: ``watching``.

    One reading may have any number of taps. A tap reduces what it sees at once, or holds as much
    as ``held_bytes`` says; nothing of size layers × heads × T × T or T × V is ever held.
    """

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        """Prepare for ``ids`` [1, T], before anything is read."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[Any]) -> Iterator[None]:
        """Let ``taps``, which all watch the same thing, see what passes until the block ends."""
        yield

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        """Return the bytes that this tap still holds when the reading is over."""
        return 0

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        """Return the bytes it needs for a moment, beside the plain forward pass."""
        return 0

    def pair_bytes(self, model: LanguageModel, tokens: int) -> int | None:
        """Return what one layer holds for pairs of tokens while this tap watches.

        None where watching does not change how attention is computed.
        """
        return None

    def work(self, model: LanguageModel, tokens: int) -> float:
        """Return about how many multiplications it adds to a plain forward pass."""
        return 0.0
