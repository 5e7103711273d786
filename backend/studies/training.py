"""Trainings as a study: what the engine and the shell ask for like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..runs.base import Run
from ..runs.training import TrainingRequest, TrainingRun
from ..trainings import EXPERIMENTS, answer, complete
from .base import STUDIES, Estimate, Progress, Report

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


class ShownTraining:
    """A training that is shown as a run of a kind of its own, and so are its partial results."""

    kind: ClassVar[str]

    def training(self, request: Any) -> TrainingRequest:
        """Return what is trained."""
        raise NotImplementedError

    def shown(self, request: Any, run: TrainingRun) -> Run:
        """Return the run of this kind that is made of a training, finished or not."""
        raise NotImplementedError

    def estimate(self, model: LanguageModel | None, request: Any) -> Estimate:
        """Say what the training needs.

        Raises:
            InputError: as ``trainings.run``.
        """
        return TrainingStudy().estimate(model, self.training(request))

    def run(self, model: LanguageModel | None, request: Any, report: Report) -> Run:
        """Train.

        Raises:
            InputError: as ``trainings.run``.
            CancelledError: ``report`` said so; the same request goes on where it was.
        """

        def heard(progress: Progress) -> None:
            history: Any = progress.partial
            partial = None if history is None else self.shown(request, history.run())
            report(replace(progress, partial=partial))

        return self.shown(request, answer(self.training(request), heard))


STUDIES.register(TrainingStudy.kind)(TrainingStudy())
