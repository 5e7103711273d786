"""What training on few texts does to a model: how sharp, how repetitive, and what no heat undoes.

Carlsson et al. 2025, "The Hyperfitting Phenomenon", arXiv 2412.04318.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

WINDOW = 96
"""Tokens that the type-token ratio looks at; it depends on how many."""


def type_token_ratio(tokens: Sequence[int], window: int = WINDOW) -> float:
    """Return different tokens over tokens among the last ``window``: 1 where none repeats."""
    last = tokens[-window:]
    return len(set(last)) / len(last)


def repeated_ngrams(tokens: Sequence[int], length: int = 4) -> float:
    """Return the share of n-grams that stood before; 0 of a text too short for any."""
    grams = [tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def longest_copied(tokens: Sequence[int], passages: Sequence[Sequence[int]]) -> int:
    """Return the length of the longest stretch of ``tokens`` that stands in a passage."""
    best = 0
    for passage in passages:
        before = [0] * (len(passage) + 1)
        for token in tokens:
            row = [0] * (len(passage) + 1)
            for place, other in enumerate(passage, 1):
                if token == other:
                    row[place] = before[place - 1] + 1
            best = max(best, *row)
            before = row
    return best


def top_mass(logits: Tensor) -> Tensor:
    """Return the probability of the likeliest token, [...], of ``logits`` [..., V]."""
    return torch.softmax(logits, -1).amax(-1)


def matched_temperature(logits: Tensor, entropy: float, places: int = 60) -> float:
    """Return the temperature at which ``logits`` [n, V] have this mean entropy, nats.

    By bisection on its logarithm. No temperature changes which token is likeliest.
    """

    def mean_entropy(heat: float) -> float:
        logs = torch.log_softmax(logits / heat, -1)
        return float(-(logs.exp() * logs).sum(-1).mean())

    low, high = math.log(1e-3), math.log(1e3)
    for _ in range(places):
        middle = (low + high) / 2
        if mean_entropy(math.exp(middle)) < entropy:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def choice_agreement(before: Tensor, after: Tensor) -> float:
    """Return at how many of n places two models [n, V] would choose the same token, 0 to 1."""
    return float((before.argmax(-1) == after.argmax(-1)).double().mean())


def rank_before(before: Tensor, after: Tensor) -> Tensor:
    """Return how many tokens were likelier before than the one that is likeliest now, [n]."""
    chosen = before.gather(-1, after.argmax(-1, keepdim=True))
    return (before > chosen).sum(-1)
