"""The trajectory study: what would each sampler have made of this prompt?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..decoding.decoder import Decoded, Decoder
from ..decoding.endings import end_ids
from ..decoding.plans import with_defaults
from ..decoding.recording import Recorder
from ..derived.pace import batch_factor
from ..errors import CancelledError, InputError, ModelError, OverBudgetError
from ..measures.threads import run_tasks
from ..models.memory import study_memory
from ..reading.footprint import forward_bytes
from ..runs.trajectories import (
    MAX_ROWS,
    MAX_SAMPLERS,
    MAX_STEPS,
    Ending,
    TrajectoryRequest,
    TrajectoryRun,
)
from ..settings import settings
from .base import STUDIES, Estimate, Progress, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# Buffers of size rows × vocabulary that one step has at once.
_LOGIT_BUFFERS = 10


@dataclass(frozen=True)
class TrajectoriesSoFar:
    """What a running study can show already: ``Progress.partial``.

    Attributes:
        labels: of the samplers.
        running: whether each still runs, [M][S].
        steps: complete ones.
    """

    labels: list[str]
    running: list[list[bool]]
    steps: int
    _request: TrajectoryRequest
    _recorder: Recorder

    @cached_property
    def texts(self) -> list[list[str]]:
        """The texts so far, [M][S]; spelled out only for those who look, on any thread."""
        return self._recorder.texts(self.steps)

    def run(self) -> TrajectoryRun:
        """Return these steps as a run marked ``stopped``; on any thread, and after a stop too."""
        return self._recorder.run(self._request, until=self.steps)


class TrajectoryStudy:
    """Reads the prompt once and decodes every sampler and seed as one batch."""

    kind = "trajectories"

    def estimate(self, model: LanguageModel, request: TrajectoryRequest) -> Estimate:
        """Return memory on top of the model, and work: steps, dearer with more rows."""
        prompt = _check(model, request)
        facts, rows = model.facts, len(request.samplers) * len(request.seeds)
        length = len(prompt) + len(request.prefix_ids) + request.steps
        cache = 4 * facts.kv_width * facts.layers * rows * length * model.dtype.itemsize
        logits = _LOGIT_BUFFERS * 4 * rows * facts.vocab_size
        cells = 60 + 16 * request.top_n
        if request.compare:
            cells += len(request.samplers) * (12 + 4 * request.top_n)
        prompt_pass = forward_bytes(model, len(prompt), len(prompt))
        return Estimate(
            bytes=cache + max(logits, prompt_pass) + 2 * cells * rows * request.steps,
            work=float(facts.parameters) * request.steps * batch_factor(rows),
        )

    def run(
        self, model: LanguageModel, request: TrajectoryRequest, report: Report
    ) -> TrajectoryRun:
        """Decode all trajectories.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            ModelError: the model gave something that is not a number.
            CancelledError: ``report`` said so. Its ``partial_run`` has the steps so far, or is
                None where there are none.
        """
        prompt = torch.from_numpy(_check(model, request)).long()
        decoder = Decoder(model, prompt, with_defaults(request))
        recorder = Recorder(model, request, decoder, prompt)
        with study_memory("Decoding", model.facts.device), torch.inference_mode():
            try:
                self._decode(model, request, decoder, recorder, prompt, report)
            except CancelledError as stop:
                if recorder.steps:
                    stop.partial_run = recorder.run(request, until=recorder.steps)
                raise
        return recorder.run(request)

    def _decode(
        self,
        model: LanguageModel,
        request: TrajectoryRequest,
        decoder: Decoder,
        recorder: Recorder,
        prompt: Tensor,
        report: Report,
    ) -> None:
        decoder.read(prompt, report)
        ends = end_ids(model) if request.stop_at_end else set()
        started = time.perf_counter()
        for decoded in decoder.steps():
            run_tasks([partial(recorder.add, decoded)], decoded.probs.device)
            finished = _finished(request, recorder, decoded, ends)
            recorder.finish(finished)
            decoder.leave(torch.tensor(sorted(finished), dtype=torch.long))
            seconds = time.perf_counter() - started
            started += seconds
            recorder.time(seconds)
            report(_progress(request, recorder))


STUDIES.register(TrajectoryStudy.kind)(TrajectoryStudy())


def _progress(request: TrajectoryRequest, recorder: Recorder) -> Progress:
    seeds = len(request.seeds)
    left = [each is None for each in recorder.endings]
    partial = TrajectoriesSoFar(
        labels=recorder.labels,
        running=[left[start : start + seeds] for start in range(0, len(left), seeds)],
        steps=recorder.steps,
        _request=request,
        _recorder=recorder,
    )
    message = f"Step {recorder.steps} of {request.steps}, {sum(left)} of {len(left)} still going"
    return Progress(recorder.steps, request.steps, message, partial, pausable=True)


def _finished(
    request: TrajectoryRequest, recorder: Recorder, decoded: Decoded, end_ids: set[int]
) -> dict[int, Ending]:
    found: dict[int, Ending] = {}
    for row, token in zip(decoded.rows.tolist(), decoded.chosen.tolist(), strict=True):
        if token in end_ids:
            found[row] = "end"
        elif request.stop and any(each in recorder.new_text(row) for each in request.stop):
            found[row] = "stop"
        elif recorder.steps == request.steps:
            found[row] = "length"
    return found


def _check(model: LanguageModel, request: TrajectoryRequest) -> np.ndarray:
    """Check the request and return the ids of its prompt, int32 [P]."""
    if model.decoding_fault is not None:
        raise ModelError(
            f"{model.decoding_fault} It writes no text here; texts and attention can be studied."
        )
    with_defaults(request)  # refuses unknown samplers and parameters out of range
    rows = len(request.samplers) * len(request.seeds)
    _within("The number of samplers", len(request.samplers), 1, MAX_SAMPLERS)
    _within("The number of seeds", len(request.seeds), 1, MAX_ROWS)
    _within("Samplers times seeds", rows, 1, MAX_ROWS)
    _within("steps", request.steps, 1, MAX_STEPS)
    _within("top_n", request.top_n, 1, model.facts.vocab_size)
    if any(not plan for plan in request.samplers):
        raise InputError("A chain needs at least one sampler.")
    if len(set(request.seeds)) < len(request.seeds):
        raise InputError("The same seed stands there twice; it would give the same text.")
    if any(not 0 <= seed < 2**63 for seed in request.seeds):
        raise InputError("Seeds are whole numbers from 0.")
    if not 0.1 <= request.repetition_penalty <= 10:
        raise InputError(
            f"repetition_penalty must be 0.1 to 10; it is {request.repetition_penalty:g}."
        )
    if request.compare and request.repetition_penalty != 1:
        raise InputError("Samplers can be compared step by step only without a penalty.")
    if any(not 0 <= each < model.facts.vocab_size for each in request.prefix_ids):
        raise InputError("prefix_ids has a token that this model does not know.")
    if "" in request.stop:
        raise InputError("A stop string must have at least one character.")
    return _prompt_ids(model, request)


def _prompt_ids(model: LanguageModel, request: TrajectoryRequest) -> np.ndarray:
    limit, tokenizer = settings().max_text_bytes, model.tokenizer
    size = len(request.prompt.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise OverBudgetError(f"The prompt has {size:,} bytes; at most {limit:,} are read.")
    if not request.prompt:
        raise InputError("The prompt is empty; give at least one character.")
    ids = tokenizer.encode(request.prompt, chat=request.chat).ids
    context = model.facts.context
    read = len(ids) + len(request.prefix_ids)
    if context is not None and read + request.steps > context:
        raise OverBudgetError(
            f"{read:,} tokens of prompt and {request.steps:,} steps; this model reads {context:,}. "
            "Shorten the prompt or take fewer steps."
        )
    threshold = model.rereads_after
    # The token of the last step is not read any more.
    if threshold is not None and read <= threshold < read + request.steps - 1:
        raise OverBudgetError(
            f"{read:,} tokens of prompt and {request.steps:,} steps; {model.facts.name} turns all "
            f"of its positions in another way beyond {threshold:,} tokens, and what it has read by "
            "then would count no longer. Take fewer steps, or a prompt beyond that."
        )
    return ids


def _within(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InputError(f"{what} must be {low:,} to {high:,}; it is {value:,}.")
