"""Text study and attention study of one text, from one reading."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch

from ..errors import InputError, OverBudgetError
from ..models.memory import study_memory
from ..runs import AttentionRequest, AttentionRun, BothRequest, TextRequest, TextRun
from .attention import attention_run, kept_bytes, reading_bytes, work
from .base import STUDIES, Estimate, Report
from .reading import encode
from .text import TextStudy
from .watching import Watcher

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class BothStudy:
    """Watches the attention of the forward pass that the text study makes anyway."""

    kind = "both"

    def __init__(self) -> None:
        self._text = TextStudy()  # with a pace of its own
        self._pace: WeakKeyDictionary[LanguageModel, float] = WeakKeyDictionary()

    def estimate(self, model: LanguageModel, request: BothRequest) -> Estimate:
        """Return memory on top of the model, and time if this model has read a text before."""
        tokens = len(_attention_request(model, request.text)[1])
        kept = kept_bytes(model, tokens)
        text = self._text.estimate(model, request.text)
        pace = self._pace.get(model)
        return Estimate(
            bytes=max(text.bytes, reading_bytes(model, tokens) + kept) + kept,
            seconds=None if pace is None else pace * work(model, tokens),
        )

    def run(
        self, model: LanguageModel, request: BothRequest, report: Report
    ) -> tuple[TextRun, AttentionRun]:
        """Return both runs; each counts the seconds of the reading as its own.

        Raises:
            InputError, OverBudgetError, ModelError, NotDefinedError, CancelledError: as either
                study; the text must fit the context of the model.
        """
        from ..models.taps import attention_tap

        started = time.perf_counter()
        attention, encoding = _attention_request(model, request.text)
        watcher = Watcher(model, torch.from_numpy(encoding.ids).long()[None])
        with study_memory(f"Reading {len(encoding):,} tokens", model.facts.device):
            with attention_tap(model, watcher):
                text_run = self._text.run(model, request.text, report)
            run = attention_run(model, attention, encoding, watcher, started)
        self._pace[model] = run.seconds / work(model, len(encoding))
        return text_run, run


STUDIES.register(BothStudy.kind)(BothStudy())


def _attention_request(
    model: LanguageModel, asked: TextRequest
) -> tuple[AttentionRequest, Encoding]:
    """Return the request of an attention study that reads the same tokens, and these.

    Raises:
        InputError: no such request says what the chat template does with this text.
        OverBudgetError: the text needs windows.
    """
    encoding = encode(model, asked, chat=asked.chat)
    context = model.facts.context
    if context is not None and len(encoding) > context:
        raise OverBudgetError(
            f"{len(encoding):,} tokens; this model reads {context:,} ({model.facts.name}), and "
            "attention is measured over one reading. Shorten the text, or leave attention out."
        )
    request = AttentionRequest(
        model=asked.model,
        text=asked.text,
        add_bos=asked.add_bos,
        special_tokens=asked.special_tokens,
    )
    if asked.chat:
        request = replace(request, text=encoding.text, special_tokens="special")
        if not np.array_equal(encode(model, request).ids, encoding.ids):
            raise InputError(
                "This message has the look of control tokens in it, which the chat template reads "
                "as plain text; attention is measured of a text in which they would be control "
                "tokens. Take them out, or leave attention out."
            )
    return request, encoding
