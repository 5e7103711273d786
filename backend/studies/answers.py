"""The answers study: one question asked many times, and how alike its answers are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..decoding.answers import Asking, Sampled, sample_answers
from ..derived.pace import batch_factor
from ..errors import CancelledError, InputError, ModelError, OverBudgetError
from ..measures.meanings import jaccard
from ..models.entailment import entailment_model
from ..models.memory import study_memory
from ..reading.footprint import forward_bytes
from ..runs.answers import LONGEST, MOST_ANSWERS, MOST_TEMPERATURES, AnswersRequest, AnswersRun
from ..settings import settings
from .answer_likeness import Matrices, answer_text, compared, scores
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel

EXAMPLES = (
    "Q: What is the capital of Italy?\nA: Rome\n\nQ: Name a fruit.\nA: banana\n\n"
    "Q: What is 3 plus 4?\nA: 7\n\nQ: Who painted the Mona Lisa?\nA: Leonardo da Vinci\n\n"
)
"""The four solved examples."""

_LOGIT_BUFFERS = 10
_JUDGED_TOKENS = 24
"""About how many tokens a judged pair has behind what all pairs share."""
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class AnswersSoFar:
    """What a running study can show already: ``Progress.partial``."""

    _model: LanguageModel
    _request: AnswersRequest
    _sampled: Sampled
    _started: float

    def run(self) -> AnswersRun:
        """Return the answers so far as a run marked ``stopped``; on any thread."""
        return _to_run(self._model, self._request, self._sampled, {}, self._started, stopped=True)


class AnswersStudy:
    """Reads the prompt once, draws all answers side by side, then compares them."""

    kind = "answers"

    def estimate(self, model: LanguageModel, request: AnswersRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a number out of range, or no question.
            OverBudgetError: prompt and answers are longer than the model reads.
            ModelError: this model writes no text, or the model of entailment is none.
        """
        prompt = _check(model, request)
        facts, rows = model.facts, request.answers * len(request.temperatures)
        cache = 4 * facts.kv_width * facts.layers * rows * (len(prompt) + request.longest)
        logits = _LOGIT_BUFFERS * 4 * rows * facts.vocab_size
        work = (len(prompt) + request.longest * batch_factor(rows)) * facts.parameters
        if request.judge:
            pairs = request.answers * len(request.temperatures) * request.answers
            work += pairs * _JUDGED_TOKENS * facts.parameters
        held = cache * model.dtype.itemsize + max(
            logits, forward_bytes(model, len(prompt), len(prompt))
        )
        return Estimate(held + 120 * _MEBIBYTE, float(work))

    def run(self, model: LanguageModel, request: AnswersRequest, report: Report) -> AnswersRun:
        """Ask.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``.
            CancelledError: ``report`` said so. Its ``partial_run`` has the answers so far, or is
                None where there are none.
        """
        started = time.perf_counter()
        prompt = torch.from_numpy(_check(model, request)).long()
        judge = entailment_model(request.nli) if request.nli else None
        drawn: list[Sampled] = []
        total = request.longest + 1 + (request.judge or judge is not None)

        def step(done: int, sampled: Sampled) -> None:
            drawn[:] = [sampled.snapshot()]
            left = sum(each is None for each in sampled.endings)
            message = f"{len(sampled.endings) - left} of {len(sampled.endings)} answers have ended"
            partial = AnswersSoFar(model, request, drawn[0], started)
            report(Progress(done, total, message, partial))

        try:
            with study_memory("Asking", model.facts.device):
                sampled = sample_answers(model, prompt, _asking(request), step, report)
                found = compared(model, request, sampled, judge, _after(report, request, total))
        except CancelledError as stop:
            if drawn:
                stop.partial_run = _to_run(model, request, drawn[0], {}, started, stopped=True)
            raise
        return _to_run(model, request, sampled, found, started)


STUDIES.register(AnswersStudy.kind)(AnswersStudy())


def prompt_of(model: LanguageModel, question: str, form: str) -> np.ndarray:
    """Return the tokens of a question as it is asked, int32 [P].

    Raises:
        InputError: the model has no chat template, or the tokenizer refuses the text.
    """
    if form == "as a chat message":
        return model.tokenizer.encode(question, chat=True).ids
    asked = f"{EXAMPLES}Q: {question}\nA:" if form == "after four examples" else question
    return model.tokenizer.encode(asked).ids


def _asking(request: AnswersRequest) -> Asking:
    return Asking(
        request.answers, request.temperatures, request.longest, request.one_line, request.seed,
        request.top_n,
    )  # fmt: skip


