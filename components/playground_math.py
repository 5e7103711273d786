"""Entropy and its relatives of a small distribution, in plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Figures:
    """What can be said of a distribution; nats.

    Attributes:
        entropy: H = −Σ p ln p.
        varentropy: variance of −ln p, nats².
        effective_choices: exp(H).
        divergence_from_uniform: KL(p ‖ uniform) = ln n − H.
    """

    entropy: float
    varentropy: float
    effective_choices: float
    divergence_from_uniform: float


def distribution(weights: np.ndarray, temperature: float) -> np.ndarray:
    """Return weights^(1/T), normalised: what temperature does to a softmax.

    Args:
        weights: float [n], not negative; all 0 gives the uniform distribution.
        temperature: above 0.

    Returns:
        float64 [n]; sums to 1.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not weights.any():
        return np.full(len(weights), 1 / len(weights))
    with np.errstate(divide="ignore"):
        logits = np.log(weights) / temperature
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def figures(shares: np.ndarray) -> Figures:
    """Return the figures of a distribution, float [n] summing to 1; 0 ln 0 counts as 0."""
    seen = shares[shares > 0]
    surprisal = -np.log(seen)
    entropy = float(seen @ surprisal)
    return Figures(
        entropy=entropy,
        varentropy=float(seen @ (surprisal - entropy) ** 2),
        effective_choices=float(np.exp(entropy)),
        divergence_from_uniform=float(max(0.0, np.log(len(shares)) - entropy)),
    )
