"""The side by side study: answers drawn together, cut into claims, and compared by a rule."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..decoding.answers import Asking, Sampled, sample_answers
from ..errors import InputError, OverBudgetError
from ..measures.conflicts import Claim, label, marked, nearest, sentences
from ..models.memory import study_memory
from ..reading.footprint import forward_bytes
from ..runs.side_by_side import (
    CONFLICTS,
    FEWEST,
    LABELS,
    LONGEST,
    MOST,
    SideBySideRequest,
    SideBySideRun,
)
from .answers import prompt_of
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel

_MEBIBYTE = 1 << 20
Written = tuple[list[str], list[list[tuple[int, int, float]]]]
"""Answers, and where every token of each lies in it, with its entropy."""


class SideBySideStudy:
    """Draws answers side by side, or takes those that are given, and compares every pair."""

    kind = "side_by_side"

    def estimate(self, model: LanguageModel, request: SideBySideRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no prompt, one answer only, or a number out of range.
            OverBudgetError: prompt and answers are longer than the model reads.
        """
        if _given(request):
            return Estimate(_MEBIBYTE, 1e6)
        facts = model.facts
        longest = len(prompt_of(model, request.question, request.form)) + request.longest
        if facts.context is not None and longest > facts.context:
            raise OverBudgetError(
                f"Prompt and answer have {longest:,} tokens; {facts.name} reads {facts.context:,}."
            )
        held = 4 * facts.kv_width * facts.layers * request.count * longest * model.dtype.itemsize
        reading = forward_bytes(model, longest, longest) + 40 * request.count * facts.vocab_size
        work = (longest + request.longest * request.count / 2) * facts.parameters
        return Estimate(held + reading, float(work))

    def run(
        self, model: LanguageModel, request: SideBySideRequest, report: Report
    ) -> SideBySideRun:
        """Write and compare.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or no answer says anything.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        texts = _given(request)
        places: list[list[tuple[int, int, float]]] = [[] for _ in texts]
        if not texts:
            with study_memory("Writing", model.facts.device):
                texts, places = _written(model, request, report)
        return _to_run(model, request, texts, places, started)


STUDIES.register(SideBySideStudy.kind)(SideBySideStudy())


def _given(request: SideBySideRequest) -> list[str]:
    """Return the answers of the reader's own; none where the model has to write them.

    Raises:
        InputError: see ``SideBySideStudy.estimate``.
    """
    if not request.question.strip():
        raise InputError("There is no prompt.")
    if any(len(each) > LONGEST for each in (request.question, *request.texts)):
        raise InputError(f"A text is longer than {LONGEST:,} characters; give shorter ones.")
    if not FEWEST <= request.count <= MOST or not 1 <= request.longest <= 256:
        raise InputError(f"{FEWEST} to {MOST} answers are written, of 1 to 256 tokens each.")
    if not 0.1 <= request.temperature <= 2:
        raise InputError("The temperature lies between 0.1 and 2.")
    texts = [each.strip() for each in request.texts if each.strip()]
    if request.texts and not FEWEST <= len(texts) <= MOST:
        number = "one answer" if len(texts) == 1 else f"{len(texts)} answers"
        raise InputError(f"There is {number}; {FEWEST} to {MOST} can stand side by side.")
    return texts


def _written(model: LanguageModel, request: SideBySideRequest, report: Report) -> Written:
    one_line = request.form != "as a chat message"
    asking = Asking(
        request.count, (request.temperature,), request.longest, one_line, request.seed, 1
    )

    def step(done: int, sampled: Sampled) -> None:
        report(Progress(done, request.longest, f"Writing {request.count} answers, {done} tokens"))

    prompt = torch.from_numpy(prompt_of(model, request.question, request.form)).long()
    sampled = sample_answers(model, prompt, asking, step, report)
    texts, places = [], []
    for answer in range(request.count):
        ids = sampled.ids(0, answer)
        ids = ids[:-1] if sampled.endings[answer] in ("end", "line") else ids
        encoding = model.tokenizer.spell(ids)
        # Nothing is stripped here, so that tokens keep their places.
        texts.append(encoding.text)
        entropy = sampled.entropy[0, answer].tolist()
        offsets = encoding.offsets.tolist()
        places.append([(start, end, entropy[i]) for i, (start, end) in enumerate(offsets)])
    return texts, places


def _to_run(
    model: LanguageModel, request: SideBySideRequest, texts: list[str],
    places: list[list[tuple[int, int, float]]], started: float,
) -> SideBySideRun:  # fmt: skip
    spans = [(answer, *each) for answer, text in enumerate(texts) for each in sentences(text)]
    if not spans:
        raise InputError("No answer has a word in it; there is nothing to compare.")
    claims = [Claim(texts[answer][start:end]) for answer, start, end in spans]
    owner = np.array([answer for answer, _, _ in spans], np.int32)
    shape = (len(claims), len(texts))
    partner, how = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    overlap = np.full(shape, np.nan, np.float32)
    marks: list[tuple[int, int, int, int]] = []
    for place, claim in enumerate(claims):
        for other in range(len(texts)):
            others = np.flatnonzero(owner == other)
            if other == owner[place] or not len(others):
                continue
            best, shared = nearest(claim, [claims[each] for each in others])
            near = claims[others[best]]
            partner[place, other], overlap[place, other] = others[best], shared
            how[place, other] = LABELS.index(label(claim, near))
            marks += [(place, other, *each) for each in marked(claim, near)]
    agreeing = [LABELS.index(each) for each in ("extra", "same", "wording")]
    return SideBySideRun(
        **provenance(model),
        request=request,
        texts=texts,
        claims=[each.text for each in claims],
        owner=owner,
        span=np.array([each[1:] for each in spans], np.int32),
        partner=partner,
        how=how,
        overlap=overlap,
        mark=np.array(marks, np.int32).reshape(-1, 4),
        agrees=np.isin(how, agreeing).sum(1).astype(np.float32),
        disagrees=((how >= 0) & (how < CONFLICTS)).sum(1).astype(np.float32),
        entropy=np.array(
            [_mean(places[answer], start, end) for answer, start, end in spans], np.float32
        ),
        seconds=time.perf_counter() - started,
    )


def _mean(places: list[tuple[int, int, float]], start: int, end: int) -> float:
    """Return the mean entropy of the tokens that lie in a span; NaN for none."""
    inside = [each for first, last, each in places if first < end and last > start]
    return float(np.mean(inside)) if inside else np.nan
