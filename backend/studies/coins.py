"""The study of coins: one exact probability, and streams that are fed their own decisions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, ModelError, OverBudgetError
from ..measures.distribution import log_probabilities, moments
from ..models.memory import study_memory
from ..models.self_test import reads_blocks
from ..reading.choices import check_options, forms_as_tokens, word_forms
from ..reading.continuations import behind, context_ids, score_ids, scoring_bytes, scoring_work
from ..runs.coins import CoinsRequest, CoinsRun
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class CoinsStudy:
    """Scores all forms of both words once, then lets every stream go on as a row of one batch."""

    kind = "coins"

    def estimate(self, model: LanguageModel, request: CoinsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is no prompt, or the words are no two that can be told apart.
            OverBudgetError: the streams are longer than the model reads.
            ModelError: the model cannot write step by step.
        """
        context, said = _read(model, request)
        tails = [len(said[0]) * request.decisions] * request.streams
        return Estimate(
            scoring_bytes(model, len(context), tails), scoring_work(model, len(context), tails)
        )

    def run(self, model: LanguageModel, request: CoinsRequest, report: Report) -> CoinsRun:
        """Decide.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        context, said = _read(model, request)
        forms = [word_forms(each) for each in request.words]
        flat = [each for own in forms for each in own]
        words = np.repeat([1, 0], list(map(len, forms))).astype(np.int32)
        scored = np.array(
            [each.total for each in score_ids(model, context, [behind(model, f) for f in flat])]
        )
        first = np.exp(scored[words == 1]).sum()
        share = first / np.exp(scored).sum()
        luck = np.random.default_rng(request.seed)
        alone = luck.random((request.streams, request.decisions)) < share
        with study_memory("Deciding", model.facts.device):
            steps = list(_stream(model, request, context, said, forms, luck, report))
        fed_back, probability, mass = (np.stack(each, 1) for each in zip(*steps, strict=True))
        return CoinsRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            forms=flat,
            words=words,
            form_logprobs=scored.astype(np.float32),
            fed_back=fed_back.astype(np.float32),
            alone=alone.astype(np.float32),
            probability=probability.astype(np.float32),
            mass=mass.astype(np.float32),
            stream_share=fed_back.mean(1).astype(np.float32),
        )


STUDIES.register(CoinsStudy.kind)(CoinsStudy())


def _read(model: LanguageModel, request: CoinsRequest) -> tuple[np.ndarray, list[np.ndarray]]:
    """Check a request; return the prompt, and what is read of a decision for either word."""
    if not request.prompt.strip():
        raise InputError("There is no prompt; say what is decided.")
    check_options([each.lower() for each in request.words], 2, 2, what="words", apart=True)
    if model.decoding_fault:
        raise ModelError(model.decoding_fault)
    forms_as_tokens(model, [word_forms(each) for each in request.words])
    said = [behind(model, f" {each.strip()},") for each in request.words]
    if len(said[0]) != len(said[1]):
        raise InputError(
            f"{request.words[0]!r} and {request.words[1]!r} differ in tokens "
            f"({len(said[0]) - 1} and {len(said[1]) - 1}); choose words of as many."
        )
    context = context_ids(model, request.prompt.rstrip())
    length = len(context) + request.decisions * len(said[0])
    limit = min(
        each for each in (model.facts.context, model.rereads_after, length) if each is not None
    )
    if length > limit:
        raise OverBudgetError(
            f"The streams would have {length:,} tokens; this model reads {limit:,} at most "
            f"({model.facts.name}). Ask for fewer decisions."
        )
    return context, said


@torch.inference_mode()
def _stream(
    model: LanguageModel,
    request: CoinsRequest,
    context: np.ndarray,
    said: list[np.ndarray],
    forms: list[list[str]],
    luck: np.random.Generator,
    report: Report,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield decisions, probabilities of the first word and mass on both, [Q] each, by step."""
    tokens = forms_as_tokens(model, forms)
    past = model.new_past()
    hidden = model.hidden_states(torch.from_numpy(context).long()[None], past=past)[:, -1]
    past.select(torch.zeros(request.streams, dtype=torch.long))
    hidden = hidden.expand(request.streams, -1)
    first, second = (torch.from_numpy(each).long() for each in said)
    for step in range(request.decisions):
        p = _of_words(model, hidden, tokens)
        mass = p.sum(1)
        share = p[:, 0] / mass
        yes = luck.random(request.streams) < share
        yield yes, share, mass.clip(max=1)
        report(Progress(step + 1, request.decisions, f"Decision {step + 1}"))
        if step + 1 < request.decisions:
            read = torch.where(torch.from_numpy(yes)[:, None], first, second)
            parts = [read] if reads_blocks(model) else read.split(1, 1)
            for part in parts:
                hidden = model.hidden_states(part, past=past)[:, -1]


def _of_words(model: LanguageModel, hidden: Tensor, tokens: list[list[int]]) -> np.ndarray:
    """Return the probability of each word, all its tokens summed, float64 [Q, 2]."""
    logits = model.unembed(hidden).float()
    flat = torch.tensor([[each for own in tokens for each in own]], device=logits.device)
    found = log_probabilities(logits, flat.expand(len(hidden), -1), moments(logits))
    p = np.exp(found.cpu().numpy().astype(np.float64))
    return np.add.reduceat(p, [0, len(tokens[0])], axis=1)
