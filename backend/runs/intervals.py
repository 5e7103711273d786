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
