"""Calibration sets: a pool of candidates written and scored, and the sets chosen from it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..decoding.answers import Asking, sample_answers
from ..derived.pace import batch_factor
from ..errors import InputError, ModelError
from ..measures.calibration_sets import (
    Pool,
    agreement,
    chosen,
    diversity,
    fragments,
    gap,
    pull,
    ranking_terms,
    unigram_f1,
    unlikeness,
)
from ..reading.continuations import Continuation, behind, score_ids, scoring_bytes, scoring_work
from ..runs.calibration_sets import (
    LEAST,
    STRATEGIES,
    CalibrationSetsRequest,
    CalibrationSetsRun,
)
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class CalibrationSetsStudy:
    """Writes candidates where none are given, scores them with and without the text."""

    kind = "calibration_sets"

    def estimate(self, model: LanguageModel, request: CalibrationSetsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a text is missing, a number is out of range, or there is no chat template.
            ModelError: the model writes no text.
        """
        prompt = len(_prompt(model, request, request.document))
        tails = [request.longest] * request.count
        if request.candidates:
            tails = [len(behind(model, each.strip())) for each in request.candidates]
        work = 2 * scoring_work(model, prompt, tails)
        if not request.candidates:
            steps = prompt + request.longest * batch_factor(request.count)
            work += model.facts.parameters * steps
        return Estimate(scoring_bytes(model, prompt, tails), work)

    def run(
        self, model: LanguageModel, request: CalibrationSetsRequest, report: Report
    ) -> CalibrationSetsRun:
        """Write, score and choose.

        Raises:
            InputError, ModelError: as ``estimate``.
            OverBudgetError: the text is longer than the model's context.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        prompt = _prompt(model, request, request.document)
        texts = [each.strip() for each in request.candidates]
        texts = texts or _written(model, request, prompt, report)
        ids = [behind(model, each) for each in texts]
        given = score_ids(model, prompt, ids, report)
        alone = score_ids(model, _prompt(model, request, ""), ids, report)
        pool = _pool(request, texts, given)
        copied = [fragments(request.document.split(), each.split()) for each in texts]
        everyone = tuple(range(len(texts)))
        pairs = zip(given, alone, strict=True)
        return CalibrationSetsRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            texts=texts,
            quality=_float32(pool.quality),
            likelihood=_float32(pool.likelihood),
            length=_float32(pool.length),
            information=_float32([a.total - b.total for a, b in pairs]),
            density=_float32([each.density for each in copied]),
            coverage=_float32([each.coverage for each in copied]),
            pool_agreement=agreement(pool, everyone),
            pool_diversity=diversity(pool, everyone),
            **_sets(pool, request),
        )


STUDIES.register(CalibrationSetsStudy.kind)(CalibrationSetsStudy())


def _prompt(model: LanguageModel, request: CalibrationSetsRequest, document: str) -> np.ndarray:
    """Check the request and return the tokens of what is asked, int32 [P]."""
    request.check()
    if model.decoding_fault is not None and not request.candidates:
        raise ModelError(f"{model.decoding_fault} It writes no text here.")
    text = f"{request.instruction}\n\n{document}".strip()
    if request.form == "as a chat message":
        return model.tokenizer.encode(text, chat=True).ids
    return model.tokenizer.encode(f"{text}\n\nSummary:\n").ids


def _written(
    model: LanguageModel, request: CalibrationSetsRequest, prompt: np.ndarray, report: Report
) -> list[str]:
    """Return candidates that the model writes; those that say nothing are left out.

    Raises:
        InputError: too few of them say anything.
    """
    asking = Asking(
        request.count, (request.temperature,), request.longest, one_line=False, seed=request.seed
    )

    def step(done: int, _: Any) -> None:
        report(Progress(done, request.longest, f"Writing candidates: {done} tokens"))

    sampled = sample_answers(model, torch.from_numpy(prompt).long(), asking, step, report)
    found = []
    for place in range(request.count):
        ids = sampled.ids(0, place)
        text = model.tokenizer.decode(ids[:-1] if sampled.endings[place] == "end" else ids)
        found.append(" ".join(text.split()))
    texts = [each for each in found if each]
    if len(texts) < max(LEAST, request.size + 1):
        raise InputError(
            f"Only {len(texts)} of {request.count} candidates say anything; try another seed, or "
            "write candidates of your own."
        )
    return texts


def _pool(request: CalibrationSetsRequest, texts: list[str], scored: list[Continuation]) -> Pool:
    request.check_sets(len(texts))
    return Pool(
        _double([unigram_f1(each, request.reference) for each in texts]),
        _double([each.mean for each in scored]),
        _double([len(each.ids) for each in scored]),
        unlikeness(texts),
    )


def _sets(pool: Pool, request: CalibrationSetsRequest) -> dict[str, Any]:
    """Return the arrays of all strategies."""
    found = chosen(pool, request.size)
    rows: dict[str, list[Any]] = {}
    for name in STRATEGIES:
        # The best first, as the loss wants them; ties as they came.
        members = sorted(found[name], key=lambda each: -float(pool.quality[each]))
        scores = pool.likelihood[members]
        member, pulled = torch.zeros(2, len(pool.quality), dtype=torch.float64)
        member[members] = 1
        pulled[members] = pull(scores, request.margin)
        for key, values in (
            ("member", member),
            ("pull", pulled),
            ("terms", ranking_terms(scores, request.margin)),
            ("gap", _double(gap(pool, tuple(members)))),
            ("agreement", _double(agreement(pool, tuple(members)))),
            ("diversity", _double(diversity(pool, tuple(members)))),
        ):
            rows.setdefault(key, []).append(_float32(values))
    return {name: np.stack(each) for name, each in rows.items()}


def _double(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _float32(values: Tensor | list[float]) -> np.ndarray:
    return np.asarray(values, np.float32)
