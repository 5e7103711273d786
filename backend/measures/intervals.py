"""Bounds on the entropy of a distribution of which only the likeliest tokens are known."""

from __future__ import annotations

import torch
from torch import Tensor


def entropy_bounds(logprobs: Tensor, vocabulary: int, *, ranked: bool) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest entropy that fits what is known of distributions.

    With known probabilities p, what they leave over m = 1 − Σp, and V − k tokens that are not
    known, the greatest has m spread evenly over these: Σ −p ln p − m ln m + m ln(V − k). The least
    has m on as few tokens as it may be on: one (Σ −p ln p − m ln m); or, where the known ones are
    the likeliest, as many as need be that no unknown token has more than the last known one.

    Args:
        logprobs: [..., K], nats, in any order; NaN for places without a token.
        vocabulary: V, tokens that there are; at least the known ones.
        ranked: whether no unknown token is likelier than the least likely known one.

    Returns:
        Least and greatest entropy, float64 [...], nats; NaN where no token is known.
    """
    logprobs = logprobs.double()
    known = ~logprobs.isnan()
    p = torch.where(known, logprobs, -torch.inf).exp()
    seen = torch.special.entr(p).sum(-1)
    left = (1 - p.sum(-1)).clamp(min=0)
    unknown = (vocabulary - known.sum(-1)).clamp(min=0)
    left = torch.where(unknown > 0, left, 0.0)
    high = seen + torch.special.entr(left) + left * unknown.clamp(min=1).double().log()
    low = seen + torch.special.entr(left)
    if ranked:
        most = torch.where(known, p, torch.inf).amin(-1)
        full = torch.where(most > 0, (left / most).floor(), 0.0)
        full = full.nan_to_num(0.0, 0.0, 0.0)
        rest = (left - full * torch.where(most.isfinite(), most, 0.0)).clamp(min=0)
        capped = seen + full * torch.special.entr(most.clamp(max=1)) + torch.special.entr(rest)
        low = torch.where(most > 0, capped, low)
    nothing = ~known.any(-1)
    return (
        low.masked_fill(nothing, torch.nan),
        torch.maximum(high, low).masked_fill(nothing, torch.nan),
    )
