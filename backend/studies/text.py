"""The text study: how uncertain was the model at every token of a text?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..errors import InputError, ModelError
from ..measures.distribution import CURVE_EDGES, measure
from ..reading.encoding import encode, token_fields
from ..reading.windows import Window, plan_windows
from ..runs import TextRequest, TextRun
from ..taps.logits import LogitsTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class DistributionTap(LogitsTap):
    """Measures every prediction over the full vocabulary and drops it.

    Attributes:
        arrays: named like the fields of ``Distribution``; NaN and −1 where nothing was seen.
    """

    def __init__(self, tokens: int, top_k: int, *, curve: bool) -> None:
        self._top_k, self._curve = top_k, curve
        floats: dict[str, tuple[int, ...]]
        floats = dict.fromkeys(("entropy", "varentropy", "surprisal", "rank"), ())
        integers: dict[str, tuple[int, ...]] = {"top_ids": (top_k,)}
        floats["top_logprobs"] = (top_k,)
        if curve:
            floats["curve_mass"] = integers["curve_counts"] = (CURVE_EDGES,)
        self.arrays = {
            **{name: np.full((tokens, *each), np.nan, np.float32) for name, each in floats.items()},
            **{name: np.full((tokens, *each), -1, np.int32) for name, each in integers.items()},
        }

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self._ids = ids[0]

    def on_logits(self, first: int, logits: Tensor) -> None:
        stop = first + len(logits)
        numbers = measure(logits, self._ids[first:stop], self._top_k, curve=self._curve)
        for name, array in self.arrays.items():
            array[first:stop] = getattr(numbers, name).cpu().numpy()

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        return tokens * (32 + 8 * self._top_k + 8 * CURVE_EDGES * self._curve)


class TextStudy(ReadingStudy):
    """Reads a text once and measures every prediction over the full vocabulary.

    Hidden states go through the model's head in blocks of rows; each block is measured and
    dropped. Nothing of size tokens × vocabulary is ever held.
    """

    kind = "text"

    def encode(self, model: LanguageModel, request: TextRequest) -> Encoding:
        size = model.facts.vocab_size
        if not 1 <= request.top_k <= size:
            raise InputError(f"top_k must be 1 to {size:,}; it is {request.top_k:,}.")
        if request.long_text not in ("refuse", "windows"):
            raise InputError(f"long_text is 'refuse' or 'windows', not {request.long_text!r}.")
        return encode(model, request, chat=request.chat)

    def windows(self, model: LanguageModel, request: TextRequest, tokens: int) -> list[Window]:
        return plan_windows(tokens, model.facts.context, request)

    def taps(
        self, model: LanguageModel, request: TextRequest, encoding: Encoding
    ) -> list[DistributionTap]:
        return [DistributionTap(len(encoding), request.top_k, curve=request.curve)]

    def finish(
        self,
        model: LanguageModel,
        request: TextRequest,
        encoding: Encoding,
        taps: Sequence[DistributionTap],
        started: float,
    ) -> TextRun:
        arrays: dict[str, Any] = taps[0].arrays
        _check_finite(model, arrays["entropy"][1:])
        windows = self.windows(model, request, len(encoding))
        return TextRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            context_lengths=_context_lengths(windows),
            vocabulary=_vocabulary(model, arrays["top_ids"]),
            pieces=_pieces(model, np.append(arrays["top_ids"], encoding.ids)),
            curve_edges=np.arange(CURVE_EDGES, dtype=np.float32) if request.curve else None,
            **arrays,
        )


STUDIES.register(TextStudy.kind)(TextStudy())


def _check_finite(model: LanguageModel, entropy: np.ndarray) -> None:
    missing = int(np.isnan(entropy).sum())
    if missing:
        raise ModelError(
            f"{model.facts.name} gave no usable numbers for {missing:,} of {len(entropy):,} tokens "
            f"in {model.facts.dtype}; load it as float32 or bfloat16."
        )


def _context_lengths(windows: list[Window]) -> np.ndarray:
    lengths = [each.context_length(token) for each in windows for token in each.targets]
    return np.array([0, *lengths], np.int32)


def _vocabulary(model: LanguageModel, ids: np.ndarray) -> dict[str, str]:
    return {str(each): model.tokenizer.token_text(each) for each in np.unique(ids[ids >= 0])}


def _pieces(model: LanguageModel, ids: np.ndarray) -> dict[str, str]:
    of = {int(each): model.tokenizer.piece_bytes(each) for each in np.unique(ids[ids >= 0])}
    return {str(each): piece.hex() for each, piece in of.items() if piece}
