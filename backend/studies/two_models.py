"""The two models study: at every step both read, and the rolling entropy says who writes."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..decoding.endings import end_ids
from ..derived.pace import batch_factor
from ..errors import CancelledError, InputError, ModelError, OverBudgetError
from ..measures.distribution import with_64_bits
from ..measures.switching import next_writer
from ..models import load_model, weight_bytes
from ..models.cut import without_layers
from ..models.loading import reporting_to
from ..models.memory import study_memory
from ..models.offers import check_model
from ..models.past import ModulePast
from ..reading.footprint import forward_bytes
from ..runs.model import short_name
from ..runs.two_models import LONGEST, TwoModelsRequest, TwoModelsRun
from ..samplers.draw import draw, luck
from .base import STUDIES, Estimate, Progress, Report, provenance
from .prompts import parts_of_characters, prompt_ids

if TYPE_CHECKING:
    from ..models import LanguageModel

_NUMBERS = ("writer", "small_entropy", "large_entropy", "kl", "agrees")
_BUFFERS = 12
"""Buffers of rows × vocabulary in float64 that one step has at once."""


class TwoModelsStudy:
    """Decodes one text a threshold as one batch; a named small model is loaded for this study."""

    kind = "two_models"

    def estimate(self, model: LanguageModel, request: TwoModelsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no prompt, or a field that is of no use.
            OverBudgetError: prompt and text are longer than the model reads.
            ModelError: this model writes no text.
        """
        prompt = _check(model, request)
        facts, rows = model.facts, len(request.bounds())
        length = len(prompt) + request.longest
        held = 2 * 4 * facts.kv_width * facts.layers * rows * length * model.dtype.itemsize
        logits = _BUFFERS * 8 * rows * facts.vocab_size
        other = weight_bytes(request.small_spec) if request.small_spec else 0
        work = 2.0 * facts.parameters * (len(prompt) + request.longest * batch_factor(rows))
        return Estimate(
            held + other + max(logits, forward_bytes(model, len(prompt), len(prompt))), work
        )

    def run(self, model: LanguageModel, request: TwoModelsRequest, report: Report) -> TwoModelsRun:
        """Write.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``; or the tokenizers differ.
            CancelledError: ``report`` said so. Its ``partial_run`` has the steps so far.
        """
        started = time.perf_counter()
        prompt = _check(model, request)
        small = model
        if request.small_spec:
            report(Progress(0, 0, "Loading the small model …"))
            with reporting_to(report):
                small = load_model(request.small_spec)
            check_alike(model, small, len(prompt) + request.longest)
        with study_memory("Writing", model.facts.device), torch.inference_mode():
            writing = _Writing(model, small, request)
            writing.read(torch.from_numpy(prompt).long(), report)
            finish = partial(_to_run, model, small, request, prompt, started)
            try:
                while not writing.done:
                    writing.step()
                    held = _Texts(writing.arrays, writing.steps, finish)
                    words = f"Token {writing.steps} of {request.longest}"
                    report(Progress(writing.steps, request.longest, words, held, pausable=True))
            except CancelledError as stop:
                if writing.steps:
                    stop.partial_run = _Texts(writing.arrays, writing.steps, finish).run()
                raise
        return finish(writing.arrays)


STUDIES.register(TwoModelsStudy.kind)(TwoModelsStudy())


def check_alike(large: LanguageModel, small: LanguageModel, length: int) -> None:
    """Refuse two models that cannot write one text together.

    Raises:
        InputError: their tokenizers differ, or one writes no text.
        OverBudgetError: the text is longer than the small one reads.
    """
    names = f"{large.facts.name} and {small.facts.name}"
    if large.tokenizer.definition != small.tokenizer.definition:
        sizes = f"{large.facts.vocab_size:,} and {small.facts.vocab_size:,} tokens"
        raise InputError(
            f"{names} have different tokenizers ({sizes}): what one writes the other cannot read. "
            "Choose two models with one tokenizer."
        )
    if small.decoding_fault is not None:
        raise InputError(f"{small.decoding_fault} It writes no text here.")
    if small.facts.context is not None and length > small.facts.context:
        raise OverBudgetError(
            f"Prompt and text have {length:,} tokens; {small.facts.name} reads "
            f"{small.facts.context:,}."
        )


