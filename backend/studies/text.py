"""The text study: how uncertain was the model at every token of a text?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from ..errors import InputError, ModelError
from ..measures.distribution import CURVE_EDGES, measure
from ..models.memory import study_memory
from ..runs import TextRequest, TextRun
from .base import STUDIES, Estimate, Progress, Report, provenance
from .footprint import forward_bytes
from .reading import encode, token_fields
from .windows import Window, plan_windows

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

# One block of logits in float32: 512 rows of a vocabulary of 49,152. The head reads all its weights
# for every block, and runs a third faster than with 128 rows (measured on two cores).
_BLOCK_BYTES = 100 * 10**6


class TextStudy:
    """Reads a text once and measures every prediction over the full vocabulary.

    Hidden states go through the model's head in blocks of rows; each block is measured and
    dropped. Nothing of size tokens × vocabulary is ever held.
    """

    kind = "text"

    def __init__(self) -> None:
        self._seconds_per_token: WeakKeyDictionary[LanguageModel, float] = WeakKeyDictionary()

    def estimate(self, model: LanguageModel, request: TextRequest) -> Estimate:
        """Return memory on top of the model, and time if this model has read a text before."""
        tokens = len(_encode(model, request))
        facts = model.facts
        longest = plan_windows(tokens, facts.context, request)[0].end
        activations = forward_bytes(model, longest, longest)
        block = 3 * max(_BLOCK_BYTES, 4 * facts.vocab_size)
        kept = tokens * (32 + 8 * request.top_k + 8 * CURVE_EDGES * request.curve)
        pace = self._seconds_per_token.get(model)
        return Estimate(
            bytes=max(activations, block) + kept,
            seconds=None if pace is None else pace * tokens,
        )

    def run(self, model: LanguageModel, request: TextRequest, report: Report) -> TextRun:
        """Measure every token of the text.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            ModelError: the model gave something that is not a number, as some do in float16.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        encoding = _encode(model, request)
        windows = plan_windows(len(encoding), model.facts.context, request)
        arrays = _empty(len(encoding), request)
        steps = _Steps(model, windows, report)
        memory = study_memory(f"Reading {len(encoding):,} tokens", model.facts.device)
        with memory, torch.inference_mode():
            for window in windows:
                _read(model, encoding.ids, window, request, arrays, steps)
        _check_finite(model, arrays["entropy"][1:])
        seconds = time.perf_counter() - started
        fields: dict[str, Any] = {**arrays}
        self._seconds_per_token[model] = seconds / len(encoding)
        return TextRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=seconds,
            context_lengths=_context_lengths(windows),
            vocabulary=_vocabulary(model, arrays["top_ids"]),
            curve_edges=np.arange(CURVE_EDGES, dtype=np.float32) if request.curve else None,
            **fields,
        )


STUDIES.register(TextStudy.kind)(TextStudy())


class _Steps:
    """Counts layers and blocks of all windows, and reports each."""

    def __init__(self, model: LanguageModel, windows: list[Window], report: Report) -> None:
        blocks = sum(-(-len(each.targets) // _block_rows(model)) for each in windows)
        self._total = len(windows) * len(model.layers) + blocks
        self._done = 0
        self._report = report

    def layer(self, done: int, total: int) -> None:
        self._next(f"Reading: layer {done} of {total}")

    def block(self, scored: int, total: int) -> None:
        self._next(f"Measuring: {scored:,} of {total:,} tokens")

    def _next(self, message: str) -> None:
        self._done += 1
        self._report(Progress(self._done, self._total, message))


def _encode(model: LanguageModel, request: TextRequest) -> Encoding:
    """Check the request and return the tokens of its text."""
    size = model.facts.vocab_size
    if not 1 <= request.top_k <= size:
        raise InputError(f"top_k must be 1 to {size:,}; it is {request.top_k:,}.")
    if request.long_text not in ("refuse", "windows"):
        raise InputError(f"long_text is 'refuse' or 'windows', not {request.long_text!r}.")
    return encode(model, request, chat=request.chat)


def _read(
    model: LanguageModel,
    ids: np.ndarray,
    window: Window,
    request: TextRequest,
    arrays: dict[str, np.ndarray],
    steps: _Steps,
) -> None:
    """Run one window and write the numbers of its targets into ``arrays``."""
    tokens = torch.from_numpy(ids).long()
    read = torch.cat([tokens[: window.prefix], tokens[window.start : window.end]])
    hidden = model.hidden_states(read[None], on_layer=steps.layer)[0]
    targets, rows = window.targets, _block_rows(model)
    for first in range(targets.start, targets.stop, rows):
        stop = min(first + rows, targets.stop)
        # The row before a token predicts it.
        row = window.context_length(first) - 1
        numbers = measure(  # the logits have no name: they are gone before the next ones come
            model.unembed(hidden[row : row + stop - first]),
            tokens[first:stop],
            request.top_k,
            curve=request.curve,
        )
        for name, array in arrays.items():
            array[first:stop] = getattr(numbers, name).cpu().numpy()
        steps.block(stop, targets.stop)


def _block_rows(model: LanguageModel) -> int:
    return max(1, _BLOCK_BYTES // (4 * model.facts.vocab_size))


def _empty(tokens: int, request: TextRequest) -> dict[str, np.ndarray]:
    """Return arrays named like the fields of ``Distribution``, with no numbers in them yet."""
    floats: dict[str, tuple[int, ...]]
    floats = dict.fromkeys(("entropy", "varentropy", "surprisal", "rank"), ())
    integers: dict[str, tuple[int, ...]] = {"top_ids": (request.top_k,)}
    floats["top_logprobs"] = (request.top_k,)
    if request.curve:
        floats["curve_mass"] = integers["curve_counts"] = (CURVE_EDGES,)
    return {
        **{name: np.full((tokens, *shape), np.nan, np.float32) for name, shape in floats.items()},
        **{name: np.full((tokens, *shape), -1, np.int32) for name, shape in integers.items()},
    }


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
