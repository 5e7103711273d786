"""From a request to a run: carries out an experiment, tells of it, and can go on where it was."""

from __future__ import annotations

import platform
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from ...errors import CancelledError, InputError
from ...progress import Progress, Report, ignore
from ...runs.model import NO_MODEL, ModelSpec
from ...runs.training import TrainingRequest, TrainingRun, Value
from ...version import VERSION
from .base import EXPERIMENTS, Experiment, Training
from .side_by_side import Record

_STOPPED_BYTES = 600_000_000
"""Of trainings that were stopped and can go on; those stopped last are remembered."""


def run(
    name: str,
    *,
    seeds: tuple[int, ...] | list[int] = (),
    model: str | ModelSpec | None = None,
    report: Report | None = None,
    **choices: Value,
) -> TrainingRun:
    """Train an experiment's networks and return what was measured.

    For example ``run("collapse", seeds=[0], learning_rate=0.03)``.

    Args:
        name: of the experiment; see ``names()``.
        seeds: of the first weights, one network of every variant for each; the experiment's own
            by default.
        model: to train, of experiments that train a language model; the bundled one by default.
        report: hears of progress, with the run so far in ``partial``, and may stop it.
        choices: what the experiment leaves open.

    Raises:
        InputError: there is no such experiment or choice, or a value is of no use.
        OverBudgetError: there is not enough memory; with both numbers.
        CancelledError: ``report`` said so. The same request then goes on where it was stopped,
            bit for bit, as long as the process lives.
    """
    spec = ModelSpec(model) if isinstance(model, str) else model or NO_MODEL
    request = TrainingRequest(
        model=spec, experiment=name, seeds=tuple(seeds), choices=tuple(choices.items())
    )
    return answer(request, report or ignore)


def complete(request: TrainingRequest) -> TrainingRequest:
    """Return a request with every seed and choice written out.

    Raises:
        InputError: as ``run``.
    """
    kind = EXPERIMENTS[request.experiment]
    given = dict(request.choices)
    known = {each.name: each for each in kind.choices}
    for name in given:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise InputError(f"{kind.title} has no choice named {name!r}. Known: {listed}.")
    seeds = request.seeds or kind.seeds
    few, many = kind.seed_counts
    if not few <= len(seeds) <= many or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        wanted = f"{few} to {many}" if few < many else f"{few}"
        raise InputError(f"{kind.title} takes {wanted} seeds, different whole numbers from 0.")
    chosen = tuple((name, each.read(given.get(name, each.default))) for name, each in known.items())
    return replace(request, seeds=seeds, choices=chosen)


def answer(request: TrainingRequest, report: Report) -> TrainingRun:
    """Return the run that answers a request; see ``run``."""
    request = complete(request)
    experiment = EXPERIMENTS[request.experiment](dict(request.choices), request.seeds)
    history = _Stopped.take(request.key)
    training = experiment.start(request.model, report)
    if history is None:
        history = History(request, experiment, training)
    else:
        training.load(history.dumped)
        history = replace(history, experiment=experiment, training=training)
    try:
        _carry_on(history, report)
    except CancelledError:
        _Stopped.leave(request.key, replace(history, dumped=training.dump()))
        raise
    return history.run(final=True)


@dataclass
class History:
    """A training and its records so far; can become a run at any time."""

    request: TrainingRequest
    experiment: Experiment
    training: Training
    records: list[Record] = field(default_factory=list)
    results: dict[str, np.ndarray] = field(default_factory=dict)
    dumped: Mapping[str, Any] = field(default_factory=dict)

    def snapshot(self) -> History:
        """Return what later records do not change."""
        return replace(self, records=list(self.records), results=dict(self.results))

    def run(self, *, final: bool = False) -> TrainingRun:
        """Return the records as a run; ``final`` adds the figures that are expected of it."""
        experiment, last = self.experiment, self.records[-1]
        seen = {*last.values, *self.results}
        libraries = {name: version(name) for name in ("torch", "numpy")}
        made = TrainingRun(
            request=self.request,
            model=experiment.facts(self.training),
            versions={"entroscope": VERSION, "python": platform.python_version(), **libraries},
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=last.elapsed,
            experiment=experiment.title,
            story=experiment.story,
            choices=list(experiment.choices),
            copies=experiment.copies(self.training),
            measured={
                # Formulas stay with the experiment: a file's would become markup.
                name: replace(each, quantity=replace(each.quantity, formula=""))
                for name, each in experiment.measured.items()
                if name in seen
            },
            telling=experiment.telling,
            labels=experiment.labels(),
            data=experiment.checksums(),
            steps=self.training.steps,
            step=np.array([each.step for each in self.records], np.int32),
            elapsed=np.array([each.elapsed for each in self.records], np.float32),
            diverged=last.diverged,
            numbers={
                name: np.stack([each.values[name] for each in self.records]) for name in last.values
            },
            results={name: each.astype(np.float32) for name, each in self.results.items()},
            texts=experiment.texts(),
        )
        if not final:
            return made
        return replace(made, figures=[each.figure(made) for each in experiment.expects()])


def _carry_on(history: History, report: Report) -> None:
    training = history.training
    for record in training.records():
        history.records.append(record)
        report(Progress(record.step, training.steps, "Training", partial=history.snapshot()))
    for results in history.experiment.finish(training, report):
        history.results |= results
        report(Progress(training.steps, training.steps, "Measuring", partial=history.snapshot()))


class _Stopped:
    """Trainings that were stopped, by the key of their request; safe from any thread."""

    _lock = threading.Lock()
    _known: ClassVar[OrderedDict[str, History]] = OrderedDict()

    @classmethod
    def leave(cls, key: str, history: History) -> None:
        """Remember a training that was stopped."""
        if not history.records:
            return
        with cls._lock:
            cls._known[key] = replace(history, results={})
            while sum(_bytes(each.dumped) for each in cls._known.values()) > _STOPPED_BYTES:
                cls._known.popitem(last=False)

    @classmethod
    def take(cls, key: str) -> History | None:
        """Return a training that was stopped, once."""
        with cls._lock:
            return cls._known.pop(key, None)


def _bytes(dumped: Any) -> int:
    """Return the bytes of all tensors inside."""
    if isinstance(dumped, Tensor):
        return dumped.numel() * dumped.element_size()
    if isinstance(dumped, Mapping):
        return sum(map(_bytes, dumped.values()))
    return sum(map(_bytes, dumped)) if isinstance(dumped, list | tuple) else 0
