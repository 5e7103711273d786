"""The ladder study: the training of that name, and the fit through its sizes after every record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..measures.scaling import fit_power_law
from ..runs.ladder import LadderRequest, LadderRun
from ..runs.training import TrainingRequest, TrainingRun
from ..trainings import EXPERIMENTS, answer, complete
from ..trainings.ladder import CLASSES, NOISE, entropy_floor
from .base import STUDIES, Estimate, Progress, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

NAME = "ladder"


class LadderStudy:
    """Trains the networks; the fit goes along with every record."""

    kind = "ladder"

    def estimate(self, model: LanguageModel | None, request: LadderRequest) -> Estimate:
        """Say what the training needs.

        Raises:
            InputError: as ``trainings.run``.
        """
        whole = complete(_training(request))
        kind = EXPERIMENTS[NAME]
        seeds = len(whole.seeds) / len(kind.seeds)
        return Estimate(kind.memory(dict(whole.choices)), kind.cost * seeds)

    def run(self, model: LanguageModel | None, request: LadderRequest, report: Report) -> LadderRun:
        """Train.

        Raises:
            InputError: as ``trainings.run``.
            CancelledError: ``report`` said so; the same request goes on where it was.
        """

        def heard(progress: Progress) -> None:
            history: Any = progress.partial
            partial = None if history is None else _ladder(request, history.run())
            report(replace(progress, partial=partial))

        return _ladder(request, answer(_training(request), heard))


STUDIES.register(LadderStudy.kind)(LadderStudy())


def _training(request: LadderRequest) -> TrainingRequest:
    choices = ("zipf", "items", "learning_rate")
    return TrainingRequest(
        experiment=NAME,
        seeds=tuple(range(request.seeds)),
        choices=tuple((name, getattr(request, name)) for name in choices),
    )


def _ladder(request: LadderRequest, run: TrainingRun) -> LadderRun:
    seeds = len(run.request.seeds)
    sizes = np.array([each.numbers["parameters"] for each in run.copies], np.float32)[::seeds]
    loss = run.numbers["loss"].reshape(len(run.step), len(sizes), seeds)
    best = np.where(np.isfinite(loss[-1]), loss[-1], np.inf).min(1).astype(np.float32)
    best[np.isinf(best)] = np.nan
    known = np.isfinite(best)
    law = fit_power_law(torch.from_numpy(sizes[known]), torch.from_numpy(best[known]))
    return LadderRun(
        request=request,
        model=run.model,
        versions=run.versions,
        created=run.created,
        seconds=run.seconds,
        step=run.step,
        sizes=sizes,
        loss=loss,
        best=best,
        true_floor=entropy_floor(request.items, request.zipf, CLASSES, NOISE),
        floor=law.floor,
        scale=law.scale,
        exponent=law.exponent,
        error=law.error,
    )