def _check(model: LanguageModel, request: TwoModelsRequest) -> np.ndarray:
    """Check the request and return the ids of its prompt, int32 [P]."""
    if model.decoding_fault is not None:
        raise ModelError(f"{model.decoding_fault} It writes no text here.")
    request.bounds()
    spec = request.small_spec
    if spec:
        # A line is no field that the engine would check.
        check_model(spec)
    else:
        request.left_out(model.facts.layers)
    for name, low, high in (
        ("window", 1, 64), ("least", 1, 64), ("longest", 1, LONGEST), ("temperature", 0, 2),
    ):  # fmt: skip
        if not low <= getattr(request, name) <= high:
            raise InputError(f"{name} is {low} to {high}, not {getattr(request, name):g}.")
    return prompt_ids(model, request.prompt, request.longest)


class _Writing:
    """The texts so far, and what both models keep of them."""

    def __init__(
        self, large: LanguageModel, small: LanguageModel, request: TwoModelsRequest
    ) -> None:
        self.models, self.request = (large, small), request
        self._left_out = request.left_out(large.facts.layers) if small is large else []
        self._pasts = [each.new_past() for each in self.models]
        if small is large and any(isinstance(each, ModulePast) for each in self._pasts):
            raise InputError(
                f"{large.facts.name} keeps what it has read inside itself, once: name a small "
                "model in place of the cut."
            )
        self._ends = end_ids(large)
        self._bounds = torch.from_numpy(request.bounds())
        rows = len(self._bounds)
        # The paper begins with the small model; that alone is the last text.
        self._large = torch.zeros(rows, dtype=torch.bool)
        self._large[0] = True
        self._since = torch.zeros(rows, dtype=torch.long)
        self._recent = torch.zeros(rows, 0, dtype=torch.float64)
        self._generator = torch.Generator().manual_seed(request.seed)
        shape = (rows, request.longest)
        self.arrays: dict[str, Any] = {
            name: np.full(shape, np.nan, np.float32) for name in _NUMBERS
        }
        self.arrays["token_ids"] = np.full(shape, -1, np.int32)
        self._open = torch.ones(rows, dtype=torch.bool)
        self._states: list[Tensor] = []
        self.steps = 0

    @property
    def done(self) -> bool:
        return self.steps == self.request.longest or not self._open.any()

    def read(self, ids: Tensor, report: Report) -> None:
        """Read the prompt once with each model, and copy what they keep to every text."""
        for place, name in enumerate(("large", "small")):
            report(Progress(0, self.request.longest, f"The {name} model reads the prompt"))
            self._states.append(self._hidden(place, ids[None])[:, -1])
        rows = torch.zeros(len(self._bounds), dtype=torch.long)
        for place, past in enumerate(self._pasts):
            past.select(rows)
            self._states[place] = self._states[place].expand(len(rows), -1)

    def step(self) -> None:
        """Write one token of every text."""
        if self.steps:
            chosen = torch.from_numpy(self.arrays["token_ids"][:, self.steps - 1]).long()
            # Texts that have ended stay in the batch; what follows them is not kept.
            chosen = torch.where(self._open, chosen, chosen.clamp(min=0))
            for place in range(2):
                self._states[place] = self._hidden(place, chosen[:, None])[:, -1]
        log_large, log_small = self._log_probabilities()
        entropies = [torch.special.entr(each.exp()).sum(-1) for each in (log_large, log_small)]
        kl = _divergence(log_large, log_small)
        agrees = log_large.argmax(-1) == log_small.argmax(-1)
        token = self._draw(torch.where(self._large[:, None], log_large, log_small))
        found = {
            "writer": self._large, "large_entropy": entropies[0], "small_entropy": entropies[1],
            "kl": kl, "agrees": agrees,
        }  # fmt: skip
        rows = self._open.numpy()
        for name, values in found.items():
            self.arrays[name][rows, self.steps] = values.float().numpy()[rows]
        self.arrays["token_ids"][rows, self.steps] = token.int().numpy()[rows]
        self._open &= ~torch.isin(token, torch.tensor(sorted(self._ends), dtype=torch.long))
        self.steps += 1
        self._switch(torch.where(self._large, *entropies))

    def _switch(self, entropy: Tensor) -> None:
        window = self.request.window
        self._recent = torch.cat([self._recent, entropy[:, None]], 1)[:, -window:]
        self._since += 1
        after = next_writer(
            self._recent.mean(1), self._bounds, self._large, self._since, self.request.least
        )
        self._since[after != self._large] = 0
        self._large = after

    def _hidden(self, place: int, ids: Tensor) -> Tensor:
        model = self.models[place]
        cut = place == 1 and self._left_out
        with without_layers(model, self._left_out) if cut else nullcontext():
            return model.hidden_states(ids, past=self._pasts[place])

    def _log_probabilities(self) -> tuple[Tensor, Tensor]:
        """Return ln p of both models, float64 [R, V]; of padded vocabularies what both have."""
        size = min(each.facts.vocab_size for each in self.models)
        logits = [
            with_64_bits(model.unembed(states).float()).cpu()[:, :size].double()
            for model, states in zip(self.models, self._states, strict=True)
        ]
        for model, each in zip(self.models, logits, strict=True):
            if each.isnan().any():
                facts = model.facts
                raise ModelError(
                    f"{facts.name} gave no usable numbers in {facts.dtype}; "
                    "load it as float32 or bfloat16."
                )
        return logits[0].log_softmax(-1), logits[1].log_softmax(-1)

    def _draw(self, log_probs: Tensor) -> Tensor:
        if self.request.temperature == 0:
            return log_probs.argmax(-1)
        probs = (log_probs / self.request.temperature).softmax(-1)
        return draw(probs, luck(probs.shape[1], self._generator))


