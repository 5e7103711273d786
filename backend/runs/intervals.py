"""Intervals: bounds on the entropy of a server's model, which tells the likeliest tokens only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked, reading_text
from .model import NO_MODEL, ModelSpec
from .token_numbers import ENTROPY, SURPRISAL

_SOURCE = "From k known probabilities; backend/measures/intervals.py."

LOW = replace(
    ENTROPY,
    name="Entropy, at least",
    symbol="H ≥",
    plain="how unsure at least",
    help="The least entropy that fits the likeliest tokens the server tells.",
    formula=r"-\sum_{i\le k}p_i\ln p_i-c\,p_k\ln p_k-r\ln r,\quad "
    r"c=\lfloor m/p_k\rfloor,\ r=m-c\,p_k",
    source=_SOURCE,
    missing="nothing is told of it",
)
HIGH = replace(
    LOW,
    name="Entropy, at most",
    symbol="H ≤",
    plain="how unsure at most",
    help="The greatest entropy that fits them: what is left over spread over all other tokens.",
    formula=r"-\sum_{i\le k}p_i\ln p_i-m\ln m+m\ln(V-k),\quad m=1-\sum_{i\le k}p_i",
)
SEEN = Quantity(
    "Probability told", "Σp", "%", digits=1, missing="nothing is told of it",
    help="What the tokens that the server tells have together.", formula=r"\sum_{i\le k}p_i",
    source=_SOURCE,
)  # fmt: skip
TOLD = replace(
    SURPRISAL,
    missing="not among the tokens that the server tells",
    help="How unexpected the token was to the server's model.",
)


@dataclass(frozen=True, kw_only=True)
class IntervalsRequest(Request):
    """Ask a server for the likeliest tokens at every place of a text, or of what it writes.

    Attributes:
        server: its name; addresses and keys are in the settings. Empty for the first.
        task: "read" a given text, or "write" an answer to it.
        alternatives: how many of the likeliest tokens; most servers tell 20 at most.
        steps: how many tokens to write.
        most_requests: for servers that have to be asked once for every token.
        continuations: how many answers, each drawn by the server anew; only where it writes.
        temperature, top_p: of the server's sampling.
    """

    kind: ClassVar[str] = "intervals"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    text: str = reading_text()
    server: str = asked(
        "", label="Server", help="Its name in the settings; the first one when left open."
    )
    task: Literal["read", "write"] = asked(
        "read", label="Task", help="Read the text, or write an answer to it."
    )
    alternatives: int = asked(
        20, label="Tokens told", low=1, high=1000,
        help="The likeliest tokens at every place; most servers tell 20 at most.",
    )  # fmt: skip
    steps: int = asked(32, label="Tokens to write", low=1, high=4096, help="Where it writes.")
    most_requests: int = asked(
        256, label="Requests allowed", low=1, high=100_000,
        help="For servers that are asked once for every token; each reads the text again.",
    )  # fmt: skip
    continuations: int = asked(
        1, label="Continuations", low=1, high=32, later=True,
        help="Where it writes: so many answers, one after the other, by the server's own sampling.",
    )  # fmt: skip
    temperature: float = asked(
        1.0, label="Temperature", low=0.0, high=2.0, later=True,
        help="Of the server's sampling. Most servers tell probabilities from before it.",
    )  # fmt: skip
    top_p: float = asked(
        1.0, label="Top-p", low=0.01, high=1.0, later=True,
        help="Of the server's sampling: it draws from so much of the probability.",
    )  # fmt: skip


@RUN_KINDS.register("intervals")
@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalsRun(TokenizedRun):
    """Bounds in nats. A given text's first token has no prediction; a written one's has.

    Attributes:
        low, high: float32 [T]; the entropy lies between them.
        surprisal: float32 [T]; NaN where the token is not among those told.
        seen: float32 [T]; the probability of those together.
        way: how the server was asked: "prompt_logprobs", "echo", "one by one" or "written".
        requests: how many it took.
        sampling: whether the probabilities are those "before" or "after" the server's sampling.
        own_ids: whether ``token_ids`` are the server's; else tokens that look alike share one.
        continuation: int32 [T] or None for one; which answer a token belongs to. Between two
            stands a special token of ours, a blank line without numbers, which belongs to the
            first of them and whose id is the size of the vocabulary.
    """

    kind: ClassVar[str] = "intervals"
    request: IntervalsRequest
    low: np.ndarray = array("float32", "T", nan="anywhere", quantity=LOW)
    high: np.ndarray = array("float32", "T", nan="anywhere", quantity=HIGH)
    surprisal: np.ndarray = array("float32", "T", nan="anywhere", infinite=True, quantity=TOLD)
    seen: np.ndarray = array("float32", "T", nan="anywhere", quantity=SEEN)
    way: str
    requests: int
    sampling: str
    own_ids: bool
    continuation: np.ndarray | None = array("int32", "T", optional=True)

    def check(self) -> None:
        super().check()
        rows = self.continuation
        if rows is not None and (rows[0] != 0 or not np.isin(np.diff(rows), (0, 1)).all()):
            raise ValueError("continuations are counted from 0, one after the other")