def _check(model: LanguageModel, request: AnswersRequest) -> np.ndarray:
    """Check the request and return the ids of its prompt, int32 [P]."""
    if model.decoding_fault is not None:
        raise ModelError(f"{model.decoding_fault} It writes no text here.")
    _within("The number of answers", request.answers, 2, MOST_ANSWERS)
    _within("Tokens of an answer", request.longest, 1, LONGEST)
    _within("Temperature", request.temperature, 0.1, 2)
    _within("Tokens kept", request.top_n, 1, 100)
    temperatures = request.temperatures
    if len(temperatures) > MOST_TEMPERATURES:
        raise InputError(
            f"There are {len(temperatures)} temperatures; {MOST_TEMPERATURES} at most."
        )
    if len(set(temperatures)) < len(temperatures):
        raise InputError("A temperature stands there twice; it would give the same answers.")
    if not request.question.strip():
        raise InputError("The question is empty; give at least one character.")
    limit = settings().max_text_bytes
    size = len(request.question.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise OverBudgetError(f"The question has {size:,} bytes; at most {limit:,} are read.")
    ids = prompt_of(model, request.question, request.form)
    longest = len(ids) + request.longest
    for most, why in (
        (model.facts.context, "reads no more than"),
        (model.rereads_after, "turns its positions in another way beyond"),
    ):
        if most is not None and longest > most:
            raise OverBudgetError(
                f"{len(ids):,} tokens of prompt and {request.longest:,} of an answer; "
                f"{model.facts.name} {why} {most:,}. Shorten one of them."
            )
    return ids


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{what} must be {low:g} to {high:g}; it is {value:g}.")


def _after(report: Report, request: AnswersRequest, total: int) -> Report:
    """Return a report for what follows the drawing; it has one step of the whole."""

    def told(_: Progress) -> None:
        report(Progress(request.longest, total, "Comparing the answers"))

    return told


def _to_run(
    model: LanguageModel,
    request: AnswersRequest,
    sampled: Sampled,
    found: Matrices,
    started: float,
    *,
    stopped: bool = False,
) -> AnswersRun:
    temperatures, answers = sampled.states.shape[:2]
    nothing = np.full((temperatures, answers), np.nan, np.float32)
    grid = [[(v, y) for y in range(answers)] for v in range(temperatures)]
    texts = [[answer_text(model, sampled, *each) for each in row] for row in grid]
    words = [jaccard(row) for row in texts]
    endings = sampled.endings
    ids = np.unique(np.concatenate([sampled.token_ids.ravel(), sampled.top_ids.ravel()]))
    prompt = prompt_of(model, request.question, request.form)
    fields = {"p_true": nothing, "p_true_mass": nothing, **scores(sampled, words, nothing)}
    return AnswersRun(
        **provenance(model),
        request=request,
        seconds=time.perf_counter() - started,
        prompt_text=model.tokenizer.decode(prompt),
        token_ids=sampled.token_ids,
        entropy=sampled.entropy,
        surprisal=sampled.surprisal,
        top_ids=sampled.top_ids,
        top_logprobs=sampled.top_logprobs,
        answer_surprisal=np.asarray(np.nansum(sampled.surprisal, -1, dtype=np.float64), np.float32),
        states=sampled.states,
        words=np.stack([each.numpy() for each in words]).astype(np.float32),
        written={f"{v}.{y}": texts[v][y] for row in grid for v, y in row},
        ended={
            f"{v}.{y}": ending
            for row in grid
            for v, y in row
            if (ending := endings[v * answers + y])
        },
        parts=_parts(model, sampled),
        vocabulary={str(each): model.tokenizer.token_text(each) for each in ids[ids >= 0].tolist()},
        stopped=stopped,
        **{**fields, **found},
    )


def _parts(model: LanguageModel, sampled: Sampled) -> dict[str, str]:
    """Return what tokens show that are parts of a character: the first of them the whole."""
    found: dict[str, str] = {}
    for v, y in np.ndindex(sampled.states.shape[:2]):
        ids = sampled.ids(v, y)
        if not ids:
            continue
        spelled = model.tokenizer.spell(ids)
        groups = spelled.groups.tolist()
        for step, group in enumerate(groups):
            if groups.count(group) > 1:
                start, end = spelled.offsets[step].tolist()
                first = groups.index(group) == step
                found[f"{v}.{y}.{step}"] = spelled.text[start:end] if first else "⋯"
    return found
