"""The divergence study: how far apart two models' predictions are, over the full vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from backend.runs.arrays import array
from backend.runs.base import RUN_KINDS, Request, TokenizedRun
from backend.runs.model import ModelFacts, ModelSpec


@dataclass(frozen=True, kw_only=True)
class DivergenceRequest(Request):
    """Ask how far ``model`` (A) and ``other`` (B) are apart; fields as in a text request."""

    kind: ClassVar[str] = "divergence"
    other: ModelSpec = field(default_factory=ModelSpec)
    text: str
    add_bos: bool = False
    special_tokens: Literal["text", "special"] = "text"


@RUN_KINDS.register("divergence")
@dataclass(frozen=True, kw_only=True, eq=False)
class DivergenceRun(TokenizedRun):
    """Divergences between the predictions of two models for the same tokens; nats, exact.

    Position 0 has no prediction: NaN.

    Attributes:
        other_model: what B turned out to be; ``model`` is A.
        kl_ab, kl_ba: float32 [T]; KL(A‖B), the mean of ln A/B when A is right, and KL(B‖A).
            Infinite where one model rules out what the other allows.
        js: float32 [T]; the Jensen–Shannon divergence, 0 … ln 2.
    """

    kind: ClassVar[str] = "divergence"
    request: DivergenceRequest
    other_model: ModelFacts
    kl_ab: np.ndarray = array("float32", "T", nan="first", infinite=True)
    kl_ba: np.ndarray = array("float32", "T", nan="first", infinite=True)
    js: np.ndarray = array("float32", "T", nan="first")

    def check(self) -> None:
        super().check()
        self.other_model.check()
