"""Tools: a text that calls a calculator and a lookup, and other ways on from where it doubts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .token_numbers import ENTROPY

SOURCE = "Tool-Light: arXiv 2509.23285."
WRITTEN, CALL, RESULT = 0, 1, 2
KINDS = ("written", "call", "result of a tool")
"""Of tokens; −1 where a path has none."""
WINDOWS = {"2 to 10": (2, 4, 6, 8, 10), "10 to 50": (10, 20, 30, 40, 50)}
MOST_FACTS, LONGEST = 60, 1_000
FACTS = (
    "Norway = 5 million", "Kenya = 55 million", "Peru = 34 million", "Chile = 20 million",
    "Spain = 48 million", "Ghana = 34 million", "Japan = 124 million", "Cuba = 11 million",
)  # fmt: skip

TOKEN_ENTROPY = replace(
    ENTROPY, pieces=None, missing="given by a tool, or no token",
    help="Of what the model could have written there; a tool's tokens are not its own.",
)  # fmt: skip
CALLS = Quantity(
    "Calls", "", "", high=4, digits=0, help="Of tools, in the whole path.", formula="m",
    source=SOURCE,
)  # fmt: skip
RIGHT = Quantity(
    "Right", "", "%", digits=0, missing="no answer is given to compare with",
    help="Whether the answer at the end is the one sought.", formula=r"[\hat y=y]", source=SOURCE,
)  # fmt: skip
KEPT = replace(
    RIGHT, name="Kept", missing="", help="Right, and with the fewest calls among the right ones.",
    formula=r"[\hat y=y\wedge m=m_{\min}]",
)  # fmt: skip
MEAN = replace(
    TOKEN_ENTROPY, name="Mean entropy of a path", symbol=r"\bar H", formula=r"\frac1n\sum_i H_i",
    help="Over all that the model wrote of it.", source=SOURCE, missing="nothing was written",
)  # fmt: skip
SCORE = replace(
    MEAN, name="Score of a segment", symbol="s", formula=r"\max_n\frac1n\sum_{i\le n}H_i",
    help="The largest mean entropy of its first n tokens; the highest three are continued anew.",
)  # fmt: skip

PATH = Axis("J", "path", None, lambda run, i: "first chain" if i == 0 else f"branch {i}")
SEGMENT = Axis("G", "segment", None, lambda run, i: str(i + 1))


@dataclass(frozen=True, kw_only=True)
class ToolsRequest(Request):
    """Ask a question that tools may help with.

    Attributes:
        question: as typed.
        answer: the one sought, so that paths can be kept or cut; may be left empty.
        facts: "name = value", one a row, which the lookup knows.
        longest: tokens that the model writes at most, those of tools not counted.
        calls: of tools at most.
        peaks: how many segments are continued anew.
        branches: continuations of each.
        windows: lengths n of the means of a segment's first tokens.
        temperature: of the draw.
        seed: of the first chain; branches have the next ones.
    """

    kind: ClassVar[str] = "tools"
    question: str = asked(
        label="Question", lines=2, help="Such as: How much is 12 times 7, plus 5?"
    )
    answer: str = asked(
        "", label="Right answer", help="So that right paths can be kept; may be left empty."
    )
    facts: tuple[str, ...] = asked(
        FACTS, label="Facts", lines=4, help="That the lookup knows: name = value, one a row."
    )
    longest: int = asked(80, label="Tokens", low=10, high=160, help="Written at most.")
    calls: int = asked(4, label="Calls", low=1, high=8, help="Of tools at most, in one path.")
    peaks: int = asked(3, label="Peaks", low=0, high=5, help="Segments that are continued anew.")
    branches: int = asked(3, label="Branches", low=1, high=4, help="Continuations of each peak.")
    windows: Literal["2 to 10", "10 to 50"] = asked(
        "2 to 10", label="First tokens",
        help="Whose mean entropy scores a segment. The paper has 10 to 50, for longer chains.",
    )  # fmt: skip
    temperature: float = asked(0.9, label="Temperature", low=0.1, high=2, help="Of the draw.")
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first chain.")

    def known(self) -> dict[str, str]:
        """Return what the lookup knows.

        Raises:
            InputError: a row is no fact, there are too many, or a number is out of range.
        """
        if not self.question.strip():
            raise InputError("There is no question.")
        if any(len(each) > LONGEST for each in (self.question, self.answer, *self.facts)):
            raise InputError(f"A question or fact has more than {LONGEST:,} characters.")
        if len(self.facts) > MOST_FACTS:
            raise InputError(f"The lookup takes {MOST_FACTS} facts, not {len(self.facts)}.")
        if not 10 <= self.longest <= 160 or not 1 <= self.calls <= 8:
            raise InputError("A path has 10 to 160 tokens and 1 to 8 calls.")
        if not 0 <= self.peaks <= 5 or not 1 <= self.branches <= 4:
            raise InputError("There are 0 to 5 peaks with 1 to 4 branches each.")
        if not 0.1 <= self.temperature <= 2:
            raise InputError("The temperature lies between 0.1 and 2.")
        found: dict[str, str] = {}
        for place, row in enumerate(self.facts, 1):
            name, equal, value = (each.strip() for each in row.partition("="))
            if not equal or not name or not value or "\n" in row or "]" in row:
                raise InputError(f"Fact {place} is not: name = value.")
            found[name] = value
        return found


@RUN_KINDS.register("tools")
@dataclass(frozen=True, kw_only=True, eq=False)
class ToolsRun(Run):
    """J paths of N steps: a first chain, and continuations from the peaks of its G segments.

    Attributes:
        token_ids: int32 [J, N], −1 where a path has ended; a branch repeats what it grew from.
        token_kind: int32 [J, N], places in ``KINDS``, −1 where there is no token.
        entropy: float32 [J, N], nats; NaN where a tool gave the token.
        begins: int32 [J], the first step that is a path's own.
        calls, right, kept, mean_entropy: float32 [J].
        score: float32 [G], of the first chain's segments, nats.
        segment: int32 [G, 2], first step of each, and the step that branches would leave from.
        texts: of the paths.
        vocabulary: display text of every token, by id as a string.
    """

    kind: ClassVar[str] = "tools"
    request: ToolsRequest
    token_ids: np.ndarray = array("int32", PATH, "N")
    token_kind: np.ndarray = array("int32", PATH, "N")
    entropy: np.ndarray = array("float32", PATH, "N", nan="anywhere", quantity=TOKEN_ENTROPY)
    begins: np.ndarray = array("int32", PATH)
    calls: np.ndarray = array("float32", PATH, quantity=CALLS)
    right: np.ndarray = array("float32", PATH, nan="anywhere", quantity=RIGHT)
    kept: np.ndarray = array("float32", PATH, quantity=KEPT)
    mean_entropy: np.ndarray = array("float32", PATH, nan="anywhere", quantity=MEAN)
    score: np.ndarray = array("float32", SEGMENT, quantity=SCORE)
    segment: np.ndarray = array("int32", SEGMENT, 2)
    texts: list[str]
    vocabulary: dict[str, str]

    def token(self, path: int, step: int) -> str:
        """Return the display text of a token; empty where there is none."""
        return self.vocabulary.get(str(int(self.token_ids[path, step])), "")

    def text(self, path: int) -> str:
        """Return a path's text; empty where a file has none."""
        return self.texts[path] if path < len(self.texts) else ""
