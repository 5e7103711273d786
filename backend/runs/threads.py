"""Threads: needles, and chains of them, that a model is to find in a haystack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .token_numbers import ENTROPY, RANK, SURPRISAL

SOURCE = "Needle Threading: Roberts et al. 2024, arXiv 2411.05000; the haystacks are ours."
_NOT_ASKED = "not asked"
ANSWER_SURPRISAL = replace(
    SURPRISAL, name="Surprisal in the answer", missing=_NOT_ASKED, source=SOURCE, pieces=None,
    help="Of each token of the right answer, after the haystack, the question and those before.",
    formula=r"-\ln p(a_t\mid h,q,a_{<t})",
)  # fmt: skip
ANSWER_ENTROPY = replace(
    ENTROPY, name="Entropy in the answer", missing=_NOT_ASKED, source=SOURCE, pieces=None,
    help="How undecided the model is before each token of the right answer.",
    formula=r"H(p(\cdot\mid h,q,a_{<t}))",
)  # fmt: skip
ANSWER_RANK = replace(
    RANK, name="Rank in the answer", missing=_NOT_ASKED, source=SOURCE, pieces=None,
    help="Place of each token of the right answer among all.",
    formula=r"1+|\{v:p(v)>p(a_t)\}|",
)  # fmt: skip
ALONE = Quantity(
    "Answer without the haystack", "S_0", high=100, digits=1, missing=_NOT_ASKED,
    help="What the right answer costs after the question alone: the control.",
    formula=r"-\sum_t\ln p(a_t\mid q,a_{<t})", source=SOURCE,
)  # fmt: skip
DEPTH = Quantity(
    "Depth", "", "%", digits=0,
    help="Where the record lies: 0 is the beginning of the haystack.",
    formula=r"i/(n-1)", source=SOURCE,
)  # fmt: skip
LENGTH = Quantity(
    "Length", "T", "tokens", high=4096, digits=0,
    help="Of the haystack.", formula=r"T", source=SOURCE,
)  # fmt: skip
MASS = Quantity(
    "Attention on the answer", "", "%", digits=1, missing=_NOT_ASKED,
    help="Of a head, from where the first token of the answer is predicted to the answer itself.",
    formula=r"\sum_{k\in a}\alpha_{k}", source=SOURCE,
)  # fmt: skip

ITEMS = Axis("C", "question", None, lambda run, i: run.label(i))
ANSWER = Axis("A", "answer token", None, lambda run, i: str(i + 1))


@dataclass(frozen=True, kw_only=True)
class ThreadsRequest(Request):
    """Ask for needles in a haystack, or for the hops of threads through one.

    Attributes:
        task: what the haystack is made of, and what is asked of it.
        length: of the longest haystack, in tokens.
        lengths: how many, in equal steps up to it.
        depths: how many, from the beginning to the end.
        hops: of a thread.
        facts: own needles for prose; the last word of each is asked for.
        text: own prose to hide them in.
        seed: of keys, values and filling.
    """

    kind: ClassVar[str] = "threads"
    task: Literal["facts in prose", "look-alike records", "UUID pairs", "UUID threads"] = asked(
        "facts in prose", label="Haystack",
        help="Needles in three kinds of hay; or threads, where a value is the next key.",
    )  # fmt: skip
    length: int = asked(
        2048, label="Tokens", low=128, high=131_072,
        help="Of the longest haystack. 2,048 take about half a minute, and twice as many four "
        "times as long.",
    )  # fmt: skip
    lengths: int = asked(5, label="Lengths", low=1, high=8, help="In equal steps up to that.")
    depths: int = asked(9, label="Depths", low=2, high=17, help="From beginning to end.")
    hops: int = asked(4, label="Hops", low=2, high=8, help="Of a thread.")
    facts: tuple[str, ...] = asked(
        (), label="Own facts", lines=4,
        help="One a row, for prose; the last word of each is asked for.",
    )  # fmt: skip
    text: str = asked(
        "", label="Own prose", lines=4,
        help="To hide facts in; it begins again where it ends before the haystack does.",
    )  # fmt: skip
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of keys, values and filling.")

    @property
    def threads(self) -> bool:
        """Whether hops of threads are asked for."""
        return self.task == "UUID threads"


@RUN_KINDS.register("threads")
@dataclass(frozen=True, kw_only=True, eq=False)
class ThreadsRun(Run):
    """C questions, one for each of ``rows`` and ``columns``: lengths and depths, or ways and hops.

    Attributes:
        rows, columns: what they are called; question ``r * len(columns) + c`` is of both.
        asked: the question of each.
        gold: its right answer.
        said: the first choices of the model in its place; each is made after the right tokens.
        answer_tokens: display text of the tokens of each answer.
        chance: nats that an answer costs where nothing tells it.
        length: float32 [C], tokens of the haystack.
        depth: float32 [C], where the record lies.
        surprisal, entropy, rank: float32 [C, A], of the tokens of the right answer.
        alone: float32 [C], nats, of the answer without a haystack.
        mass: float32 [C, L, H], attention of each head on the answer.
        span: int32 [C], tokens that this is spread over.
    """

    kind: ClassVar[str] = "threads"
    request: ThreadsRequest
    rows: list[str]
    columns: list[str]
    asked: list[str]
    gold: list[str]
    said: list[str]
    answer_tokens: list[list[str]]
    chance: float
    length: np.ndarray = array("float32", ITEMS, nan="anywhere", quantity=LENGTH)
    depth: np.ndarray = array("float32", ITEMS, nan="anywhere", quantity=DEPTH)
    surprisal: np.ndarray = array(
        "float32", ITEMS, ANSWER, nan="anywhere", infinite=True, quantity=ANSWER_SURPRISAL
    )
    entropy: np.ndarray = array("float32", ITEMS, ANSWER, nan="anywhere", quantity=ANSWER_ENTROPY)
    rank: np.ndarray = array("float32", ITEMS, ANSWER, nan="anywhere", quantity=ANSWER_RANK)
    alone: np.ndarray = array("float32", ITEMS, nan="anywhere", infinite=True, quantity=ALONE)
    mass: np.ndarray = array("float32", ITEMS, "L", "H", nan="anywhere", quantity=MASS)
    span: np.ndarray = array("int32", ITEMS)

    def axes(self) -> dict[str, int]:
        own = {"C": len(self.rows) * len(self.columns)} if self.rows and self.columns else {}
        return {**super().axes(), **own}

    def label(self, place: int) -> str:
        """Return what a question is called: "2,048 · 50 %"."""
        if not (self.rows and self.columns):
            return str(place)
        row, column = divmod(place, len(self.columns))
        return f"{self.rows[row]} · {self.columns[column]}"

    def cells(self) -> tuple[list[str], list[str]]:
        """Return rows and columns; all questions in one row where a file names none."""
        if self.rows and self.columns:
            return self.rows, self.columns
        return ["all"], [str(each) for each in range(len(self.span))]

    def text_of(self, texts: list[Any], place: int, empty: Any = "") -> Any:
        """Return a text of a question, ``empty`` where there is none."""
        return texts[place] if place < len(texts) else empty
