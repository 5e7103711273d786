"""Holes: the likeliest words behind the left side, and the right side scored behind each."""

from __future__ import annotations

import time
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import InputError
from ..measures.infill import entropy
from ..models.memory import study_memory
from ..progress import Progress, Report
from ..reading.continuations import (
    behind,
    context_ids,
    read_behind,
    score_ids,
    scoring_bytes,
    scoring_work,
)
from ..reading.infilling import infill_prompt
from ..runs.holes import MOST_SEEN, HolesRequest, HolesRun
from .base import STUDIES, Estimate, provenance

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.language import LanguageModel

Ids = tuple[int, ...]

OPENED = 16
"""Tokens that a word that is only blanks is tried with: it opens a number or a rare word."""


class HolesStudy:
    """Reads the left side once, and every word with the right side behind it as a batch."""

    kind = "holes"

    def estimate(self, model: LanguageModel, request: HolesRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is not one hole between two sides, or an own word is none.
        """
        request.check()
        left, _, right = request.sides()
        context, tail = len(context_ids(model, left)), min(len(behind(model, right)), MOST_SEEN)
        tails = [tail + 1] * (request.count + OPENED + len(request.own))
        return Estimate(
            scoring_bytes(model, context, tails) + 16 * model.facts.vocab_size,
            scoring_work(model, context, tails) + 2 * scoring_work(model, context, [1]),
        )

    def run(self, model: LanguageModel, request: HolesRequest, report: Report) -> HolesRun:
        """List words, and score.

        Raises:
            InputError: as ``estimate``; or the tokens of an own word begin those of another.
            OverBudgetError: the text is longer than the model reads.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        request.check()
        left, space, right = request.sides()
        context, tail = context_ids(model, left), behind(model, right)
        seen = tail[:MOST_SEEN]
        own = [_ids(behind(model, space + each.strip())) for each in request.own]
        report(Progress(0, 1, "Reading the left side"))
        with study_memory("Reading the left side", model.facts.device):
            proposed, unsure = _proposed(model, context, request.count)
        words = _prefix_free(own, proposed)
        pairs = [np.concatenate([np.array(each, np.int32), seen]) for each in words]
        scored = score_ids(model, context, pairs, report)
        prior = np.array(
            [
                each.logprobs[: len(word)].sum(dtype=np.float64)
                for each, word in zip(scored, words, strict=True)
            ]
        )
        surprisal = np.stack([-each.logprobs[-len(seen) :] for each in scored])
        prompt = infill_prompt(model, left, seen)
        native = None
        if prompt is not None:
            filled = score_ids(model, prompt.ids, [list(each) for each in words], report)
            native = np.array([each.total for each in filled])
        order = np.argsort(-prior, kind="stable")
        text = model.tokenizer.token_text
        return HolesRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            words=["".join(map(text, words[each])) for each in order],
            right_tokens=[text(each) for each in seen],
            right_left=len(tail) - len(seen),
            own=np.array([words[each] in own for each in order], bool),
            log_prior=prior[order].astype(np.float32),
            surprisal=surprisal[order].astype(np.float32),
            log_native=None if native is None else native[order].astype(np.float32),
            native=prompt.form if prompt else "",
            whole_entropy=unsure,
        )


STUDIES.register(HolesStudy.kind)(HolesStudy())


def _ids(ids: np.ndarray) -> Ids:
    return tuple(map(int, ids))


def _proposed(model: LanguageModel, context: np.ndarray, count: int) -> tuple[list[Ids], float]:
    """Return the likeliest tokens behind the left side, blanks opened, and the entropy of all.

    Blanks open a number or a rare word; by themselves they would stand for none of them.
    """
    following = _following(model, context, [()])[0]
    best = following.topk(min(count, len(following))).indices.tolist()
    blank = [each for each in best if not model.tokenizer.token_text(each).strip(" ")]
    found = [(each,) for each in best if each not in blank]
    if blank:
        for token, behind_it in zip(
            blank, _following(model, context, [(each,) for each in blank]), strict=True
        ):
            opened = behind_it.topk(min(OPENED, len(behind_it))).indices.tolist()
            found += [(token, each) for each in opened]
    return found, float(entropy(following.exp()))


def _following(model: LanguageModel, context: np.ndarray, tails: list[Ids]) -> list[Tensor]:
    """Return log p of every token behind the context and each tail, float64 [V] each."""
    found: dict[int, Tensor] = {}
    for row, hidden in read_behind(model, context, tails):
        logits = model.unembed(hidden[-1:])[0].double().cpu()
        found[row] = torch.log_softmax(logits, -1)
    return [found[row] for row in range(len(tails))]


def _prefix_free(own: list[Ids], proposed: list[Ids]) -> list[Ids]:
    """Return all words once, without proposed ones whose tokens begin those of another.

    Raises:
        InputError: the tokens of an own word begin those of another word.
    """
    for a, b in combinations(sorted(own, key=len), 2):
        if b[: len(a)] == a:
            raise InputError(
                "One of your own words begins another, so that their shares would overlap; leave "
                "one of them out."
            )
    # Of a listed pair such as "blank, digit" and an own "blank" the own one is the whole.
    rest = [each for each in proposed if not any(each[: len(word)] == word for word in own)]
    begun = [each for each in rest if any(word[: len(each)] == each for word in own)]
    return [*own, *(each for each in rest if each not in begun)]
