"""Samplers one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..errors import InputError
from .base import Distribution, Sampler, State, Step, wide_enough


class Chain:
    """Each sampler filters what the one before it has left, temperature included.

    States and details of the samplers are told apart by their place: "0.mu".
    """

    def __init__(self, samplers: Sequence[Sampler]) -> None:
        """Take at least one sampler.

        Raises:
            InputError: there is none.
        """
        if not samplers:
            raise InputError("A chain needs at least one sampler.")
        self.samplers = tuple(samplers)

    def __repr__(self) -> str:
        return " → ".join(map(repr, self.samplers))

    def start(self, batch_size: int) -> State:
        """Return the states of all samplers."""
        return self._joined([each.start(batch_size) for each in self.samplers])

    def filter(self, logits: Tensor, state: State) -> Step:
        """Filter raw ``logits`` [B, V] with every sampler in turn."""
        return self.judge(Distribution(wide_enough(logits)), state)

    def judge(self, raw: Distribution, state: State) -> Step:
        """Do the same with a distribution that may have been looked at already."""
        links: list[Step] = []
        for place, each in enumerate(self.samplers):
            # Logits, not the logarithm of probabilities: of these float32 loses the unlikely.
            left = links[-1].drawn if links else raw
            links.append(each.judge(left, self._part(state, place)))
        last = links[-1]
        details = self._joined([each.details for each in links])
        return Step(last.drawn, last.kept, last.judged, details, tuple(links))

    def outcome(self, step: Step, chosen: Tensor) -> dict[str, Tensor]:
        """Return what the samplers know after the draw."""
        pairs = zip(self.samplers, step.links, strict=True)
        return self._joined([each.outcome(link, chosen) for each, link in pairs])

    def observe(self, state: State, step: Step, chosen: Tensor) -> State:
        """Return the states after the draw."""
        links = zip(self.samplers, step.links, strict=True)
        parts = [
            each.observe(self._part(state, place), link, chosen)
            for place, (each, link) in enumerate(links)
        ]
        return self._joined(parts)

    def _joined(self, parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        if len(parts) == 1:
            return dict(parts[0])
        return {
            f"{place}.{name}": value
            for place, part in enumerate(parts)
            for name, value in part.items()
        }

    def _part(self, state: State, place: int) -> State:
        if len(self.samplers) == 1:
            return state
        start = f"{place}."
        return {
            name.removeprefix(start): value
            for name, value in state.items()
            if name.startswith(start)
        }
