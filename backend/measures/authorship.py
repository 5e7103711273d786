"""Did this distribution write the text? An e-value that is valid at every length.

A text drawn from p has surprisals a_t whose mean is the entropy h_t. The exact moments of a_t − h_t
under p make a bet against it: M_s = exp(s Σ(a_t − h_t) − Σψ_t(s)) has mean 1 at every length, so
that the mean of M_s over some s is an e-value, and by Ville's inequality it ever reaches 1/δ with
probability δ at most. After Radvand et al. 2025, arXiv 2501.02406; the bet is ours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

GRID = (-2.0, -1.0, -0.5, -0.25, 0.125, 0.25, 0.5, 0.75)
"""The s of the bets, below 1: those below 0 win on texts that surprise too little."""


def warped(log_p: Tensor, temperature: float = 1.0, top_k: int = 0) -> Tensor:
    """Return ln p [..., V] of what is drawn from: at a temperature, or from the likeliest tokens.

    Args:
        log_p: [..., V], of the model.
        temperature: above 0.
        top_k: how many tokens are left; 0 for all. Of equal ones at the end all are left.
    """
    found = log_p / temperature if temperature != 1 else log_p
    if 0 < top_k < log_p.shape[-1]:
        least = found.topk(top_k, dim=-1).values[..., -1:]
        found = found.masked_fill(found < least, -torch.inf)
    return found.log_softmax(-1) if temperature != 1 or top_k else found


def spread(log_p: Tensor) -> tuple[Tensor, Tensor]:
    """Return entropy (nats) and varentropy (nats²) of ln p [..., V]; tokens of p = 0 count 0."""
    p = log_p.exp()
    finite = log_p.clamp(min=-1e4)
    entropy = -(p * finite).sum(-1)
    return entropy, (p * (finite + entropy[..., None]) ** 2).sum(-1)


def log_moments(log_p: Tensor, entropy: Tensor) -> Tensor:
    """Return ψ(s) = ln E exp(s (a − h)) for every s of ``GRID``, [..., G].

    Args:
        log_p: ln p [..., V]; −∞ for tokens that cannot come.
        entropy: [...], of the same.
    """
    # The largest p is 1 / V at least: its cube is far from the least number of float32.
    moments = [((1 - s) * log_p).exp_().sum(-1).log() - s * entropy for s in GRID]
    return torch.stack(moments, -1)


def log_e_values(gaps: Tensor, moments: Tensor) -> Tensor:
    """Return the log of the e-value after every token, float64 [..., N], nats.

    Args:
        gaps: [..., N], surprisal − entropy; ∞ for a token that could not come, after which the
            e-value is ∞.
        moments: [..., N, G], as ``log_moments``.
    """
    # 0 · ∞ does not arise: no s of the grid is 0.
    grid = torch.tensor(GRID, dtype=torch.float64)
    bets = grid * gaps.double()[..., None] - moments.double()
    return bets.cumsum(-2).logsumexp(-1) - math.log(len(GRID))
