"""What a reader answers, judged here: a browser may say what it likes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..runs import Run, TextRun
from .questions import AskedQuestion, token_at

MOST_CHARACTERS = 40
"""Of a word that is guessed."""
_MOST_NUMBERS = 4


@dataclass(frozen=True)
class Answer:
    """One reader's answer.

    Attributes:
        label: the word, or the place in words.
        value: the same for equal answers only.
        right: whether it is what came, or a place that answers the question.
        nats: surprisal of a word; None where it is not among the tokens that the run lists.
        least: then its surprisal is over this.
    """

    label: str
    value: str
    right: bool
    nats: float | None = None
    least: float | None = None


def judge(question: AskedQuestion, run: Run | None, said: Mapping[str, Any]) -> Answer:
    """Return the answer that a reader's ``{"word": …}`` or ``{"place": {…}}`` is.

    Raises:
        InputError: it answers no such question.
    """
    if question.kind == "word":
        return _word(question, run, said.get("word"))
    return _place(question, run, said.get("place"))


def _word(question: AskedQuestion, run: Run | None, said: object) -> Answer:
    word = " ".join(said.split()) if isinstance(said, str) else ""
    if not word or not word.isprintable():
        raise InputError("Type a word.")
    if len(word) > MOST_CHARACTERS:
        raise InputError(f"A word has at most {MOST_CHARACTERS} characters, not {len(word):,}.")
    if not isinstance(run, TextRun):
        raise InputError("The text of this question is not here any longer.")
    at = question.cover
    if run.tokens[at].strip().casefold() == word.casefold():
        return Answer(word, word.casefold(), right=True, nats=_finite(run.surprisal[at]))
    listed = [run.vocabulary[str(each)].strip() for each in run.top_ids[at]]
    for exact in (True, False):
        for place, each in enumerate(listed):
            if each == word or (not exact and each.casefold() == word.casefold()):
                nats = _finite(-run.top_logprobs[at, place])
                return Answer(word, word.casefold(), right=False, nats=nats)
    return Answer(word, word.casefold(), right=False, least=least_of(run, at))


def least_of(run: TextRun, at: int) -> float:
    """Return the surprisal in nats that every token beyond the listed ones exceeds."""
    listed = -run.top_logprobs[at]
    return float(np.max(listed, where=np.isfinite(listed), initial=0.0))


def _finite(nats: float) -> float | None:
    return float(nats) if math.isfinite(nats) else None


def _place(question: AskedQuestion, run: Run | None, said: object) -> Answer:
    if not isinstance(said, Mapping) or set(said) != set(question.keys):
        raise InputError("Answer by a click in the picture.")
    state = {name: said[name] for name in question.keys}
    if not all(map(_is_place, state.values())):
        raise InputError("Answer by a click in the picture.")
    if "token" in state and run is not None:
        token = token_at(run, {"token": state["token"]})
        if token is None:
            raise InputError("There is no such place in the text.")
    value = json.dumps(state, sort_keys=True)
    right = any(value == json.dumps(dict(each), sort_keys=True) for each in question.answers)
    return Answer(in_words(state, run), value, right)


def in_words(state: Mapping[str, Any], run: Run | None) -> str:
    """Return a place for people: “king” 5, or "row 1 · step 8"."""
    token = token_at(run, state)
    if token is not None:
        return f"“{token.strip() or token}” {state['token']}"
    return " · ".join(f"{name} {_written(name, value)}" for name, value in state.items())


def _written(name: str, value: Any) -> str:
    if name == "head" and isinstance(value, list) and len(value) == 2:
        return f"L{value[0]}.H{value[1]}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_place(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= _MOST_NUMBERS and all(map(_is_number, value))
    if isinstance(value, str):
        return len(value) <= MOST_CHARACTERS and value.isprintable()
    return _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**7
