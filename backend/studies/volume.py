"""The volume study: texts embedded, and the spectrum of their embeddings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..decoding.answers import Asking, Sampled, sample_answers
from ..errors import InputError, OverBudgetError
from ..measures.volume import added, log_volume, spectrum
from ..models.memory import study_memory
from ..models.sentences import sentence_encoder
from ..reading.footprint import forward_bytes
from ..runs.volume import EPSILONS, FEWEST, LONGEST, MOST, VolumeRequest, VolumeRun
from .answer_likeness import answer_text
from .answers import prompt_of
from .base import STUDIES, Estimate, Progress, Report, provenance
from .inverse_entropy import rephrased

if TYPE_CHECKING:
    from ..models import LanguageModel

_MEBIBYTE = 1 << 20


class VolumeStudy:
    """Draws answers side by side, or takes what is given, and embeds all."""

    kind = "volume"

    def estimate(self, model: LanguageModel, request: VolumeRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no question, too few texts, or a number out of range.
            OverBudgetError: prompt and answers are longer than the model reads.
        """
        if _given(request):
            return Estimate(120 * _MEBIBYTE, 1e9)
        prompt, facts = prompt_of(model, request.question, request.form), model.facts
        longest = len(prompt) + request.longest
        if facts.context is not None and longest > facts.context:
            raise OverBudgetError(
                f"Question and answer have {longest:,} tokens; {facts.name} reads "
                f"{facts.context:,}."
            )
        held = 4 * facts.kv_width * facts.layers * request.count * longest * model.dtype.itemsize
        logits = 40 * request.count * facts.vocab_size
        work = (longest + request.longest * request.count / 2) * facts.parameters
        reading = forward_bytes(model, longest, longest)
        return Estimate(held + logits + reading + 120 * _MEBIBYTE, float(work))

    def run(self, model: LanguageModel, request: VolumeRequest, report: Report) -> VolumeRun:
        """Draw and embed.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or the model wrote too few paraphrases.
            ModelError: the encoder of sentences is not installed.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        texts = _given(request)
        if not texts:
            with study_memory("Asking", model.facts.device):
                texts = _written(model, request, report)
        return _to_run(model, request, texts, started)


STUDIES.register(VolumeStudy.kind)(VolumeStudy())


def _given(request: VolumeRequest) -> list[str]:
    """Return the texts of the reader's own; none where the model has to write them.

    Raises:
        InputError: see ``VolumeStudy.estimate``.
    """
    if not request.question.strip():
        raise InputError("There is no question.")
    if not (0 < request.epsilon <= 0.1) or not 0 <= request.directions <= MOST:
        raise InputError(f"ε lies between 0 and 0.1, and 0 to {MOST} directions are kept.")
    if not 3 <= request.count <= MOST or not 1 <= request.longest <= 64:
        raise InputError(f"3 to {MOST} texts are written, of 1 to 64 tokens each.")
    if not 0.1 <= request.temperature <= 2:
        raise InputError("The temperature lies between 0.1 and 2.")
    if any(len(each) > LONGEST for each in (request.question, *request.texts)):
        raise InputError(f"A text is longer than {LONGEST:,} characters; give shorter ones.")
    texts = [each.strip() for each in request.texts if each.strip()]
    if request.texts and not FEWEST <= len(texts) <= MOST:
        number = "one text" if len(texts) == 1 else f"{len(texts)} texts"
        raise InputError(f"There is {number}; a volume needs {FEWEST} to {MOST}.")
    return texts


def _written(model: LanguageModel, request: VolumeRequest, report: Report) -> list[str]:
    question = request.question.strip()
    if request.of == "its paraphrases":
        made = rephrased(model, question, request.count - 1, request.seed, report)
        return [question, *made]
    asking = Asking(request.count, (request.temperature,), request.longest, True, request.seed, 1)

    def step(done: int, sampled: Sampled) -> None:
        left = sum(each is None for each in sampled.endings)
        message = f"{request.count - left} of {request.count} answers have ended"
        report(Progress(done, request.longest, message))

    prompt = torch.from_numpy(prompt_of(model, question, request.form)).long()
    sampled = sample_answers(model, prompt, asking, step, report)
    return [answer_text(model, sampled, 0, each) for each in range(request.count)]


def _to_run(
    model: LanguageModel, request: VolumeRequest, texts: list[str], started: float
) -> VolumeRun:
    # In float64 the rows are made of length 1 once more: the encoder's are so to seven digits.
    rows = torch.nn.functional.normalize(sentence_encoder().embed(texts).double(), dim=1)
    squares, kept = spectrum(rows), spectrum(rows, request.directions)
    left, singular, _ = torch.linalg.svd(rows, full_matrices=False)
    point = left[:, :2] * singular[:2]
    epsilons = [request.epsilon, *(each for each in EPSILONS if each != request.epsilon)]
    return VolumeRun(
        **provenance(model),
        request=request,
        texts=texts,
        cosine=_float32((rows @ rows.T).clamp(-1, 1)),
        square=_float32(squares),
        # The sign of a direction is free: most texts shall lie on the right.
        point=_float32(point * torch.where(point.sum(0) < 0, -1.0, 1.0)),
        volume=_float32([log_volume(kept, len(kept), each) for each in epsilons]),
        whole=_float32([log_volume(kept, len(rows), each) for each in epsilons]),
        added=_float32(added(rows, request.epsilon)),
        seconds=time.perf_counter() - started,
    )


def _float32(values: Tensor | list[float]) -> np.ndarray:
    return np.asarray(values, np.float32)
