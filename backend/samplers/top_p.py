"""Nucleus (top-p) sampling."""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Distribution, State, Truncation, rounding, sampler
from .ordering import keep_prefix
from .parameters import Number


@sampler("top_p")
class TopP(Truncation):
    """The smallest set of most likely tokens that together reach probability p."""

    label = "Top-p"
    group = "truncation"
    formula = r"S = \text{shortest prefix with } \sum_{i \in S} p_i \ge p"
    explanation = (
        "Keeps as many tokens as it takes to hold the mass p: few when the model is sure, many "
        "when it is not. A high temperature moves mass into the tail and lets far more tokens in."
    )
    source = "Holtzman et al. 2020, arXiv 1904.09751."
    parameters = (
        Number(
            "p",
            "Probability kept, p",
            default=0.9,
            low=0.0,
            high=1.0,
            step=0.01,
            open_low=True,
            usual=(0.01, 1.0),
            help="The probability the kept tokens must reach together.",
        ),
    )

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        if self.values["p"] == 1:
            return judged.probs >= 0, {}
        wanted = self.values["p"] - rounding(judged.probs)

        def length(probs: Tensor, ids: Tensor, rows: Tensor) -> Tensor:
            # A token stays when the tokens before it do not reach p yet.
            return (probs.cumsum(-1, dtype=torch.float64) < wanted).sum(-1) + 1

        return keep_prefix(judged.probs, length), {}
