"""Top-nσ sampling."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, sampler
from .parameters import Choice, Number


@sampler("top_n_sigma")
class TopNSigma(Truncation):
    """Tokens whose logit is within n standard deviations of the largest."""

    label = "Top-nσ"
    group = "truncation"
    formula = r"S = \{\,i : z_i \ge z_{\max} - n\,\sigma(z)\,\}"
    explanation = (
        "Works on logits: most of the vocabulary is noise around one value, and n·σ below the "
        "best is where that noise begins. Dividing all logits by T changes nothing, so the set "
        "does not depend on temperature."
    )
    source = "Tang et al. 2024, arXiv 2411.07641; sample σ as in the paper's code."
    parameters = (
        Number(
            "n",
            "Depth n, in σ of the logits",
            default=1.0,
            low=0.0,
            high=100.0,
            step=0.05,
            usual=(0.0, 5.0),
            help="How many standard deviations below the largest logit are kept.",
        ),
        Choice(
            "sigma",
            "σ over",
            options=("sample", "population"),
            help="Sample divides by one less than the number of tokens (the paper's code), "
            "population by that number (llama.cpp).",
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {
        "sigma": Quantity("σ of the logits", unit="logits", high=10),
        "depth": Quantity("Kept below the largest logit, n·σ", unit="logits", high=20),
    }

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        finite = judged.logits > -torch.inf
        # Measured from the largest, which keeps precision where all logits are far from 0.
        below = judged.logits.amax(-1, keepdim=True) - judged.logits
        below_finite = torch.where(finite, below, 0)
        count = finite.sum(-1)
        mean = below_finite.sum(-1) / count
        squares = torch.where(finite, (below_finite - mean[:, None]).square(), 0).sum(-1)
        freedom = count - int(self.values["sigma"] == "sample")
        sigma = (squares / freedom.clamp(min=1)).sqrt()
        depth = self.values["n"] * sigma
        return below <= depth[:, None], {"sigma": sigma, "depth": depth}
