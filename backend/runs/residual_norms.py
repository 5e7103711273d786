"""Residual norms: how long the hidden state of every token is after every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import bos_option, reading_text, special_option

RESIDUAL_NORM = Quantity(
    "Residual norm",
    "‖h‖",
    "",
    low=1,
    high=1000,
    scale="log",
    plain="how long the state is",
    help="Euclidean length of a token's hidden state at a depth; every layer adds to it.",
    formula=r"\lVert h_{d,i}\rVert_2",
    source="Massive first tokens: Sun et al. 2024, arXiv 2402.17762.",
    missing="left out: many models keep the first token far longer than all others",
    digits=1,
)


@dataclass(frozen=True, kw_only=True)
class ResidualNormsRequest(Request):
    """Ask for the length of the residual stream at every depth and token of ``text``."""

    kind: ClassVar[str] = "residual_norms"
    text: str = reading_text()
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()


@RUN_KINDS.register("residual_norms")
@dataclass(frozen=True, kw_only=True, eq=False)
class ResidualNormsRun(TokenizedRun):
    """Norms before the first layer (depth 0) and after each; the last is before the final norm.

    Attributes:
        norms: float32 [D, T], D = layers + 1; NaN for token 0, which is an attention sink.
    """

    kind: ClassVar[str] = "residual_norms"
    request: ResidualNormsRequest
    norms: np.ndarray = array("float32", "D", "T", nan="first", quantity=RESIDUAL_NORM)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "D": self.model.layers + 1}
