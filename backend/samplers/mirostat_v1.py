"""Mirostat, version 1: k from a fitted Zipf exponent."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Step, sampler
from .mirostat import DETAILS, LN2, PARAMETERS, Mirostat
from .ordering import best_first, keep_prefix
from .parameters import Choice

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
    details: ClassVar[dict[str, Quantity]] = {
        **DETAILS,
        "s_hat": Quantity("Fitted Zipf exponent ŝ", unit="", high=5),
        "k": Quantity("k", unit="tokens", high=1000),
    }

    def judge(self, raw: Distribution, state: State) -> Step:
        judged = raw.tempered(self.values["temperature"])
        mu = state["mu"].to(judged.logits.device)
        size, author = judged.logits.shape[-1], self.values["rule"] == "author"
        exponent = estimate_s(judged.log_probs, 100 if author else 99)
        raw_k = compute_k(exponent, mu, _AUTHOR_VOCABULARY if author else size, most=2.0 * size)
        whole = raw_k.round() + 1 if author else raw_k.floor()
        k = whole.nan_to_num(size).clamp(1, size).long()
        kept = keep_prefix(judged.logits, lambda *shown: k[shown[2]]) & (judged.logits > -torch.inf)
        details = {"mu": mu, "s_hat": exponent, "k": k.double()}
        return Step(judged.only(kept), kept, judged, details)


def estimate_s(log_probs: Tensor, ratios: int) -> Tensor:
    """Return ŝ [B], the least-squares Zipf exponent through the most likely tokens of [B, V].

    Args:
        log_probs: natural logarithms; those of −inf have no place on the line.
        ratios: of neighbours in rank: 100 in the author's code, 99 in llama.cpp.
    """
    best = best_first(log_probs, min(ratios + 1, log_probs.shape[-1]))[0].double()
    drop = best[:, :-1] - best[:, 1:]
    rank = torch.arange(1, best.shape[-1], device=best.device, dtype=torch.float64)
    step = ((rank + 1) / rank).log().expand_as(drop)
    finite = drop.isfinite()
    drop, step = torch.where(finite, drop, 0), torch.where(finite, step, 0)
    return (step * drop).sum(-1) / (step * step).sum(-1).clamp(min=1e-300)


def compute_k(exponent: Tensor, mu: Tensor, total: int, *, most: float = math.inf) -> Tensor:
    """Return k [B] before it is rounded: where the surprise of Zipf's law reaches μ.

    Args:
        exponent: ŝ [B].
        mu: [B], bits.
        total: N, how many tokens the law is taken over.
        most: no more than this.
    """
    spread = math.log(total)
    over = exponent - 1
    # ε / (1 − N^−ε), which tends to 1 / ln N.
    slope = torch.where(
        over.abs() < 1e-9, 1 / max(spread, 1e-9), over / -torch.expm1(-over * spread)
    )
    power = (slope.log() + mu * LN2) / exponent.clamp(min=1e-9)
    return power.clamp(max=math.log(most)).exp()
