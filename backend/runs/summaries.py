"""Summaries: how much each sentence of a summary takes from its source, and from which part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked
from .token_numbers import SURPRISAL

SOURCE = "Texts at three lengths: Shen et al. 2022, arXiv 2206.10883; the measure is ours."
LENGTHS = ("tiny", "short", "long", "check")
"""Of summaries, and what is to be checked, by the names of the fields of the request."""

UNRELATED = (
    "The recipe begins with two onions, which are cut into thin slices and fried slowly in "
    "butter. After twenty minutes the cook adds a spoon of sugar, a glass of cider and a little "
    "salt. The soup must then simmer for an hour, and it is served with toasted bread and plenty "
    "of grated cheese. Leftovers keep for three days in a cold place and taste even better when "
    "they are warmed again. Many families in the valley cook it on the first Sunday of October, "
    "when the markets are full of new onions. Those who have a garden pull them in the morning, "
    "while the earth is still wet, and hang the largest under the roof to dry. A good onion has "
    "a thin neck and a skin that rustles. The bread should be two days old, for fresh bread "
    "falls apart in the broth, and the cheese should come from goats that have spent the summer "
    "high on the slopes. Some cooks add thyme, others a leaf of bay, and there is an old quarrel "
    "about pepper that nobody wants to end. In winter the same pot is used for beans, which are "
    "soaked overnight and cooked with a piece of smoked ham until they are soft."
)
_OF_PROMPT = "the prompt, which is given"
SURPRISAL_ALONE = replace(
    SURPRISAL, name="Surprisal without a document", missing=_OF_PROMPT, source=SOURCE, pieces=None,
    help="Of a token after the sentences before it, where the document is empty.",
    formula=r"-\ln p(y_t\mid y_{<t})",
)  # fmt: skip
SURPRISAL_SOURCE = replace(
    SURPRISAL_ALONE, name="Surprisal with the document", help="Likewise, behind the document.",
    formula=r"-\ln p(y_t\mid d,y_{<t})",
)  # fmt: skip
SURPRISAL_UNRELATED = replace(
    SURPRISAL_ALONE, name="Surprisal with another document",
    help="Likewise, behind a text of like length that has nothing to do with it.",
    formula=r"-\ln p(y_t\mid d',y_{<t})",
)  # fmt: skip
SURPRISAL_LEFT_OUT = replace(
    SURPRISAL_ALONE, name="Surprisal without one sentence",
    help="Likewise, behind the document without one of its sentences.",
    formula=r"-\ln p(y_t\mid d_{-i},y_{<t})",
)  # fmt: skip
SENTENCE_SURPRISAL = replace(
    SURPRISAL_SOURCE, name="Surprisal of a sentence", high=200, missing="never",
    help="Of all tokens of a sentence, behind the document.",
    formula=r"-\sum_{t\in j}\ln p(y_t\mid d,y_{<t})",
)  # fmt: skip


def _numbered(texts: list[str], place: int) -> str:
    return f"{place + 1} {texts[place]}" if place < len(texts) else str(place + 1)


def _in_summary(run: Any, place: int) -> str:
    """Return the label of a sentence of a summary: its length, its number in it, its words."""
    own = run.length_of[: place + 1]
    number = int((own == own[-1]).sum())
    words = run.sentences[place] if place < len(run.sentences) else ""
    return f"{LENGTHS[int(own[-1]) % len(LENGTHS)]} {number} {words}".strip()


PARTS = Axis("I", "source sentence", None, lambda run, i: _numbered(run.parts, i))
SENTENCES = Axis("J", "summary sentence", None, _in_summary)


@dataclass(frozen=True, kw_only=True)
class SummariesRequest(Request):
    """Ask what up to three summaries, and sentences to check, take from a document.

    Attributes:
        document: the source.
        tiny: a summary of one sentence.
        short: one of a few.
        long: a whole story.
        check: sentences that may be false.
        unrelated: a text to compare with, cut or repeated to the length of the document.
    """

    kind: ClassVar[str] = "summaries"
    document: str = asked(label="Document", help="The source, of 2 to 40 sentences.", lines=6)
    tiny: str = asked("", label="Tiny summary", help="One sentence.", lines=2, beside=True)
    short: str = asked("", label="Short summary", help="A few sentences.", lines=3, beside=True)
    long: str = asked("", label="Long summary", help="The whole story.", lines=4, beside=True)
    check: str = asked(
        "", label="To check", help="Sentences that may be false.", lines=2, beside=True
    )
    unrelated: str = asked(
        UNRELATED, label="Unrelated text", lines=4,
        help="To compare with; cut or repeated to the length of the document.",
    )  # fmt: skip


@RUN_KINDS.register("summaries")
@dataclass(frozen=True, kw_only=True, eq=False)
class SummariesRun(TokenizedRun):
    """Surprisals of the J sentences of all summaries, one after another, in several contexts.

    The text is what the model reads behind the document: every summary after its heading. Tokens of
    headings have no numbers.

    Attributes:
        parts: the I sentences of the document.
        sentences: the J sentences of summaries.
        length_of: int32 [J], which of ``LENGTHS`` each belongs to.
        sentence_of: int32 [T], the sentence of each token; -1 for headings.
        alone: float32 [T], nats, with an empty document.
        with_source: float32 [T], with the document.
        with_unrelated: float32 [T], with another text of like length.
        left_out: float32 [I, T], with the document without its sentence *i*.
        sentence_surprisal: float32 [J], nats, with the document.
    """

    kind: ClassVar[str] = "summaries"
    request: SummariesRequest
    parts: list[str]
    sentences: list[str]
    length_of: np.ndarray = array("int32", SENTENCES)
    sentence_of: np.ndarray = array("int32", "T")
    alone: np.ndarray = array("float32", "T", nan="anywhere", quantity=SURPRISAL_ALONE)
    with_source: np.ndarray = array("float32", "T", nan="anywhere", quantity=SURPRISAL_SOURCE)
    with_unrelated: np.ndarray = array("float32", "T", nan="anywhere", quantity=SURPRISAL_UNRELATED)
    left_out: np.ndarray = array("float32", PARTS, "T", nan="anywhere", quantity=SURPRISAL_LEFT_OUT)
    sentence_surprisal: np.ndarray = array("float32", SENTENCES, quantity=SENTENCE_SURPRISAL)

    def check(self) -> None:
        super().check()
        count = len(self.length_of)
        if self.sentence_of.min() < -1 or self.sentence_of.max() >= count:
            raise ValueError("sentence_of names a sentence that is not there")
        if count and not 0 <= self.length_of.min() <= self.length_of.max() < len(LENGTHS):
            raise ValueError("length_of names a length that is not there")
