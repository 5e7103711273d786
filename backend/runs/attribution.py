"""Direct attribution: which part of the model wrote the token that came, which spoke against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, TokenizedRun, check_numbers
from .layers import LayersRequest

_SOURCE = (
    "Direct logit attribution: Elhage et al. 2021, A Mathematical Framework for Transformer "
    "Circuits. The final norm is held as it is."
)

WRITTEN = Quantity(
    "Written by a head",
    "Δ",
    "",
    low=-4,
    high=4,
    scale="diverging",
    plain="for or against",
    help="What a head adds to the logit of the token that came, beyond what it adds to the "
    "runner-up's; the length of the state before the head is held as it is.",
    formula=r"(w_{x_i}-w_{r_i})\cdot W_O^{h}\sum_j p_{ij}v_j/\lVert\cdot\rVert",
    source=_SOURCE,
)
DIFFERENCE = replace(
    WRITTEN,
    name="Lead of what came",
    low=-10,
    high=10,
    help="Logit of the token that came minus the largest other one; the sum of all parts.",
    formula=r"z_{x_i}-\max_{v\ne x_i}z_v",
)
BY_EMBEDDING = replace(WRITTEN, name="Written by the embedding", formula=r"d_i\cdot h_{0,i}")
BY_MLP = replace(
    WRITTEN,
    name="Written by an MLP",
    help=WRITTEN.help.replace("a head adds", "an MLP adds"),
    formula=r"d_i\cdot\mathrm{MLP}_l(h_i)",
)
BY_BIASES = replace(WRITTEN, name="Written by biases", formula=r"d_i\cdot b")
SOURCE = Axis("K", "source")


@dataclass(frozen=True, kw_only=True)
class AttributionRequest(LayersRequest):
    """Ask what every part of the model added to the token that came, at each token of ``text``."""

    kind: ClassVar[str] = "attribution"


@RUN_KINDS.register("attribution")
@dataclass(frozen=True, kw_only=True, eq=False)
class AttributionRun(TokenizedRun):
    """The logit of the token that came minus that of the runner-up, split into its parts exactly.

    The runner-up is the most likely other token. All parts at a token sum to ``difference``, the
    length that the final norm divides by held as it is. NaN for the first token.

    Attributes:
        difference: float32 [T].
        embedding: float32 [T].
        heads: float32 [L, H, T].
        mlps: float32 [L, T], of MLPs or experts, with their biases.
        constant: float32 [T], of biases after attention, of the final norm and of the head.
        runner_up: int32 [T], -1 for the first token.
        sources: int32 [L, H, T, K], the tokens a head took most from, strongest first; -1 where
            there are fewer.
        from_sources: float32 [L, H, T, K], what it took from each; a head's other sources make up
            the rest.
        vocabulary: display text of every runner-up, by id as a string.
        largest_error: how far the parts' sum missed the difference of the logits, at most.
    """

    kind: ClassVar[str] = "attribution"
    request: AttributionRequest
    difference: np.ndarray = array("float32", "T", nan="first", quantity=DIFFERENCE)
    embedding: np.ndarray = array("float32", "T", nan="first", quantity=BY_EMBEDDING)
    heads: np.ndarray = array("float32", "L", "H", "T", nan="first", quantity=WRITTEN)
    mlps: np.ndarray = array("float32", "L", "T", nan="first", quantity=BY_MLP)
    constant: np.ndarray = array("float32", "T", nan="first", quantity=BY_BIASES)
    runner_up: np.ndarray = array("int32", "T")
    sources: np.ndarray = array("int32", "L", "H", "T", SOURCE)
    from_sources: np.ndarray = array("float32", "L", "H", "T", SOURCE, nan="anywhere")
    vocabulary: dict[str, str]
    largest_error: float

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        if self.sources.max() >= len(self):
            raise ValueError("a source leaves the text")
