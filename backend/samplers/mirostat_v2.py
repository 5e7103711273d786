"""Mirostat, version 2: a ceiling on the surprise of a token."""

from __future__ import annotations

from typing import ClassVar

import torch

from ..quantities import Quantity
from .base import Distribution, State, Step, sampler
from .mirostat import DETAILS, LN2, Mirostat


@sampler("mirostat_v2")
class MirostatV2(Mirostat):
    """Drops every token that would surprise by more than μ; feedback moves μ."""

    label = "Mirostat 2"
    formula = r"S = \{\,i : -\log_2 p_i \le \mu\,\}, \quad \mu \leftarrow \mu - \eta\,(S - \tau)"
    explanation = (
        "Like version 1, but μ itself is the ceiling, with no law to be fitted. Where even the "
        "most likely token surprises by more than τ, the target cannot be reached from below."
    )
    source = "Basu et al. 2021, arXiv 2007.14966, the simpler form of the author's code."
    details: ClassVar[dict[str, Quantity]] = DETAILS

    def judge(self, raw: Distribution, state: State) -> Step:
        judged = raw.tempered(self.values["temperature"])
        mu = state["mu"].to(judged.logits.device)
        ceiling = (mu * LN2).to(judged.log_probs.dtype)
        best = torch.zeros_like(judged.logits, dtype=torch.bool).scatter_(
            -1, judged.logits.argmax(-1, keepdim=True), True
        )
        kept = (-judged.log_probs <= ceiling[:, None]) | best
        return Step(judged.only(kept), kept, judged, {"mu": mu})
