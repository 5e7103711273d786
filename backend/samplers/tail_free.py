"""Tail-free sampling."""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Distribution, State, Truncation, sampler
from .ordering import keep_prefix
from .parameters import Number

# exp of it is 0 in every precision.
_NOTHING = -1e4


@sampler("tail_free")
class TailFree(Truncation):
    """Cuts where the sorted probabilities stop bending."""

    label = "Tail-free"
    group = "truncation"
    formula = (
        r"c_i = \frac{|p_i - 2p_{i+1} + p_{i+2}|}{\sum_j |\cdot|}, \quad "
        r"S = \text{prefix while } \textstyle\sum c \le z"
    )
    explanation = (
        "The tail of a distribution is where its sorted curve has become straight. The rule adds "
        "up the curvature from the top and cuts once it has seen the share z of all of it."
    )
    source = "Bricken 2019; the rule as llama.cpp had it until 2024."
    parameters = (
        Number(
            "z",
            "Share of the bends kept, z",
            default=0.95,
            low=0.0,
            high=1.0,
            step=0.01,
            open_low=True,
            usual=(0.01, 1.0),
            help="The share of the curvature that is kept; 1 keeps everything.",
        ),
    )

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        size = judged.logits.shape[-1]
        if self.values["z"] == 1 or size <= 2:
            return judged.logits > -torch.inf, {}
        # A second difference of float32 probabilities is little but their rounding: probabilities
        # are taken anew, in float64.
        below = (judged.logits - judged.logits.amax(-1, keepdim=True)).clamp(min=_NOTHING)
        mass = below.exp().sum(-1, keepdim=True, dtype=torch.float64)

        def length(below: Tensor, ids: Tensor, rows: Tensor) -> Tensor:
            probs = below.double().exp() / mass[rows]
            bends = probs.diff(dim=-1).diff(dim=-1).abs()
            total = bends.sum(-1)
            if probs.shape[-1] == size:
                return self._length(bends, total)
            # A bend is at most the sum of its two drops, so those not seen yet add up to at most
            # the last two probabilities seen. Where that cannot matter, the rest needs no sorting.
            least = self._length(bends, total)
            most = self._length(bends, total + probs[:, -2] + probs[:, -1])
            return torch.where(least == most, least, size)

        return keep_prefix(below, length), {}

    def _length(self, bends: Tensor, total: Tensor) -> Tensor:
        """Return how many tokens come before the cumulative share passes z, at least one."""
        uniform = (total <= 1e-6)[:, None]
        share = torch.where(uniform, 1 / bends.shape[-1], bends / total[:, None].clamp(min=1e-30))
        # The first token is never weighed: at least one stays.
        place = (share.cumsum(-1) <= self.values["z"]).sum(-1).clamp(min=1)
        # Never passing z keeps all: the two tokens that have no bend of their own included.
        return torch.where(place >= bends.shape[-1], bends.shape[-1] + 2, place)
