"""Many small networks trained side by side: every parameter has a leading axis of copies.

One product then serves all copies, and the sum of their losses gives each its own gradient, as no
copy's loss depends on another's parameters. That is several times faster than ``torch.func`` at
this size. A loss must therefore never join copies: it returns one number a copy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .optimisers import Adam, Optimiser, Parameters, per_copy

Init = Callable[[torch.Generator], Parameters]
Batch = Callable[[torch.Generator, int], Any]


@dataclass(frozen=True)
class Variant:
    """What sets a network apart: numbers only.

    Attributes:
        name: for people, unique in an experiment.
        rate: learning rate.
        knobs: further numbers that the loss takes, by name.
    """

    name: str
    rate: float = 1e-3
    knobs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Variants of one structure, which share every product.

    Attributes:
        variants: with the same names of knobs.
        init: returns the parameters of one copy from a generator that its seed has set.
        loss: of K copies for a batch, [K].
        batch: draws what one step learns from; groups with the same one see the same batches.
        optimiser: makes the optimiser of all copies.
        before: changes parameters or ``state`` before a step, without gradient.
        after: the same after a step; it is given the batch.
        schedule: of a step from 0, what the learning rates are multiplied with.
        bound: gradients are cut to −bound … bound, element by element; None for no limit.
        steps: after which the group rests; None for all.
        repeats: how many batches one step takes.
    """

    variants: tuple[Variant, ...]
    init: Init
    loss: Callable[[Copies, Any], Tensor]
    batch: Batch
    optimiser: Callable[[], Optimiser] = Adam
    before: Callable[[Copies], None] | None = None
    after: Callable[[Copies, Any], None] | None = None
    schedule: Callable[[int], float] | None = None
    bound: float | None = None
    steps: int | None = None
    repeats: int = 1


