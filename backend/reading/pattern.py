"""The attention pattern of one head, on demand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import InputError, NotDefinedError, OverBudgetError
from ..measures.pattern import pattern, pooled_pattern
from ..models.memory import study_memory
from ..progress import Progress, Report, ignore
from ..runs.attention import AttentionRequest
from ..settings import settings
from ..taps.attention import AttentionTap, scores_of
from ..taps.no_pattern import check_finite, reason, unlike_keys
from .encoding import encode_in_context
from .reader import reading_bytes
from .windows import one_window

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.attention_call import AttentionCall
    from ..models.language import LanguageModel


@dataclass(frozen=True)
class Part:
    """Which part of a pattern to return.

    Attributes:
        rows: queries first … stop − 1; None for all.
        cells: an overview instead: the largest weight in each field of about cells × cells.
    """

    rows: tuple[int, int] | None = None
    cells: int | None = None


@torch.inference_mode()
def read_pattern(
    model: LanguageModel,
    request: AttentionRequest,
    layer: int,
    head: int,
    part: Part = Part(),
    *,
    report: Report = ignore,
) -> np.ndarray:
    """Return the weights of one head: exact, rows are queries and columns are keys.

    The model runs up to the layer and no further.

    Returns:
        float32 [T, T], or [stop − first, T] for some rows, or an overview. Keys that a query does
        not see have 0.

    Raises:
        InputError: there is no such layer or head or row.
        NotDefinedError: the layer has no attention pattern.
        ModelError: the layer gave something that is not a number, as some do in float16.
        OverBudgetError: the text is longer than the context, or the answer than the memory.
        CancelledError: ``report`` said so.
    """
    ids = torch.from_numpy(encode_in_context(model, request).ids).long()[None]
    start, stop = part.rows or (0, ids.shape[1])
    _check(model, layer, head, start, stop, ids.shape[1])
    _check_size(model, ids.shape[1], stop - start, part)
    with study_memory(f"Reading {ids.shape[1]:,} tokens"):
        call = _watch(model, ids, layer, report)
    if part.cells is None:
        found = pattern(scores_of(call), call.visible, head, start, stop)
    else:
        found = pooled_pattern(scores_of(call), call.visible, head, part.cells)
    weights = found.cpu().numpy()
    check_finite(model, weights)
    return weights


def _check(model: LanguageModel, layer: int, head: int, start: int, stop: int, tokens: int) -> None:
    facts = model.facts
    for name, value, size in (("layer", layer, facts.layers), ("head", head, facts.heads)):
        if not 0 <= value < size:
            raise InputError(f"{name} must be 0 to {size - 1}; it is {value}.")
    if not 0 <= start < stop <= tokens:
        raise InputError(f"rows must lie in 0 to {tokens:,}; they are {start:,} to {stop:,}.")


def _check_size(model: LanguageModel, tokens: int, rows: int, part: Part) -> None:
    reading = reading_bytes(model, tokens, one_window(tokens), [_Catcher(0)])
    limit = settings().work_bytes
    if reading > limit:
        raise OverBudgetError(
            f"Reading {tokens:,} tokens needs about {reading / 1e9:.1f} GB; {limit / 1e9:.1f} GB "
            "are allowed. Use a shorter text."
        )
    weights = 8 * rows * tokens if part.cells is None else 0
    if reading + weights > limit:
        raise OverBudgetError(
            f"{rows:,} rows of {tokens:,} weights need {weights / 1e9:.1f} GB beside "
            f"{reading / 1e9:.1f} GB for reading; {limit / 1e9:.1f} GB are allowed. Ask for fewer "
            "rows, or for an overview."
        )


class _EnoughError(Exception):
    """Ends the forward pass: the rest of the model is not needed."""


class _Catcher(AttentionTap):
    """Stops at one layer and keeps what that layer hands over."""

    def __init__(self, layer: int) -> None:
        self._layer = layer
        self.found: AttentionCall | None = None

    def on_attention(self, call: AttentionCall) -> Tensor | None:
        if call.layer == self._layer:
            self.found = call
            raise _EnoughError


def _watch(model: LanguageModel, ids: Tensor, layer: int, report: Report) -> AttentionCall:
    """Run the model up to ``layer`` and return what it attends with."""

    def passed(done: int, total: int) -> None:
        if done > layer:
            raise _EnoughError
        report(Progress(done, layer + 1, f"Reading: layer {done} of {layer + 1}"))

    catcher = _Catcher(layer)
    with AttentionTap.watching(model, [catcher]), suppress(_EnoughError):
        model.hidden_states(ids, on_layer=passed)
    if catcher.found is None:
        raise NotDefinedError(reason(model, layer))
    unlike = unlike_keys(catcher.found)
    if unlike is not None:
        raise NotDefinedError(unlike)
    return catcher.found
