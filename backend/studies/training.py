"""Trainings as a study: what the engine and the shell ask for like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runs.training import TrainingRequest, TrainingRun
from ..trainings import EXPERIMENTS, answer, complete
from .base import STUDIES, Estimate, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class TrainingStudy:
    """Trains the networks of an experiment; no language model takes part unless it loads one."""

    kind = "training"

    def estimate(self, model: LanguageModel | None, request: TrainingRequest) -> Estimate:
        """Say what the training needs.

        Raises:
            InputError: as ``trainings.run``.
        """
        whole = complete(request)
        kind = EXPERIMENTS[whole.experiment]
        seeds = len(whole.seeds) / len(kind.seeds)
        return Estimate(kind.memory(dict(whole.choices)), kind.cost * seeds)

    def run(
        self, model: LanguageModel | None, request: TrainingRequest, report: Report
    ) -> TrainingRun:
        """Train; see ``trainings.run``. The ``model`` is not used."""
        return answer(request, report)


STUDIES.register(TrainingStudy.kind)(TrainingStudy())
