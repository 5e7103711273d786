"""The capacity study: texts read by a model and by what is left of it without some layers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, OverBudgetError
from ..measures.capacity import (
    Shape,
    fitted_bias,
    flops_per_token,
    information_capacity,
    text_size,
)
from ..models.cut import without_layers
from ..reading.batches import batch_bytes
from ..reading.windows import one_window
from ..runs.capacity import BIASES, CapacityRequest, CapacityRun
from ..taps.logits import LogitsTap
from .base import STUDIES, Estimate, Progress, Report, provenance, read

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.tokenizer import Encoding

MOST_TEXTS, MOST_CUTS = 64, 16


class CapacityStudy:
    """Reads every text once a model; the cut ones first pass on what the left out layers get."""

    kind = "capacity"

    def estimate(self, model: LanguageModel, request: CapacityRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no texts, too many, or a cut that is none.
            OverBudgetError: the model does not read so many tokens at once.
        """
        models = 1 + len(_cuts(model, request))
        characters = sum(len(each) for each in request.texts)
        tokens = min(characters / 4, len(request.texts) * request.longest)
        return Estimate(
            batch_bytes(model, request.longest), models * tokens * model.facts.parameters
        )

    def run(self, model: LanguageModel, request: CapacityRequest, report: Report) -> CapacityRun:
        """Read.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or a text has nothing to score.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        cuts = [[], *_cuts(model, request)]
        texts = [_encode(model, text, request.longest) for text in request.texts]
        octets = torch.tensor([_octets(each) for each in texts])
        tokens = torch.tensor([len(each) - 1 for each in texts])
        size = text_size(octets, tokens)
        losses = torch.zeros(len(cuts), len(texts), dtype=torch.float64)
        done, total = 0, losses.numel()

        def layers(_: Progress) -> None:
            name = "the whole model" if done < len(texts) else f"cut {done // len(texts)}"
            report(Progress(done, total, f"{name}, text {done % len(texts) + 1}"))

        for place, left_out in enumerate(cuts):
            with without_layers(model, left_out):
                for text, encoding in enumerate(texts):
                    surprisal = _Surprisal()
                    ids = encoding.ids[: request.longest]
                    read(model, ids, one_window(len(ids)), [surprisal], layers)
                    losses[place, text] = surprisal.total
                    done += 1
        return _to_run(model, request, cuts, (octets, tokens, size, losses), started)


STUDIES.register(CapacityStudy.kind)(CapacityStudy())


class _Surprisal(LogitsTap):
    """The surprisal of a whole text, nats."""

    total = 0.0

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self._ids = ids[0]

    def on_logits(self, first: int, logits: Tensor) -> None:
        targets = self._ids[first : first + len(logits)].to(logits.device)
        # log_softmax, where the authors' softmax and logarithm run into minus infinity.
        found = logits.float().log_softmax(-1).gather(1, targets[:, None])
        self.total -= float(found.double().sum())


def shape_of(model: LanguageModel) -> Shape:
    """Return the sizes of a model that its work depends on.

    Raises:
        InputError: it has no MLP of one width.
    """
    config: Any = model.torch_model.config.get_text_config(decoder=True)
    inner = getattr(config, "intermediate_size", None)
    if not isinstance(inner, int):
        raise InputError(f"{model.facts.name} has no MLP of one width: its work is not counted.")
    facts, head = model.facts, getattr(config, "head_dim", None)
    return Shape(
        facts.layers, facts.hidden_size, facts.heads, facts.kv_heads, inner, facts.vocab_size, head
    )


def _cuts(model: LanguageModel, request: CapacityRequest) -> list[list[int]]:
    if not 1 <= len(request.texts) <= MOST_TEXTS:
        raise InputError(f"There are {len(request.texts)} texts; give 1 to {MOST_TEXTS}.")
    if len(request.cuts) > MOST_CUTS:
        raise InputError(f"There are {len(request.cuts)} cuts; give at most {MOST_CUTS}.")
    context = model.facts.context
    if request.longest < 2:
        raise InputError(f"{request.longest} tokens of a text: the first is not scored.")
    if context is not None and request.longest > context:
        raise OverBudgetError(
            f"{request.longest:,} tokens of a text; {model.facts.name} reads {context:,}."
        )
    shape_of(model)
    return request.left_out(model.facts.layers)


def _encode(model: LanguageModel, text: str, longest: int) -> _Cut:
    encoding = model.tokenizer.encode(text, special_tokens="text", add_bos=False)
    if len(encoding) < 2:
        raise InputError(f"{text[:40]!r} has nothing to score: one token at most.")
    return _Cut(encoding, longest)


class _Cut:
    """The first tokens of a text."""

    def __init__(self, encoding: Encoding, longest: int) -> None:
        self.ids = encoding.ids[:longest]
        self.text, self.offsets = encoding.text, encoding.offsets[:longest]

    def __len__(self) -> int:
        return len(self.ids)


def _octets(cut: _Cut) -> int:
    """Return the bytes of all tokens but the first, counted in the text that was read."""
    start, end = int(cut.offsets[0, 1]), int(cut.offsets[-1, 1])
    return len(cut.text[start:end].encode("utf-8", "surrogatepass"))


def _to_run(
    model: LanguageModel, request: CapacityRequest, cuts: list[list[int]],
    measured: tuple[Tensor, Tensor, Tensor, Tensor], started: float,
) -> CapacityRun:  # fmt: skip
    octets, tokens, size, totals = measured
    shape = shape_of(model)
    flops = _flops(shape, cuts)
    counted = _flops(shape.as_counted(), cuts)
    # A mean of ratios against a pooled mean, as the authors do it: equal for equal lengths.
    loss, whole = totals.sum(1) / tokens.sum(), size.mean().expand(len(cuts))
    gain = whole - loss
    own = fitted_bias(gain, counted)
    biases = [own if each is None else each for each in BIASES.values()]
    capacity = torch.stack([information_capacity(gain, counted, each) for each in biases], 1)
    return CapacityRun(
        **provenance(model),
        request=request,
        seconds=time.perf_counter() - started,
        tokens=tokens.numpy().astype(np.int32),
        octets=octets.numpy().astype(np.int32),
        size=_float32(whole),
        loss=_float32(loss),
        gain=_float32(gain),
        flops=_float32(flops),
        counted=_float32(counted),
        capacity=_float32(capacity),
        saved=_float32(size - totals / tokens),
        bias=0.0 if np.isnan(own) else own,
    )


def _flops(shape: Shape, cuts: list[list[int]]) -> Tensor:
    left = [replace(shape, layers=shape.layers - len(each)) for each in cuts]
    return torch.tensor([flops_per_token(each) for each in left], dtype=torch.float64)


def _float32(values: Tensor) -> np.ndarray:
    return values.numpy().astype(np.float32)
