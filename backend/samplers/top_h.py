"""Top-H sampling: as much mass as an entropy budget allows."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, rounding, sampler
from .ordering import best_first, keep_prefix
from .parameters import Choice, Number

# Both codes look at no more tokens than this.
_CODE_TOKENS = 100
# exp of it is 0 in every precision, and 0 times it is still a number.
_NOTHING = -1e4


@sampler("top_h")
class TopH(Truncation):
    """The longest prefix whose entropy, renormalised, stays within α times the model's."""

    label = "Top-H"
    group = "entropy-aware"
    formula = r"S = \text{longest prefix with } \ln\Gamma_j - h_j/\Gamma_j \le \alpha\,H(p)"
    explanation = (
        "What is drawn from may be at most α times as uncertain as the model itself. A sure model "
        "has a small budget and few tokens fit; a hesitant one has a large budget. The bound is "
        "taken after temperature, so both sides grow with T."
    )
    source = "Potraghloo et al. 2025, arXiv 2509.02510, Algorithm 1."
    parameters = (
        Number(
            "alpha",
            "Entropy allowed, α",
            default=0.4,
            low=0.0,
            high=1.0,
            step=0.01,
            open_low=True,
            usual=(0.01, 1.0),
            help="The share of the model's entropy that may be left.",
        ),
        Choice(
            "rule",
            "Rule",
            options=("paper", "author", "transformers"),
            help="Paper: entropy of the renormalised prefix against the full entropy. The "
            "author's code and transformers 5 add up −p ln p over the 100 best tokens instead; "
            "transformers renormalises these first.",
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {
        "budget": Quantity("Entropy budget α·H", high=7),
        "used": Quantity("Budget used, as the rule counts it", high=7),
    }

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        rule = self._paper if self.values["rule"] == "paper" else self._code
        return rule(judged)

    def _paper(self, judged: Distribution) -> tuple[Tensor, dict[str, Tensor]]:
        # Weights beside the largest, added up in float64: where the model is nearly certain the
        # whole entropy comes from a tail that one minus the first probability would lose.
        below = (judged.logits - judged.logits.amax(-1, keepdim=True)).clamp(min=_NOTHING)
        weights = below.exp()
        total = weights.sum(-1, dtype=torch.float64)
        entropy = total.log() - (weights * below).sum(-1, dtype=torch.float64) / total
        budget = self.values["alpha"] * entropy
        used = torch.zeros_like(budget)

        def length(below: Tensor, ids: Tensor, rows: Tensor) -> Tensor:
            weights = below.exp()
            mass = weights.cumsum(-1, dtype=torch.float64)
            spread = mass.log() - (weights * below).cumsum(-1, dtype=torch.float64) / mass
            inside = spread <= budget[rows, None] * (1 + rounding(weights))
            inside[:, 0] = True
            used[rows] = torch.where(inside, spread, 0).amax(-1)
            return inside.sum(-1)

        kept = keep_prefix(below, length)
        return kept, {"budget": budget, "used": used}

    def _code(self, judged: Distribution) -> tuple[Tensor, dict[str, Tensor]]:
        count = min(_CODE_TOKENS, judged.probs.shape[-1])
        probs, ids = best_first(judged.probs, count)
        if self.values["rule"] == "transformers":
            probs = probs / probs.sum(-1, keepdim=True)
        summed = torch.special.entr(probs).cumsum(-1, dtype=torch.float64)
        budget = self.values["alpha"] * summed[:, -1]
        inside = summed <= budget[:, None]
        inside[:, 0] = True
        kept = torch.zeros_like(judged.probs, dtype=torch.bool).scatter_(-1, ids, inside)
        return kept, {"budget": budget, "used": torch.where(inside, summed, 0).amax(-1)}
