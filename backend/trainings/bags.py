"""Bags of digits with attention over them: entropy cures its concentration, and can harm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.multiple_instance import (
    aem_loss,
    area_under_curve,
    attention_share,
    witness_mass,
)
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun, Value
from .data import Digits, digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, defaults, final
from .engine.layers import accuracy, cross_entropy, linear, normal
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant

WIDTH, GATE, TESTED = 32, 16, 120
LITTLE = 0.1


@dataclass(frozen=True)
class Scenario:
    """What bags hold.

    Attributes:
        bags: to learn from.
        size: digits in one.
        witness: the digit that makes a bag positive.
        count: of it in a positive bag.
        noise: standard deviation added to the pixels.
        steps: to learn for.
    """

    bags: int
    size: int
    witness: int
    count: int
    noise: float
    steps: int


SCENARIOS = {
    "six noisy eights": Scenario(40, 30, 8, 6, 0.3, 150),
    "one clean zero": Scenario(160, 20, 0, 1, 0.0, 300),
}


@dataclass(frozen=True)
class Bags:
    """Images [K, B, N, 64], labels [K, B], and 1 for each instance that makes a bag positive."""

    images: Tensor
    labels: Tensor
    witness: Tensor


def fill(pool: Digits, bags: int, like: Scenario, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the images, labels and witnesses of so many bags, every second one positive."""
    generator = torch.Generator().manual_seed(seed)
    right, wrong = ((pool.labels == like.witness) == each for each in (True, False))
    right, wrong = (torch.nonzero(each)[:, 0] for each in (right, wrong))
    drawn = torch.randint(0, len(wrong), (bags, like.size), generator=generator)
    rows, labels = wrong[drawn], torch.arange(bags) % 2
    witness = torch.zeros(bags, like.size)
    for bag in torch.nonzero(labels)[:, 0]:
        own = torch.randint(0, len(right), (like.count,), generator=generator)
        rows[bag, : like.count], witness[bag, : like.count] = right[own], 1
    images = pool.images[rows]
    if like.noise:
        images = images + like.noise * torch.randn(images.shape, generator=generator)
    return images, labels, witness


def _init(generator: torch.Generator) -> Parameters:
    return {
        "w": normal(generator, 64, WIDTH, scale=math.sqrt(2 / 64)),
        "b": torch.zeros(1, WIDTH),
        "tanh": normal(generator, WIDTH, GATE, scale=1 / math.sqrt(WIDTH)),
        "sigmoid": normal(generator, WIDTH, GATE, scale=1 / math.sqrt(WIDTH)),
        "score": normal(generator, GATE, 1, scale=1 / math.sqrt(GATE)),
        "out": normal(generator, WIDTH, 2, scale=1 / math.sqrt(WIDTH)),
        "out_bias": torch.zeros(1, 2),
    }


