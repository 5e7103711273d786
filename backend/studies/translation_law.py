"""The law of translation, worked out: its surface, the best split of a budget, and its fit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..measures.translation import Fit, TranslationLaw, profile
from ..models.provenance import versions_now
from ..runs.model import ModelFacts
from ..runs.translation_law import TranslationLawRequest, TranslationLawRun
from .base import STUDIES, Estimate, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

SIZES, SHARES, FLOORS = 25, 49, 61

NOTHING = ModelFacts(
    source="", name="no model", revision=None, architecture="a law", parameters=0, layers=0,
    heads=0, kv_heads=0, hidden_size=0, vocab_size=1, context=None, dtype="float64", device="cpu",
    memory_bytes=0, weights="none",
)  # fmt: skip


class TranslationLawStudy:
    """Arithmetic; no model takes part."""

    kind = "translation_law"

    def estimate(self, model: LanguageModel | None, request: TranslationLawRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a point is none.
        """
        request.measured()
        return Estimate(1_000_000, 1e6)

    def run(
        self, model: LanguageModel | None, request: TranslationLawRequest, report: Report
    ) -> TranslationLawRun:
        """Work it out.

        Raises:
            InputError: as ``estimate``.
        """
        started = time.perf_counter()
        measured = request.measured()
        fits = _fits(measured)
        best = min(fits, key=lambda each: each.error) if fits else None
        law = best.law if best else _given(request)
        sizes = torch.logspace(7, 9, SIZES, dtype=torch.float64)
        shares = torch.linspace(0.02, 0.98, SHARES, dtype=torch.float64)
        budget = request.budget * 1e6
        return TranslationLawRun(
            request=request,
            **versions_now(),
            model=NOTHING,
            seconds=time.perf_counter() - started,
            scale=law.scale,
            encoder_power=law.encoder,
            decoder_power=law.decoder,
            floor=law.floor,
            determined=best is None or best.rank == 3,
            sizes=_float32(sizes),
            loss=_float32(law.loss(sizes[None], sizes[:, None])),
            shares=_float32(shares),
            of_budget=_float32(law.loss(shares * budget, (1 - shares) * budget)),
            floors=np.array([each.law.floor for each in fits] or [np.nan], np.float32),
            error=np.array([each.error for each in fits] or [np.nan], np.float32),
        )


STUDIES.register(TranslationLawStudy.kind)(TranslationLawStudy())


def _given(request: TranslationLawRequest) -> TranslationLaw:
    return TranslationLaw(
        request.scale, request.encoder_power, request.decoder_power, request.floor
    )


def _fits(measured: list[tuple[float, float, float]]) -> list[Fit]:
    """Return the fit at every floor from 0 to just under the least loss, then around the best."""
    if not measured:
        return []
    points = torch.tensor(measured, dtype=torch.float64)
    least = float(points[:, 2].min())
    coarse = profile(points, torch.linspace(0, 0.999 * least, FLOORS, dtype=torch.float64).tolist())
    best = min(coarse, key=lambda each: each.error).law.floor
    step = 0.999 * least / (FLOORS - 1)
    low, high = max(0.0, best - step), min(0.999 * least, best + step)
    fine = profile(points, torch.linspace(low, high, FLOORS, dtype=torch.float64).tolist())
    known = {each.law.floor: each for each in [*coarse, *fine]}
    return [known[floor] for floor in sorted(known)]


def _float32(values: Tensor) -> np.ndarray:
    return values.numpy().astype(np.float32)
