"""The phases of training on one map: size of the network against temperature."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..measures.phases import (
    PHASES,
    barrier,
    linear_cka,
    mode_connectivity,
    phase,
    top_eigenvalue,
)
from ..progress import Report
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun, Value
from .data import digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.connections import IMAGES, PLACES, between, loss_along_curve, whole_loss
from .engine.layers import accuracy, cross_entropy, forward, mean_entropy, mlp
from .engine.optimisers import Descent
from .engine.side_by_side import Copies, Group, SideBySide, Variant

BATCH, BOUND, RATE, EPOCHS = 32, 5.0, 0.1, 30
STEPS = 1500
RATES = tuple(0.0125 * 2**i for i in range(8))
AXES = ("learning rate", "batch size")


@dataclass(frozen=True)
class Grid:
    """What the map is made of: widths of the two hidden layers and temperatures."""

    widths: tuple[int, ...]
    temperatures: tuple[float, ...]


GRIDS = {
    "learning rate": Grid((3, 4, 6, 8, 12, 16, 32, 64), RATES),
    "batch size": Grid((4, 8, 16, 32, 64), (4, 8, 16, 32, 64, 128)),
}


def _cells(run: TrainingRun, name: str, width: int, lowest: float, highest: float) -> np.ndarray:
    """Return a result of the cells of a width with rates between two."""
    row = run.labels["width"].index(str(width))
    inside = [lowest <= float(each) <= highest for each in run.labels["temperature"]]
    return run.results[name][row, inside]


def _share(run: TrainingRun, width: int, lowest: float, highest: float, wanted: str) -> float:
    found = _cells(run, "phase", width, lowest, highest)
    return float((found == PHASES.index(wanted) + 1).mean())


def _count(run: TrainingRun, wanted: str) -> float:
    return float((run.results["phase"] == PHASES.index(wanted) + 1).sum())


def _on_map(label: str, symbol: str, help: str, **more: float | str | int) -> Measured:
    quantity = Quantity(label, symbol, help=help, **more)  # type: ignore[reportArgumentType]
    return Measured(quantity, axes=("width", "temperature"), final=True)


@EXPERIMENTS.register("phases")
class Phases(Experiment):
    """Digits, 64-W-W-10, plain descent without label noise, two seeds a cell."""

    title = "Phases of training"
    summary = "128 networks on one map: too small, too cold, too hot, and where training works."
    story = (
        "Small networks cannot fit the digits and have a barrier between two trainings (I); a "
        "little larger ones fit but stay apart (III); large ones reach one basin with different "
        "(IV-A) or alike (IV-B) representations. The cold left edge is not trained out within "
        "1,500 steps; at the hot right edge training melts and the networks are as unsure as can "
        "be (II). Along straight lines barriers are large everywhere; only along curves do they "
        "vanish. The limits between phases are ours, set for this grid."
    )
    seeds = (0, 1)
    seed_counts = (2, 2)
    steps, every = STEPS, 30
    choices = (
        Choice(
            "temperature",
            "Temperature",
            "What makes training hotter: the rate, or smaller batches at equal epochs.",
            "learning rate",
            options=AXES,
        ),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "training_loss": Measured(numbers.TRAINING_LOSS),
        "accuracy": Measured(numbers.TEST_ACCURACY),
        "entropy": Measured(numbers.PREDICTION_ENTROPY),
        "phase": _on_map(
            "Phase", "", "1 to 5 for I, II, III, IV-A and IV-B.", unit="", low=1, high=5, digits=0
        ),
        "map_loss": _on_map(
            "Training loss", "L", "Mean of two seeds.", low=0.001, high=2.3, scale="log"
        ),
        "map_accuracy": _on_map("Test accuracy", "", "Mean of two seeds.", unit="%", digits=0),
        "map_entropy": _on_map("Entropy of predictions", "H", "On test digits.", high=math.log(10)),
        "connectivity": _on_map(
            "Mode connectivity",
            "mc",
            "Along a trained curve between two seeds; negative is a barrier.",
            low=-1.0,
            high=1.0,
            scale="diverging",
        ),
        "barrier": _on_map(
            "Barrier on the straight line",
            "",
            "Highest loss above the ends.",
            low=0.01,
            high=10,
            scale="log",
        ),
        "similarity": _on_map(
            "Similarity of two seeds", "CKA", "Of the last hidden layer.", unit="%", digits=0
        ),
        "sharpness": _on_map(
            "Sharpness",
            "λ",
            "Largest eigenvalue of the Hessian.",
            unit="",
            low=0.01,
            high=100,
            scale="log",
        ),
        "curve": Measured(
            Quantity(
                "Loss along the curve",
                "L",
                low=0.001,
                high=3,
                scale="log",
                help="From one seed's weights to the other's.",
            ),
            axes=("width", "temperature", "place"),
            final=True,
            lines=(Line("high loss", 0.1),),
        ),
        "line": Measured(
            Quantity(
                "Loss along the straight line",
                "L",
                low=0.001,
                high=10,
                scale="log",
                help="From one seed's weights to the other's.",
            ),
            axes=("width", "temperature", "place"),
            final=True,
        ),
    }
    telling = "phase"
    expected = (
        Expected(
            "trained",
            "From width 32 and rate .025 to .4 on: IV-B in all ten cells.",
            lambda run: min(_share(run, w, 0.02, 0.41, "IV-B") for w in (32, 64)),
            1.0,
            1.0,
        ),
        Expected(
            "different",
            "Width 16, rate .05 to .4: IV-A.",
            lambda run: _share(run, 16, 0.04, 0.41, "IV-A"),
            1.0,
            1.0,
        ),
        Expected(
            "melted",
            "From rate .8 on: II.",
            lambda run: min(_share(run, w, 0.7, 2.0, "II") for w in GRIDS[AXES[0]].widths),
            1.0,
            1.0,
        ),
        Expected(
            "undersized", "At least one cell is in phase I.", lambda run: _count(run, "I"), 1, 64
        ),
        Expected(
            "fitted_apart",
            "At least one cell is in phase III.",
            lambda run: _count(run, "III"),
            1,
            64,
        ),
    )
    papers = (32,)
    cost = 22.7
    layers = 2
    architecture = "64-W-W-10"

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        super().__init__(chosen, seeds)
        self._by_batch = chosen["temperature"] == AXES[1]
        self._grid = GRIDS[str(chosen["temperature"])]
        if self._by_batch:
            self.steps = EPOCHS * IMAGES // int(min(self._grid.temperatures))
            self.every = 120

    def groups(self) -> Sequence[Group]:
        if self._by_batch:
            return [
                Group(
                    (self._variant(width, RATE, batch),),
                    mlp((64, width, width, 10)),
                    _loss,
                    partial(_in_order, int(batch)),
                    optimiser=Descent,
                    bound=BOUND,
                    steps=EPOCHS * IMAGES // int(batch),
                )
                for width in self._grid.widths
                for batch in self._grid.temperatures
            ]
        return [
            Group(
                tuple(self._variant(width, rate, rate) for rate in self._grid.temperatures),
                mlp((64, width, width, 10)),
                _loss,
                partial(_at_random, BATCH),
                optimiser=Descent,
                bound=BOUND,
            )
            for width in self._grid.widths
        ]

    def labels(self) -> dict[str, list[str]]:
        return {
            "width": [str(each) for each in self._grid.widths],
            "temperature": [f"{each:g}" for each in self._grid.temperatures],
            "place": [f"{each:g}" for each in PLACES],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test = digits()[1]
        logits = forward(copies.parameters, test.images)[0]
        return {
            "training_loss": whole_loss(copies.parameters),
            "accuracy": accuracy(logits, test.labels),
            "entropy": mean_entropy(logits),
        }

    def finish(self, training: SideBySide, report: Report) -> Iterator[Mapping[str, np.ndarray]]:
        """Fill the map, one group of cells after the other."""
        size = (len(self._grid.widths), len(self._grid.temperatures))
        deep = {"curve", "line"}
        names = [name for name, each in self.measured.items() if each.final]
        maps = {
            name: np.full((*size, len(PLACES)) if name in deep else size, np.nan) for name in names
        }
        places = iter(np.ndindex(size))
        for copies in training.groups:
            found = self._pairs(copies)
            for pair in range(len(copies.group.variants)):
                at = next(places)
                for name, each in found.items():
                    maps[name][at] = each[pair].numpy()
            yield {name: each.copy() for name, each in maps.items()}

    def _variant(self, width: int, rate: float, temperature: float) -> Variant:
        name = f"W {width}, {'batch' if self._by_batch else 'rate'} {temperature:g}"
        return Variant(name, rate, {"width": width, "temperature": temperature})

    def _pairs(self, copies: Copies) -> dict[str, Tensor]:
        """Return everything about the two seeds of every variant, [variants, ...]."""
        test, pairs = digits()[1], len(copies.group.variants)
        weights = {name: each.detach() for name, each in copies.parameters.items()}
        first, second = ({name: w[seed::2] for name, w in weights.items()} for seed in (0, 1))
        with torch.no_grad():
            logits, hidden = forward(weights, test.images)
            straight = torch.stack([whole_loss(between(first, second, at)) for at in PLACES])
            ends = whole_loss(weights).view(pairs, 2).mean(1)
        curve = loss_along_curve(first, second)
        connectivity = mode_connectivity(curve)
        similarity = linear_cka(hidden[0::2], hidden[1::2])
        sharpness = top_eigenvalue(
            lambda at: whole_loss(at, 256), weights, generator=torch.Generator().manual_seed(1)
        )
        known = zip(ends.tolist(), connectivity.tolist(), similarity.tolist(), strict=True)
        codes = [
            PHASES.index(phase(*each)) + 1.0 if math.isfinite(sum(each[:2])) else math.nan
            for each in known
        ]

        def mean(values: Tensor) -> Tensor:
            return values.view(pairs, 2).mean(1)

        return {
            "phase": torch.tensor(codes),
            "map_loss": ends,
            "map_accuracy": mean(accuracy(logits, test.labels)),
            "map_entropy": mean(mean_entropy(logits)),
            "connectivity": connectivity,
            "barrier": barrier(straight),
            "similarity": similarity,
            "sharpness": mean(sharpness),
            "curve": curve.T,
            "line": straight.T,
        }


def _loss(copies: Copies, batch: Tensor) -> Tensor:
    train = digits()[0][batch]
    return cross_entropy(forward(copies.parameters, train.images)[0], train.labels)


def _at_random(size: int, generator: torch.Generator, step: int) -> Tensor:
    return torch.randint(0, IMAGES, (size,), generator=generator)


def _in_order(size: int, generator: torch.Generator, step: int) -> Tensor:
    """Return the batch of a step; every epoch is a new order of all images."""
    epoch, part = divmod(step, IMAGES // size)
    order = torch.randperm(IMAGES, generator=torch.Generator().manual_seed(epoch))
    return order[part * size : (part + 1) * size]
