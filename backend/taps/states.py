"""The whole residual stream of a text, kept until the reading is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

from .residual import ResidualTap

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class StatesTap(ResidualTap):
    """Keeps every state: for what can only be asked of them when the end is known.

    Several such taps share one copy.

    Attributes:
        states: by depth from 0 to L, [T, D] each; the last is before the final norm.
    """

    states: list[Tensor]

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self.states = []

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        if depth == len(self.states):
            # A copy: some families add to their states in place.
            self.states.append(hidden[0].clone())

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        facts = model.facts
        return (facts.layers + 1) * tokens * facts.hidden_size * model.dtype.itemsize

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[StatesTap]) -> Iterator[None]:
        for tap in taps:
            tap.states = taps[0].states
        with ResidualTap.watching(model, taps[:1]):
            yield
