"""The repetition penalty: tokens that stand in a row's text already become less likely."""

from __future__ import annotations

import torch
from torch import Tensor

from ..samplers.base import Distribution

_ALL = slice(None)


class Penalty:
    """What each of R rows has seen, and what that costs.

    Positive logits of tokens seen are divided by ``strength``, negative ones multiplied.

    Args:
        strength: 1 is off.
        ids: int64 [P], the prompt, which all rows have seen.
        rows: R.
        size: of the vocabulary.

    Source: Keskar et al. 2019, arXiv 1909.05858, as in transformers.
    """

    def __init__(self, strength: float, ids: Tensor, rows: int, size: int) -> None:
        self._strength = strength
        # Nothing needs remembering while the penalty is off.
        self._seen = torch.zeros(rows, 0 if self._off else size, dtype=torch.bool)
        self.see(ids.expand(rows, -1))

    @property
    def _off(self) -> bool:
        return self._strength == 1

    def see(self, ids: Tensor) -> None:
        """Note tokens [R, n] that have come."""
        if not self._off:
            self._seen.scatter_(1, ids.to(self._seen.device), True)

    def leave(self, stay: Tensor) -> None:
        """Go on with the rows of ``stay``, bool [R]."""
        self._seen = self._seen[stay]

    def applied(self, raw: Distribution, rows: slice = _ALL) -> Distribution:
        """Return the distributions of these rows with the penalty in them."""
        if self._off:
            return raw
        logits, strength = raw.logits, self._strength
        changed = torch.where(logits < 0, logits * strength, logits / strength)
        return Distribution(torch.where(self._seen[rows].to(logits.device), changed, logits))
