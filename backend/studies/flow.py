"""The study of flow: one answer behind every beginning of a context, and without each sentence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, OverBudgetError
from ..measures.conflicts import sentences
from ..measures.distribution import log_probabilities, moments
from ..measures.lens import divergence
from ..models.memory import study_memory
from ..reading.continuations import behind, context_ids, score_ids, scoring_bytes
from ..reading.encoding import token_fields
from ..reading.leaving_out import read_leaving_out, tokens_read
from ..runs.flow import (
    MOST_CHARACTERS,
    MOST_SENTENCES,
    MOST_UNRELATED,
    FlowRequest,
    FlowRun,
)
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


@dataclass(frozen=True)
class _Text:
    """What is read, each part tokenised apart.

    Attributes:
        sentences: of the context.
        parts: ids of each.
        question: ids of what stands between context and answer.
        answer: ids, at least one.
        unrelated: ids of each text about something else.
    """

    sentences: list[str]
    parts: list[np.ndarray]
    question: np.ndarray
    answer: np.ndarray
    unrelated: list[np.ndarray]

    @property
    def tail(self) -> np.ndarray:
        """What is read behind the sentences; nothing is read behind the answer's last token."""
        return np.concatenate([self.question, self.answer[:-1]])

    def __len__(self) -> int:
        return sum(map(len, self.parts)) + len(self.tail)


class FlowStudy:
    """Reads the context once, and goes on from every sentence of it in one or two rows."""

    kind = "flow"

    def estimate(self, model: LanguageModel, request: FlowRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: a part is missing, or there are too many sentences.
            OverBudgetError: it is more than the model reads.
        """
        text = _cut(model, request)
        tokens = len(text) + tokens_read(text.parts, text.tail)
        tokens += sum(len(each) + len(text.tail) for each in text.unrelated)
        head = 24 * len(text.answer) * model.facts.vocab_size
        return Estimate(
            scoring_bytes(model, len(text), [len(text)] * 2) + head,
            float(tokens) * model.facts.parameters,
        )

    def run(self, model: LanguageModel, request: FlowRequest, report: Report) -> FlowRun:
        """Read.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or the memory ran out.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        text = _cut(model, request)
        with study_memory("Reading a context", model.facts.device), torch.inference_mode():
            report(Progress(0, 0, "Reading the whole context"))
            ids = torch.from_numpy(np.concatenate([*text.parts, text.tail])).long()
            whole = model.hidden_states(ids[None])[0, -len(text.answer) :]
            logits = model.unembed(whole).float()
            rows: dict[tuple[str, int], np.ndarray] = {}
            expected = np.zeros(0, np.float32)
            for row, hidden in read_leaving_out(model, text.parts, text.tail, report):
                states = hidden[-len(text.answer) :]
                rows[row] = _scored(model, states, text.answer)
                if row == ("behind", 0):
                    expected = _divergence(logits, model.unembed(states).float())
            elsewhere = np.empty((len(text.unrelated), len(text.answer)), np.float32)
            for place, ids in enumerate(text.unrelated):
                report(Progress(place, len(elsewhere), "Reading unrelated texts"))
                before = np.concatenate([ids, text.question])
                elsewhere[place] = score_ids(model, before, [text.answer])[0].logprobs
        count = len(text.parts)
        behind_first = [rows["behind", place + 1] for place in range(count)]
        without = [rows["without", place] for place in range(count - 1)]
        return FlowRun(
            **provenance(model),
            **token_fields(model.tokenizer.spell(text.answer)),
            request=request,
            seconds=time.perf_counter() - started,
            sentences=text.sentences,
            sentence_tokens=np.array([len(each) for each in text.parts], np.int32),
            alone=rows["behind", 0],
            whole=_scored(model, whole, text.answer),
            behind=np.stack(behind_first),
            without=np.stack([*without, rows["behind", count - 1]]),
            elsewhere=elsewhere,
            expected=expected,
        )


STUDIES.register(FlowStudy.kind)(FlowStudy())


def _cut(model: LanguageModel, request: FlowRequest) -> _Text:
    for name in ("context", "question", "answer", "unrelated"):
        written = getattr(request, name)
        if not written.strip() and name != "unrelated":
            raise InputError(f"There is no {name}; write one.")
        if len(written) > MOST_CHARACTERS:
            raise InputError(f"The {name} has more than {MOST_CHARACTERS:,} characters.")
    cut = [request.context[start:end] for start, end in sentences(request.context)]
    if not 1 <= len(cut) <= MOST_SENTENCES:
        raise InputError(f"The context has {len(cut)} sentences; give 1 to {MOST_SENTENCES}.")
    unrelated = [each for each in request.unrelated.splitlines() if each.strip()]
    if len(unrelated) > MOST_UNRELATED:
        raise InputError(
            f"There are {len(unrelated)} unrelated texts; give {MOST_UNRELATED} at most."
        )
    text = _Text(
        cut,
        [context_ids(model, cut[0]), *(behind(model, f" {each}") for each in cut[1:])],
        behind(model, f"\n\nQuestion: {request.question.strip()}\nAnswer:"),
        behind(model, f" {request.answer.strip()}"),
        [context_ids(model, each.strip()) for each in unrelated],
    )
    longest = max([len(text), *(len(each) + len(text.tail) for each in text.unrelated)])
    limit = model.facts.context
    if limit is not None and longest > limit:
        raise OverBudgetError(
            f"Context, question and answer have {longest:,} tokens; this model reads {limit:,} "
            f"({model.facts.name}). Shorten the context."
        )
    return text


def _scored(model: LanguageModel, states: Tensor, answer: np.ndarray) -> np.ndarray:
    """Return log p of the answer's tokens under the predictions of ``states``, float32 [T]."""
    logits = model.unembed(states).float()
    wanted = torch.from_numpy(answer).long()[:, None].to(logits.device)
    return log_probabilities(logits, wanted, moments(logits))[:, 0].cpu().numpy()


def _divergence(logits: Tensor, other: Tensor) -> np.ndarray:
    """Return KL from the predictions of ``logits`` to those of ``other``, float32 [T], nats."""
    found = divergence(
        logits.softmax(-1), moments(logits).entropy, other, torch.logsumexp(other, -1)
    )
    return found.cpu().numpy()
