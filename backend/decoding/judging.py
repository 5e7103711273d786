"""The model's own judgement of answers: which are true, and which say the same.

Both questions follow solved examples; what is read is the next token alone, over all forms of
the two words, so that nothing has to be written. A small model judges badly, and says so by the
probability that it leaves for other words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..measures.meanings import p_true
from ..progress import Report, ignore
from ..reading.continuations import behind, context_ids, next_log_probabilities

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_TRUE = (
    "Question: What is the capital of Italy?\nPossible answer: Rome\n"
    "Is the possible answer true or false? True\n\n"
    "Question: What is 3 plus 4?\nPossible answer: 9\n"
    "Is the possible answer true or false? False\n\n"
    "Question: Who painted the Mona Lisa?\nPossible answer: Pablo Picasso\n"
    "Is the possible answer true or false? False\n\n"
    "Question: Name a fruit.\nPossible answer: banana\n"
    "Is the possible answer true or false? True\n\n"
)
_SAME = (
    "Question: What is the capital of Italy?\nFirst: Rome\nSecond: It is Rome.\n"
    "Do both say the same? Yes\n\n"
    "Question: Name a fruit.\nFirst: banana\nSecond: apple\nDo both say the same? No\n\n"
    "Question: What is 3 plus 4?\nFirst: 7\nSecond: 8\nDo both say the same? No\n\n"
    "Question: Who painted the Mona Lisa?\nFirst: Leonardo\nSecond: Leonardo da Vinci\n"
    "Do both say the same? Yes\n\n"
)


def judge_truth(
    model: LanguageModel, question: str, answers: Sequence[str], report: Report = ignore
) -> tuple[np.ndarray, np.ndarray]:
    """Return p(True) of each answer, and the mass of both words, float64 [N].

    Raises:
        OverBudgetError: question and answer are longer than the model reads.
        CancelledError: ``report`` said so.
    """
    tails = [f" {each}\nIs the possible answer true or false?" for each in answers]
    context = f"{_TRUE}Question: {question}\nPossible answer:"
    return _asked(model, context, tails, ("True", "False"), report)


def judge_sameness(
    model: LanguageModel,
    question: str,
    pairs: Sequence[tuple[str, str]],
    report: Report = ignore,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how likely the second of each pair says what the first does, as ``judge_truth``."""
    tails = [f" {one}\nSecond: {other}\nDo both say the same?" for one, other in pairs]
    context = f"{_SAME}Question: {question}\nFirst:"
    return _asked(model, context, tails, ("Yes", "No"), report)


def _asked(
    model: LanguageModel,
    context: str,
    tails: Sequence[str],
    words: tuple[str, str],
    report: Report,
) -> tuple[np.ndarray, np.ndarray]:
    if not tails:
        return np.empty(0), np.empty(0)
    forms = [_forms(model, each) for each in words]
    read = [behind(model, each) for each in tails]
    ids = context_ids(model, context)
    candidates = [each for own in forms for each in own]
    found = torch.from_numpy(next_log_probabilities(model, ids, read, candidates, report))
    share, mass = p_true(found[:, : len(forms[0])], found[:, len(forms[0]) :])
    return share.numpy(), mass.numpy()


def _forms(model: LanguageModel, word: str) -> list[int]:
    """Return the first tokens of the ways to write a word: with a blank, without, in lower case."""
    ways = [f"{space}{each}" for space in (" ", "") for each in (word, word.lower())]
    return list(dict.fromkeys(int(behind(model, each)[0]) for each in ways))
