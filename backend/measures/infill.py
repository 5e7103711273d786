"""A hole in a text: what may stand in it, by its left side alone and by both sides.

By Bayes' rule any causal model can tell: with a = log p(x | left) of a candidate and
b = log p(right | left, x) the candidate has a share proportional to exp(a + b). This is exact
among those that are listed, whose token sequences must not begin one another. After CodeGen2,
Nijkamp et al. 2023 (arXiv 2305.02309), which trains a model to do so in one pass.
"""

from __future__ import annotations

import torch
from torch import Tensor


def shares(log_prior: Tensor, log_right: Tensor) -> Tensor:
    """Return the probability of every candidate among those listed, float64 [..., X].

    Args:
        log_prior: [X], log p of each candidate behind the left side, nats.
        log_right: [..., X], log p of the right side, or as much as is seen of it, behind both.
    """
    return torch.softmax(log_prior.double() + log_right.double(), -1)


def entropy(probs: Tensor) -> Tensor:
    """Return the entropy of ``probs`` [..., X], nats; a share of 0 adds nothing."""
    return torch.special.entr(probs.double()).sum(-1)


def coverage(log_prior: Tensor, log_right: Tensor) -> Tensor:
    """Return the least share of all that could stand in the hole that the listed ones have, [...].

    It holds if no candidate that is not listed explains the right side better than the best listed
    one. Each share is then at least itself times this.

    Args:
        log_prior: [X], as in ``shares``.
        log_right: [..., X], likewise.
    """
    left_out = (1 - log_prior.double().exp().sum()).clamp(min=0)
    joint = torch.logsumexp(log_prior.double() + log_right.double(), -1)
    return 1 / (1 + left_out * (log_right.double().amax(-1) - joint).exp())


def information(log_prior: Tensor, log_right: Tensor) -> Tensor:
    """Return the divergence of ``shares`` from those without the right side, [...], nats.

    It is never below 0, while the entropy may rise.
    """
    after = shares(log_prior, log_right)
    before = torch.log_softmax(log_prior.double(), -1)
    return (torch.special.xlogy(after, after) - after * before).sum(-1).clamp(min=0)


def effective_count(probs: Tensor) -> Tensor:
    """Return as how many equal ones ``probs`` [..., X] count: 1 / Σ p², [...].

    Of weights of drawn spans it is the effective sample size.
    """
    return 1 / probs.double().square().sum(-1)
