"""The study of neurons: the activations inside every MLP, measured and dropped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..errors import NotDefinedError
from ..measures.neurons import histogram, histogram_entropy, share_entropy, silent_share
from ..reading.encoding import token_fields
from ..runs.neurons import NeuronsRequest, NeuronsRun
from ..taps.neurons import NeuronTap, down_projection
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class _Neurons(NeuronTap):
    """Reduces the activations of each layer."""

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        layers, tokens = model.facts.layers, ids.shape[1]
        self.arrays: dict[str, Any] = {
            name: np.full((layers, tokens), np.nan, np.float32)
            for name in ("silent", "share_entropy")
        }
        self.arrays["histogram_entropy"] = np.full(layers, np.nan, np.float32)
        self.arrays["neurons"] = np.zeros(layers, np.int32)

    def on_neurons(self, layer: int, activations: Tensor) -> None:
        rows = activations[0]
        self.arrays["neurons"][layer] = rows.shape[1]
        self.arrays["silent"][layer] = silent_share(rows).cpu().numpy()
        self.arrays["share_entropy"][layer] = share_entropy(rows).cpu().numpy()
        if len(rows) > 1:
            counts = histogram(rows[1:].flatten())
            self.arrays["histogram_entropy"][layer] = float(histogram_entropy(counts))

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        return 3 * 4 * tokens * 4 * model.facts.hidden_size

    def work(self, model: LanguageModel, tokens: int) -> float:
        return 200.0 * model.facts.layers * tokens * model.facts.hidden_size


class NeuronsStudy(ReadingStudy):
    """Reads a text once and measures what goes into every down projection."""

    kind = "neurons"

    def taps(
        self, model: LanguageModel, request: NeuronsRequest, encoding: Encoding
    ) -> list[_Neurons]:
        if all(down_projection(layer) is None for layer in model.layers):
            raise NotDefinedError(
                f"{model.facts.name} has no plain MLP: experts take its place, or its family keeps "
                "it under a name Entroscope does not know."
            )
        return [_Neurons()]

    def finish(
        self,
        model: LanguageModel,
        request: NeuronsRequest,
        encoding: Encoding,
        taps: Sequence[_Neurons],
        started: float,
    ) -> NeuronsRun:
        return NeuronsRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            **taps[0].arrays,
        )


STUDIES.register(NeuronsStudy.kind)(NeuronsStudy())
