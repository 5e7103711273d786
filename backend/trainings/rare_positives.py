"""F1 and its like as losses where positives are rare, and the amplifier that makes them so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.anyloss import Confusion, amplified, binary_entropy, confusion
from ..quantities import Quantity
from ..runs.training import Measured, TrainingRun, Value
from .data import Digits, digits
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, mean_over_seeds
from .engine.layers import forward, mlp
from .engine.side_by_side import Copies, Group, Variant

POSITIVE, SHARE, NOISE, BINS = 8, 0.03, 0.3, 20
NAMES = ("cross-entropy", "F1", "balanced accuracy", "G-mean", "F1, not amplified")


def _share(name: str, help: str) -> Quantity:
    return Quantity(name, "", "%", digits=0, help=help)


def _f1(run: TrainingRun, variant: str) -> float:
    return mean_over_seeds(run, "f1", variant)


@EXPERIMENTS.register("rare_positives")
class RarePositives(Experiment):
    """64-16-1, "is it an 8?", 3 % positives to learn from, the natural 10 % to be tested with."""

    title = "Metrics as losses"
    summary = "Cross-entropy never finds the rare eights; losses made of metrics do."
    story = (
        "One image in 36 is an eight. Cross-entropy learns to say no; losses made of F1, balanced "
        "accuracy or G-mean find many. An amplifier turns each probability into nearly a "
        "decision, and hides how undecided it was: compare the entropy before and after it. The "
        "steepest amplifier (L = 73) learns worst here, because it saturates. L can be chosen."
    )
    seeds = tuple(range(8))
    steps, every = 300, 10
    choices = (
        Choice("amplification", "Amplification L", "Steepness of the amplifier.", 8.0, 2.0, 100.0),
        Choice("learning_rate", "Learning rate", "Of Adam, full batch.", 5e-3, 1e-3, 2e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "f1": Measured(_share("F1", "On test digits at threshold ½.")),
        "balanced_accuracy": Measured(
            _share("Balanced accuracy", "Mean of what is found and what is left alone.")
        ),
        "g_mean": Measured(_share("G-mean", "Root of what is found times what is left alone.")),
        "found": Measured(_share("Eights found", "Of those among the test digits.")),
        "loss": Measured(
            Quantity(
                "Own loss",
                "L",
                "",
                high=1,
                help="Each on the training images; not of one kind, so not to be compared.",
            )
        ),
        "entropy": Measured(
            Quantity(
                "Entropy of p",
                "H",
                high=0.6931,
                help="How undecided the network is about a test digit, on average.",
            )
        ),
        "amplified_entropy": Measured(
            Quantity(
                "Entropy after the amplifier",
                "H",
                high=0.6931,
                help="The same of what the loss sees.",
            )
        ),
        "histogram": Measured(
            Quantity(
                "Test digits",
                "",
                "%",
                high=0.3,
                digits=1,
                help="Share of the test digits whose probability is in this bin.",
            ),
            axes=("probability",),
        ),
        "soft_confusion": Measured(
            Quantity(
                "Soft confusion",
                "",
                "%",
                digits=1,
                help="Share of all test digits, as the amplified probabilities count them.",
            ),
            axes=("outcome",),
        ),
        "hard_confusion": Measured(
            Quantity("Confusion", "", "%", digits=1, help="The same as decisions count them."),
            axes=("outcome",),
        ),
    }
    telling = "histogram"
    expected = (
        Expected("plain", "Cross-entropy: F1 below .2.", lambda run: _f1(run, NAMES[0]), 0.0, 0.2),
        Expected(
            "balanced",
            "Balanced accuracy as a loss: F1 above .2.",
            lambda run: _f1(run, NAMES[2]),
            0.2,
            1.0,
        ),
        Expected(
            "gain",
            "It finds more than cross-entropy by .2 or more.",
            lambda run: _f1(run, NAMES[2]) - _f1(run, NAMES[0]),
            0.2,
            1.0,
        ),
    )
    papers = (20,)
    cost = 3.0
    layers = 1
    architecture = "64-16-1"

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        super().__init__(chosen, seeds)
        generator = torch.Generator().manual_seed(2)
        train, test = digits()
        right = torch.nonzero(train.labels == POSITIVE)[:, 0]
        wrong = torch.nonzero(train.labels != POSITIVE)[:, 0]
        few = right[: int(SHARE * len(wrong))]
        self._train = _noisy(train[torch.cat([wrong, few])], generator)
        self._test = _noisy(test, generator)

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        variants = tuple(Variant(name, rate) for name in NAMES)
        nothing = lambda generator, step: None  # noqa: E731
        return [Group(variants, mlp((64, 16, 1)), self._loss, nothing)]

    def labels(self) -> dict[str, list[str]]:
        return {
            "probability": [f"{(i + 0.5) / BINS:.3f}" for i in range(BINS)],
            "outcome": ["eights found", "false alarms", "eights missed", "left alone"],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        images, labels = self._test
        shares = torch.sigmoid(forward(copies.parameters, images)[0][..., 0])
        hard = confusion((shares > 0.5).float(), labels)
        sharp = amplified(shares, self.number("amplification"))
        soft = confusion(sharp, labels)
        bins = (shares.nan_to_num() * BINS).floor().clamp(0, BINS - 1).long()
        return {
            "f1": hard.f1,
            "balanced_accuracy": hard.balanced_accuracy,
            "g_mean": (hard.sensitivity * hard.specificity).sqrt(),
            "found": hard.sensitivity,
            "loss": self._loss(copies, None),
            "entropy": binary_entropy(shares).mean(1),
            "amplified_entropy": binary_entropy(sharp).mean(1),
            "histogram": F.one_hot(bins, BINS).float().mean(1),
            "soft_confusion": _outcomes(soft, len(labels)),
            "hard_confusion": _outcomes(hard, len(labels)),
        }

    def _loss(self, copies: Copies, batch: object) -> Tensor:
        images, labels = self._train
        logits = forward(copies.parameters, images)[0][..., 0]
        parts = [logits[copies.of(i)] for i in range(len(NAMES))]
        steep = self.number("amplification")
        f1, balanced, mean = (
            confusion(amplified(torch.sigmoid(part), steep), labels) for part in parts[1:4]
        )
        plain = F.binary_cross_entropy_with_logits(
            parts[0], labels.expand_as(parts[0]), reduction="none"
        )
        metrics = [
            f1.f1,
            balanced.balanced_accuracy,
            mean.g_mean,
            confusion(torch.sigmoid(parts[4]), labels).f1,
        ]
        return torch.cat([plain.mean(1), *(1 - each for each in metrics)])


def _noisy(part: Digits, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return noisy images [n, 64], and 1 for eights [n]."""
    images = part.images + NOISE * torch.randn(part.images.shape, generator=generator)
    return images, (part.labels == POSITIVE).float()


def _outcomes(of: Confusion, count: int) -> Tensor:
    parts = (of.true_positive, of.false_positive, of.false_negative, of.true_negative)
    return torch.stack(parts, -1) / count
