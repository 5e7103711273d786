"""Attention without norms collapses in deep layers; a penalty on its entropy lifts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.collapse import entropy_penalty, head_entropy, quarter_shares
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun
from .collapse import HEAD_ENTROPY
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, final
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant
from .engine.transformer import Look, Shape, draw, forward, init, next_letter_loss, validation

LAYERS, HEADS = 6, 4
MEASURED = 16  # stretches of letters


def _identity(inputs: Tensor) -> Tensor:
    return inputs


NORMED = Shape(LAYERS, HEADS, norm="before", activation=F.gelu)
BARE = Shape(LAYERS, HEADS, norm="none", activation=_identity)
NAMES = ("norm and GELU", "softmax only", "softmax only, penalty")


def _heads(look: Look | None) -> Tensor:
    assert look is not None  # noqa: S101
    return head_entropy(look.rows).mean(2)


def _layer(run: TrainingRun, variant: str, layer: int) -> float:
    """Return the mean over heads and seeds of a layer at the end."""
    return float(final(run, "head_entropy", variant)[:, layer].mean())


def _lowest_quarter(run: TrainingRun, variant: str) -> float:
    return float(final(run, "quarters", variant)[:, 0].mean())


@EXPERIMENTS.register("guided_attention")
class GuidedAttention(Experiment):
    """Letters, 6 layers × 4 heads, width 32: three structures on the same batches."""

    title = "Entropy-guided attention"
    summary = "Without norms deep heads look at one letter; a penalty spreads them again."
    story = (
        "With norms all six layers stay spread. Take norms and activations away, as private "
        "inference wants to, and entropy falls with depth to a tenth. A penalty on heads that "
        "leave a band around a learned target lifts them and costs no loss. The "
        "overload of early layers that the paper reports does not show at this size: 32 letters "
        "leave little room, and the healthy network has its first layer as high. Nor was there a "
        "loss that is no number."
    )
    seeds = (0, 1)
    steps, every = 120, 2
    choices = (
        Choice(
            "weight",
            "Penalty weight λ",
            "Far above the paper's: this run is 120 steps long.",
            3.0,
            0.0,
            10.0,
        ),
        Choice(
            "tolerance",
            "Tolerance γ",
            "Heads closer than this to their target are left alone.",
            0.1,
            0.0,
            0.5,
        ),
        Choice(
            "target",
            "First target θ",
            "Share of the maximum that heads should have; learned.",
            0.6,
            0.1,
            0.9,
        ),
        Choice("learning_rate", "Learning rate", "Of Adam, for all.", 3e-3, 3e-4, 1e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(numbers.VALIDATION_LOSS),
        "head_entropy": Measured(HEAD_ENTROPY, axes=("layer", "head")),
        "layer_entropy": Measured(
            Quantity(
                "Entropy of a layer",
                "H/ln n",
                "%",
                digits=0,
                help="Mean of its heads, as a share of ln(visible keys).",
            ),
            axes=("layer",),
        ),
        "deepest": Measured(
            Quantity(
                "Deepest layer",
                "H/ln n",
                "%",
                digits=0,
                help="Mean entropy of the last layer's heads.",
            ),
            lines=(Line("lowest quarter", 0.25),),
        ),
        "quarters": Measured(
            Quantity(
                "Heads in this quarter",
                "",
                "%",
                digits=0,
                help="Share of heads by quarter of ln(visible keys).",
            ),
            axes=("quarter",),
        ),
        "target": Measured(
            Quantity("Target θ", "θ", "%", digits=0, help="Learned target of each head."),
            axes=("layer", "head"),
        ),
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
    }
    telling = "layer_entropy"
    expected = (
        Expected(
            "deep_collapse",
            "Softmax only: layer 6 falls below .15 of its maximum.",
            lambda run: _layer(run, NAMES[1], 5),
            0.0,
            0.15,
        ),
        Expected(
            "lowest_quarter",
            "Softmax only: a quarter of all heads or more collapse.",
            lambda run: _lowest_quarter(run, NAMES[1]),
            0.25,
            1.0,
        ),
        Expected(
            "lifted",
            "With the penalty layer 6 stays above .35.",
            lambda run: _layer(run, NAMES[2], 5),
            0.35,
            1.0,
        ),
        Expected(
            "lifted_quarter",
            "With the penalty at most 2 % of heads collapse.",
            lambda run: _lowest_quarter(run, NAMES[2]),
            0.0,
            0.02,
        ),
        Expected(
            "healthy",
            "With norms all layers stay above .7.",
            lambda run: min(_layer(run, NAMES[0], i) for i in range(LAYERS)),
            0.7,
            1.0,
        ),
        Expected(
            "loss_gain",
            "The penalty costs no loss, on the mean of the seeds.",
            lambda run: float((final(run, "loss", NAMES[1]) - final(run, "loss", NAMES[2])).mean()),
            -0.05,
            0.5,
        ),
    )
    papers = (7,)
    cost = 13.0
    layers, heads = LAYERS, HEADS
    architecture = "transformer over letters, 6 layers × 4 heads, width 32"
    data = ("letters",)

    def groups(self) -> Sequence[Group]:
        variants = [Variant(name, self.number("learning_rate")) for name in NAMES]
        return [
            Group((variants[0],), init(NORMED), self._loss(NORMED), _batch),
            Group((variants[1],), init(BARE), self._loss(BARE), _batch),
            Group((variants[2],), self._init, self._penalised, _batch),
        ]

    def labels(self) -> dict[str, list[str]]:
        return {
            "layer": [str(i) for i in range(LAYERS)],
            "head": [str(i) for i in range(HEADS)],
            "quarter": ["0–25 %", "25–50 %", "50–75 %", "75–100 %"],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        text = validation(MEASURED)
        shape = BARE if copies.number else NORMED
        logits, look = forward(shape, copies.parameters, text[:, :-1], look=True)
        assert look is not None  # noqa: S101
        heads = _heads(look)
        found = {
            "loss": next_letter_loss(logits, text[:, 1:]),
            "head_entropy": heads,
            "layer_entropy": heads.mean(2),
            "deepest": heads[:, -1].mean(1),
            "quarters": quarter_shares(heads),
            "largest_score": look.largest,
        }
        if "target" in copies.parameters:
            found["target"] = copies["target"]
        return found

    def _init(self, generator: torch.Generator) -> Parameters:
        target = torch.full((LAYERS, HEADS), self.number("target"))
        return {**init(BARE)(generator), "target": target}

    def _loss(self, shape: Shape) -> Callable[[Copies, Tensor], Tensor]:
        def loss(copies: Copies, batch: Tensor) -> Tensor:
            logits, _ = forward(shape, copies.parameters, batch[:, :-1])
            return next_letter_loss(logits, batch[:, 1:])

        return loss

    def _penalised(self, copies: Copies, batch: Tensor) -> Tensor:
        logits, look = forward(BARE, copies.parameters, batch[:, :-1], look=True)
        target = copies["target"].clamp(0, 1)
        penalty = entropy_penalty(_heads(look), target, self.number("tolerance"))
        return next_letter_loss(logits, batch[:, 1:]) + self.number("weight") * penalty


def _batch(generator: torch.Generator, step: int) -> Tensor:
    return draw(generator, 16)
