"""How many bits of facts a parameter can hold, after how many exposures, and after rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.scaling import bits_stored, quantised
from ..progress import Report
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun, Value
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment
from .engine.layers import accuracy, cosine, cross_entropy, forward, mlp
from .engine.side_by_side import Copies, Group, Variant

CODE, VALUES, LARGEST_BATCH = 32, 32, 400
BITS = math.log2(VALUES)
ROUNDINGS = (8, 6, 5, 4)
FEW = 100


@dataclass(frozen=True)
class Task:
    """So many facts learned by a network 32-W-32, each seen ``exposures`` times."""

    width: int
    facts: int
    exposures: int

    @property
    def parameters(self) -> int:
        """Of one network, biases included; the codes are input."""
        return CODE * self.width + self.width + self.width * VALUES + VALUES

    @property
    def batches(self) -> int:
        """How many make one exposure."""
        return max(1, self.facts // LARGEST_BATCH)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.parameters:,} parameters, {self.facts:,} facts × {self.exposures:,}"


def _tasks(exposures: int) -> list[Task]:
    small = [Task(16, facts, FEW) for facts in (200, 400, 800, 1600)]
    return [
        *small,
        *(Task(16, each.facts, exposures) for each in small),
        *(Task(32, facts, exposures) for facts in (800, 1600)),
    ]


def _full(run: TrainingRun, name: str) -> np.ndarray:
    """Return a number of all networks that were asked for 1.8 bits a parameter or more."""
    asked = np.array([each.numbers["asked"] for each in run.copies])
    many = np.array([each.numbers["exposures"] for each in run.copies]) > FEW
    values = run.results[name] if name in run.results else run.numbers[name][-1]
    return values[(asked >= 1.8) & many]


@EXPERIMENTS.register("knowledge")
class Knowledge(Experiment):
    """Random codes to random values; one group a number of facts and exposures."""

    title = "Knowledge capacity"
    summary = "A network of a thousand parameters holds 1.84 bits in each, and no more."
    story = (
        "Facts are random, so nothing can be guessed: what is known was stored. Few facts are all "
        "learned; more of them fill the network to about 1.84 bits a parameter after 1,000 "
        "exposures and about 1 after 100, at both sizes. Rounding to 8 bits loses nothing; to 4 "
        "bits nearly all of what fills a network is gone. The paper finds 2 and 1 with a "
        "thousand times a thousand parameters."
    )
    steps, every = 1000, 20
    choices = (
        Choice(
            "exposures", "Exposures", "How often each fact is seen, beside 100.", 1000, 200, 1000
        ),
        Choice("learning_rate", "Learning rate", "Of Adam, brought down.", 0.01, 1e-3, 0.1),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(
            Quantity("Loss", "L", high=math.log(VALUES), help="Surprisal of a fact's value."),
            lines=(Line("nothing known", math.log(VALUES)),),
        ),
        "accuracy": Measured(Quantity("Facts known", "", "%", digits=1, help="Told rightly.")),
        "bits": Measured(
            Quantity(
                "Bits a parameter",
                "R",
                "bits a parameter",
                high=2.5,
                help="What is known of all facts, over the parameters.",
                formula=r"R=\frac{N(\ln C-L)}{P\ln2}",
                source="arXiv 2404.05405",
            ),
            lines=(Line("the paper's plateau", 2.0),),
        ),
        "rounded": Measured(
            Quantity(
                "Bits a parameter, rounded",
                "R",
                "bits a parameter",
                high=2.5,
                help="The same after the weights were rounded to so many bits.",
            ),
            axes=("network", "rounding"),
            final=True,
        ),
    }
    telling = "rounded"
    expected = (
        Expected(
            "plateau_low",
            "Filled networks hold at least 1.75 bits a parameter.",
            lambda run: float(_full(run, "bits").min()),
            1.75,
            1.95,
        ),
        Expected(
            "plateau_high",
            "… and at most 1.95.",
            lambda run: float(_full(run, "bits").max()),
            1.75,
            1.95,
        ),
        Expected(
            "few_exposures",
            "After 100 exposures the fullest hold about 1.",
            lambda run: float(
                max(
                    v
                    for v, each in zip(run.numbers["bits"][-1], run.copies, strict=True)
                    if each.numbers["exposures"] == FEW
                )
            ),
            0.9,
            1.4,
        ),
        Expected(
            "int8",
            "Rounding to 8 bits changes at most .03.",
            lambda run: float((_full(run, "bits") - _full(run, "rounded")[:, 0]).max()),
            -0.01,
            0.04,
        ),
    )
    papers = (50,)
    cost = 10.0
    layers = 1
    architecture = "32-W-32 with GELU, W = 16 or 32"
    data = ()

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        super().__init__(chosen, seeds)
        self._tasks = _tasks(int(self.number("exposures")))
        self._facts = {facts: _facts(facts) for facts in {task.facts for task in self._tasks}}
        self.steps = max(task.exposures for task in self._tasks)

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        return [
            Group(
                (Variant(task.name, rate, _knobs(task)),),
                mlp((CODE, task.width, VALUES), hidden_variance=1.0),
                self._loss(task),
                self._batch(task),
                schedule=cosine(task.exposures, floor=0.01),
                steps=task.exposures,
                repeats=task.batches,
            )
            for task in self._tasks
        ]

    def labels(self) -> dict[str, list[str]]:
        return {
            "network": [
                f"{task.name}, seed {seed}" for task in self._tasks for seed in self.seeds_used
            ],
            "rounding": [f"{bits} bits" for bits in ROUNDINGS],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        task = self._tasks[copies.number]
        codes, values = self._facts[task.facts]
        logits = forward(copies.parameters, codes, F.gelu)[0]
        loss = cross_entropy(logits, values)
        bits = bits_stored(task.facts, VALUES, loss) / task.parameters
        return {"loss": loss, "accuracy": accuracy(logits, values), "bits": bits}

    @torch.no_grad()
    def finish(self, training: object, report: Report) -> Iterator[Mapping[str, np.ndarray]]:
        groups: Sequence[Copies] = training.groups  # type: ignore[attr-defined]
        rows = []
        for copies in groups:
            task = self._tasks[copies.number]
            codes, values = self._facts[task.facts]
            columns = []
            for bits in ROUNDINGS:
                weights = {name: quantised(each, bits) for name, each in copies.parameters.items()}
                loss = cross_entropy(forward(weights, codes, F.gelu)[0], values)
                columns.append(bits_stored(task.facts, VALUES, loss) / task.parameters)
            rows.append(torch.stack(columns, 1))
        yield {"rounded": torch.cat(rows).numpy()}

    def _batch(self, task: Task):  # noqa: ANN202
        def draw(generator: torch.Generator, number: int) -> Tensor:
            # Every exposure is a new order, cut into interleaved batches.
            exposure, part = divmod(number, task.batches)
            own = torch.Generator().manual_seed(task.facts * 100_003 + exposure)
            return torch.randperm(task.facts, generator=own)[part :: task.batches]

        return draw

    def _loss(self, task: Task):  # noqa: ANN202
        codes, values = self._facts[task.facts]

        def loss(copies: Copies, batch: Tensor) -> Tensor:
            logits = forward(copies.parameters, codes[batch], F.gelu)[0]
            return cross_entropy(logits, values[batch])

        return loss


def _knobs(task: Task) -> dict[str, float]:
    return {
        "parameters": task.parameters,
        "facts": task.facts,
        "exposures": task.exposures,
        "asked": task.facts * BITS / task.parameters,
    }


def _facts(count: int) -> tuple[Tensor, Tensor]:
    """Return codes [N, 32] of ±1 and values [N], both at random."""
    generator = torch.Generator().manual_seed(count)
    codes = torch.randint(0, 2, (count, CODE), generator=generator).float() * 2 - 1
    return codes, torch.randint(0, VALUES, (count,), generator=generator)
