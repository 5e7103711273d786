"""Evidence: the options behind every prompt scored, and all sources fused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..measures.evidence import (
    RULES,
    belief,
    deng_entropy,
    discounted,
    entropy,
    from_probabilities,
    fuse,
    nonspecificity,
    pignistic,
    plausibility,
)
from ..reading.behind_contexts import seam
from ..reading.continuations import behind, context_ids, score_ids, scoring_bytes, scoring_work
from ..runs.evidence import TRUSTS, EvidenceRequest, EvidenceRun
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class EvidenceStudy:
    """Scores the options behind every prompt; sources by hand need no reading."""

    kind = "evidence"

    def estimate(self, model: LanguageModel, request: EvidenceRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there are too few options or sources, or a row is none.
        """
        request.check()
        needs = [
            (scoring_bytes(model, len(context), tails), scoring_work(model, len(context), tails))
            for context, tails in (
                (context, [len(each) - 1 for each in options])
                for context, options in _read(model, request)
            )
        ]
        return Estimate(
            max([each for each, _ in needs], default=1_000_000),
            sum(work for _, work in needs) + 1e6,
        )

    def run(self, model: LanguageModel, request: EvidenceRequest, report: Report) -> EvidenceRun:
        """Score and fuse.

        Raises:
            InputError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        request.check()
        probs = torch.full(
            (len(request.prompts) + len(request.masses), len(request.options)), torch.nan
        ).double()
        for place, (context, options) in enumerate(_read(model, request)):
            report(Progress(place, len(request.prompts), f"Source {place + 1}"))
            scored = score_ids(model, context, options)
            totals = torch.tensor([each.total for each in scored], dtype=torch.float64)
            probs[place] = torch.softmax(totals, 0)
        own = [_mass(each, len(request.options)) for each in request.given()]
        asked = request.reliability()
        return EvidenceRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            probabilities=_float32(probs),
            sources=_float32(torch.stack(_sources(probs, own, asked))[:, 1:]),
            **_fused(probs, own, asked),
        )


STUDIES.register(EvidenceStudy.kind)(EvidenceStudy())


def _read(
    model: LanguageModel, request: EvidenceRequest
) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Return the tokens of every prompt, and of every option behind it."""
    found = []
    for prompt in request.prompts:
        text = prompt.replace("\\n", "\n")
        options = [behind(model, seam(text) + each.strip()) for each in request.options]
        found.append((context_ids(model, text), options))
    return found


def _mass(given: dict[int, float], options: int) -> Tensor:
    mass = torch.zeros(1 << options, dtype=torch.float64)
    for members, share in given.items():
        mass[members] = share
    return mass


def _sources(probs: Tensor, own: list[Tensor], trusts: list[float]) -> list[Tensor]:
    """Return the masses of every source, as far as it is trusted."""
    read = len(probs) - len(own)
    scored = [from_probabilities(each, t) for each, t in zip(probs, trusts[:read], strict=False)]
    return scored + [discounted(each, t) for each, t in zip(own, trusts[read:], strict=True)]


def _fused(probs: Tensor, own: list[Tensor], asked: list[float]) -> dict[str, Any]:
    """Return the arrays of a run by every rule under every trust."""
    rows: dict[str, list[Any]] = {}
    for rule in RULES:
        for trust in TRUSTS:
            trusts = asked if trust is None else [trust] * len(probs)
            fused = fuse(_sources(probs, own, trusts), rule)
            found = {
                "mass": fused.mass[1:],
                "conflict": torch.tensor([torch.nan, *fused.conflict[1:]]),
                "belief": belief(fused.mass),
                "plausibility": plausibility(fused.mass),
                "pignistic": pignistic(fused.mass),
                "deng": torch.tensor(deng_entropy(fused.mass)),
                "nonspecificity": torch.tensor(nonspecificity(fused.mass)),
                "unsure": torch.tensor(entropy(pignistic(fused.mass))),
            }
            for name, values in found.items():
                rows.setdefault(name, []).append(_float32(values))
    shape = (len(RULES), len(TRUSTS))
    return {name: np.stack(each).reshape(*shape, *each[0].shape) for name, each in rows.items()}


def _float32(values: Tensor) -> np.ndarray:
    return values.numpy().astype(np.float32)
