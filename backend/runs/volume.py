"""Volume: the space that the answers to a question, or the ways to read it, span."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis, nth_text
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "Semantic Volume: Li et al. 2025, arXiv 2502.21239."
EPSILONS = (1e-10, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2)
"""Of curves, beside the one that is asked for."""

FEWEST, MOST, LONGEST = 2, 32, 2_000
"""Texts, and characters of one."""

SQUARE = Quantity(
    "Squared singular value", "s²", "", low=1e-12, high=20, scale="log", digits=4,
    help="How much of all texts lies along a direction; the first is what they share.",
    formula=r"s_k^2", source=SOURCE,
)  # fmt: skip
VOLUME = Quantity(
    "Log-volume", "V_d", "", low=-60, high=3, scale="diverging",
    help="What n texts span in d directions, ε added; only equal n, d and ε can be compared.",
    formula=r"\sum_{k\le d}\ln(s_k^2+\varepsilon)", source=SOURCE,
)  # fmt: skip
WHOLE = replace(
    VOLUME, name="Log-volume of n × n", symbol="V_n", low=-300,
    help="As the authors write it: with d < n it has the constant (n − d) ln ε in it.",
    formula=r"\ln\det(V^\top V+\varepsilon I_n)",
)  # fmt: skip
ADDED = replace(
    VOLUME, name="Adds to the volume", symbol="ΔV", low=-24, high=1,
    help="How much less there is without the text: 0 at right angles to all others.",
    formula=r"V_n-V_{n-1}^{(-i)}",
)  # fmt: skip
COSINE = Quantity(
    "Cosine", "cos", "", help="Of the embeddings of two texts by MiniLM.",
    formula=r"e_i\cdot e_j", source="Reimers and Gurevych 2019, arXiv 1908.10084.",
)  # fmt: skip


TEXT, OTHER = Axis("X", "text", None, nth_text), Axis("U", "other", None, nth_text)
DIRECTION = Axis("K", "direction", None, lambda run, i: str(i + 1))
EPSILON = Axis("E", "epsilon", None, lambda run, i: f"{run.epsilons[i]:g}")


@dataclass(frozen=True, kw_only=True)
class VolumeRequest(Request):
    """Ask how much space texts span.

    Attributes:
        question: as typed.
        of: what is embedded: answers of the model, or the question in other words.
        texts: given ones, one a row, in place of what the model writes.
        count: n, how many the model writes.
        directions: d, how many to keep; all when 0.
        epsilon: added to every direction.
        form: what stands around the question.
        temperature: at which answers are drawn.
        longest: the most tokens of an answer.
        seed: of the first answer.
    """

    kind: ClassVar[str] = "volume"
    question: str = asked(label="Question", help="It is asked many times over.", lines=2)
    of: Literal["its answers", "its paraphrases"] = asked(
        "its answers", label="Volume of",
        help="Answers: does the model know? Paraphrases: is the question clear?",
    )  # fmt: skip
    texts: tuple[str, ...] = asked(
        (), label="Own texts", help="One a row, in place of what the model would write."
    )
    count: int = asked(20, label="How many (n)", low=3, high=MOST, help="That the model writes.")
    directions: int = asked(
        0, label="Directions (d)", low=0, high=MOST, help="Kept of the spectrum; all when 0."
    )
    epsilon: float = asked(
        1e-10, label="ε", low=1e-12, high=0.1, help="Added to every direction, so that 0 has a log."
    )
    form: Literal["after four examples", "as a chat message", "as it stands"] = asked(
        "after four examples", label="Asked",
        help="After four solved examples even a small model gives short answers.",
    )  # fmt: skip
    temperature: float = asked(1.0, label="Temperature", low=0.1, high=2, help="Of the draw.")
    longest: int = asked(
        24, label="Tokens of an answer", low=1, high=64, help="An answer is cut after so many."
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first answer.")


@RUN_KINDS.register("volume")
@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeRun(Run):
    """The spectrum of X texts and the volumes that follow, by E values of ε.

    Attributes:
        texts: what was embedded.
        cosine: float32 [X, U], of all pairs (U are the same).
        square: float32 [K], all squared singular values, the largest first.
        point: float32 [X, 2], along the two largest directions.
        volume: float32 [E], of d × d; d as asked for.
        whole: float32 [E], of n × n.
        added: float32 [X], at the ε asked for.
    """

    kind: ClassVar[str] = "volume"
    request: VolumeRequest
    texts: list[str]
    cosine: np.ndarray = array("float32", TEXT, OTHER, quantity=COSINE)
    square: np.ndarray = array("float32", DIRECTION, quantity=SQUARE)
    point: np.ndarray = array("float32", TEXT, 2)
    volume: np.ndarray = array("float32", EPSILON, quantity=VOLUME)
    whole: np.ndarray = array("float32", EPSILON, quantity=WHOLE)
    added: np.ndarray = array("float32", TEXT, quantity=ADDED)

    @property
    def epsilons(self) -> list[float]:
        """The values of ε: that of the request first."""
        return [self.request.epsilon, *(e for e in EPSILONS if e != self.request.epsilon)]

    @property
    def directions(self) -> int:
        """d: how many are kept."""
        return min(self.request.directions or len(self.square), len(self.square))

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "E": len(self.epsilons)}

    def check(self) -> None:
        super().check()
        if self.cosine.shape[0] != self.cosine.shape[1]:
            raise ValueError("cosine is of all pairs")
