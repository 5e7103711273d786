"""The study of a judge: exact verdicts in both orders, at once and after written reasons."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import ModelError
from ..models.memory import study_memory
from ..progress import Progress
from ..reading.choices import letter_forms, next_words
from ..reading.continuations import behind, context_ids, scoring_bytes, scoring_work
from ..runs.judge import VERDICTS, JudgeRequest, JudgeRun
from .base import STUDIES, Estimate, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_FORMS = list(map(letter_forms, VERDICTS))
_ASK, _REASON = "\nBetter answer (A, B, or T for a tie):", "\nReason:"


class JudgeStudy:
    """Reads every question in both orders; reasons of both are written as one batch."""

    kind = "judge"

    def estimate(self, model: LanguageModel, request: JudgeRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is nothing to judge.
            ModelError: reasons are asked for, and the model cannot write step by step.
        """
        if request.reasons and model.decoding_fault:
            raise ModelError(model.decoding_fault)
        context = len(context_ids(model, _before(request)))
        longest = max(len(behind(model, " ".join(each))) + 20 for each in request.pairs())
        tails = [longest + request.tokens] * (2 + 2 * request.reasons)
        steps = request.tokens * min(request.reasons, 1) * 6
        work = scoring_work(model, context, tails) + steps * model.facts.parameters
        return Estimate(scoring_bytes(model, context, tails), len(request.items) * work)

    def run(self, model: LanguageModel, request: JudgeRequest, report: Report) -> JudgeRun:
        """Judge.

        Raises:
            InputError, ModelError: as ``estimate``.
            OverBudgetError: a question is longer than the model reads, or the memory ran out.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        pairs, before = request.pairs(), context_ids(model, _before(request))
        found, reasons = [], []
        for number, (question, *answers) in enumerate(pairs):

            def written(step: Progress, number: int = number) -> None:
                done = number + step.done / max(step.total, 1)
                message = f"Question {number + 1} of {len(pairs)}"
                report(Progress(int(100 * done), 100 * len(pairs), message))

            parts = [_asked(model, question, each) for each in (answers, answers[::-1])]
            own = _reasons(model, request, before, parts, written)
            tails = [
                np.concatenate([part, *more, behind(model, _ASK)])
                for part, texts in zip(parts, own, strict=True)
                for more in ([], *([behind(model, f"{_REASON} {each}")] for each in texts))
            ]
            found.append(next_words(model, before, tails, _FORMS, written).reshape(2, -1, 3))
            reasons += [each for texts in own for each in texts]
        logprobs = np.stack(found)
        score = _score(logprobs)
        return JudgeRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            verdict_logprobs=logprobs,
            score=score,
            plain=score[:, 0, 0].copy(),
            reasons=reasons,
        )


STUDIES.register(JudgeStudy.kind)(JudgeStudy())


def _before(request: JudgeRequest) -> str:
    examples = request.examples.strip()
    return f"{examples}\n\nQuestion:" if examples else "Question:"


def _asked(model: LanguageModel, question: str, answers: list[str]) -> np.ndarray:
    """Return the tokens of question and answers, each apart: both orders have as many."""
    rows = [f"\nAnswer {letter}: {each}" for letter, each in zip(VERDICTS, answers, strict=False)]
    return np.concatenate([behind(model, each) for each in (f" {question}", *rows)])


def _score(logprobs: np.ndarray) -> np.ndarray:
    """Return the score of the first answer; in the second order it stands behind B."""
    p = np.exp(logprobs.astype(np.float64))
    p /= p.sum(-1, keepdims=True)
    first = np.stack([p[:, 0, :, 0], p[:, 1, :, 1]], 1)
    return (first + p[..., 2] / 2).astype(np.float32)


@torch.inference_mode()
def _reasons(
    model: LanguageModel,
    request: JudgeRequest,
    before: np.ndarray,
    parts: list[np.ndarray],
    report: Report,
) -> list[list[str]]:
    """Return the reasons that are written in either order, cut at the end of their line."""
    count = request.reasons
    if not count:
        return [[], []]
    ask = behind(model, _REASON)
    # Their parts are tokenised apart, so that both orders have as many tokens.
    ids = torch.from_numpy(np.stack([np.concatenate([before, part, ask]) for part in parts]))
    luck = torch.Generator().manual_seed(request.seed)
    rows = torch.tensor([0] * count + [1] * count)
    chosen = []
    with study_memory("Writing reasons", model.facts.device):
        past = model.new_past()
        hidden = model.hidden_states(ids.long(), past=past)[:, -1]
        hidden = hidden[rows.to(hidden.device)]
        past.select(rows)
        for step in range(request.tokens):
            p = model.unembed(hidden).float().softmax(-1).cpu()
            chosen.append(torch.multinomial(p, 1, generator=luck))
            report(Progress(step, request.tokens, "Writing reasons"))
            if step + 1 < request.tokens:
                hidden = model.hidden_states(chosen[-1], past=past)[:, -1]
    texts = [_line(model, each) for each in torch.cat(chosen, 1).tolist()]
    return [texts[:count], texts[count:]]


def _line(model: LanguageModel, ids: list[int]) -> str:
    """Return the first line of what was written, up to a control token."""
    end = next((at for at, each in enumerate(ids) if model.tokenizer.is_control(each)), len(ids))
    lines = model.tokenizer.decode(ids[:end]).strip().splitlines()
    return lines[0].strip().replace("\ufffd", "") if lines and lines[0].strip() else "none"
