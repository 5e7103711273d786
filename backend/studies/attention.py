"""The attention study: how widely did every head look at every token of a text?"""

from __future__ import annotations

import time
from dataclasses import fields
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from ..measures.attention import AttentionRows
from ..measures.spectral import query_key_norm
from ..measures.tiles import TASK_BYTES
from ..models.memory import study_memory
from ..runs.attention import AttentionRequest, AttentionRun
from .base import STUDIES, Estimate, Progress, Report, provenance
from .footprint import hidden_bytes
from .reading import encode_in_context, token_fields
from .watching import Watcher

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

_NUMBERS = len(fields(AttentionRows))
# What a multiplication inside attention costs beside one with a weight, for it has exponentials and
# sums in its wake. Measured from 1,024 to 8,192 tokens with the bundled model.
_ATTENTION_COST = 1.2

_norms: WeakKeyDictionary[LanguageModel, np.ndarray] = WeakKeyDictionary()


class AttentionStudy:
    """Reads a text once and measures each layer's attention while it is computed.

    Nothing of size tokens × tokens is ever held, and the head of the model does not run.
    """

    kind = "attention"

    def __init__(self) -> None:
        self._pace: WeakKeyDictionary[LanguageModel, float] = WeakKeyDictionary()

    def estimate(self, model: LanguageModel, request: AttentionRequest) -> Estimate:
        """Return memory on top of the model, and time if this model has read a text before."""
        tokens = len(encode_in_context(model, request))
        pace = self._pace.get(model)
        return Estimate(
            bytes=reading_bytes(model, tokens) + kept_bytes(model, tokens),
            seconds=None if pace is None else pace * work(model, tokens),
        )

    def run(self, model: LanguageModel, request: AttentionRequest, report: Report) -> AttentionRun:
        """Measure every head at every token.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            NotDefinedError: no layer of this model has an attention pattern.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        encoding = encode_in_context(model, request)
        ids = torch.from_numpy(encoding.ids).long()[None]
        with study_memory(f"Reading {len(encoding):,} tokens", model.facts.device):
            watcher = watch_attention(model, ids, report)
            run = attention_run(model, request, encoding, watcher, started)
        self._pace[model] = run.seconds / work(model, len(encoding))
        return run


STUDIES.register(AttentionStudy.kind)(AttentionStudy())


def attention_run(
    model: LanguageModel,
    request: AttentionRequest,
    encoding: Encoding,
    watcher: Watcher,
    started: float,
) -> AttentionRun:
    """Return the run of a text that ``watcher`` has seen, ``started`` on ``perf_counter``.

    Raises:
        NotDefinedError, ModelError: as ``Watcher.reasons``.
    """
    reasons = watcher.reasons(model)
    norms = _norms.get(model)
    if norms is None:
        norms = _norms[model] = spectral_norms(model, watcher.scales)
    return AttentionRun(
        **provenance(model),
        **token_fields(encoding),
        request=request,
        seconds=time.perf_counter() - started,
        spectral_norm=norms,
        reasons=reasons,
        **watcher.arrays(),
    )


def reading_bytes(model: LanguageModel, tokens: int) -> int:
    """Return the peak of a forward pass over ``tokens`` while its attention is watched."""
    from ..models.taps import attention_bytes

    tiles = torch.get_num_threads() * TASK_BYTES
    return max(hidden_bytes(model, tokens), tiles) + attention_bytes(model, tokens)


def kept_bytes(model: LanguageModel, tokens: int) -> int:
    """Return the size of a run."""
    return 4 * _NUMBERS * model.facts.layers * model.facts.heads * tokens


def work(model: LanguageModel, tokens: int) -> float:
    """Return about how many multiplications the study takes."""
    facts = model.facts
    inside = _ATTENTION_COST * facts.layers * facts.hidden_size * tokens
    return tokens * (facts.parameters + inside)


def watch_attention(model: LanguageModel, ids: Tensor, report: Report) -> Watcher:
    """Run the model over ``ids`` [1, T] with a tap on every attention layer."""
    from ..models.taps import attention_tap

    watcher = Watcher(model, ids)

    def on_layer(done: int, total: int) -> None:
        report(Progress(done, total, f"Reading: layer {done} of {total}"))

    with attention_tap(model, watcher):
        model.hidden_states(ids, on_layer=on_layer)
    return watcher


def spectral_norms(model: LanguageModel, scales: dict[int, float]) -> np.ndarray:
    """Return σ of every head, the scale of its scores included, float32 [L, H]; NaN for none."""
    from ..models.projections import query_key_weights

    facts = model.facts
    norms = np.full((facts.layers, facts.heads), np.nan, np.float32)
    for layer, scale in scales.items():
        with torch.inference_mode():
            pair = query_key_weights(model.layers[layer], facts.heads, facts.kv_heads, scale)
            if pair is not None:
                norms[layer] = query_key_norm(*pair).cpu().numpy()
    return norms
