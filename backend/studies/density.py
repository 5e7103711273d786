"""The density of models, worked out from published scores."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..measures.density import fit_reference, growth, records
from ..models.provenance import versions_now
from ..runs.density import DensityRequest, DensityRun
from ..runs.model import ModelFacts
from .base import STUDIES, Estimate, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

BEGINNING = date(2023, 1, 1)

NOTHING = ModelFacts(
    source="", name="published scores", revision=None, architecture="several", parameters=0,
    layers=0, heads=0, kv_heads=0, hidden_size=0, vocab_size=1, context=None, dtype="float64",
    device="cpu", memory_bytes=0, weights="none",
)  # fmt: skip


class DensityStudy:
    """Arithmetic on published numbers; no model takes part."""

    kind = "density"

    def estimate(self, model: LanguageModel | None, request: DensityRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a row of the request is no model.
        """
        request.models()
        return Estimate(1_000_000, 1e6)

    def run(
        self, model: LanguageModel | None, request: DensityRequest, report: Report
    ) -> DensityRun:
        """Work it out.

        Raises:
            InputError: as ``estimate``.
        """
        started = time.perf_counter()
        models = request.models()
        size = torch.tensor([each.billions for each in models], dtype=torch.float64)
        score = torch.tensor([each.score for each in models], dtype=torch.float64)
        family = torch.tensor([each.name.startswith(request.reference) for each in models])
        effective = fit_reference(size[family], score[family]).effective_size(score)
        density = effective / size
        days = torch.tensor([(each.day - BEGINNING).days for each in models])
        rate, start = growth(days, density)
        return DensityRun(
            request=request,
            **versions_now(),
            model=NOTHING,
            seconds=time.perf_counter() - started,
            days=days.numpy().astype(np.int32),
            size=size.numpy().astype(np.float32),
            effective=effective.numpy().astype(np.float32),
            score=score.numpy().astype(np.float32),
            density=density.numpy().astype(np.float32),
            record=records(days, density).numpy(),
            rate=rate,
            start=start,
        )


STUDIES.register(DensityStudy.kind)(DensityStudy())
