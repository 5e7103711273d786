"""Diffusion spectral entropy while learning: true labels against labels drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ..measures.diffusion import (
    diffusion_spectral_entropy,
    diffusion_spectrum,
    median_distance,
)
from ..quantities import Quantity
from ..runs.training import Measured, TrainingRun
from .data import Digits, digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.layers import accuracy, cross_entropy, forward, mlp
from .engine.side_by_side import Copies, Group, Variant

VARIANTS = ("true labels", "random labels")
ABSOLUTE = 10.0
SHOWN, LEADING = 300, 24


def _dse(name: str, help: str, high: float) -> Quantity:
    return Quantity(
        name,
        "DSE",
        high=high,
        help=help,
        formula=r"-\sum_j\alpha_j\ln\alpha_j,\quad\alpha_j=|\lambda_j|/\sum_k|\lambda_k|",
        source="Liao et al. 2023, arXiv 2312.04823; they write bits.",
    )


def _change(run: TrainingRun, name: str, variant: str) -> float:
    """Return how far a number went from the first to the last record, mean of the seeds."""
    values = run.of(name, variant).mean(1, dtype=float)
    return float(values[-1] - values[0])


def _gap(run: TrainingRun) -> float:
    true, random = (float(run.of("test_information", each)[-1].mean()) for each in VARIANTS)
    return true - random


def within_classes(states: Tensor, labels: Tensor, sigma: Tensor) -> Tensor:
    """Return Σ p(y) DSE(X | y) of states [K, n, W] and labels [n], nats [K]."""
    parts = [states[:, labels == label] for label in labels.unique()]
    each = [diffusion_spectral_entropy(part, sigma) * part.shape[1] for part in parts]
    return torch.stack(each).sum(0) / len(labels)


@EXPERIMENTS.register("spectral_entropy")
class SpectralEntropy(Experiment):
    """64-64-64-10 on 400 digits; measured on the last hidden layer."""

    title = "Spectral entropy"
    summary = "How representations spread while a network generalises or memorises."
    story = (
        "Both networks learn all 400 labels; only one can tell a new digit. With a width that "
        "follows the distances, generalising draws the states together and memorising spreads "
        "them. With the authors' fixed σ = 10 the entropy rises in both, because activations "
        "grow. What the states tell of the true labels rises only where the network generalises."
    )
    seeds = (0, 1, 2)
    steps, every = 1500, 60
    choices = (Choice("learning_rate", "Learning rate", "Of Adam.", 2e-3, 1e-4, 1e-2),)
    measured: ClassVar[Mapping[str, Measured]] = {
        "test_accuracy": Measured(numbers.TEST_ACCURACY),
        "training_accuracy": Measured(numbers.TRAINING_ACCURACY),
        "dse": Measured(_dse("Spectral entropy", "σ is the median distance at that step.", 2.5)),
        "dse_fixed": Measured(
            _dse("Spectral entropy, σ = 10", "σ is 10, as in the authors' package.", 3.5)
        ),
        "test_information": Measured(
            Quantity(
                "Information on true labels",
                "DSMI",
                high=1.2,
                help="DSE of all test states minus that within the classes.",
                formula=r"H(X)-\sum_y p_y H(X\mid y)",
                source="Liao et al. 2023, Eq. 7.",
            )
        ),
        "own_information": Measured(
            Quantity(
                "Information on own labels",
                "DSMI",
                high=1.2,
                help="The same of the training states and the labels they were given.",
            )
        ),
        "median_distance": Measured(
            Quantity(
                "Median distance",
                "σ",
                "",
                high=20,
                digits=1,
                help="Between the states of two test digits.",
            )
        ),
        "spectrum": Measured(
            Quantity(
                "Eigenvalue",
                "λ",
                "",
                digits=3,
                help="Of the walk between near states, largest first.",
            ),
            axes=("eigenvalue",),
        ),
    }
    telling = "test_information"
    expected = (
        Expected(
            "compresses",
            "True labels: DSE with relative σ falls.",
            lambda run: _change(run, "dse", VARIANTS[0]),
            -2.0,
            -0.05,
        ),
        Expected(
            "spreads",
            "Random labels: it does not fall.",
            lambda run: _change(run, "dse", VARIANTS[1]),
            0.0,
            2.0,
        ),
        Expected(
            "fixed_rises",
            "With σ = 10 it rises in both.",
            lambda run: min(_change(run, "dse_fixed", each) for each in VARIANTS),
            1.0,
            4.0,
        ),
        Expected(
            "information_gap",
            "True labels end at least .2 bit (.14 nats) above random ones.",
            _gap,
            0.1386,
            1.0,
        ),
        Expected(
            "information_flat",
            "Random labels: information on true labels stays as it was.",
            lambda run: _change(run, "test_information", VARIANTS[1]),
            -0.1,
            0.1,
        ),
    )
    papers = (53,)
    cost = 4.8
    layers = 2
    architecture = "64-64-64-10"

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        variants = tuple(Variant(name, rate) for name in VARIANTS)
        return [Group(variants, mlp((64, 64, 64, 10)), self._loss, self._batch)]

    def labels(self) -> dict[str, list[str]]:
        return {"eigenvalue": [str(i + 1) for i in range(LEADING)]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test, train = digits()[1][:SHOWN], self._train
        logits, states = forward(copies.parameters, test.images)
        own_logits, own_states = forward(copies.parameters, train.images)
        labels, states = self._labels(), states.nan_to_num(0, 0, 0)
        own_states = own_states.nan_to_num(0, 0, 0)
        sigma = median_distance(states)
        spectrum = diffusion_spectrum(states, sigma)[:, :LEADING]
        dse, own = (diffusion_spectral_entropy(each, sigma) for each in (states, own_states))
        within = torch.cat(
            [
                within_classes(own_states[part], labels[part.start], sigma[part])
                for part in map(copies.of, range(len(VARIANTS)))
            ]
        )
        return {
            "test_accuracy": accuracy(logits, test.labels),
            "training_accuracy": accuracy(own_logits, labels),
            "dse": dse,
            "dse_fixed": diffusion_spectral_entropy(states, ABSOLUTE),
            "test_information": dse - within_classes(states, test.labels, sigma),
            "own_information": own - within,
            "median_distance": sigma,
            "spectrum": spectrum,
        }

    @property
    def _train(self) -> Digits:
        return digits()[0][:400]

    def _labels(self) -> Tensor:
        """Return what each network is told, [K, 400]: its true labels, or others."""
        drawn = torch.randint(0, 10, (400,), generator=torch.Generator().manual_seed(5))
        both = torch.stack([self._train.labels, drawn])
        return both.repeat_interleave(len(self.seeds_used), 0)

    def _batch(self, generator: torch.Generator, step: int) -> Tensor:
        return torch.randint(0, 400, (50,), generator=generator)

    def _loss(self, copies: Copies, batch: Tensor) -> Tensor:
        logits = forward(copies.parameters, self._train.images[batch])[0]
        return cross_entropy(logits, self._labels()[:, batch])
