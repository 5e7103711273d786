"""The ladder study: the training of that name, and the fit through its sizes after every record."""

from __future__ import annotations

import numpy as np
import torch

from ..measures.scaling import fit_power_law
from ..runs.ladder import LadderRequest, LadderRun
from ..runs.training import TrainingRequest, TrainingRun
from ..trainings.ladder import CLASSES, NOISE, entropy_floor
from .base import STUDIES
from .training import ShownTraining

NAME = "ladder"


class LadderStudy(ShownTraining):
    """Trains the networks; the fit goes along with every record."""

    kind = "ladder"

    def training(self, request: LadderRequest) -> TrainingRequest:
        return _training(request)

    def shown(self, request: LadderRequest, run: TrainingRun) -> LadderRun:
        return _ladder(request, run)


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
