"""Top-k sampling."""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Distribution, State, Truncation, sampler
from .ordering import keep_prefix
from .parameters import Number


@sampler("top_k")
class TopK(Truncation):
    """The k most likely tokens; exactly k, ties by lower id."""

    label = "Top-k"
    group = "truncation"
    formula = r"S = \{\,i : \operatorname{rank}(i) \le k\,\}"
    explanation = (
        "Keeps a fixed number of tokens, however sure the model is. A small k ends in loops "
        "(the boredom trap), a large one in incoherence (the confusion trap). The set does not "
        "depend on temperature."
    )
    source = "Fan, Lewis and Dauphin 2018, arXiv 1805.04833; default of transformers."
    parameters = (
        Number(
            "k",
            "Most tokens kept, k",
            default=50,
            low=1,
            high=1_000_000,
            step=1,
            usual=(1, 200),
            integer=True,
            unit="tokens",
            help="How many of the most likely tokens may come.",
        ),
    )

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        rows = judged.logits.shape[0]
        count = torch.full((rows,), self.values["k"], device=judged.logits.device)
        # One more than k, or the answer would be taken for a wish to see more.
        first = self.values["k"] + 1
        return keep_prefix(judged.logits, lambda *shown: count[shown[2]], first), {}
