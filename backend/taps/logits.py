"""The model's own predictions, over the full vocabulary, a block of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Tap

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.language import LanguageModel

# One block of logits in float32: 512 rows of a vocabulary of 49,152. The head reads all its weights
# for every block, and runs a third faster than with 128 rows (measured on two cores).
BLOCK_BYTES = 100 * 10**6


def block_rows(model: LanguageModel) -> int:
    """Return how many rows of logits are made at once."""
    return max(1, BLOCK_BYTES // (4 * model.facts.vocab_size))


class LogitsTap(Tap):
    """Sees the prediction of every token but the first.

    The head of the model runs after the forward pass, and only when such a tap is there.
    """

    def on_logits(self, first: int, logits: Tensor) -> None:
        """Look at ``logits`` [R, V], which predict the tokens ``first`` … first + R − 1."""

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        return 3 * max(BLOCK_BYTES, 4 * model.facts.vocab_size)
