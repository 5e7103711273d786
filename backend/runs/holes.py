"""Holes: what may stand in a hole of a text, by its left side alone and by both."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .token_numbers import ENTROPY

HOLE = "___"
MOST_SEEN = 32
"""Tokens of the right side that are read at most."""
FEWEST, MOST, MOST_OWN, LONGEST = 2, 384, 12, 20_000

SOURCE = "Bayes' rule on the listed words; after Nijkamp et al. 2023, arXiv 2305.02309."
LOG_PRIOR = Quantity(
    "Log p behind the left side", "a", low=-20, high=0,
    help="Of a word right behind the left side, by the model's own probabilities (T = 1).",
    formula=r"a_x=\log p(x\mid L)", source=SOURCE,
)  # fmt: skip
SURPRISE = Quantity(
    "Surprisal of what follows", "−b", low=0, high=20, missing="it is not read",
    plain="how surprising, with this word in the hole",
    help="Of a token of the right side, with the word in the hole.",
    formula=r"-\log p(r_i\mid L,x,r_{<i})", source=SOURCE,
)  # fmt: skip
LOG_NATIVE = replace(
    LOG_PRIOR, name="Log p by infilling", missing="the tokenizer has no tokens for a hole",
    help="As the model fills a hole by itself, both sides in the form that it was trained on.",
    formula=r"\log p(x\mid L,R)", source="The model's own; forms as their authors publish them.",
)  # fmt: skip
WHOLE = replace(
    ENTROPY, name="Of the whole vocabulary", pieces=None,
    help="Entropy of what follows the left side, over all tokens and not only those listed.",
)  # fmt: skip

WORD = Axis("X", "word", None, lambda run, i: run.word(i))
TOKEN = Axis("Q", "token of the right side", None, lambda run, i: f"{i + 1} {run.token(i)}")

# Scripts that put no space between words: there a hole may touch a letter.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR", "TIBET")


def _in_word(letter: str) -> bool:
    """Tell whether a character next to a hole makes the hole a part of a word."""
    spaced = not unicodedata.name(letter, "").startswith(_UNSPACED)
    return letter == "_" or (letter.isalnum() and spaced)


@dataclass(frozen=True, kw_only=True)
class HolesRequest(Request):
    """Ask what may stand in a hole of ``text``.

    Attributes:
        text: with one hole, written as three underscores.
        own: words to be listed too, one a row.
        count: how many words the left side proposes.
    """

    kind: ClassVar[str] = "holes"
    text: str = asked(
        label="Text with a hole", lines=4,
        help="Write the hole as three underscores, with words left and right of it.",
    )  # fmt: skip
    own: tuple[str, ...] = asked(
        (), label="Your own words", lines=2, help="One a row: tried in the hole beside the others."
    )
    count: int = asked(
        48, label="Words tried", low=FEWEST, high=MOST,
        help="The likeliest behind the left side; the time grows with them.",
    )  # fmt: skip

    def sides(self) -> tuple[str, str, str]:
        """Return the left side, the space that the words of the hole begin with, and the right.

        Raises:
            InputError: there is not one hole, it is in the middle of a word, or a side is empty.
        """
        if len(self.text) > LONGEST:
            raise InputError(f"The text has more than {LONGEST:,} characters; give a shorter one.")
        parts = re.split("_{3,}", self.text)
        if len(parts) != 2:
            count = "no hole" if len(parts) < 2 else f"{len(parts) - 1} holes"
            raise InputError(f"The text has {count}: write {HOLE} in one place.")
        left, right = parts
        if not right.strip():
            raise InputError(
                "Nothing stands right of the hole, so that there is nothing to learn from it: "
                f"write on behind {HOLE}."
            )
        if not left.strip():
            raise InputError(
                f"Nothing stands left of the hole: write a word or more before {HOLE}, from which "
                "the model can begin."
            )
        if _in_word(left[-1]) or _in_word(right[0]):
            raise InputError(
                f"The hole is in the middle of a word: put a space between {HOLE} and its letters."
            )
        # Most tokens begin with a space, so that the one before a hole is theirs.
        space = " " if left.endswith(" ") else ""
        return left.removesuffix(space) if space else left, space, right

    def check(self) -> None:
        """Check all there is to read.

        Raises:
            InputError: as ``sides``; or a number is out of range, or an own word is none.
        """
        self.sides()
        if not FEWEST <= self.count <= MOST:
            raise InputError(f"{self.count} words are asked for; try {FEWEST} to {MOST}.")
        words = [each.strip() for each in self.own]
        if len(words) > MOST_OWN or any(len(each) > 200 for each in words):
            raise InputError(f"Give at most {MOST_OWN} own words, of 200 characters each.")
        if len(set(words)) < len(words) or not all(words):
            raise InputError("Two of your own words are the same, or one is empty.")


@RUN_KINDS.register("holes")
@dataclass(frozen=True, kw_only=True, eq=False)
class HolesRun(Run):
    """X words tried in a hole, and Q tokens of its right side behind each of them.

    No word's tokens begin those of another. The likeliest behind the left side comes first.

    Attributes:
        words: as they are written in the hole, a leading space included.
        right_tokens: display text of those that are read.
        right_left: how many more tokens the right side has, which are not read.
        own: bool [X], words of the reader's.
        log_prior: float32 [X], nats.
        surprisal: float32 [X, Q], nats.
        log_native: float32 [X], nats; None where the tokenizer has no tokens for a hole.
        native: whose form of a hole that is; empty without.
        whole_entropy: of what follows the left side, over the whole vocabulary, nats.
    """

    kind: ClassVar[str] = "holes"
    request: HolesRequest
    words: list[str]
    right_tokens: list[str]
    right_left: int = 0
    own: np.ndarray = array("bool", WORD)
    log_prior: np.ndarray = array("float32", WORD, quantity=LOG_PRIOR)
    surprisal: np.ndarray = array("float32", WORD, TOKEN, quantity=SURPRISE)
    log_native: np.ndarray | None = array("float32", WORD, optional=True, quantity=LOG_NATIVE)
    native: str = ""
    whole_entropy: float

    def word(self, place: int) -> str:
        """Return a word; its number where it is not there."""
        return self.words[place] if place < len(self.words) else str(place + 1)

    def token(self, place: int) -> str:
        """Return a token of the right side; nothing where it is not there."""
        return self.right_tokens[place] if place < len(self.right_tokens) else ""

    def check(self) -> None:
        super().check()
        if not self.surprisal.size:
            raise ValueError("a hole has a word and a right side at least")
