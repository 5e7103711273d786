"""The divergence study: two models read one text, and every prediction is compared in full."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.distribution import with_64_bits
from ..models import load_model, weight_bytes
from ..models.loading import reporting_to
from ..reading.batches import batch_bytes
from ..reading.encoding import encode_in_context, token_fields
from ..runs import DivergenceRequest, DivergenceRun
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.tokenizer import Encoding

# Rows of logits compared together; each takes about eight buffers of the vocabulary's size.
_ROWS = 64


class DivergenceStudy:
    """Loads the second model for the time of the study; the first is the engine's.

    Hidden states of both are kept, logits only a block of rows at a time.
    """

    kind = "divergence"

    def estimate(self, model: LanguageModel, request: DivergenceRequest) -> Estimate:
        """Return memory on top of the first model: the second, and what reading takes."""
        tokens = len(encode_in_context(model, request))
        buffers = 8 * _ROWS * 8 * model.facts.vocab_size
        other = weight_bytes(request.other)
        work = 2.0 * tokens * model.facts.parameters
        return Estimate(other + batch_bytes(model, tokens) + buffers, work)

    def run(
        self, model: LanguageModel, request: DivergenceRequest, report: Report
    ) -> DivergenceRun:
        """Compare the predictions for every token.

        Raises:
            InputError: the models do not read the text as the same tokens.
            OverBudgetError: the text does not fit one of the models.
            ModelError: the second model cannot be loaded.
            CancelledError: ``report`` said so.
        """
        report(Progress(0, 0, "Loading the second model …"))
        with reporting_to(report):
            other = load_model(request.other)
        return self.compare(model, other, request, report)

    def compare(
        self, model: LanguageModel, other: LanguageModel, request: DivergenceRequest, report: Report
    ) -> DivergenceRun:
        """Do what ``run`` does with a second model that is loaded already."""
        started = time.perf_counter()
        encoding = encode_in_context(model, request)
        _check_alike(model, other, encoding, encode_in_context(other, request))
        ids = torch.from_numpy(encoding.ids).long()[None]
        with torch.inference_mode():
            hidden = [_read(each, ids, report) for each in (model, other)]
            numbers = _compare(model, other, hidden, report)
        return DivergenceRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            other_model=other.facts,
            kl_ab=numbers[0],
            kl_ba=numbers[1],
            js=numbers[2],
        )


STUDIES.register(DivergenceStudy.kind)(DivergenceStudy())


def divergences(a: Tensor, b: Tensor) -> Tensor:
    """Return KL(A‖B), KL(B‖A) and the Jensen–Shannon divergence of logits [R, V], nats.

    Returns:
        float32 [3, R].
    """
    # In float64: of models that nearly agree, float32 shows the rounding of the sums.
    log_a, log_b = (with_64_bits(each).double().log_softmax(-1) for each in (a, b))
    middle = torch.logaddexp(log_a, log_b) - math.log(2)
    js = (_kl(log_a, middle) + _kl(log_b, middle)) / 2
    return torch.stack([_kl(log_a, log_b), _kl(log_b, log_a), js]).clamp_(min=0).float()


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)


def _check_alike(a: LanguageModel, b: LanguageModel, one: Encoding, two: Encoding) -> None:
    sizes = (a.facts.vocab_size, b.facts.vocab_size)
    # Rows that pad a vocabulary name no token; the tokenizers tell whether that is all.
    if sizes[0] != sizes[1] and a.tokenizer.definition != b.tokenizer.definition:
        raise InputError(
            f"{a.facts.name} knows {sizes[0]:,} tokens and {b.facts.name} {sizes[1]:,}: a "
            "divergence needs one vocabulary. Compare the surprisal of common spans instead."
        )
    if not np.array_equal(one.ids, two.ids):
        raise InputError(
            f"{a.facts.name} and {b.facts.name} cut this text into different tokens: a divergence "
            "needs the same. Compare the surprisal of common spans instead."
        )


def _read(model: LanguageModel, ids: Tensor, report: Report) -> Tensor:
    name = f"{model.facts.name} ({model.facts.dtype})"

    def layer(done: int, total: int) -> None:
        report(Progress(done, total, f"{name}: layer {done} of {total}"))

    return model.hidden_states(ids, on_layer=layer)[0]


def _compare(
    a: LanguageModel, b: LanguageModel, hidden: list[Tensor], report: Report
) -> np.ndarray:
    """Return float32 [3, T]; nothing predicts the first token.

    Of vocabularies padded to different sizes, the rows count that both have.
    """
    total, size = len(hidden[0]), min(a.facts.vocab_size, b.facts.vocab_size)
    found = np.full((3, total), np.nan, np.float32)
    for first in range(1, total, _ROWS):
        stop = min(first + _ROWS, total)
        logits = [
            model.unembed(states[first - 1 : stop - 1])[:, :size].to(a.device)
            for model, states in zip((a, b), hidden, strict=True)
        ]
        found[:, first:stop] = divergences(*logits).cpu().numpy()
        report(Progress(stop, total, f"Comparing: {stop:,} of {total:,} tokens"))
    return found
