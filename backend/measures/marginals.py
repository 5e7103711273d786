"""Marginals of pictures of which a part is seen: what any of them has to satisfy, and the truth.

A picture is x in {0, 1} [..., X] and what is seen of it a mask of the same shape; values where
nothing is seen do not count. All numbers are log-probabilities in nats.

Source: Liu, Ramadge and Adams 2023, Generative Marginalization Models, arXiv 2310.12920.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

UNSEEN = 2


def part_states(pixels: int) -> Tensor:
    """Return all that can be seen of so many pixels, int64 [3^X, X]: 0, 1 or ``UNSEEN``."""
    return torch.tensor(list(itertools.product((0, 1, UNSEEN), repeat=pixels)))


def exact_marginals(joint: Tensor, states: Tensor) -> Tensor:
    """Return log p of what is seen by a joint distribution, float64 [N]; −inf where it is 0.

    Args:
        joint: [2^X], the first pixel the slowest.
        states: int64 [N, X], as ``part_states`` has them.
    """
    pixels = states.shape[1]
    whole = torch.tensor(list(itertools.product((0, 1), repeat=pixels)))
    agree = ((states[:, None] == whole) | (states[:, None] == UNSEEN)).all(-1)
    return (agree.double() @ joint.double()).log()


def sum_residual(before: Tensor, paper: Tensor, ink: Tensor) -> Tensor:
    """Return f(x_s) − ln Σ_v exp f(x_s, x_i = v): 0 of marginals that belong together."""
    return before - torch.logaddexp(paper, ink)


def step_residual(before: Tensor, log_p: Tensor, after: Tensor) -> Tensor:
    """Return f(x_s) + log p(x_i | x_s) − f(x_s, x_i): what learning makes small."""
    return before + log_p - after


def from_ratio(paper: Tensor, ink: Tensor) -> Tensor:
    """Return p(x_i = 1 | x_s) by two marginals alone."""
    return torch.sigmoid(ink - paper)


def pixel_entropy(p: Tensor) -> Tensor:
    """Return the entropy of a pixel that is 1 with this probability; NaN stays NaN."""
    return torch.special.entr(p) + torch.special.entr(1 - p)


def mixture(chains: Tensor, dim: int = -1) -> Tensor:
    """Return ln of the mean probability over orders: what a random order says."""
    return torch.logsumexp(chains, dim) - math.log(chains.shape[dim])


def root_mean_square(values: Tensor) -> Tensor:
    """Return √mean(x²)."""
    return values.square().mean().sqrt()
