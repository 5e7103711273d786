"""Inverse entropy: paraphrases of a question, their answers, and two random walks over both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "Inv-Entropy, arXiv 2506.09684; formulas as in the authors' code."
RULES = ("|cos|", "(1 + cos) / 2")
"""How similar two texts are by the cosine of their embeddings: as in the code, as in the paper."""

FEWEST, MOST, LONGEST = 4, 15, 2_000
"""Paraphrases, and characters of one."""

STEP = Quantity(
    "Step of the walk", "P", "%", digits=0, help="How likely the walk goes from one to the other.",
    formula=r"P_{ij}=S_{ij}/\sum_kS_{ik}", source=SOURCE,
)  # fmt: skip
BACK = replace(
    STEP, name="Comes back", symbol="d",
    help="How likely a step between answers and one between questions end where they began.",
    formula=r"d_i=(P_yP_x)_{ii}",
)  # fmt: skip
ENTROPY = Quantity(
    "Inverse entropy", "H", high=4, digits=3,
    help="How little the answers lie to each other as their questions do.",
    formula=r"-\sum_id_i\ln d_i", source=SOURCE,
)  # fmt: skip
COSINE = Quantity(
    "Cosine", "cos", "", low=0, high=1,
    help="Of the embeddings of two texts by MiniLM: what they share in topic, not in truth.",
    formula=r"e_i\cdot e_j", source="Reimers and Gurevych 2019, arXiv 1908.10084.",
)  # fmt: skip

NEAR = replace(COSINE, name="Cosine with the question", help="How near this way to ask is to it.")


def _variant(run: Any, i: int) -> str:
    return f"{i} {run.variants[i]}" if i < len(run.variants) else str(i)


VARIANT = Axis("X", "way", None, _variant)
OTHER = Axis("U", "other", None, _variant)
RULE = Axis("C", "similarity", None, lambda run, i: RULES[i])
DRAW = Axis("B", "step", "step", lambda run, i: f"draw {i + 1}")
TEMPERATURE = Axis("V", "temperature", None, lambda run, i: f"T = {run.temperatures[i]:g}")
ANSWER, OTHER_ANSWER = Axis("Z", "answer"), Axis("W", "other answer")


@dataclass(frozen=True, kw_only=True)
class InverseEntropyRequest(Request):
    """Ask a question in several ways, several times each.

    Attributes:
        question: as typed.
        paraphrases: of it, one a row; the model writes them where there are none.
        made: how many the model writes then.
        form: what stands around a question.
        answers: r, to each of them.
        temperature: at which answers are drawn.
        others: further temperatures, one a row.
        longest: the most tokens of an answer.
        draws: B, of one answer a question.
        seed: of the first answer.
    """

    kind: ClassVar[str] = "inverse_entropy"
    question: str = asked(label="Question", help="It is asked in several ways.", lines=2)
    paraphrases: tuple[str, ...] = asked(
        (), label="Paraphrases",
        help="The question in other words, one a row, at least 4; left empty, the model writes "
        "them.",
    )  # fmt: skip
    made: int = asked(
        9,
        label="Paraphrases to write",
        low=FEWEST,
        high=MOST,
        help="By the model, if none is given.",
    )
    form: Literal["after four examples", "as a chat message", "as it stands"] = asked(
        "after four examples", label="Asked",
        help="After four solved examples even a small model gives short answers.",
    )  # fmt: skip
    answers: int = asked(5, label="Answers", low=1, high=10, help="To each of the questions.")
    temperature: float = asked(0.7, label="Temperature", low=0.1, high=2, help="Of the draw.")
    others: tuple[str, ...] = asked(
        (), label="Other temperatures", help="One a row, up to three, to compare with."
    )
    longest: int = asked(
        24, label="Tokens of an answer", low=1, high=64, help="An answer is cut after so many."
    )
    draws: int = asked(
        20, label="Draws", low=1, high=100, help="Of one answer a question, to average over."
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first answer.")

    def temperatures(self) -> tuple[float, ...]:
        """Return all temperatures, that of the pictures first.

        Raises:
            InputError: one is no number from 0.1 to 2, stands there twice, or there are too many.
        """
        try:
            found = (self.temperature, *map(float, self.others))
        except ValueError:
            raise InputError("A temperature is a number from 0.1 to 2, one a row.") from None
        if not all(0.1 <= each <= 2 for each in found):
            raise InputError("Temperatures lie between 0.1 and 2.")
        if len(set(found)) < len(found) or len(found) > 4:
            raise InputError("Give up to three other temperatures, each once.")
        return found


@RUN_KINDS.register("inverse_entropy")
@dataclass(frozen=True, kw_only=True, eq=False)
class InverseEntropyRun(Run):
    """Walks over X variants with r answers each at V temperatures, by two similarities C.

    Attributes:
        variants: the question, then its paraphrases.
        texts: all answers, temperature by temperature, variant by variant.
        temperatures: as asked for.
        cosine: float32 [X, U], of the variants (U are the same); ``near`` [X], to the question.
        cosine_answers: float32 [Z, W], of the answers at the first temperature.
        px: float32 [C, X, U], steps between questions.
        py: float32 [C, B, X, U], steps between the answers drawn, at the first temperature.
        chosen: int32 [B, X], which of the r answers was drawn.
        back: float32 [C, B, X].
        entropy: float32 [C, V, B], nats.
    """

    kind: ClassVar[str] = "inverse_entropy"
    request: InverseEntropyRequest
    variants: list[str]
    texts: list[str]
    temperatures: list[float]
    cosine: np.ndarray = array("float32", VARIANT, OTHER, quantity=COSINE)
    near: np.ndarray = array("float32", VARIANT, quantity=NEAR)
    cosine_answers: np.ndarray = array("float32", ANSWER, OTHER_ANSWER, quantity=COSINE)
    px: np.ndarray = array("float32", RULE, VARIANT, OTHER, quantity=STEP)
    py: np.ndarray = array("float32", RULE, DRAW, VARIANT, OTHER, quantity=STEP)
    chosen: np.ndarray = array("int32", DRAW, VARIANT)
    back: np.ndarray = array("float32", RULE, DRAW, VARIANT, quantity=BACK)
    entropy: np.ndarray = array("float32", RULE, TEMPERATURE, DRAW, quantity=ENTROPY)

    def drawn(self, draw: int, variant: int) -> str:
        """Return the answer that stands for a variant in a draw, at the first temperature."""
        count = max(len(self.texts) // max(len(self.variants) * len(self.temperatures), 1), 1)
        place = variant * count + int(self.chosen[draw, variant])
        return self.texts[place] if place < len(self.texts) else ""

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "C": len(RULES)}

    def check(self) -> None:
        super().check()
        if self.px.shape[1] != self.px.shape[2]:
            raise ValueError("a walk leads from each variant to each")