def _divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return KL(p ‖ q) of every row, nats."""
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1).clamp(min=0)


@dataclass(frozen=True)
class _Texts:
    """What a running study can show already: ``Progress.partial``."""

    _arrays: dict[str, np.ndarray]
    _steps: int
    _finish: Any
    _held: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        # A copy: the next step writes into the arrays.
        held = {name: each[:, : self._steps].copy() for name, each in self._arrays.items()}
        object.__setattr__(self, "_held", held)

    def run(self) -> TwoModelsRun:
        """Return these steps as a run marked ``stopped``; on any thread."""
        return replace(self._finish(self._held), stopped=True)


def _to_run(
    model: LanguageModel, small: LanguageModel, request: TwoModelsRequest, prompt: np.ndarray,
    started: float, arrays: dict[str, np.ndarray],
) -> TwoModelsRun:  # fmt: skip
    steps = int((arrays["token_ids"] >= 0).any(0).sum())
    cut: dict[str, Any] = {name: each[:, :steps].copy() for name, each in arrays.items()}
    ids = np.unique(cut["token_ids"])
    return TwoModelsRun(
        **provenance(model),
        request=request,
        seconds=time.perf_counter() - started,
        prompt_text=model.tokenizer.decode(prompt),
        bounds=request.bounds().astype(np.float32),
        ratio=_ratio(model, small, request),
        models={} if request.small_spec is None else {short_name(request.small_spec): small.facts},
        vocabulary={str(each): model.tokenizer.token_text(each) for each in ids[ids >= 0].tolist()},
        parts=parts_of_characters(model, cut["token_ids"]),
        **cut,
    )


def _ratio(model: LanguageModel, small: LanguageModel, request: TwoModelsRequest) -> float:
    """Return the parameters a token passes in the small model over those in the large one."""
    if small is not model:
        return small.facts.parameters / model.facts.parameters
    left_out = request.left_out(model.facts.layers)
    gone = sum(each.numel() for at in left_out for each in model.layers[at].parameters())
    return 1 - gone / model.facts.parameters
