"""What an experiment is: what it trains, leaves open, measures and expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from torch import Tensor

from ...progress import Report
from ...registry import Registry
from ...runs.model import ModelFacts, ModelSpec
from ...runs.training import Choice, Copy, Figure, Measured, TrainingRun, Value
from ..data import checksum
from .side_by_side import Copies, Group, Record, SideBySide

EXPERIMENTS: Registry[type[Experiment]] = Registry("experiment")

MOST_SEEDS = 12


@dataclass(frozen=True)
class Expected:
    """A figure that a finished run should have; see ``Figure``.

    Attributes:
        found: computes it from a run.
    """

    name: str
    claim: str
    found: Callable[[TrainingRun], float]
    low: float
    high: float

    def figure(self, run: TrainingRun) -> Figure:
        """Return what was found in a run."""
        value = float(self.found(run))
        return Figure(
            self.name, self.claim, value if np.isfinite(value) else None, self.low, self.high
        )


class Training(Protocol):
    """Something that learns step by step, can be interrupted and go on bit for bit."""

    steps: int

    def records(self) -> Iterator[Record]:
        """Yield the records that are still to come."""
        ...

    def dump(self) -> dict[str, Any]:
        """Return everything that changes."""
        ...

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go back to where ``dump`` was called."""
        ...


class Experiment:
    """Base of all experiments, one file each; an instance has its choices and seeds.

    A subclass says in class attributes what it is, and overrides ``groups`` and ``measure``.

    Attributes:
        title: for people.
        summary: one sentence.
        story: what to look for.
        seeds: by default.
        seed_counts: the fewest and the most there may be.
        steps: in all.
        every: so many steps there is a record.
        choices: what is left open.
        measured: what the names of ``measure`` and ``finish`` mean.
        telling: of ``measured``, what shows most beside its first number.
        expected: figures of a run with the default choices.
        papers: numbers in ``backend/papers.json``.
        cost: CPU seconds with the default choices and seeds, where it was first run.
        layers, heads: of one network, where it has such.
        architecture: of the networks, in words.
        data: names of the shipped data that is learned from.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    story: ClassVar[str]
    seeds: ClassVar[tuple[int, ...]] = (0,)
    seed_counts: ClassVar[tuple[int, int]] = (1, MOST_SEEDS)
    steps: int
    every: int
    choices: ClassVar[tuple[Choice, ...]] = ()
    measured: ClassVar[Mapping[str, Measured]]
    telling: ClassVar[str]
    expected: ClassVar[tuple[Expected, ...]] = ()
    papers: ClassVar[tuple[int, ...]] = ()
    cost: ClassVar[float]
    layers: ClassVar[int] = 0
    heads: ClassVar[int] = 0
    architecture: ClassVar[str]
    data: ClassVar[tuple[str, ...]] = ("digits",)

    def __init__(self, chosen: Mapping[str, Value], seeds: Sequence[int]) -> None:
        self.chosen, self.seeds_used = chosen, tuple(seeds)

    def number(self, name: str) -> float:
        """Return a choice that is a number."""
        return float(self.chosen[name])

    @classmethod
    def memory(cls, chosen: Mapping[str, Value]) -> int:
        """Return about how many bytes it takes at most, measured."""
        return 200_000_000

    def expects(self) -> Sequence[Expected]:
        """Return the figures that a run should have; none with choices that nobody has tried."""
        return self.expected if self.chosen == defaults(type(self)) else ()

    def groups(self) -> Sequence[Group]:
        """Return the networks to train, those of one structure together."""
        raise NotImplementedError

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        """Return what is measured of the copies of one group, [K, ...] by name.

        Called without gradient. It draws nothing from the generators of the training, so that
        measuring changes no number.
        """
        raise NotImplementedError

    def labels(self) -> dict[str, list[str]]:
        """Return the places of each axis beyond record and copy."""
        return {}

    def prepare(self, report: Report) -> None:
        """Do what comes before the first step, such as training a teacher."""

    def finish(self, training: Any, report: Report) -> Iterator[Mapping[str, np.ndarray]]:
        """Yield what is measured once after the training, more and more of it, by name."""
        yield from ()

    def texts(self) -> dict[str, list[str]]:
        """Return what a trained language model wrote."""
        return {}

    def start(self, model: ModelSpec, report: Report) -> Training:
        """Return the training at its first step; ``model`` is that of the request."""
        self.prepare(report)
        return SideBySide(self.groups(), self.measure, self.seeds_used, self.steps, self.every)

    def copies(self, training: Any) -> list[Copy]:
        """Return what every network is, in the order of the records."""
        return [
            Copy(variant.name, seed, copies.number, _numbers(variant.rate, variant.knobs))
            for copies in training.groups
            for variant in copies.group.variants
            for seed in copies.seeds
        ]

    def facts(self, training: Any) -> ModelFacts:
        """Return what the networks are, as runs tell of a model."""
        sizes = [
            sum(each[0].numel() for each in copies.parameters.values())
            for copies in training.groups
        ]
        count = sum(len(copies) for copies in training.groups)
        total = sum(size * len(copies) for size, copies in zip(sizes, training.groups, strict=True))
        return ModelFacts(
            source="",
            name=f"{count} networks trained here",
            revision=None,
            architecture=self.architecture,
            parameters=max(sizes),
            layers=self.layers,
            heads=self.heads,
            kv_heads=self.heads,
            hidden_size=0,
            vocab_size=1,
            context=None,
            dtype="float32",
            device="cpu",
            memory_bytes=4 * total,
            weights="first drawn from the seeds, then trained",
        )

    def checksums(self) -> dict[str, str]:
        """Return checksums of the data."""
        return {name: checksum(name) for name in self.data}


def _numbers(rate: float, knobs: Mapping[str, float]) -> dict[str, float]:
    return {"learning_rate": rate, **knobs}


def defaults(kind: type[Experiment]) -> dict[str, Value]:
    """Return what an experiment takes where nothing is chosen."""
    return {each.name: each.read(each.default) for each in kind.choices}


def mean_over_seeds(run: TrainingRun, name: str, variant: str, record: int = -1) -> float:
    """Return the mean of a number over the seeds of a variant at a record."""
    return float(np.mean(run.of(name, variant)[record], dtype=np.float64))


def final(run: TrainingRun, name: str, variant: str) -> np.ndarray:
    """Return a number of every seed of a variant at the end, float64 [seeds, ...]."""
    return run.of(name, variant)[-1].astype(np.float64)


def at_step(run: TrainingRun, step: int) -> int:
    """Return the place of the last record up to a step."""
    return int(np.searchsorted(run.step, step, side="right")) - 1
