"""The attention study: how widely did every head look at every token of a text?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch

from ..errors import InputError
from ..measures.spectral import query_key_norm
from ..reading.encoding import token_fields
from ..runs.attention import AttentionRequest, AttentionRun
from ..taps.attention import AttentionRowsTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

_norms: WeakKeyDictionary[LanguageModel, np.ndarray] = WeakKeyDictionary()


class AttentionStudy(ReadingStudy):
    """Reads a text once and measures each layer's attention while it is computed.

    Nothing of size tokens × tokens is ever held, and the head of the model does not run.
    """

    kind = "attention"

    def taps(
        self, model: LanguageModel, request: AttentionRequest, encoding: Encoding
    ) -> list[AttentionRowsTap]:
        if request.method not in ("exact", "fast"):
            raise InputError(f"method is 'exact' or 'fast', not {request.method!r}.")
        if request.method == "fast" and model.dtype not in (torch.bfloat16, torch.float16):
            raise InputError(
                "The fast way is for models in bfloat16 or float16; this one is in "
                f"{model.facts.dtype}, where only the exact one is offered."
            )
        return [AttentionRowsTap(request.method)]

    def finish(
        self,
        model: LanguageModel,
        request: AttentionRequest,
        encoding: Encoding,
        taps: Sequence[AttentionRowsTap],
        started: float,
    ) -> AttentionRun:
        tap = taps[0]
        reasons = tap.reasons(model)
        norms = _norms.get(model)
        if norms is None:
            norms = _norms[model] = spectral_norms(model, tap.scales)
        return AttentionRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            spectral_norm=norms,
            reasons=reasons,
            **tap.arrays(),
        )


STUDIES.register(AttentionStudy.kind)(AttentionStudy())


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
