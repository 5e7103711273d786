"""Flow: how many bits of an answer come from each sentence of a context."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked

MASSEY = "Massey 1990, Causality, Feedback and Directed Information; Bai 2025, arXiv 2511.01202."
MOST_SENTENCES, MOST_CHARACTERS = 24, 8_000
MOST_UNRELATED = 8
UNRELATED = """Bread rises because yeast turns sugar into gas. The dough rests twice.
The violin has four strings, tuned in fifths. Its bow is strung with horsehair.
Glaciers move a few metres a year. They carry stones far down into the valleys."""

LOGPROB = Quantity(
    "Log-probability", "ln p", low=-12, high=0,
    help="Of the answer's token behind the question and the answer so far.",
    formula=r"\ln p(y_t\mid y_{<t})", source="The model's own, at temperature 1.",
)  # fmt: skip
BEHIND = replace(
    LOGPROB,
    name="Behind the first sentences",
    help="Log-probability of the token behind the sentences up to this one.",
    formula=r"\ln p(y_t\mid y_{<t},x_{\le j})",
)
WITHOUT = replace(
    LOGPROB,
    name="Without the sentence",
    help="Log-probability of the token behind all sentences but this one.",
    formula=r"\ln p(y_t\mid y_{<t},x_{\ne j})",
)
WHOLE = replace(
    LOGPROB,
    name="Behind the whole context",
    help="Log-probability of the token behind all sentences, read in one piece.",
    formula=r"\ln p(y_t\mid y_{<t},x)",
)
ELSEWHERE = replace(
    LOGPROB,
    name="Behind another text",
    help="Log-probability of the token behind a text about something else.",
    formula=r"\ln p(y_t\mid y_{<t},x')",
)
EXPECTED = Quantity(
    "Expected flow", "KL", high=7, plain="how much the context changes",
    help="What the flow is on average over all tokens that could come here: never below 0.",
    formula=r"\mathrm{KL}(p(\cdot\mid y_{<t},x)\,\Vert\,p(\cdot\mid y_{<t}))", source=MASSEY,
)  # fmt: skip
TOKENS = Quantity(
    "Tokens", "n", "", high=40, digits=0, formula=r"n_j", source="The model's tokenizer.",
    help="Of the sentence, tokenised apart from the others.",
)  # fmt: skip


def _sentence(run: Any, i: int) -> str:
    return f"{i + 1} {run.sentences[i]}" if i < len(run.sentences) else str(i + 1)


SENTENCE = Axis("J", "sentence", None, _sentence)
OTHER = Axis("U", "other text")


@dataclass(frozen=True, kw_only=True)
class FlowRequest(Request):
    """Ask what each sentence of ``context`` tells the model about ``answer``.

    Attributes:
        context: is cut into sentences.
        question: stands between the context and the answer, and is never left out.
        answer: is traced, token by token.
        unrelated: contexts about something else, a line each.
    """

    kind: ClassVar[str] = "flow"
    context: str = asked(
        label="Context",
        help=f"Is cut into sentences, {MOST_SENTENCES} at most; each is left out in turn.",
        lines=6,
    )
    question: str = asked(
        label="Question",
        help="Stands between the context and the answer, and is never left out.",
        lines=2,
    )
    answer: str = asked(label="Answer", help="Is traced back to the sentences.", lines=2)
    unrelated: str = asked(
        UNRELATED, label="Unrelated texts", lines=3,
        help=f"To compare with, a line each, {MOST_UNRELATED} at most; may be empty.",
    )  # fmt: skip


@RUN_KINDS.register("flow")
@dataclass(frozen=True, kw_only=True, eq=False)
class FlowRun(TokenizedRun):
    """J sentences of a context and the T tokens of an answer behind them, which is the text.

    Value *t* is about token *t* given all before it; the first is predicted by what stands before
    the answer.

    Attributes:
        sentences: of the context.
        sentence_tokens: int32 [J], of each sentence.
        alone, whole: float32 [T], nats; behind the question alone, and behind everything, read in
            one piece.
        behind: float32 [J, T], nats; behind the first j + 1 sentences and the question.
        without: float32 [J, T], nats; behind all sentences but j, and the question.
        elsewhere: float32 [U, T], nats; behind U texts about something else, and the question.
        expected: float32 [T], nats; KL from the prediction behind everything to that behind the
            question alone.
    """

    kind: ClassVar[str] = "flow"
    request: FlowRequest
    sentences: list[str]
    sentence_tokens: np.ndarray = array("int32", SENTENCE, quantity=TOKENS)
    alone: np.ndarray = array("float32", "T", quantity=LOGPROB)
    whole: np.ndarray = array("float32", "T", quantity=WHOLE)
    behind: np.ndarray = array("float32", SENTENCE, "T", quantity=BEHIND)
    without: np.ndarray = array("float32", SENTENCE, "T", quantity=WITHOUT)
    elsewhere: np.ndarray = array("float32", OTHER, "T", quantity=ELSEWHERE)
    expected: np.ndarray = array("float32", "T", quantity=EXPECTED)
