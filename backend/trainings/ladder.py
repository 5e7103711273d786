"""A ladder of networks on a source whose entropy is known: does a fit find the floor?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.scaling import entropy_floor, fit_power_law, noisy_label, zipf
from ..progress import Report
from ..quantities import Quantity
from ..runs.training import Line, Measured, Value
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.layers import cosine, forward, mlp
from .engine.side_by_side import Copies, Group, Variant

WIDTHS = (2, 4, 8, 16, 32, 64, 128)
CODE, CLASSES, NOISE = 24, 16, 0.2
FLOOR = entropy_floor(2048, 1.2, CLASSES, NOISE)


def parameters(width: int) -> int:
    """Return how many parameters a network 24-W-16 has."""
    return CODE * width + width + width * CLASSES + CLASSES


@EXPERIMENTS.register("ladder")
class Ladder(Experiment):
    """24-W-16 with GELU, one group a width; expected loss over all items, without test noise."""

    title = "Scaling ladder"
    summary = "Seven sizes learn a source whose entropy is known; the fitted floor meets the true."
    story = (
        "Each item has a random code and a noisy label, so the loss that nobody can go below is "
        "known exactly: .990 nats. Larger networks come closer as a power of their size. A fit of "
        "floor, scale and exponent finds the floor within a few hundredths. With steeper items "
        "(power 1.5) floor and exponent trade off, and the fitted floor is too high: a good fit "
        "is no proof of its floor."
    )
    seeds = (0, 1)
    steps, every = 800, 20
    choices = (
        Choice("zipf", "Zipf power", "How steeply items fall off in frequency.", 1.2, 0.5, 2.0),
        Choice("items", "Items", "How many there are.", 2048, 256, 4096),
        Choice(
            "learning_rate",
            "Learning rate",
            "Of Adam, warmed up and brought down.",
            0.01,
            1e-3,
            0.1,
        ),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(
            Quantity(
                "Expected loss",
                "L",
                low=0.9,
                high=math.log(CLASSES),
                digits=3,
                help="Over all items, weighted by how frequent they are.",
                formula=r"-\sum_x p(x)\sum_c q(c\mid x)\ln\hat q(c\mid x)",
            ),
            lines=(Line("true floor", FLOOR),),
        ),
        "reducible": Measured(
            Quantity(
                "Reducible loss",
                "L − L∞",
                low=0.05,
                high=2,
                scale="log",
                digits=3,
                help="What is left above the true floor.",
            )
        ),
        "fitted_floor": Measured(
            Quantity(
                "Fitted floor",
                "L∞",
                high=1.5,
                digits=3,
                help="Where the fit of all sizes says that the loss cannot go below.",
            ),
            final=True,
        ),
        "exponent": Measured(
            Quantity("Exponent", "α", "", digits=3, help="Of the reducible loss in the size."),
            final=True,
        ),
        "scale": Measured(
            Quantity(
                "Scale",
                "N₀",
                "parameters",
                low=1,
                high=1e4,
                scale="log",
                digits=0,
                help="The size at which one nat is reducible.",
            ),
            final=True,
        ),
        "error": Measured(
            Quantity(
                "Error of the fit",
                "",
                "%",
                high=0.1,
                digits=2,
                help="Root mean square of the relative errors.",
            ),
            final=True,
        ),
        "best": Measured(
            Quantity(
                "Best loss",
                "L",
                low=0.9,
                high=math.log(CLASSES),
                digits=3,
                help="Of the seeds of a size, at the end.",
            ),
            axes=("size",),
            final=True,
        ),
    }
    telling = "best"
    expected = (
        Expected(
            "floor",
            "The fitted floor lies within .06 of the true one, .990 nats.",
            lambda run: float(run.results["fitted_floor"]),
            FLOOR - 0.06,
            FLOOR + 0.06,
        ),
        Expected(
            "exponent",
            "The exponent is .35 to .5.",
            lambda run: float(run.results["exponent"]),
            0.35,
            0.5,
        ),
        Expected(
            "error",
            "The fit is off by at most 2 %.",
            lambda run: float(run.results["error"]),
            0.0,
            0.02,
        ),
    )
    papers = (21,)
    cost = 6.0
    layers = 1
    architecture = "24-W-16 with GELU, W from 2 to 128"
    data = ()

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        super().__init__(chosen, seeds)
        items = int(self.number("items"))
        generator = torch.Generator().manual_seed(0)
        self._shares = zipf(items, self.number("zipf")).float()
        self._codes = torch.randint(0, 2, (items, CODE), generator=generator).float() * 2 - 1
        right = torch.randint(0, CLASSES, (items,), generator=generator)
        rest, top = noisy_label(CLASSES, NOISE)[[1, 0]].float()
        self._targets = torch.full((items, CLASSES), float(rest))
        self._targets[torch.arange(items), right] = top

    def groups(self) -> Sequence[Group]:
        rate, schedule = self.number("learning_rate"), cosine(self.steps, warm=50)
        return [
            Group(
                (
                    Variant(
                        f"{parameters(width):,} parameters", rate, {"parameters": parameters(width)}
                    ),
                ),
                mlp((CODE, width, CLASSES), hidden_variance=1.0),
                self._loss,
                self._batch,
                schedule=schedule,
            )
            for width in WIDTHS
        ]

    def labels(self) -> dict[str, list[str]]:
        return {"size": [str(parameters(width)) for width in WIDTHS]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        loss = self._surprisal(copies, slice(None)) @ self._shares
        return {"loss": loss, "reducible": loss - FLOOR}

    def finish(self, training: object, report: Report) -> Iterator[Mapping[str, np.ndarray]]:
        losses = self._ended(training)
        best = np.nanmin(losses, 1)
        known = torch.from_numpy(best)
        law = fit_power_law(torch.tensor([parameters(width) for width in WIDTHS]), known)
        yield {
            "best": best,
            "fitted_floor": np.asarray(law.floor),
            "exponent": np.asarray(law.exponent),
            "scale": np.asarray(law.scale),
            "error": np.asarray(law.error),
        }

    @torch.no_grad()
    def _ended(self, training: object) -> np.ndarray:
        """Return the loss of every size and seed, float32 [sizes, seeds]."""
        groups: Sequence[Copies] = training.groups  # type: ignore[attr-defined]
        return np.stack([self.measure(copies)["loss"].numpy() for copies in groups])

    def _surprisal(self, copies: Copies, rows: Tensor | slice) -> Tensor:
        logits = forward(copies.parameters, self._codes[rows], F.gelu)[0]
        return -(self._targets[rows] * torch.log_softmax(logits, -1)).sum(-1)

    def _batch(self, generator: torch.Generator, step: int) -> Tensor:
        return torch.multinomial(self._shares, 256, replacement=True, generator=generator)

    def _loss(self, copies: Copies, batch: Tensor) -> Tensor:
        return self._surprisal(copies, batch).mean(1)
