"""Several studies of one text: encoded once, read once, and every tap sees what it needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, OverBudgetError
from ..reading.encoding import encode
from ..reading.reader import read, reading_bytes, reading_work
from ..reading.windows import one_window
from ..runs import Request, Run
from ..runs.many import ManyRequest
from .base import STUDIES, Estimate, ReadingStudy, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

Part = tuple[ReadingStudy, Request]


class ManyStudy:
    """Runs the model once for studies that would each run it."""

    kind = "many"

    def estimate(self, model: LanguageModel, request: ManyRequest) -> Estimate:
        """Return memory and work of one reading with the taps of all."""
        encoding, parts = _parts(model, request)
        tokens = len(encoding)
        taps = [tap for study, part in parts for tap in study.taps(model, part, encoding)]
        kept = sum(study.run_bytes(part, tokens) for study, part in parts)
        return Estimate(
            reading_bytes(model, tokens, one_window(tokens), taps) + kept,
            reading_work(model, tokens, taps),
        )

    def run(self, model: LanguageModel, request: ManyRequest, report: Report) -> tuple[Run, ...]:
        """Return the runs in the order asked for; each counts the whole reading as its own.

        Raises:
            InputError, OverBudgetError, ModelError, NotDefinedError, CancelledError: as any of the
                studies; the text must fit the context of the model.
        """
        started = time.perf_counter()
        encoding, parts = _parts(model, request)
        taps = [study.taps(model, part, encoding) for study, part in parts]
        every = [tap for each in taps for tap in each]
        read(model, encoding.ids, one_window(len(encoding)), every, report)
        for (study, part), own in zip(parts, taps, strict=True):
            study.after(model, part, encoding, own, started, report)
        return tuple(
            study.finish(model, part, encoding, own, started)
            for (study, part), own in zip(parts, taps, strict=True)
        )


STUDIES.register(ManyStudy.kind)(ManyStudy())


def _parts(model: LanguageModel, request: ManyRequest) -> tuple[Encoding, Sequence[Part]]:
    """Return the tokens that all studies read, and every study with its request.

    Raises:
        InputError: a study does not read a text once, or they do not read the same one.
        OverBudgetError: the text is longer than the model reads at once.
    """
    asked = [(STUDIES[each.kind], each) for each in request.requests]
    if not asked:
        raise InputError("Name at least one study.")
    for study, each in asked:
        if not isinstance(study, ReadingStudy):
            raise InputError(f"The study {each.kind!r} does not read one text once; ask it alone.")
    parts: list[Any] = asked
    # The text study knows most ways to read a text; what it reads, all read.
    leader, leading = max(parts, key=lambda part: len(fields(part[1])))
    encoding = leader.encode(model, leading)
    context = model.facts.context
    if context is not None and len(encoding) > context:
        raise OverBudgetError(
            f"{len(encoding):,} tokens; this model reads {context:,} ({model.facts.name}), and "
            "several studies share one reading. Shorten the text, or ask for one study alone."
        )
    return encoding, [
        (study, each if _says(each) == _says(leading) else _same_text(model, each, encoding))
        for study, each in parts
    ]


def _says(request: Any) -> tuple[Any, ...]:
    """Return what a request says about what is read."""
    chat = getattr(request, "chat", False)
    return request.text, request.add_bos, request.special_tokens, chat


def _same_text(model: LanguageModel, request: Any, encoding: Encoding) -> Request:
    """Return a request that reads the same tokens: a chat as its template writes it.

    Raises:
        InputError: no such request says what was read.
    """
    chat = getattr(request, "chat", False)
    if np.array_equal(encode(model, request, chat=chat).ids, encoding.ids):
        return request
    if not chat:
        request = replace(request, text=encoding.text, special_tokens="special")
        if np.array_equal(encode(model, request).ids, encoding.ids):
            return request
    raise InputError(
        "These studies would not read the same tokens: the chat template reads look-alikes of "
        "control tokens in this message as plain text, and the others would read them as control "
        "tokens. Take them out, or ask for one study alone."
    )
