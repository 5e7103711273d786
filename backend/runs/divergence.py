"""The divergence study: how far apart two models' predictions are, over the full vocabulary."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import bos_option, reading_text, special_option
from .model import ModelFacts, ModelSpec

_KL = "Kullback and Leibler 1951, On Information and Sufficiency."

KL_AB = Quantity(
    "KL(A‖B)", "KL", high=7, digits=4, formula=r"\sum_v a(v)\ln\frac{a(v)}{b(v)}", source=_KL,
    help="How many nats are lost when B is used where A is right; over the whole vocabulary.",
)  # fmt: skip
KL_BA = Quantity(
    "KL(B‖A)", "KL", high=7, digits=4, formula=r"\sum_v b(v)\ln\frac{b(v)}{a(v)}", source=_KL,
    help="How many nats are lost when A is used where B is right; over the whole vocabulary.",
)  # fmt: skip
JS = Quantity(
    "Jensen–Shannon", "JS", high=math.log(2), digits=4,
    formula=r"\tfrac12\mathrm{KL}(a\Vert m)+\tfrac12\mathrm{KL}(b\Vert m),\ m=\tfrac12(a+b)",
    source="Lin 1991, Divergence Measures Based on the Shannon Entropy.",
    help="How far the two predictions are apart: the mean divergence from their middle.",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DivergenceRequest(Request):
    """Ask how far ``model`` (A) and ``other`` (B) are apart; fields as in a text request."""

    kind: ClassVar[str] = "divergence"
    other: ModelSpec = field(default_factory=ModelSpec)
    text: str = reading_text()
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()


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
    kl_ab: np.ndarray = array("float32", "T", nan="first", infinite=True, quantity=KL_AB)
    kl_ba: np.ndarray = array("float32", "T", nan="first", infinite=True, quantity=KL_BA)
    js: np.ndarray = array("float32", "T", nan="first", quantity=JS)

    def check(self) -> None:
        super().check()
        self.other_model.check()
