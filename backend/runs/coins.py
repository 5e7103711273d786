"""Coins: decisions between two words, independent ones beside ones that are fed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "Vidler and Walsh 2025, arXiv 2501.16356; exact probabilities instead of samples are ours."
FORM = Quantity(
    "Log-probability of a form", "ln p", low=-20, high=0,
    help="Of one way to write one of the two words right after the prompt, all its tokens.",
    formula=r"\ln p(w)", source=SOURCE,
)  # fmt: skip
NEXT = Quantity(
    "Probability of the first word", "p", "%", digits=1,
    help="Before a decision: among both words, all their forms of one token.",
    formula=r"p(1)/(p(0)+p(1))", source=SOURCE,
)  # fmt: skip
MASS = Quantity(
    "Mass on both words", "", "%", digits=1,
    help="How much of the whole probability falls on the two words before a decision.",
    formula=r"p(0)+p(1)", source=SOURCE,
)  # fmt: skip
SAID = Quantity(
    "Decision", "x", "%", digits=0,
    help="What was decided: the first word is 100 %, the second 0.",
    formula=r"x_t\sim p_t", source=SOURCE,
)  # fmt: skip

STREAM_SHARE = Quantity(
    "Share in a stream", "", "%", digits=1, help="Of the first word among decisions fed back.",
    formula=r"\frac1n\sum_t x_t", source=SOURCE,
)  # fmt: skip

FORMS = Axis("F", "form", None, lambda run, i: repr(run.forms[i]) if i < len(run.forms) else str(i))
STREAMS = Axis("Q", "stream", None, lambda run, i: f"stream {i + 1}")
DECISIONS = Axis("I", "decision", None, lambda run, i: str(i))


@dataclass(frozen=True, kw_only=True)
class CoinsRequest(Request):
    """Ask for streams of decisions between two words.

    Attributes:
        prompt: what comes before the first decision.
        words: the two, one a row.
        decisions: of every stream.
        streams: how many, with luck of their own.
        seed: of that luck.
    """

    kind: ClassVar[str] = "coins"
    prompt: str = asked(label="Prompt", help="What comes before the first decision.", lines=3)
    words: tuple[str, ...] = asked(
        ("yes", "no"), label="Words", lines=2,
        help="The two that are decided between, one a row; each has to be one token.",
    )  # fmt: skip
    decisions: int = asked(
        40, label="Decisions", help="Of every stream; a test of runs needs 20.", low=10, high=200
    )
    streams: int = asked(
        12, label="Streams", help="How many, with luck of their own.", low=2, high=32
    )
    seed: int = asked(0, label="Seed", help="Of that luck.", low=0, high=10_000)


@RUN_KINDS.register("coins")
@dataclass(frozen=True, kw_only=True, eq=False)
class CoinsRun(Run):
    """Q streams of I decisions: 1 is the first word, 0 the second.

    Attributes:
        forms: ways to write the two words.
        words: int32 [F], which of the two each form is: 1 or 0.
        form_logprobs: float32 [F], nats, right after the prompt.
        fed_back: float32 [Q, I], decisions whose stream the model saw before each.
        alone: float32 [Q, I], decisions that all come right after the prompt.
        probability: float32 [Q, I], of the first word before each that is fed back.
        mass: float32 [Q, I], of both words there.
        stream_share: float32 [Q], of the first word among decisions fed back.
    """

    kind: ClassVar[str] = "coins"
    request: CoinsRequest
    forms: list[str]
    words: np.ndarray = array("int32", FORMS)
    form_logprobs: np.ndarray = array("float32", FORMS, quantity=FORM)
    fed_back: np.ndarray = array("float32", STREAMS, DECISIONS, quantity=SAID)
    alone: np.ndarray = array("float32", STREAMS, DECISIONS, quantity=SAID)
    probability: np.ndarray = array("float32", STREAMS, DECISIONS, quantity=NEXT)
    mass: np.ndarray = array("float32", STREAMS, DECISIONS, quantity=MASS)
    stream_share: np.ndarray = array("float32", STREAMS, quantity=STREAM_SHARE)
