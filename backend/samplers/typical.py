"""Locally typical sampling."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, rounding, sampler
from .ordering import keep_prefix
from .parameters import Number


@sampler("typical")
class Typical(Truncation):
    """Tokens whose surprisal is nearest the entropy, until they hold the mass."""

    label = "Typical"
    group = "entropy-aware"
    formula = r"d_i = |-\ln p_i - H|, \quad S = \text{smallest } d \text{ with mass} \ge \tau"
    explanation = (
        "Keeps tokens that are about as surprising as the model expects on average. It is the one "
        "rule here that may drop the most likely token, when that one is too predictable."
    )
    source = "Meister et al. 2023, arXiv 2202.00666."
    parameters = (
        Number(
            "mass",
            "Probability kept",
            default=0.9,
            low=0.0,
            high=1.0,
            step=0.01,
            open_low=True,
            usual=(0.01, 1.0),
            help="The probability the kept tokens must reach together.",
            aliases=("typical_p", "tau"),
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {
        "centre": Quantity("Entropy, the centre of the window", high=7),
        "window": Quantity("Largest distance kept", high=7),
    }

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        distance = (judged.log_probs + judged.entropy[:, None]).abs()
        wanted = self.values["mass"] - rounding(judged.probs)

        def length(nearness: Tensor, ids: Tensor, rows: Tensor) -> Tensor:
            mass = judged.probs[rows].gather(-1, ids).cumsum(-1, dtype=torch.float64)
            return (mass < wanted).sum(-1) + 1

        kept = keep_prefix(-distance, length)
        window = distance.masked_fill(~kept, 0).amax(-1)
        return kept, {"centre": judged.entropy, "window": window}
