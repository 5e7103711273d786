"""The knowledge study: the training of that name, as bits a parameter."""

from __future__ import annotations

import numpy as np

from ..runs.knowledge import KnowledgeRequest, KnowledgeRun
from ..runs.training import TrainingRequest, TrainingRun
from .base import STUDIES
from .training import ShownTraining

NAME = "knowledge"


class KnowledgeStudy(ShownTraining):
    """Trains the networks."""

    kind = "knowledge"

    def training(self, request: KnowledgeRequest) -> TrainingRequest:
        return _training(request)

    def shown(self, request: KnowledgeRequest, run: TrainingRun) -> KnowledgeRun:
        return _knowledge(request, run)


STUDIES.register(KnowledgeStudy.kind)(KnowledgeStudy())


def _training(request: KnowledgeRequest) -> TrainingRequest:
    choices = (("exposures", request.exposures), ("learning_rate", request.learning_rate))
    return TrainingRequest(experiment=NAME, seeds=(request.seed,), choices=choices)


def _knowledge(request: KnowledgeRequest, run: TrainingRun) -> KnowledgeRun:
    about = {
        name: np.array([each.numbers[name] for each in run.copies])
        for name in ("parameters", "facts", "exposures", "asked")
    }
    places = [int(each.split()[0]) for each in run.labels["rounding"]]
    empty = np.full((len(run.copies), len(places)), np.nan, np.float32)
    return KnowledgeRun(
        request=request,
        model=run.model,
        versions=run.versions,
        created=run.created,
        seconds=run.seconds,
        step=run.step,
        parameters=about["parameters"].astype(np.int32),
        facts=about["facts"].astype(np.int32),
        exposures=about["exposures"].astype(np.int32),
        asked=about["asked"].astype(np.float32),
        bits=run.numbers["bits"],
        known=run.numbers["accuracy"],
        roundings=np.array(places, np.int32),
        rounded=run.results.get("rounded", empty),
    )
