"""The study of letters: every question by letter, and the text of every option."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from ..progress import Progress
from ..reading.choices import letter_forms, next_words
from ..reading.continuations import behind, context_ids, score_ids, scoring_bytes, scoring_work
from ..runs.letters import LETTERS, LettersRequest, LettersRun
from .base import STUDIES, Estimate, Report, provenance
from .question_sets import Item, items_of

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_FORMS = list(map(letter_forms, LETTERS))
_ENGLISH = ("Question: {}", "\nAnswer:", " ", "")
_CHINESE = ("题目：{}", "\n答案是：", "", "以下是单项选择题，请直接给出正确答案的选项。\n\n")
_WORDS = (_ENGLISH, _CHINESE)
"""Of a language: the question, the word for answer, what stands before an option, the header."""


class LettersStudy:
    """Reads every question twice: with its options behind letters, and without any."""

    kind = "letters"

    def estimate(self, model: LanguageModel, request: LettersRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is no question, or one is none.
        """
        prompts = [
            len(context_ids(model, _prompt(items, place, language, request.shots)))
            for language, items in enumerate(items_of(request))
            for place in range(len(items))
        ]
        longest, tails = max(prompts), [8] * 4
        work = sum(scoring_work(model, each, tails) for each in prompts)
        return Estimate(scoring_bytes(model, longest, tails), 1.5 * work)

    def run(self, model: LanguageModel, request: LettersRequest, report: Report) -> LettersRun:
        """Ask every question.

        Raises:
            InputError: as ``estimate``; or the model has no tokens for the letters.
            OverBudgetError: a question is longer than the model reads, or the memory ran out.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        found = items_of(request)
        every = [(language, each) for language, items in enumerate(found) for each in items]
        letters, texts, alone, lengths = [], [], [], []
        for language, items in enumerate(found):
            _, answer, space, _ = _WORDS[language]
            for place, item in enumerate(items):
                report(Progress(len(letters), len(every), f"Question {len(letters) + 1}"))
                context = context_ids(model, _prompt(items, place, language, request.shots))
                letters.append(next_words(model, context, [[]], _FORMS)[0])
                options = [behind(model, f"{space}{each}") for each in item.options]
                asked = context_ids(model, f"{_question(item, language)}{answer}")
                texts.append([each.total for each in score_ids(model, asked, options)])
                bare = context_ids(model, answer.strip())
                alone.append([each.total for each in score_ids(model, bare, options)])
                lengths.append(list(map(len, options)))
        logprobs = np.array(letters, np.float32)
        return LettersRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            questions=[item.question for _, item in every],
            domains=[item.domain for _, item in every],
            choices=[each for _, item in every for each in item.options],
            language=np.array([language for language, _ in every], np.int32),
            right=np.array([item.right for _, item in every], np.int32),
            letter_logprobs=logprobs,
            mass=np.exp(logprobs).sum(1).clip(max=1),
            text_logprobs=np.array(texts, np.float32),
            alone=np.array(alone, np.float32),
            text_tokens=np.array(lengths, np.int32),
        )


STUDIES.register(LettersStudy.kind)(LettersStudy())


def _question(item: Item, language: int) -> str:
    return _WORDS[language][0].format(item.question)


def _lettered(item: Item, language: int, *, solved: bool) -> str:
    """Return a question with its options behind letters, with the answer where it is solved."""
    _, answer, space, _ = _WORDS[language]
    rows = [f"\n{letter}. {each}" for letter, each in zip(LETTERS, item.options, strict=True)]
    end = f"{space}{LETTERS[item.right]}\n\n" if solved else ""
    return f"{_question(item, language)}{''.join(rows)}{answer}{end}"


def _prompt(items: list[Item], place: int, language: int, shots: int) -> str:
    """Return what is read before a letter: the header, solved questions, the question."""
    others = [(place + 5 * (each + 1)) % len(items) for each in range(shots)]
    solved = [_lettered(items[each], language, solved=True) for each in others if each != place]
    header = _WORDS[language][3]
    return f"{header}{''.join(solved)}{_lettered(items[place], language, solved=False)}"
