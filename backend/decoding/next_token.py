"""What a model offers after some tokens, on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..measures.distribution import with_64_bits
from ..models.memory import study_memory
from ..progress import Progress, Report, ignore

if TYPE_CHECKING:
    from ..models.language import LanguageModel


def next_token_probabilities(
    model: LanguageModel, ids: Sequence[int], report: Report = ignore
) -> np.ndarray:
    """Return the probability of every token to come after ``ids``, float64 [V]; sums to 1.

    Raises:
        InputError: there are no ids, or one is outside the vocabulary.
        CancelledError: ``report`` said so.
    """

    def layer(done: int, total: int) -> None:
        report(Progress(done, total, f"Reading up to this step: layer {done} of {total}"))

    with study_memory("Reading", model.facts.device), torch.inference_mode():
        read = torch.tensor([list(ids)], dtype=torch.long)
        hidden = model.hidden_states(read, on_layer=layer)[:, -1]
        logits = with_64_bits(model.unembed(hidden).float())[0]
        return torch.softmax(logits.double(), -1).cpu().numpy()
