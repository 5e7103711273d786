"""Alloys, worked out by rules of mixtures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..measures.alloys import mismatch, mixing_enthalpy, mixing_entropy, omega
from ..models.provenance import versions_now
from ..runs.alloys import ELEMENTS, AlloysRequest, AlloysRun, pair_enthalpies
from ..runs.model import ModelFacts
from .base import STUDIES, Estimate, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

NOTHING = ModelFacts(
    source="", name="no model", revision=None, architecture="rules of mixtures", parameters=0,
    layers=0, heads=0, kv_heads=0, hidden_size=0, vocab_size=1, context=None, dtype="float64",
    device="cpu", memory_bytes=0, weights="none",
)  # fmt: skip


class AlloysStudy:
    """Arithmetic on tables of elements; no model takes part."""

    kind = "alloys"

    def estimate(self, model: LanguageModel | None, request: AlloysRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a row of the request is no alloy.
        """
        request.fractions()
        return Estimate(1_000_000, 1e6)

    def run(self, model: LanguageModel | None, request: AlloysRequest, report: Report) -> AlloysRun:
        """Work it out.

        Raises:
            InputError: as ``estimate``.
        """
        started = time.perf_counter()
        rows = request.fractions()
        parts = torch.tensor(
            [[row.get(name, 0.0) for name in ELEMENTS] for row in rows], dtype=torch.float64
        )
        facts = [(each.radius, each.melting, each.electrons) for each in ELEMENTS.values()]
        radii, melting, valence = torch.tensor(facts, dtype=torch.float64).T
        pairs = torch.tensor(pair_enthalpies(list(ELEMENTS)), dtype=torch.float64)
        shown = pairs.clone().fill_diagonal_(torch.nan)
        return AlloysRun(
            request=request,
            **versions_now(),
            model=NOTHING,
            seconds=time.perf_counter() - started,
            parts=_float32(parts),
            entropy=_float32([mixing_entropy(each) for each in parts]),
            most=np.log([len(row) for row in rows]).astype(np.float32),
            enthalpy=_float32([mixing_enthalpy(each, pairs) for each in parts]),
            mismatch=_float32([mismatch(each, radii) for each in parts]),
            omega=_float32([omega(each, pairs, melting) for each in parts]),
            electrons=_float32(parts @ valence),
            radii=_float32(radii),
            melting=_float32(melting),
            valence=_float32(valence),
            pairs=_float32(shown),
        )


STUDIES.register(AlloysStudy.kind)(AlloysStudy())


def _float32(values: torch.Tensor | list[float]) -> np.ndarray:
    return np.asarray(values, np.float32)
