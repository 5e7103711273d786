"""Nearest-neighbour language models: what a datastore of states says of the next token.

Distances are squared and Euclidean; what is not squared is another model. Everything stays in the
precision that comes in. Source: Khandelwal et al. 2020; Wang et al. 2023, arXiv 2305.14625; the
expressions are those of neulab/knn-transformers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_ROWS = 256
"""Queries that are searched at once."""
_PAIRS = 4 * 10**6
"""Pairs of neighbours that are compared at once."""


def nearest(queries: Tensor, keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return squared distances and places [R, count] of the nearest of ``keys`` [N, D].

    The search is exact. Distances of those found are summed from differences: taken apart as
    |q|² + |k|² − 2qk, a duplicate would not be at 0.
    """
    norms = keys.square().sum(-1)
    found = []
    for part in queries.split(_ROWS):
        places = (norms - 2 * part @ keys.T).topk(count, largest=False).indices
        pairs = zip(part, places, strict=True)
        apart = torch.stack([(query - keys[own]).square().sum(-1) for query, own in pairs])
        found.append((apart, places))
    distances, places = (torch.cat(each) for each in zip(*found, strict=True))
    order = distances.argsort(dim=-1, stable=True)
    return distances.gather(-1, order), places.gather(-1, order)


def neighbour_log_weights(distances: Tensor, temperature: float) -> Tensor:
    """Return ln w of every neighbour, [..., K] from squared distances [..., K]."""
    return torch.log_softmax(-distances / temperature, -1)


def retrieved(log_weights: Tensor, values: Tensor, size: int) -> Tensor:
    """Return p over a vocabulary of ``size``, [R, size]: weights [R, K] of one token summed."""
    p = log_weights.new_zeros(len(log_weights), size)
    return p.scatter_add_(1, values.long(), log_weights.exp())


def shared_weights(log_weights: Tensor, values: Tensor) -> Tensor:
    """Return p of the value of every neighbour, [R, K]: those that say the same count together."""
    rows = max(1, _PAIRS // values.shape[1] ** 2)
    parts = zip(log_weights.exp().split(rows), values.split(rows), strict=True)
    return torch.cat([((v[:, :, None] == v[:, None, :]) * w[:, None]).sum(-1) for w, v in parts])


def retrieval_entropy(log_weights: Tensor, values: Tensor) -> Tensor:
    """Return the entropy over the vocabulary of what neighbours say, [R], without a row of it.

    −Σ_v p_v ln p_v = −Σ_j w_j ln p_{v_j}, nats.
    """
    w = log_weights.exp()
    p = shared_weights(log_weights, values)
    return -(w * torch.where(w > 0, p, 1).log()).sum(-1)


def interpolated(log_retrieved: Tensor, log_own: Tensor, share: float) -> Tensor:
    """Return ln(λ p_knn + (1 − λ) p_lm), of logarithms of one shape; ``share`` is λ, 0 to 1."""
    if share == 0:
        return log_own
    if share == 1:
        return log_retrieved
    return torch.logaddexp(log_retrieved + math.log(share), log_own + math.log1p(-share))
