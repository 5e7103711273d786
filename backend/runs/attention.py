"""The attention study: how widely every head looked at every token of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from backend.runs.arrays import array
from backend.runs.base import RUN_KINDS, Request, TokenizedRun


@dataclass(frozen=True, kw_only=True)
class AttentionRequest(Request):
    """Ask for the attention of every head over ``text``.

    Attributes:
        add_bos: read the model's beginning-of-sequence token first.
        special_tokens: "text" reads look-alikes such as ``<|im_start|>`` as plain characters,
            "special" as the control tokens they name.
    """

    kind: ClassVar[str] = "attention"
    text: str
    add_bos: bool = False
    special_tokens: Literal["text", "special"] = "text"


@RUN_KINDS.register("attention")
@dataclass(frozen=True, kw_only=True, eq=False)
class AttentionRun(TokenizedRun):
    """What the weights of every head say about every query, without the weights themselves.

    Value *i* describes the attention of token *i* as a query over the keys it sees, itself
    included; unlike the numbers of a text run it exists for the first token too. All are NaN in
    layers that have no attention pattern; ``reasons`` says why.

    Attributes:
        entropy: float32 [L, H, T], nats, of the weights over the visible keys.
        max_entropy: float32 [L, T], nats, ln of the number of visible keys.
        first_mass: float32 [L, H, T], weight on the first token of the text (the usual sink).
        self_mass: float32 [L, H, T], weight on the query's own token.
        previous_mass: float32 [L, H, T], weight on the token before; NaN for the first.
        induction_mass: float32 [L, H, T], weight on the token after the last earlier occurrence of
            the query's own token; 0 where there was none.
        distance: float32 [L, H, T], mean distance looked back, in tokens.
        score_spread: float32 [L, H, T], Euclidean norm of the scores minus their mean.
        outside_mass: float32 [L, H, T], weight on a learned sink that is no token; entropy and
            distance are taken over the rest. None where the model has no such sink.
        spectral_norm: float32 [L, H], largest singular value of W_K W_Qᵀ times the scale of the
            scores; NaN where the layer does not score with such a product.
        reasons: why a layer has no pattern, by its number as a string.
    """

    kind: ClassVar[str] = "attention"
    request: AttentionRequest
    entropy: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    max_entropy: np.ndarray = array("float32", "L", "T", nan="anywhere")
    first_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    self_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    previous_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    induction_mass: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    distance: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    score_spread: np.ndarray = array("float32", "L", "H", "T", nan="anywhere")
    spectral_norm: np.ndarray = array("float32", "L", "H", nan="anywhere")
    outside_mass: np.ndarray | None = array("float32", "L", "H", "T", nan="anywhere", optional=True)
    reasons: dict[str, str]

    def check(self) -> None:
        super().check()
        for name in ("first_mass", "self_mass", "previous_mass", "induction_mass"):
            values = getattr(self, name)
            if (values < 0).any() or (values > 1.001).any():
                raise ValueError(f"{name} must lie between 0 and 1")
        if (self.entropy < 0).any():
            raise ValueError("an entropy cannot be negative")
        empty = {str(layer) for layer in np.flatnonzero(np.isnan(self.entropy).all((1, 2)))}
        if empty != self.reasons.keys():
            raise ValueError("reasons must name the layers without a pattern, and no others")
