"""What the model expected in the place of the pinned token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.words import visible
from ...derived import number
from ...runs.base import Run
from ...runs.text import TextRun
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .parameters import whole

if TYPE_CHECKING:
    from ...charts.base import Spec
    from ...charts.candidates import Candidate

_LABEL = 16


@dataclass(frozen=True, kw_only=True)
class Expected(Panel):
    """A sentence, the likeliest tokens with the one that came marked, and all numbers.

    Attributes:
        of: names of all numbers of a token.
        first: those that are shown at once.
        unpredicted: what to say of a token that nothing predicts.
        distribution: the panel that shows the whole distribution of the pinned token.
    """

    module: ClassVar[str] = "expected"
    area: Area = "inspector"
    of: tuple[str, ...]
    first: tuple[str, ...]
    unpredicted: str
    distribution: str = ""

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def asks(self) -> tuple[str, ...]:
        return ("token",)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"first_token": self.unpredicted, "distribution": self.distribution or None}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        text: Any = run
        header = {
            "numbers": [described(run, name) for name in self.of],
            "first": list(self.first),
            "plain": [{"name": "tokens_before", "label": "Tokens read before"}],
        }
        values = {name: number(run, name).values.astype(np.float32) for name in self.of}
        return pack(header, {**values, "tokens_before": text.context_lengths})

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        from ...charts.candidates import candidates_chart

        text: Any = run
        token = whole(parameters, "token", 0, len(text) - 1, most_surprising(text))
        if not np.isfinite(text.entropy[token]):
            return None
        return candidates_chart(candidates(text, token), unit)


def most_surprising(run: TextRun) -> int:
    """Return the token with the greatest surprisal; 0 where none has one."""
    known = np.nan_to_num(run.surprisal, nan=-np.inf)
    return int(known.argmax())


def candidates(run: TextRun, token: int) -> list[Candidate]:
    """Return the likeliest tokens, what came where it is not among them, and all others.

    Shares sum to 1.
    """
    from ...charts.candidates import Candidate

    ids = run.top_ids[token].tolist()
    shares = np.exp(run.top_logprobs[token].astype(np.float64)).tolist()
    came = int(run.token_ids[token])
    # By place in the list: ranks count ties together, ids do not.
    rows = [
        Candidate(visible(run.vocabulary.get(str(each), ""), _LABEL), share, place, each == came)
        for place, (each, share) in enumerate(zip(ids, shares, strict=True), start=1)
    ]
    if came not in ids:
        share = float(np.exp(-run.surprisal[token].astype(np.float64)))
        text = visible(run.tokens[token], _LABEL)
        rows.append(Candidate(text, share, int(run.rank[token]), came=True))
    others = run.model.vocab_size - len(rows)
    if others > 0:
        rest = max(0.0, 1 - sum(each.share for each in rows))
        rows.append(Candidate(f"{others:,} others", rest))
    return rows