def run_through(copies: Copies, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits [K, B, 2] and scores [K, B, N] of bags [K, B, N, 64]."""
    count, bags, size, _ = images.shape
    hidden = F.relu(linear(images.reshape(count, bags * size, 64), copies["w"], copies["b"]))
    gate = torch.tanh(torch.bmm(hidden, copies["tanh"]))
    gate = gate * torch.sigmoid(torch.bmm(hidden, copies["sigmoid"]))
    scores = torch.bmm(gate, copies["score"]).view(count, bags, size)
    attention = torch.softmax(scores, -1)
    pooled = torch.einsum("kbn,kbnd->kbd", attention, hidden.view(count, bags, size, WIDTH))
    return linear(pooled, copies["out"], copies["out_bias"]), scores


def _gain(run: TrainingRun, weight: float) -> float:
    """Return how much accuracy λ gives, mean of the seeds."""
    return float((final(run, "accuracy", _name(weight)) - final(run, "accuracy", _name(0))).mean())


def _name(weight: float) -> str:
    return f"λ = {weight:g}"


HARM = (
    Expected(
        "harm",
        "λ = 1 lowers accuracy on new bags (one clean zero).",
        lambda run: _gain(run, 1.0),
        -0.2,
        -0.02,
    ),
    Expected(
        "looks",
        "Without the bonus nearly all attention lies on the zero.",
        lambda run: float(final(run, "witness_mass", _name(0)).mean()),
        0.8,
        1.0,
    ),
)


@EXPERIMENTS.register("bags")
class BagsOfDigits(Experiment):
    """64 → 32 → gated attention → 2, full batch; every seed has its own bags."""

    title = "Bags of digits"
    summary = "Attention that stares at two or three instances is made to spread."
    story = (
        "A bag is positive when it holds eights. Without the bonus the network memorises 40 bags "
        "by staring at two or three digits in each; with it attention spreads and new bags are "
        "told better. The other scenario is the honest counterpart: one clean zero among twenty "
        "is all the evidence, and entropy spreads attention away from it. It helps where there "
        "is more evidence than the network looks at, and harms where there is not."
    )
    seeds = (0, 1, 2, 3, 4, 5)
    steps, every = 150, 10
    choices = (
        Choice(
            "scenario",
            "Bags",
            "What makes a bag positive.",
            "six noisy eights",
            options=tuple(SCENARIOS),
        ),
        Choice(
            "weight", "Bonus λ", "On the entropy of attention, beside 0 and .1.", 1.0, 0.01, 3.0
        ),
        Choice("learning_rate", "Learning rate", "Of Adam, full batch.", 2e-3, 1e-4, 1e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(numbers.TEST_LOSS),
        "training_loss": Measured(numbers.TRAINING_LOSS),
        "accuracy": Measured(
            Quantity("Test accuracy", "", "%", digits=1, help="New bags told rightly."),
            lines=(Line("guessing", 0.5),),
        ),
        "auc": Measured(
            Quantity(
                "AUC",
                "",
                "%",
                digits=1,
                help="How often a positive bag scores above a negative one.",
            )
        ),
        "attention_entropy": Measured(
            Quantity(
                "Attention entropy",
                "H/ln N",
                "%",
                digits=0,
                help="How spread attention is over a new bag, as a share of its maximum.",
                formula=r"-\frac{1}{\ln N}\sum_i a_i\ln a_i",
                source="arXiv 2406.15303",
            ),
            lines=(Line("even", 1.0),),
        ),
        "largest": Measured(
            Quantity(
                "Largest weight",
                "max a",
                "%",
                digits=0,
                help="What the instance looked at most gets, on average.",
            )
        ),
        "witness_mass": Measured(
            Quantity(
                "Mass on the evidence",
                "",
                "%",
                digits=0,
                help="Attention on the digits that make a positive bag positive.",
            )
        ),
        "attention": Measured(
            Quantity(
                "Attention",
                "a",
                "%",
                high=0.5,
                digits=1,
                help="In the first positive test bag, the evidence first.",
            ),
            axes=("instance",),
        ),
    }
    telling = "attention"
    expected = (
        Expected(
            "gain",
            "λ = 1 raises accuracy on new bags (six eights).",
            lambda run: _gain(run, 1.0),
            0.03,
            0.3,
        ),
        Expected(
            "stares",
            "Without the bonus attention has about half its entropy.",
            lambda run: float(final(run, "attention_entropy", _name(0)).mean()),
            0.2,
            0.7,
        ),
        Expected(
            "spreads",
            "With λ = .1 it has nearly all.",
            lambda run: float(final(run, "attention_entropy", _name(0.1)).mean()),
            0.9,
            1.0,
        ),
    )
    papers = (18,)
    cost = 2.2
    layers = 1
    architecture = "64-32, gated attention of 16, 32-2"

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        super().__init__(chosen, seeds)
        like = SCENARIOS[str(chosen["scenario"])]
        train, test = digits()
        self.steps = like.steps
        self._size, self._weights = like.size, (0.0, LITTLE, self.number("weight"))
        self._train, self._test = (
            _joined([fill(pool, bags, like, first + seed) for seed in seeds], len(self._weights))
            for pool, bags, first in ((train, like.bags, 100), (test, TESTED, 900))
        )

    def expects(self) -> Sequence[Expected]:
        harmful = {**defaults(type(self)), "scenario": "one clean zero"}
        return HARM if self.chosen == harmful else super().expects()

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        variants = tuple(Variant(_name(each), rate, {"weight": each}) for each in self._weights)
        return [Group(variants, _init, self._loss, lambda generator, step: None)]

    def labels(self) -> dict[str, list[str]]:
        return {"instance": [str(i + 1) for i in range(self._size)]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test, train = self._test, self._train
        logits, scores = run_through(copies, test.images)
        attention = torch.softmax(scores, -1)
        positive = test.labels.bool()
        mass = witness_mass(attention, test.witness)
        return {
            "loss": cross_entropy(logits, test.labels),
            "training_loss": cross_entropy(run_through(copies, train.images)[0], train.labels),
            "accuracy": accuracy(logits, test.labels),
            "auc": area_under_curve(logits[..., 1] - logits[..., 0], test.labels),
            "attention_entropy": attention_share(scores).mean(1),
            "largest": attention.amax(-1).mean(1),
            "witness_mass": mass[positive].view(len(copies), -1).mean(1),
            "attention": attention[:, 1],
        }

    def _loss(self, copies: Copies, batch: object) -> Tensor:
        train = self._train
        logits, scores = run_through(copies, train.images)
        weight = copies.knobs["weight"][:, None]
        return cross_entropy(logits, train.labels) + aem_loss(torch.zeros(()), scores, weight).mean(
            1
        )


def _joined(each: Sequence[tuple[Tensor, Tensor, Tensor]], variants: int) -> Bags:
    """Return the bags of every seed, once for every variant, [K, ...]."""
    parts = (torch.stack(part) for part in zip(*each, strict=True))
    return Bags(*(part.repeat(variants, *[1] * (part.dim() - 1)) for part in parts))
