"""The study of sets: options in all orders as lists, and once as a set that has none."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..derived.orders import orders_of
from ..errors import InputError
from ..models.memory import study_memory
from ..progress import Progress
from ..reading.choices import check_options
from ..reading.continuations import (
    behind,
    context_ids,
    read_behind,
    scoring_bytes,
    scoring_work,
)
from ..reading.sets import SetPrompt, check_sets, read_sets
from ..runs.sets import SetsRequest, SetsRun
from .base import STUDIES, Estimate, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_WAYS = ((False, False), (False, True), (True, False), (True, True))
"""Mask and positions of each reading."""


class SetsStudy:
    """Scores whole options behind every order, and behind the set by mask and positions."""

    kind = "sets"

    def estimate(self, model: LanguageModel, request: SetsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is no question, or its options make no set.
            NotDefinedError: the attention of the model takes no such mask.
        """
        prompt = _prompt(model, request)
        check_sets(model, prompt)
        orders, length = len(orders_of(len(prompt.options))), len(prompt.ids())
        tails = [length - len(prompt.prefix)] * (2 * orders)
        work = scoring_work(model, len(prompt.prefix), tails)
        work += 4.0 * orders * length * model.facts.parameters
        return Estimate(scoring_bytes(model, len(prompt.prefix), tails), work)

    def run(self, model: LanguageModel, request: SetsRequest, report: Report) -> SetsRun:
        """Ask.

        Raises:
            InputError, NotDefinedError: as ``estimate``.
            OverBudgetError: it is more than the model reads, or the memory ran out.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        prompt = _prompt(model, request)
        check_sets(model, prompt)
        orders = orders_of(len(prompt.options))
        answers = [behind(model, f" {each.strip()}").tolist() for each in request.options]
        with study_memory("Reading a set", model.facts.device):
            # All orders are the same set, which is read once for all of them.
            in_set = np.tile(from_set(model, prompt, answers), (len(orders), 1))
            ways = []
            for place, (mask, positions) in enumerate(_WAYS):
                report(Progress(place, 5, "Reading sets"))
                ways.append(_first(model, prompt, orders, answers, mask, positions))
            listed = _listed(model, prompt, orders, answers, report)
        first = np.stack(ways)
        return SetsRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            orders=np.array(orders, np.int32),
            listed=listed,
            in_set=in_set,
            first=first,
            spread=(first.max(1) - first.min(1)).max(1),
        )


STUDIES.register(SetsStudy.kind)(SetsStudy())


def _prompt(model: LanguageModel, request: SetsRequest) -> SetPrompt:
    if not request.question.strip():
        raise InputError("There is no question; write one.")
    check_options(request.options, 2, 6, apart=True)
    plain = [each.strip() for each in request.options]
    if request.answer.strip() and request.answer.strip() not in plain:
        raise InputError(f"{request.answer.strip()!r} is none of the options.")
    return SetPrompt(
        context_ids(model, f"Question: {request.question.strip()}").tolist(),
        [behind(model, f"\n- {each}").tolist() for each in plain],
        behind(model, "\nAnswer:").tolist(),
    )


def _ordered(prompt: SetPrompt, order: tuple[int, ...]) -> SetPrompt:
    return SetPrompt(prompt.prefix, [prompt.options[each] for each in order], prompt.suffix)


def from_set(model: LanguageModel, prompt: SetPrompt, answers: list[list[int]]) -> np.ndarray:
    """Return log p of every answer behind the set, float32 [C]; the order of ``prompt`` is lost."""
    found, known = [], prompt.sorted()
    for answer in answers:
        longer = SetPrompt(known.prefix, known.options, [*known.suffix, *answer[:-1]])
        hidden = read_sets(model, [longer])[0]
        found.append(_log_probability(model, hidden, answer))
    return np.array(found, np.float32)


def _first(
    model: LanguageModel,
    prompt: SetPrompt,
    orders: list[tuple[int, ...]],
    answers: list[list[int]],
    mask: bool,
    positions: bool,
) -> np.ndarray:
    """Return log p of the first token of every answer, float32 [O, C], as stored in each order."""
    rows = [_ordered(prompt, order) for order in orders]
    hidden = read_sets(model, rows, mask=mask, positions=positions)[:, -1]
    logprobs = model.unembed(hidden).float().log_softmax(-1).cpu()
    return logprobs[:, [each[0] for each in answers]].numpy()


def _listed(
    model: LanguageModel,
    prompt: SetPrompt,
    orders: list[tuple[int, ...]],
    answers: list[list[int]],
    report: Report,
) -> np.ndarray:
    """Return log p of every answer behind a list in every order, float32 [O, C]."""
    start = len(prompt.prefix)
    tails = [_ordered(prompt, order).ids()[start:] for order in orders]
    # What is read for answers of one token is the list alone, which they share.
    wanted: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    for row, tail in enumerate(tails):
        for place, answer in enumerate(answers):
            wanted[*tail, *answer[:-1]].append((row, place))
    rows = list(wanted)
    found = np.empty((len(orders), len(answers)), np.float32)
    for number, hidden in read_behind(model, prompt.prefix, rows, report):
        for row, place in wanted[rows[number]]:
            found[row, place] = _log_probability(model, hidden, answers[place])
    return found


def _log_probability(model: LanguageModel, hidden: Tensor, answer: list[int]) -> float:
    """Return log p of an answer whose tokens the last of ``hidden`` [n, D] predict."""
    logprobs = model.unembed(hidden[-len(answer) :]).float().log_softmax(-1).cpu()
    return float(logprobs.gather(1, torch.tensor(answer)[:, None]).double().sum())
