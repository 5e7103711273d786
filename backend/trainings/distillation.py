"""A teacher's order as a loss: PLD beside plain labels and distillation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ..measures.list_wise import (
    distillation_loss,
    list_wise_loss,
    remaining_surprisals,
    teacher_order,
)
from ..progress import Progress, Report
from ..quantities import Quantity
from ..runs.training import Line, Measured
from .data import digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, mean_over_seeds
from .engine.layers import accuracy, cross_entropy, forward, mean_entropy, mlp
from .engine.side_by_side import Copies, Group, SideBySide, Variant

IMAGES, TEACHER_STEPS, LABEL_WEIGHT = 60, 400, 0.1


@EXPERIMENTS.register("distillation")
class Distillation(Experiment):
    """Teacher 64-128-128-10; students with one hidden layer of 6 units and 60 images."""

    title = "A teacher's order"
    summary = "Six-unit students learn from labels, from a teacher's shares, or from its order."
    story = (
        "A teacher knows more of a digit than its label: which wrong answers are less wrong. Told "
        "that, small students are right more often and far less surprised by new digits. At "
        "temperature 1 the teacher is so confident that all weight lies on the first choice, and "
        "the loss on its order is plain cross-entropy. Accuracy differs too much between seeds to "
        "tell the two ways of teaching apart; the loss does."
    )
    seeds = tuple(range(8))
    steps, every = 400, 10
    choices = (
        Choice(
            "temperature", "Temperature", "Of the teacher, for the two that use it.", 4.0, 1.0, 10.0
        ),
        Choice("width", "Hidden units", "Of a student.", 6, 2, 32),
        Choice("learning_rate", "Learning rate", "Of Adam.", 1e-2, 1e-3, 3e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(numbers.TEST_LOSS),
        "accuracy": Measured(numbers.TEST_ACCURACY),
        "entropy": Measured(numbers.PREDICTION_ENTROPY),
        "surprisals": Measured(
            Quantity(
                "Surprisal of what remains",
                "−ln p",
                high=2.5,
                help="Of each choice in the teacher's order, among those not chosen yet.",
                formula=r"-s_{\pi_k}+\ln\sum_{j\ge k}e^{s_{\pi_j}}",
                source="arXiv 2506.12542",
            ),
            axes=("choice",),
        ),
        "weights": Measured(
            Quantity(
                "Weight of the choice",
                "q",
                "%",
                digits=1,
                help="What the teacher gives it at this temperature, mean of the images.",
            ),
            axes=("choice",),
            final=True,
        ),
        "teacher_entropy": Measured(
            Quantity(
                "Entropy of the teacher",
                "H",
                high=2.3,
                digits=3,
                help="At temperature 1 and at the chosen one.",
            ),
            axes=("temperature",),
            final=True,
            lines=(Line("even", 2.3026),),
        ),
    }
    telling = "surprisals"
    expected = (
        Expected(
            "surprise_less",
            "PLD at temperature 4 has a lower test loss than labels alone.",
            lambda run: (
                mean_over_seeds(run, "loss", "labels")
                - mean_over_seeds(run, "loss", "order, softened")
            ),
            0.2,
            1.5,
        ),
        Expected(
            "accuracy_gain",
            "It is also right more often.",
            lambda run: (
                mean_over_seeds(run, "accuracy", "order, softened")
                - mean_over_seeds(run, "accuracy", "labels")
            ),
            0.02,
            0.2,
        ),
        Expected(
            "confident_is_plain",
            "At temperature 1 its test loss is near that of labels.",
            lambda run: (
                mean_over_seeds(run, "loss", "order, τ = 1")
                - mean_over_seeds(run, "loss", "labels")
            ),
            -0.2,
            0.2,
        ),
    )
    papers = (40,)
    cost = 2.0
    layers = 1
    architecture = "64-6-10"

    def prepare(self, report: Report) -> None:
        report(Progress(0, 0, "Training the teacher"))
        train = digits()[0]

        def batch(generator: torch.Generator, step: int) -> Tensor:
            return torch.randint(0, len(train), (128,), generator=generator)

        def loss(copies: Copies, rows: Tensor) -> Tensor:
            return cross_entropy(
                forward(copies.parameters, train.images[rows])[0], train.labels[rows]
            )

        group = Group((Variant("teacher", 2e-3),), mlp((64, 128, 128, 10)), loss, batch)
        training = SideBySide([group], lambda copies: {}, [0], TEACHER_STEPS, TEACHER_STEPS)
        for _ in training.records():
            pass
        with torch.no_grad():
            parameters = training.groups[0].parameters
            self._teacher = forward(parameters, train.images[:IMAGES])[0][0]

    def groups(self) -> Sequence[Group]:
        rate, softened = self.number("learning_rate"), self.number("temperature")
        variants = (
            Variant("labels", rate, {"temperature": 1.0}),
            Variant("shares, softened", rate, {"temperature": softened}),
            Variant("order, τ = 1", rate, {"temperature": 1.0}),
            Variant("order, softened", rate, {"temperature": softened}),
        )
        return [Group(variants, mlp((64, int(self.number("width")), 10)), self._loss, _batch)]

    def labels(self) -> dict[str, list[str]]:
        return {
            "choice": [str(i + 1) for i in range(10)],
            "temperature": ["1", f"{self.number('temperature'):g}"],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test, train = digits()[1], digits()[0][:IMAGES]
        logits = forward(copies.parameters, test.images)[0]
        own = forward(copies.parameters, train.images)[0]
        order = teacher_order(self._teacher, train.labels)
        return {
            "loss": cross_entropy(logits, test.labels),
            "accuracy": accuracy(logits, test.labels),
            "entropy": mean_entropy(logits),
            "surprisals": remaining_surprisals(own, order).mean(1),
        }

    def finish(self, training: object, report: Report):  # noqa: ANN201
        softened = self.number("temperature")
        order = teacher_order(self._teacher, digits()[0].labels[:IMAGES])
        weights = torch.softmax(self._teacher / softened, -1).gather(-1, order)
        both = torch.stack([self._teacher, self._teacher / softened])
        yield {"weights": weights.mean(0).numpy(), "teacher_entropy": mean_entropy(both).numpy()}

    def _loss(self, copies: Copies, batch: Tensor) -> Tensor:
        train, teacher = digits()[0][batch], self._teacher[batch]
        softened = self.number("temperature")
        logits = forward(copies.parameters, train.images)[0]
        parts = [logits[copies.of(i)] for i in range(4)]
        shares = distillation_loss(parts[1], teacher, softened).mean(1)
        return torch.cat(
            [
                cross_entropy(parts[0], train.labels),
                LABEL_WEIGHT * cross_entropy(parts[1], train.labels) + (1 - LABEL_WEIGHT) * shares,
                list_wise_loss(parts[2], teacher, train.labels, 1.0).mean(1),
                list_wise_loss(parts[3], teacher, train.labels, softened).mean(1),
            ]
        )


def _batch(generator: torch.Generator, step: int) -> Tensor:
    return torch.randint(0, IMAGES, (32,), generator=generator)
