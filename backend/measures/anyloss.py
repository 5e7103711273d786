"""Metrics of a confusion matrix as losses: AnyLoss (Han et al. 2024, arXiv 2405.14745)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def amplified(probabilities: Tensor, sharpness: float) -> Tensor:
    """Return 1 / (1 + exp(−L (p − ½))): nearly a decision for a large L."""
    return torch.sigmoid(sharpness * (probabilities - 0.5))


@dataclass(frozen=True)
class Confusion:
    """Right and wrong ones, [...], of positives and negatives; soft or counted."""

    true_positive: Tensor
    false_positive: Tensor
    false_negative: Tensor
    true_negative: Tensor

    @property
    def sensitivity(self) -> Tensor:
        """Share of positives that are found."""
        return self.true_positive / (self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Tensor:
        """Share of negatives that are left alone."""
        return self.true_negative / (self.true_negative + self.false_positive)

    @property
    def f1(self) -> Tensor:
        """2 TP / (2 TP + FP + FN)."""
        twice = 2 * self.true_positive
        return twice / (twice + self.false_positive + self.false_negative).clamp(min=1e-12)

    @property
    def balanced_accuracy(self) -> Tensor:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def g_mean(self) -> Tensor:
        """Root of sensitivity times specificity; the authors' code leaves the root out."""
        return (self.sensitivity * self.specificity).clamp(min=1e-9).sqrt()


def confusion(decisions: Tensor, labels: Tensor) -> Confusion:
    """Return the confusion of decisions from 0 to 1 and labels 0 or 1, both [..., n]."""
    no, negative = 1 - decisions, 1 - labels
    return Confusion(
        (decisions * labels).sum(-1),
        (decisions * negative).sum(-1),
        (no * labels).sum(-1),
        (no * negative).sum(-1),
    )


def binary_entropy(probabilities: Tensor) -> Tensor:
    """Return −p ln p − (1 − p) ln(1 − p), nats, elementwise."""
    return torch.special.entr(probabilities) + torch.special.entr(1 - probabilities)
