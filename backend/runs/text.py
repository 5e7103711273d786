"""The text study: how uncertain a model was at every token of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from .arrays import array
from .base import RUN_KINDS, Request, TokenizedRun, check_numbers
from .fields import asked, bos_option, reading_text, special_option
from .tables import Table
from .token_numbers import ENTROPY, RANK, SURPRISAL, VARENTROPY

# Nats by which float32 arithmetic may miss 0.
_ROUNDING = 1e-3

_PIECE = re.compile("([0-9a-f]{2})+")


@dataclass(frozen=True, kw_only=True)
class TextRequest(Request):
    """Ask for the token-level numbers of ``text``.

    Attributes:
        top_k: how many of the most likely tokens to keep per position.
        add_bos: read the model's beginning-of-sequence token first, so that the first token of
            the text has a prediction too. A text that begins with one gets no second.
        chat: read the text as a user's message, in the model's chat template.
        special_tokens: "text" reads look-alikes such as ``<|im_start|>`` as plain characters,
            "special" as the control tokens they name. Those of a chat template always are.
        long_text: over the model's context, "refuse" or read in overlapping "windows".
        window_overlap: the least number of context tokens a token in a later window has; None
            means half the model's context.
        curve: also keep the cumulative distribution of every position (``curve_*`` of the run).
    """

    kind: ClassVar[str] = "text"
    text: str = reading_text()
    top_k: int = asked(
        10, label="Tokens kept", low=1, help="The most likely tokens kept at every place."
    )
    add_bos: bool = bos_option()
    chat: bool = asked(
        False,
        label="As a chat message",
        help="Read the text as a user's message, in the model's chat template.",
    )
    special_tokens: Literal["text", "special"] = special_option()
    long_text: Literal["refuse", "windows"] = asked(
        "refuse",
        label="Longer than the model reads",
        help="A text over the model's context: refuse it, or read it in overlapping windows.",
    )
    window_overlap: int | None = asked(
        None,
        label="Overlap of windows",
        low=1,
        help="The least context in tokens that a token in a later window has; half the model's "
        "context when left open.",
    )
    curve: bool = asked(
        False,
        label="Cumulative curves",
        help="Also keep the whole distribution at every place, in 64 exact points.",
    )


@RUN_KINDS.register("text")
@dataclass(frozen=True, kw_only=True, eq=False)
class TextRun(TokenizedRun):
    """Token-level numbers in nats, over the full vocabulary.

    Value *i* describes the distribution that predicted token *i*. Position 0 has no prediction:
    NaN (-1 in ``top_ids`` and ``curve_counts``).

    Attributes:
        entropy, varentropy, surprisal: float32 [T]; nats, nats², nats.
        rank: float32 [T]; 1 is the most likely token.
        top_ids: int32 [T, top_k]; most likely first, ties by lower id.
        top_logprobs: float32 [T, top_k]; nats.
        context_lengths: int32 [T]; how many tokens the model had read before token *i*.
        vocabulary: display text of every id in ``top_ids``, by id as a string.
        pieces: bytes in hexadecimal of those ids, in ``vocabulary`` or the text, that are a part of
            a character, by id as a string.
        curve_counts: int32 [T, B] or None; how many tokens have a surprisal of at most
            ``curve_edges[b]`` nats. Exact, no sampling.
        curve_mass: float32 [T, B] or None; the probability those tokens hold together.
        curve_edges: float32 [B] or None.
    """

    kind: ClassVar[str] = "text"
    request: TextRequest
    entropy: np.ndarray = array("float32", "T", nan="first", quantity=ENTROPY)
    varentropy: np.ndarray = array("float32", "T", nan="first", quantity=VARENTROPY)
    surprisal: np.ndarray = array("float32", "T", nan="first", infinite=True, quantity=SURPRISAL)
    rank: np.ndarray = array("float32", "T", nan="first", quantity=RANK)
    top_ids: np.ndarray = array("int32", "T", "K")
    top_logprobs: np.ndarray = array("float32", "T", "K", nan="first", infinite=True)
    context_lengths: np.ndarray = array("int32", "T")
    vocabulary: dict[str, str]
    pieces: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    curve_counts: np.ndarray | None = array("int32", "T", "B", optional=True)
    curve_mass: np.ndarray | None = array("float32", "T", "B", nan="first", optional=True)
    curve_edges: np.ndarray | None = array("float32", "B", optional=True)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "K": self.request.top_k}

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        check_numbers(self.pieces, "pieces")
        if not all(_PIECE.fullmatch(each) for each in self.pieces.values()):
            raise ValueError("pieces are bytes in hexadecimal")
        if self.request.top_k < 1:
            raise ValueError("top_k must be at least 1")
        if (self.top_ids[0] != -1).any():
            raise ValueError("nothing predicts the first token: its top_ids are -1")
        missing = {str(each) for each in np.unique(self.top_ids[1:])} - self.vocabulary.keys()
        if missing:
            raise ValueError(f"vocabulary has no text for token {min(missing)}")
        if (self.entropy < -_ROUNDING).any() or (self.varentropy < -_ROUNDING).any():
            raise ValueError("entropy and varentropy cannot be negative")
        if (self.rank < 1).any():
            raise ValueError("ranks start at 1")
        if (self.top_logprobs > _ROUNDING).any():
            raise ValueError("a probability must not be above 1")
        curve = (self.curve_counts, self.curve_mass, self.curve_edges)
        if len({each is None for each in curve}) > 1:
            raise ValueError("a part of the cumulative curve is missing")

    def tables(self) -> dict[str, Table]:
        tokens = super().tables()["tokens"] | {"tokens_before": self.context_lengths}
        rows, places = np.nonzero(self.top_ids >= 0)
        ids = self.top_ids[rows, places]
        top: Table = {
            "token": rows,
            "place": places + 1,
            "id": ids,
            "text": [self.vocabulary[str(each)] for each in ids],
            "logprob_nats": self.top_logprobs[rows, places],
        }
        return {"tokens": tokens, "top": top}
