"""The study of states: all tokens of a text in the plane they spread most in at one depth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.distribution import in_parts, moments
from ..measures.lens import unit_mean_square
from ..measures.spectrum import principal_plane
from ..reading.encoding import token_fields
from ..runs.states import StatesRequest, StatesRun
from ..taps.logits import LogitsTap
from ..taps.states import StatesTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class _Entropy(LogitsTap):
    """Keeps the entropy of every prediction."""

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self.entropy = np.full(ids.shape[1], np.nan, np.float32)

    def on_logits(self, first: int, logits: Tensor) -> None:
        for part, room in in_parts(logits):
            found = moments(logits[part], room).entropy
            self.entropy[first + part.start : first + part.stop] = found.cpu().numpy()


class StatesStudy(ReadingStudy):
    """Reads a text once, keeps its states, and looks at them along two directions."""

    kind = "states"

    def taps(
        self, model: LanguageModel, request: StatesRequest, encoding: Encoding
    ) -> list[StatesTap | _Entropy]:
        layers = model.facts.layers
        if request.depth is not None and not 0 <= request.depth <= layers:
            raise InputError(f"depth must be 0 to {layers}; it is {request.depth}.")
        return [StatesTap(), _Entropy()]

    @torch.inference_mode()
    def finish(
        self,
        model: LanguageModel,
        request: StatesRequest,
        encoding: Encoding,
        taps: Sequence[Any],
        started: float,
    ) -> StatesRun:
        kept, last = taps
        depth = model.facts.layers // 2 if request.depth is None else request.depth
        states = [unit_mean_square(each.float()) for each in kept.states]
        # The first token is an attention sink, far from all others.
        mean, directions, explained = principal_plane(states[depth][1:])
        mean, directions = mean.to(states[0]), directions.to(states[0])
        places = torch.stack([(each - mean) @ directions for each in states])
        return StatesRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            depth=depth,
            places=places.cpu().numpy(),
            explained=explained.float().cpu().numpy(),
            entropy=last.entropy,
        )


STUDIES.register(StatesStudy.kind)(StatesStudy())
