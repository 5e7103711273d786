"""Conformal prediction: sets of labels that hold the right one as often as was asked for.

After Chan et al. 2025 (arXiv 2507.03279) and the code that they publish, whose quantile is right
where the paper prints another; see ``printed_threshold``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_SLACK = 1e-9
"""(1 − α)(N + 1) is often a whole number that floats miss by their last bit."""


def conformal_rank(alpha: float, count: int) -> int:
    """Return ⌈(1 − α)(N + 1)⌉, the rank of the threshold among N scores −p; may be N + 1."""
    return math.ceil((1 - alpha) * (count + 1) - _SLACK)


def threshold(true_probs: Tensor, alpha: float) -> Tensor:
    """Return τ with P(p_true ≥ τ) ≥ 1 − α for a new item like those of the calibration.

    The ⌈(1 − α)(N + 1)⌉-th smallest of the scores −p, which is a small probability; 0, so that all
    labels are in, where N is too small for α.

    Args:
        true_probs: [..., N], what the right labels got.
        alpha: share of items whose set may miss the right label.

    Returns:
        float64 [...].
    """
    rank = conformal_rank(alpha, true_probs.shape[-1])
    if rank > true_probs.shape[-1]:
        return torch.zeros(true_probs.shape[:-1], dtype=torch.float64)
    return true_probs.double().sort(-1, descending=True).values[..., rank - 1]


def coded_threshold(true_probs: Tensor, alpha: float) -> Tensor:
    """Return the authors' τ, float64 [...]: the (1 − α) quantile of −p, without the N + 1."""
    scores = -true_probs.double()
    return -torch.quantile(scores, 1 - alpha, dim=-1, interpolation="higher")


def printed_threshold(true_probs: Tensor, alpha: float) -> Tensor:
    """Return τ as the paper prints it, float64 [...]: a quantile of p where −p is meant.

    Almost no set that it makes holds the right label.
    """
    count = true_probs.shape[-1]
    share = min(conformal_rank(alpha, count) / count, 1.0)
    return torch.quantile(true_probs.double(), share, dim=-1, interpolation="higher")


def in_set(probs: Tensor, tau: Tensor) -> Tensor:
    """Return which labels are in the set, bool [..., Y]: all with p ≥ τ; τ is [...]."""
    return probs.double() >= tau.double()[..., None]


def binary_entropy(p: float) -> float:
    """Return the entropy of a coin, nats."""
    return -sum(each * math.log(each) for each in (p, 1 - p) if each > 0)


def surplus(alpha: float, labels: int, calibrated: int) -> float:
    """Return λ_α of ``entropy_bound``, nats: what the bound has beside the size of the sets."""
    low = alpha - 1 / (calibrated + 1)
    return binary_entropy(alpha) + alpha * math.log(labels) - (1 - low) * math.log(1 - alpha)


def entropy_bound(mean_size: float, alpha: float, labels: int, calibrated: int) -> float:
    """Return the bound of H(Y | X) by the mean size of the sets, nats.

    H(Y | X) ≤ λ_α + (1 − α_N) ln E|C|. It often lies beyond ln |Y|, where it says nothing; NaN
    where all sets are empty.

    Args:
        mean_size: E|C|.
        alpha: above 0, below 1/2.
        labels: |Y|.
        calibrated: N, so that α_N = α − 1 / (N + 1).
    """
    if mean_size <= 0:
        return math.nan
    low = alpha - 1 / (calibrated + 1)
    return surplus(alpha, labels, calibrated) + (1 - low) * math.log(mean_size)


def coded_bound(sizes: Tensor, covered: Tensor, alpha: float, labels: int) -> float:
    """Return the bound as the authors' code has it, nats; another one than that of the paper.

    h_b(α) + (1 − α_n) mean ln |C| over the covered + α mean ln(|Y| − |C|) over the others, with
    α_n = α − 1 / (n + 1) of these n items, which may be negative.

    Args:
        sizes: [n], of the sets.
        covered: bool [n], whether they hold the right label.
        alpha: as asked for.
        labels: |Y|.
    """
    low = alpha - 1 / (len(sizes) + 1)
    inside = sizes[covered].double().log()
    outside = (labels - sizes[~covered]).double().log()
    first = float(inside.mean()) if len(inside) else 0.0
    second = float(outside.mean()) if len(outside) else 0.0
    return binary_entropy(alpha) + (1 - low) * first + alpha * second


def beliefs(log_yes: Tensor, log_no: Tensor, asked: Tensor, answers: Tensor) -> Tensor:
    """Return how likely every label is after some answers, float64 [..., Y]; rows sum to 1.

    All labels are alike at first, and answers are independent given the label:
    p(y | answers) ∝ Π p(answer | y, question).

    Args:
        log_yes: [Y, Q], of the answer yes, given label and question.
        log_no: [Y, Q], of the answer no.
        asked: integers [..., K], questions; none twice in a row.
        answers: bool [..., K].
    """
    given = torch.where(answers[..., None, :], _take(log_yes, asked), _take(log_no, asked))
    return given.double().sum(-1).softmax(-1)


def _take(table: Tensor, asked: Tensor) -> Tensor:
    return table[:, asked].movedim(0, -2)  # [Y, ..., K] to [..., Y, K]


def expected_after(
    log_yes: Tensor, log_no: Tensor, belief: Tensor, tau: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what every question would leave, on average over its answers, float64 [Q] each.

    Args:
        log_yes: [Y, Q], as in ``beliefs``.
        log_no: [Y, Q].
        belief: [Y], so far.
        tau: threshold of the sets after one answer more.

    Returns:
        E|C| and the expected entropy, nats. Conformal pursuit asks the question with the least
        ln E|C|, information pursuit that with the least entropy.
    """
    logs = torch.stack([log_yes, log_no]).double() + belief.double().log()[None, :, None]
    chance = logs.logsumexp(1).exp()  # [2, Q]
    after = logs.softmax(1).movedim(1, -1)  # [2, Q, Y]
    sizes = in_set(after, tau.expand(after.shape[:-1])).sum(-1)
    return (chance * sizes).sum(0), (chance * torch.special.entr(after).sum(-1)).sum(0)
