"""The inverse entropy study: a question in several ways, their answers, and two walks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..decoding.answers import Asking, Sampled, sample_answers
from ..errors import InputError, OverBudgetError
from ..measures.inverse_entropy import Similarity, Walks, drawn, selections, similarity, walk
from ..models.memory import study_memory
from ..models.sentences import sentence_encoder
from ..reading.footprint import forward_bytes
from ..runs.inverse_entropy import FEWEST, LONGEST, MOST, InverseEntropyRequest, InverseEntropyRun
from .answer_likeness import answer_text
from .answers import prompt_of
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel

REPHRASED = (
    "Question: What is the capital of Italy?\nIn other words: Which city is Italy's capital?\n\n"
    "Question: Name a fruit.\nIn other words: Can you tell me the name of a fruit?\n\n"
    "Question: What is 3 plus 4?\nIn other words: How much do you get if you add 3 and 4?\n\n"
    "Question: Who painted the Mona Lisa?\nIn other words: The Mona Lisa is the work of which "
    "painter?\n\n"
)
TRIED = 4
"""So many times what is needed is written: a small model repeats itself."""
NEAR = 0.75
"""Cosine to the question that a written paraphrase has at least."""
OF_ANOTHER = 0.65
"""Mean cosine below which given paraphrases are of another question; ours have .93."""
CALM = 0.8
"""Temperature at which paraphrases are written."""
LONGEST_PARAPHRASE = 40
_MEBIBYTE = 1 << 20
_RULES: tuple[Similarity, ...] = ("|cos|", "(1 + cos) / 2")


class InverseEntropyStudy:
    """Reads every variant once, draws its answers side by side, and compares all."""

    kind = "inverse_entropy"

    def estimate(self, model: LanguageModel, request: InverseEntropyRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no question, too few paraphrases, or a number out of range.
            OverBudgetError: prompt and answers are longer than the model reads.
        """
        prompts = [prompt_of(model, each, request.form) for each in _variants(request)]
        longest = max(map(len, prompts)) + request.longest
        context, facts = model.facts.context, model.facts
        if context is not None and longest > context:
            raise OverBudgetError(
                f"Question and answer have {longest:,} tokens; {facts.name} reads {context:,}."
            )
        variants = len(prompts) if request.paraphrases else request.made + 1
        rows = request.answers * len(request.temperatures())
        held = 4 * facts.kv_width * facts.layers * rows * longest * model.dtype.itemsize
        work = variants * (longest + request.longest * rows / 2) * facts.parameters
        logits = 40 * rows * facts.vocab_size
        return Estimate(
            held + logits + forward_bytes(model, longest, longest) + 120 * _MEBIBYTE, float(work)
        )

    def run(
        self, model: LanguageModel, request: InverseEntropyRequest, report: Report
    ) -> InverseEntropyRun:
        """Ask.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or paraphrases are too few or not near.
            ModelError: the encoder of sentences is not installed.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        variants = _variants(request)
        _check_near(variants)
        with study_memory("Asking", model.facts.device):
            if not request.paraphrases:
                variants += rephrased(model, variants[0], request.made, request.seed, report)
            answers = [
                self._ask(model, request, variants, place, report) for place in range(len(variants))
            ]
        # From variant by variant to temperature by temperature.
        texts = [
            text
            for temperature in range(len(request.temperatures()))
            for own in answers
            for text in own[temperature]
        ]
        return _to_run(model, request, variants, texts, started)

    def _ask(
        self, model: LanguageModel, request: InverseEntropyRequest, variants: list[str],
        place: int, report: Report,
    ) -> list[list[str]]:  # fmt: skip
        """Return the answers to a variant, [temperatures][answers]."""
        asking = Asking(
            request.answers, request.temperatures(), request.longest, True, request.seed, 1
        )

        def step(done: int, sampled: Sampled) -> None:
            total = len(variants) * request.longest
            message = f"Asking in way {place + 1} of {len(variants)}"
            report(Progress(place * request.longest + done, total, message))

        prompt = torch.from_numpy(prompt_of(model, variants[place], request.form)).long()
        sampled = sample_answers(model, prompt, asking, step, report)
        return [
            [answer_text(model, sampled, temperature, each) for each in range(request.answers)]
            for temperature in range(len(asking.temperatures))
        ]


STUDIES.register(InverseEntropyStudy.kind)(InverseEntropyStudy())


def _variants(request: InverseEntropyRequest) -> list[str]:
    """Return the question and the paraphrases that are given.

    Raises:
        InputError: see ``InverseEntropyStudy.estimate``.
    """
    question = request.question.strip()
    if not question:
        raise InputError("There is no question.")
    request.temperatures()
    if any(len(each) > LONGEST for each in (question, *request.paraphrases)):
        raise InputError(f"A question is longer than {LONGEST:,} characters; give shorter ones.")
    given = [each.strip() for each in request.paraphrases if each.strip()]
    if request.paraphrases:
        different = {each.lower() for each in given} - {question.lower()}
        if len(different) < FEWEST:
            raise InputError(
                f"There are {len(different)} different paraphrases; give at least {FEWEST}: with "
                "fewer ways to ask, the measure falls as answers get more different."
            )
        if len(different) < len(given) or len(given) > MOST:
            raise InputError(f"Give up to {MOST} paraphrases, each once and none the question.")
    if not FEWEST <= request.made <= MOST or not 1 <= request.answers <= 10:
        raise InputError(f"Write {FEWEST} to {MOST} paraphrases, and ask 1 to 10 times.")
    if not 1 <= request.longest <= 64 or not 1 <= request.draws <= 100:
        raise InputError("An answer has 1 to 64 tokens, and 1 to 100 draws are made.")
    return [question, *given]


def _check_near(variants: list[str]) -> None:
    """Refuse paraphrases of another question, such as those of the one that was asked before.

    Raises:
        InputError: their mean cosine with the question is too small.
    """
    if len(variants) < 2:
        return
    embedded = sentence_encoder().embed(variants).double()
    mean = float((embedded[1:] @ embedded[0]).mean())
    if mean < OF_ANOTHER:
        raise InputError(
            f"The paraphrases are not near the question: their mean cosine is {mean:.2f}, and "
            f"{OF_ANOTHER:g} is needed. Change them under Options, or leave them empty."
        )


def rephrased(
    model: LanguageModel, question: str, made: int, seed: int, report: Report
) -> list[str]:
    """Return a question in other words, by the model: as many as are asked for, or 4 at least.

    Raises:
        InputError: too few of what it writes are different and near enough.
    """
    prompt = model.tokenizer.encode(f"{REPHRASED}Question: {question}\nIn other words:").ids
    asking = Asking(min(TRIED * made, 40), (CALM,), LONGEST_PARAPHRASE, True, seed, 1)
    ids = torch.from_numpy(prompt).long()

    def step(done: int, sampled: Sampled) -> None:
        report(Progress(0, 1, f"Writing paraphrases, {done} tokens"))

    sampled = sample_answers(model, ids, asking, step, report)
    written = [answer_text(model, sampled, 0, each) for each in range(asking.answers)]
    ended = [each for each in written if each.endswith(("?", "."))]
    known = {question.lower()}
    new = [each for each in ended if each.lower() not in known and not known.add(each.lower())]
    found = []
    if new:
        embedded = sentence_encoder().embed([question, *new]).double()
        near = (embedded[1:] @ embedded[0]).tolist()
        found = [text for text, each in zip(new, near, strict=True) if each >= NEAR]
    if len(found) < FEWEST:
        raise InputError(
            f"The model wrote {len(found)} different paraphrases that stay near the question; "
            f"at least {FEWEST} are needed: give your own, one a row, under Options."
        )
    return found[:made]


def _to_run(
    model: LanguageModel, request: InverseEntropyRequest, variants: list[str], texts: list[str],
    started: float,
) -> InverseEntropyRun:  # fmt: skip
    encoder, temperatures = sentence_encoder(), request.temperatures()
    cosine = _cosine(encoder.embed(variants))
    count = len(variants) * request.answers
    answers = [
        _cosine(encoder.embed(texts[place * count : (place + 1) * count]))
        for place in range(len(temperatures))
    ]
    chosen = selections(len(variants), request.answers, request.draws, request.seed)
    first: dict[str, list[Tensor]] = {"px": [], "py": [], "back": [], "entropy": []}
    for rule in _RULES:
        px = walk(similarity(cosine, rule))
        walks = [Walks(px, walk(drawn(similarity(each, rule), chosen))) for each in answers]
        first["px"].append(px)
        first["py"].append(walks[0].py)
        first["back"].append(walks[0].diagonal)
        first["entropy"].append(torch.stack([each.entropy for each in walks]))
    numbers: dict[str, Any] = {name: _float32(torch.stack(each)) for name, each in first.items()}
    return InverseEntropyRun(
        **provenance(model),
        request=request,
        variants=variants,
        texts=texts,
        temperatures=list(temperatures),
        cosine=_float32(cosine),
        near=_float32(cosine[0]),
        cosine_answers=_float32(answers[0]),
        chosen=chosen.numpy().astype(np.int32),
        **numbers,
        seconds=time.perf_counter() - started,
    )


def _cosine(embedded: Tensor) -> Tensor:
    return (embedded.double() @ embedded.double().T).clamp(-1, 1)


def _float32(values: Tensor) -> np.ndarray:
    return values.numpy().astype(np.float32)