class Copies:
    """The K networks of a group: all seeds of its first variant, then those of the next.

    Attributes:
        parameters: [K, ...] by name.
        knobs: [K] by name.
        state: buffers [K, ...] by name, which are not trained.
        diverged: int64 [K], the step at which a loss was no number; −1 for never.
    """

    def __init__(self, group: Group, number: int, seeds: Sequence[int], data_seed: int) -> None:
        self.group, self.number, self.seeds = group, number, tuple(seeds)
        each = [
            group.init(torch.Generator().manual_seed(seed))
            for _ in group.variants
            for seed in seeds
        ]
        self.parameters = {
            name: torch.stack([one[name] for one in each]).requires_grad_() for name in each[0]
        }
        self.knobs = {
            name: self._spread([variant.knobs[name] for variant in group.variants])
            for name in group.variants[0].knobs
        }
        self.state: dict[str, Tensor] = {}
        self.diverged = torch.full((len(each),), -1)
        self._rates = self._spread([variant.rate for variant in group.variants])
        self._optimiser = group.optimiser()
        self._generator = torch.Generator().manual_seed(data_seed)
        self._batch = 0

    def __len__(self) -> int:
        return len(self.diverged)

    def __getitem__(self, name: str) -> Tensor:
        """Return a parameter [K, ...]."""
        return self.parameters[name]

    def of(self, variant: int) -> slice:
        """Return the places of a variant of the group, by its number."""
        return slice(variant * len(self.seeds), (variant + 1) * len(self.seeds))

    def step(self, step: int) -> None:
        """Learn from the batches of a step, counted from 0."""
        for _ in range(self.group.repeats):
            self._learn(step)

    def resting(self, step: int) -> bool:
        """Tell whether the group has done all its steps."""
        return self.group.steps is not None and step >= self.group.steps

    def dump(self) -> dict[str, Any]:
        """Return everything that changes, so that ``load`` goes on bit for bit."""
        return {
            "parameters": _copied(self.parameters),
            "state": _copied(self.state),
            "moments": _copied(self._optimiser.moments),
            "steps": self._optimiser.steps,
            "generator": self._generator.get_state(),
            "batch": self._batch,
            "diverged": self.diverged.clone(),
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go back to where ``dump`` was called."""
        with torch.no_grad():
            for name, value in dumped["parameters"].items():
                self.parameters[name].copy_(value)
        self.state = _copied(dumped["state"])
        self._optimiser.moments = _copied(dumped["moments"])
        self._optimiser.steps = dumped["steps"]
        self._generator.set_state(dumped["generator"])
        self._batch = dumped["batch"]
        self.diverged = dumped["diverged"].clone()

    def _spread(self, values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32).repeat_interleave(len(self.seeds))

    def _learn(self, step: int) -> None:
        group = self.group
        batch = group.batch(self._generator, self._batch)
        self._batch += 1
        if group.before:
            with torch.no_grad():
                group.before(self)
        loss = group.loss(self, batch)
        trained = {name: each for name, each in self.parameters.items() if each.requires_grad}
        gradients = dict(
            zip(trained, torch.autograd.grad(loss.sum(), list(trained.values())), strict=True)
        )
        with torch.no_grad():
            bad = ~torch.isfinite(loss) & (self.diverged < 0)
            self.diverged[bad] = step
            rates = self._rates * (group.schedule(step) if group.schedule else 1.0)
            if group.bound is not None:
                for gradient in gradients.values():
                    gradient.clamp_(-group.bound, group.bound)
            self._move(trained, gradients, rates)
            if group.after:
                group.after(self, batch)

    def _move(self, trained: Parameters, gradients: Parameters, rates: Tensor) -> None:
        alive = self.diverged < 0
        if alive.all():
            self._optimiser.step(trained, gradients, rates)
            return
        frozen = _copied(trained)
        self._optimiser.step(trained, gradients, rates)
        for name, value in trained.items():
            value.copy_(torch.where(per_copy(alive, value), value, frozen[name]))


@dataclass(frozen=True)
class Record:
    """What was measured at a step.

    Attributes:
        values: float32 [C, ...] by name, over the copies of all groups; NaN of diverged ones,
            and of groups that do not have a number.
        elapsed: seconds since the start.
        diverged: int32 [C], as ``Copies.diverged``.
    """

    step: int
    values: dict[str, np.ndarray]
    elapsed: float
    diverged: np.ndarray


Measure = Callable[[Copies], Mapping[str, Tensor]]


class SideBySide:
    """A training: steps all groups in turn and yields records.

    Args:
        groups: of networks.
        measure: returns [K, ...] by name of the copies of one group.
        seeds: of the first weights.
        steps: in all.
        every: so many steps there is a record; there is one at step 0 and one at the end.
        data_seed: of the batches.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        measure: Measure,
        seeds: Sequence[int],
        steps: int,
        every: int,
        data_seed: int = 0,
    ) -> None:
        self.steps, self._every, self._measure = steps, every, measure
        self.groups = [
            Copies(group, number, seeds, data_seed) for number, group in enumerate(groups)
        ]
        self._step, self._recorded, self._elapsed = 0, -1, 0.0
        self._resting: dict[int, Mapping[str, Tensor]] = {}

    def records(self) -> Iterator[Record]:
        """Yield the records that are still to come."""
        began = time.perf_counter() - self._elapsed
        while True:
            if self._recorded < self._step and self._due():
                self._recorded = self._step
                values = self._record()
                self._elapsed = time.perf_counter() - began
                yield Record(self._step, values, self._elapsed, self._diverged())
            if self._step >= self.steps:
                return
            for copies in self.groups:
                if not copies.resting(self._step):
                    copies.step(self._step)
            self._step += 1

    def dump(self) -> dict[str, Any]:
        """Return everything that changes, so that ``load`` goes on bit for bit."""
        return {
            "step": self._step,
            "recorded": self._recorded,
            "elapsed": self._elapsed,
            "groups": [copies.dump() for copies in self.groups],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go back to where ``dump`` was called, in a training of the same groups and seeds."""
        self._step, self._recorded = dumped["step"], dumped["recorded"]
        self._elapsed = dumped["elapsed"]
        self._resting.clear()
        for copies, each in zip(self.groups, dumped["groups"], strict=True):
            copies.load(each)

    def _due(self) -> bool:
        return self._step % self._every == 0 or self._step == self.steps

    @torch.no_grad()
    def _record(self) -> dict[str, np.ndarray]:
        parts = [self._measured(copies) for copies in self.groups]
        shapes = {name: value.shape[1:] for part in parts for name, value in part.items()}
        values = {}
        for name, shape in shapes.items():
            each = [
                part[name] if name in part else torch.full((len(copies), *shape), torch.nan)
                for part, copies in zip(parts, self.groups, strict=True)
            ]
            values[name] = torch.cat([value.float() for value in each]).numpy()
        gone = self._diverged() >= 0
        for value in values.values():
            value[gone] = np.nan
        return values

    def _measured(self, copies: Copies) -> Mapping[str, Tensor]:
        if copies.number in self._resting:
            return self._resting[copies.number]
        found = self._measure(copies)
        if copies.resting(self._step):
            self._resting[copies.number] = found
        return found

    def _diverged(self) -> np.ndarray:
        return torch.cat([copies.diverged for copies in self.groups]).numpy().astype(np.int32)


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: each.detach().clone() for name, each in tensors.items()}
