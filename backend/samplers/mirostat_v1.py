"""Mirostat, version 1: k from a fitted Zipf exponent."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from .base import Distribution, State, Step, sampler
from .mirostat import DETAILS, LN2, PARAMETERS, Mirostat
from .ordering import best_first, keep_prefix
from .parameters import Choice, Detail

_AUTHOR_VOCABULARY = 50_000


@sampler("mirostat_v1")
class MirostatV1(Mirostat):
    """Top-k with the k whose last token would surprise by μ if the ranks followed Zipf's law."""

    label = "Mirostat 1"
    formula = (
        r"k = \Big(\frac{\hat\varepsilon\,2^{\mu}}{1 - N^{-\hat\varepsilon}}\Big)^{1/\hat s},"
        r"\quad \mu \leftarrow \mu - \eta\,(S - \tau)"
    )
    explanation = (
        "Measures how surprising the last token was and moves k so that the surprise stays near "
        "τ: it steers between the loops of a small k and the nonsense of a large one."
    )
    source = "Basu et al. 2021, arXiv 2007.14966; constants of the author's code."
    parameters = (
        *PARAMETERS,
        Choice(
            "rule",
            "Constants",
            options=("author", "llama_cpp"),
            help="Author: 100 ratios, N = 50,000, k rounded plus 1. llama.cpp: 99 ratios, "
            "N = vocabulary size, k rounded down.",
        ),
    )
    details: ClassVar[dict[str, Detail]] = {
        **DETAILS,
        "s_hat": Detail("Fitted Zipf exponent ŝ"),
        "k": Detail("k", "tokens"),
    }

    def judge(self, raw: Distribution, state: State) -> Step:
        judged = raw.tempered(self.values["temperature"])
        mu = state["mu"].to(judged.logits.device)
        exponent = self._exponent(judged)
        k = self._count(exponent, mu, judged.logits.shape[-1])
        kept = keep_prefix(judged.logits, lambda *shown: k[shown[2]]) & (judged.logits > -torch.inf)
        details = {"mu": mu, "s_hat": exponent, "k": k.double()}
        return Step(judged.only(kept), kept, judged, details)

    def _exponent(self, judged: Distribution) -> Tensor:
        """Return the least-squares Zipf exponent [B] through the most likely tokens."""
        ratios = 100 if self.values["rule"] == "author" else 99
        size = judged.logits.shape[-1]
        best = best_first(judged.log_probs, min(ratios + 1, size))[0].double()
        drop = best[:, :-1] - best[:, 1:]
        rank = torch.arange(1, best.shape[-1], device=best.device, dtype=torch.float64)
        step = ((rank + 1) / rank).log().expand_as(drop)
        finite = drop.isfinite()  # a token of probability 0 has no place on the line
        drop, step = torch.where(finite, drop, 0), torch.where(finite, step, 0)
        return (step * drop).sum(-1) / (step * step).sum(-1).clamp(min=1e-300)

    def _count(self, exponent: Tensor, mu: Tensor, size: int) -> Tensor:
        """Return k [B], whole and within 1 … ``size``."""
        author = self.values["rule"] == "author"
        total = math.log(_AUTHOR_VOCABULARY if author else size)
        over = exponent - 1
        # ε / (1 − N^−ε), which tends to 1 / ln N.
        slope = torch.where(
            over.abs() < 1e-9, 1 / max(total, 1e-9), over / -torch.expm1(-over * total)
        )
        power = (slope.log() + mu * LN2) / exponent.clamp(min=1e-9)
        raw = power.clamp(max=math.log(2.0 * size)).exp()
        whole = raw.round() + 1 if author else raw.floor()
        return whole.nan_to_num(size).clamp(1, size).long()
