"""Attention collapse at a high learning rate, and σReparam, which holds heads up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ..measures.collapse import (
    bigram_entropy,
    collapsed_at,
    head_entropy,
    power_step,
    reparametrised,
    unigram_entropy,
)
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun
from .data import letters
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, at_step
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant
from .engine.transformer import Shape, draw, forward, init, next_letter_loss, validation

LAYERS, HEADS = 3, 4
MEASURED = 16  # stretches of letters
_IDS, _ALPHABET = letters()
_NORMS = ("after", "before")
SLOW = 0.003

HEAD_ENTROPY = Quantity(
    "Head entropy",
    "H/ln n",
    "%",
    digits=0,
    help="Mean over queries of a head's entropy as a share of ln(visible keys).",
    formula=r"\frac{1}{T-1}\sum_{i>1}\frac{H(A_i)}{\ln i}",
)


def _gamma(name: str) -> str:
    return f"gamma {name}"


def _lowest(run: TrainingRun, start: str) -> Tensor:
    """Return the lowest head of the variant whose name begins so, [records, seeds]."""
    name = next(each for each in run.variants if each.startswith(start))
    return torch.from_numpy(run.of("lowest_head", name))


def _loss(run: TrainingRun, start: str) -> Tensor:
    name = next(each for each in run.variants if each.startswith(start))
    return torch.from_numpy(run.of("loss", name))[-1]


def _latest_collapse(run: TrainingRun) -> float:
    lowest = _lowest(run, "plain, fast").T.tolist()
    found = [collapsed_at(each, run.step.tolist()) for each in lowest]
    return float("nan") if None in found else float(max(each or 0 for each in found))


@EXPERIMENTS.register("collapse")
class Collapse(Experiment):
    """Letters, 3 layers × 4 heads, width 32; σReparam is a group of its own structure."""

    title = "Attention collapse"
    summary = "A head falls to a tenth of its entropy and the loss sticks; σReparam holds it up."
    story = (
        "At a high learning rate one head after the other looks at a single letter, and the loss "
        "sticks at what counting letters gives. Entropy falls before the loss tells. With "
        "σReparam the same rate learns past what pairs of letters give. With norms before each "
        "part entropy collapses too, but the loss goes on falling: collapse and failure are not "
        "the same. Spikes that recover, as large models have, do not show here."
    )
    steps, every = 240, 4
    choices = (
        Choice("learning_rate", "Learning rate", "Of Adam, without a warm-up.", 0.03, 0.003, 0.1),
        Choice(
            "norm", "Norm", "After each residual sum, or before each part.", "after", options=_NORMS
        ),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(
            numbers.VALIDATION_LOSS,
            lines=(
                Line("letters counted", unigram_entropy(_IDS, len(_ALPHABET))),
                Line("pairs counted", bigram_entropy(_IDS, len(_ALPHABET))),
            ),
        ),
        "lowest_head": Measured(
            Quantity(
                "Lowest head",
                "H/ln n",
                "%",
                digits=0,
                help="Entropy of the head that spreads least, as a share of its maximum.",
            ),
            lines=(Line("collapse", 0.2),),
        ),
        "head_entropy": Measured(HEAD_ENTROPY, axes=("layer", "head")),
        "largest_score": Measured(
            Quantity(
                "Largest score",
                "max |s|",
                "",
                low=1,
                high=1000,
                scale="log",
                digits=0,
                help="The largest size of an attention score before the softmax.",
            )
        ),
        "gamma": Measured(
            Quantity(
                "γ",
                "γ",
                "",
                low=0,
                high=4,
                help="What σReparam makes of the largest singular value of a matrix; from 1.",
                formula=r"\hat W=\frac{\gamma}{\sigma(W)}W",
                source="arXiv 2303.06296",
            ),
            axes=("matrix",),
        ),
    }
    telling = "head_entropy"
    expected = (
        Expected(
            "collapsed_by",
            "Plain and fast: the lowest head is below .2 from step 100 on.",
            _latest_collapse,
            4,
            100,
        ),
        Expected(
            "stuck_loss",
            "Plain and fast: the loss ends at 2.6 nats or more.",
            lambda run: float(_loss(run, "plain, fast").min()),
            2.6,
            5.0,
        ),
        Expected(
            "held_up",
            "σReparam: the lowest head stays above .35 throughout.",
            lambda run: float(_lowest(run, "σReparam").min()),
            0.35,
            1.0,
        ),
        Expected(
            "reparam_loss",
            "σReparam: the loss ends below what pairs of letters give.",
            lambda run: float(_loss(run, "σReparam").mean()),
            2.2,
            2.417,
        ),
        Expected(
            "gain",
            "σReparam ends at least .2 nats below plain and fast.",
            lambda run: float((_loss(run, "plain, fast") - _loss(run, "σReparam")).min()),
            0.2,
            2.0,
        ),
        Expected(
            "early_sign",
            "At step 40 the lowest head of plain and fast is already below .4.",
            lambda run: float(_lowest(run, "plain, fast")[at_step(run, 40)].max()),
            0.0,
            0.4,
        ),
    )
    papers = (45,)
    cost = 12.6
    layers, heads = LAYERS, HEADS
    architecture = "transformer over letters, 3 layers × 4 heads, width 32"
    data = ("letters",)

    @property
    def shape(self) -> Shape:
        """Of all networks."""
        return Shape(LAYERS, HEADS, norm=str(self.chosen["norm"]))

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        plain = (
            Variant(f"plain, slow ({SLOW:g})", SLOW),
            Variant(f"plain, fast ({rate:g})", rate),
        )
        reparam = (Variant(f"σReparam ({rate:g})", rate),)
        return [
            Group(plain, init(self.shape), self._loss, _batch),
            Group(reparam, self._init, self._loss, _batch, before=self._iterate),
        ]

    def labels(self) -> dict[str, list[str]]:
        return {
            "layer": [str(i) for i in range(LAYERS)],
            "head": [str(i) for i in range(HEADS)],
            "matrix": self.shape.matrices,
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        text = validation(MEASURED)
        logits, look = forward(
            self.shape, copies.parameters, text[:, :-1], self._weight(copies), look=True
        )
        assert look is not None  # noqa: S101
        heads = head_entropy(look.rows).mean(2)  # [K, L, H]
        found = {
            "loss": next_letter_loss(logits, text[:, 1:]),
            "lowest_head": heads.flatten(1).amin(1),
            "head_entropy": heads,
            "largest_score": look.largest,
        }
        if _gamma("head") in copies.parameters:
            gammas = [copies[_gamma(name)] for name in self.shape.matrices]
            found["gamma"] = torch.stack(gammas, 1)
        return found

    def _init(self, generator: torch.Generator) -> Parameters:
        made = init(self.shape)(generator)
        return {**made, **{_gamma(name): torch.ones(()) for name in self.shape.matrices}}

    def _iterate(self, copies: Copies) -> None:
        """Do one step of power iteration for every matrix."""
        for name in self.shape.matrices:
            _, right = _vectors(copies, name)
            copies.state[f"left {name}"], copies.state[f"right {name}"] = power_step(
                copies[name], right
            )

    def _weight(self, copies: Copies):  # noqa: ANN202
        def weight(name: str) -> Tensor:
            matrix = copies[name]
            if _gamma(name) not in copies.parameters:
                return matrix
            return reparametrised(matrix, copies[_gamma(name)], *_vectors(copies, name))

        return weight

    def _loss(self, copies: Copies, batch: Tensor) -> Tensor:
        logits, _ = forward(self.shape, copies.parameters, batch[:, :-1], self._weight(copies))
        return next_letter_loss(logits, batch[:, 1:])


def _vectors(copies: Copies, name: str) -> tuple[Tensor, Tensor]:
    """Return the singular vectors of a matrix, exact ones at first."""
    if f"left {name}" not in copies.state:
        left, _, right = torch.linalg.svd(copies[name].detach(), full_matrices=False)
        copies.state[f"left {name}"] = left[:, :, 0].clone()
        copies.state[f"right {name}"] = right[:, 0].clone()
    return copies.state[f"left {name}"], copies.state[f"right {name}"]


def _batch(generator: torch.Generator, step: int) -> Tensor:
    return draw(generator, 16)
