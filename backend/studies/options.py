"""The study of options: one question in every order, its beginning read once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from ..derived.orders import orders_of
from ..errors import InputError
from ..reading.choices import check_options, letter_forms, next_words
from ..reading.continuations import behind, context_ids, scoring_bytes, scoring_work
from ..runs.options import LETTERS, OptionsRequest, OptionsRun
from .base import STUDIES, Estimate, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class OptionsStudy:
    """Reads the question once, and all orders of its options as one batch behind it."""

    kind = "options"

    def estimate(self, model: LanguageModel, request: OptionsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is no question, or its options make none.
        """
        _check(request)
        # Any order has about as many tokens as the first.
        order = tuple(range(len(request.options)))
        before, tail = context_ids(model, request.before()), behind(model, request.behind(order))
        tails = [len(tail)] * len(orders_of(len(order)))
        return Estimate(
            scoring_bytes(model, len(before), tails), scoring_work(model, len(before), tails)
        )

    def run(self, model: LanguageModel, request: OptionsRequest, report: Report) -> OptionsRun:
        """Ask in every order.

        Raises:
            InputError: as ``estimate``; or the model has no tokens for the letters.
            OverBudgetError: it is more than the model reads, or the memory ran out.
            CancelledError: ``report`` said so.
        """
        _check(request)
        started = time.perf_counter()
        orders = np.array(orders_of(len(request.options), request.seed), np.int32)
        logprobs = next_words(
            model,
            context_ids(model, request.before()),
            [behind(model, request.behind(tuple(order))) for order in orders.tolist()],
            [letter_forms(each) for each in LETTERS[: len(request.options)]],
            report,
        )
        return OptionsRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            orders=orders,
            places=orders.argsort(1).astype(np.int32),
            letter_logprobs=logprobs,
            mass=np.exp(logprobs).sum(1).clip(max=1),
        )


STUDIES.register(OptionsStudy.kind)(OptionsStudy())


def _check(request: OptionsRequest) -> None:
    if not request.question.strip():
        raise InputError("There is no question; write one.")
    check_options(request.options, 2, len(LETTERS))
