"""The knowledge study: the training of that name, as bits a parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..runs.knowledge import KnowledgeRequest, KnowledgeRun
from ..runs.training import TrainingRequest, TrainingRun
from ..trainings import EXPERIMENTS, answer, complete
from .base import STUDIES, Estimate, Progress, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

NAME = "knowledge"


class KnowledgeStudy:
    """Trains the networks."""

    kind = "knowledge"

    def estimate(self, model: LanguageModel | None, request: KnowledgeRequest) -> Estimate:
        """Say what the training needs.

        Raises:
            InputError: as ``trainings.run``.
        """
        whole = complete(_training(request))
        kind = EXPERIMENTS[NAME]
        return Estimate(kind.memory(dict(whole.choices)), kind.cost)

    def run(
        self, model: LanguageModel | None, request: KnowledgeRequest, report: Report
    ) -> KnowledgeRun:
        """Train.

        Raises:
            InputError: as ``trainings.run``.
            CancelledError: ``report`` said so; the same request goes on where it was.
        """

        def heard(progress: Progress) -> None:
            history: Any = progress.partial
            partial = None if history is None else _knowledge(request, history.run())
            report(replace(progress, partial=partial))

        return _knowledge(request, answer(_training(request), heard))


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
