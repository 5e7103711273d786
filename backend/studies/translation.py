"""The translation study: a source read once, a translation written or scored step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, OverBudgetError
from ..measures.distribution import measure
from ..models.marian import END, LICENCE, PACKAGE, Step, Translator, load_translator
from ..models.provenance import versions_now
from ..runs.model import ModelFacts
from ..runs.translation import TranslationRequest, TranslationRun
from .base import STUDIES, Estimate, Progress, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

MOST_TOKENS = 128
"""Of a source: the models learned sentences, not pages."""
LENGTH = 2.5
"""So many times the tokens of the source a translation has at most, as its settings say."""
TOP = 10
_MEBIBYTE = 1 << 20


class TranslationStudy:
    """Reads with the packaged translator; no language model takes part."""

    kind = "translation"

    def estimate(self, model: LanguageModel | None, request: TranslationRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is nothing to translate.
            OverBudgetError: the source is too long.
            ModelError: the translator is not installed.
        """
        tokens = len(_encode(load_translator(request.direction), request)[0])
        return Estimate(160 * _MEBIBYTE, 60e6 * (tokens + LENGTH * tokens))

    def run(
        self, model: LanguageModel | None, request: TranslationRequest, report: Report
    ) -> TranslationRun:
        """Translate.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        report(Progress(0, 0, "Loading the translator …"))
        translator = load_translator(request.direction)
        ids, offsets = _encode(translator, request)
        forced = _forced(translator, request)
        encoded = translator.encode(torch.tensor(ids))
        steps, written = _write(translator, encoded, forced, int(LENGTH * len(ids)) + 1, report)
        return _to_run(request, translator, (offsets, encoded.attention, steps, written), started)


STUDIES.register(TranslationStudy.kind)(TranslationStudy())


def _encode(
    translator: Translator, request: TranslationRequest
) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the ids of the source with its end, and where each lies in it."""
    if not request.source.strip():
        raise InputError("There is no text to translate.")
    # A source of many bytes is refused before the tokenizer reads it.
    if len(request.source) > 40 * MOST_TOKENS:
        raise OverBudgetError(
            f"The text has {len(request.source):,} characters; {40 * MOST_TOKENS:,} are read."
        )
    found = translator.tokenizer.encode(request.source, add_special_tokens=False)
    if len(found.ids) >= MOST_TOKENS:
        raise OverBudgetError(
            f"The text has {len(found.ids):,} tokens; the translator reads {MOST_TOKENS - 1:,}. "
            "Translate a few sentences at a time."
        )
    if not found.ids:
        raise InputError("There is no text to translate.")
    end = len(request.source)
    return [*found.ids, END], [*found.offsets, (end, end)]


def _forced(translator: Translator, request: TranslationRequest) -> list[int] | None:
    if not request.translation.strip():
        return None
    found = translator.tokenizer.encode(request.translation, add_special_tokens=False).ids
    if len(found) > LENGTH * MOST_TOKENS:
        raise OverBudgetError(f"The translation has {len(found):,} tokens; too many to score.")
    return [*found, END]


def _write(
    translator: Translator, encoded: Any, forced: list[int] | None, most: int, report: Report
) -> tuple[list[Step], list[int]]:
    """Return every step and its token: the likeliest, or that of ``forced``."""
    steps: list[Step] = []
    written: list[int] = []
    total = len(forced) if forced else most
    while len(written) < total and (forced or not written or written[-1] != END):
        place = len(written)
        before = written[-1] if written else None
        cells = steps[-1].cells if steps else None
        step = translator.step(encoded, place, before, cells)
        steps.append(step)
        written.append(forced[place] if forced else int(step.logits.argmax()))
        report(Progress(place + 1, total, f"Translating: {place + 1} tokens"))
    return steps, written


def _to_run(
    request: TranslationRequest, translator: Translator,
    made: tuple[list[tuple[int, int]], Tensor, list[Step], list[int]], started: float,
) -> TranslationRun:  # fmt: skip
    offsets, within, steps, written = made
    numbers = measure(torch.stack([each.logits for each in steps]), torch.tensor(written), TOP)
    cross = torch.stack([each.attention for each in steps], 2)
    ids = numbers.top_ids.numpy().astype(np.int32)
    return TranslationRun(
        request=request,
        **versions_now(),
        model=_facts(request, translator),
        seconds=time.perf_counter() - started,
        **_tokens(translator, written),
        entropy=numbers.entropy.numpy(),
        surprisal=numbers.surprisal.numpy(),
        rank=numbers.rank.numpy().astype(np.float32),
        top_ids=ids,
        top_logprobs=numbers.top_logprobs.numpy(),
        vocabulary={str(each): _shown(translator, each) for each in np.unique(ids).tolist()},
        source_offsets=np.array(offsets, np.int32),
        cross=cross.numpy(),
        cross_entropy=_entropy(cross),
        encoder_entropy=_entropy(within),
    )


def _entropy(weights: Tensor) -> np.ndarray:
    """Return −Σ a ln a over the last axis, nats, summed in float64."""
    return torch.special.entr(weights.double()).sum(-1).float().numpy()


def _shown(translator: Translator, token: int) -> str:
    return (translator.tokenizer.id_to_token(token) or "").replace("▁", " ")


def _tokens(translator: Translator, written: list[int]) -> dict[str, Any]:
    """Return the fields of a ``TokenizedRun``: pieces in a row, no blank before the first."""
    shown = [_shown(translator, each) for each in written]
    shown[0] = shown[0].removeprefix(" ") or shown[0]
    ends = np.cumsum([len(each) for each in shown])
    starts = np.concatenate([[0], ends[:-1]])
    return {
        "text": "".join(shown),
        "tokens": shown,
        "token_ids": np.array(written, np.int32),
        "offsets": np.stack([starts, ends], 1).astype(np.int32),
        "groups": np.arange(len(written), dtype=np.int32),
        "special": np.array([each == END for each in written]),
    }


def _facts(request: TranslationRequest, translator: Translator) -> ModelFacts:
    return ModelFacts(
        source=PACKAGE,
        name=f"Firefox Translations, {request.direction}",
        revision=None,
        architecture=f"Marian, {translator.encoder_layers} encoder and "
        f"{translator.decoder_layers} decoder layers",
        parameters=translator.parameters,
        layers=translator.decoder_layers,
        heads=translator.heads,
        kv_heads=translator.heads,
        hidden_size=translator.width,
        vocab_size=translator.vocabulary,
        context=MOST_TOKENS,
        dtype="float32",
        device="cpu",
        memory_bytes=4 * translator.parameters,
        weights=LICENCE,
    )
