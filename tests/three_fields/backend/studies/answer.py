"""The study of answers: one reading an answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..progress import Progress, Report
from ..runs.answer import AnswerRequest, AnswerRun
from .base import STUDIES, Estimate, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel


class AnswerStudy:
    """Reads source, question and answer, once an answer."""

    kind = "answer"

    def estimate(self, model: LanguageModel, request: AnswerRequest) -> Estimate:
        return Estimate(10_000_000, 2.0 * 100 * len(request.answers) * model.facts.parameters)

    def run(self, model: LanguageModel, request: AnswerRequest, report: Report) -> AnswerRun:
        started = time.perf_counter()
        before = model.tokenizer.encode(f"{request.source} {request.question}").ids
        found = []
        for done, answer in enumerate(request.answers):
            report(Progress(done, len(request.answers), "Reading answers"))
            own = model.tokenizer.encode(f" {answer}").ids
            ids = torch.tensor([[*before, *own]])
            with torch.inference_mode():
                logits = model.torch_model(ids).logits[0].double().log_softmax(-1)
            places = torch.arange(len(before), ids.shape[1])
            found.append(-logits[places - 1, ids[0, places]].mean().item())
        return AnswerRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            mean_surprisal=np.array(found, np.float32),
        )


STUDIES.register(AnswerStudy.kind)(AnswerStudy())
