"""The study of residual norms: one number a token after every layer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..reading.encoding import token_fields
from ..runs.residual_norms import ResidualNormsRequest, ResidualNormsRun
from ..taps.residual import ResidualTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class _Norms(ResidualTap):
    """Keeps the norms and drops the states."""

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self.norms = np.full((model.facts.layers + 1, ids.shape[1]), np.nan, np.float32)

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        self.norms[depth, 1:] = hidden[0, 1:].float().norm(dim=-1).cpu().numpy()


class ResidualNormsStudy(ReadingStudy):
    """Reads a text once and measures the residual stream on its way."""

    kind = "residual_norms"

    def taps(
        self, model: LanguageModel, request: ResidualNormsRequest, encoding: Encoding
    ) -> list[_Norms]:
        return [_Norms()]

    def finish(
        self,
        model: LanguageModel,
        request: ResidualNormsRequest,
        encoding: Encoding,
        taps: Sequence[_Norms],
        started: float,
    ) -> ResidualNormsRun:
        return ResidualNormsRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            norms=taps[0].norms,
        )


STUDIES.register(ResidualNormsStudy.kind)(ResidualNormsStudy())
