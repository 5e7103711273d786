"""The study of authorship: texts are written in several ways, and read by both models."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..decoding.endings import end_ids
from ..derived.pace import batch_factor
from ..errors import InputError, ModelError, OverBudgetError
from ..measures.authorship import log_e_values, log_moments, spread, warped
from ..models import load_model, weight_bytes
from ..models.cut import without_layers
from ..models.loading import reporting_to
from ..models.memory import study_memory
from ..models.offers import check_model
from ..models.past import ModulePast
from ..reading.continuations import behind, read_behind, scoring_bytes
from ..runs.model import short_name
from ..runs.which_model_wrote_it import (
    LONGEST,
    MOST_TOKENS,
    WhichModelWroteItRequest,
    WhichModelWroteItRun,
)
from ..samplers.draw import draw, luck
from .base import STUDIES, Estimate, Progress, Report, provenance
from .prompts import parts_of_characters, prompt_ids
from .two_models import check_alike

if TYPE_CHECKING:
    from ..models import LanguageModel

_ROWS = 16
"""Predictions that are measured at a time."""
_TEXTS = 6
_NUMBERS = ("surprisal", "entropy", "varentropy")


@dataclass(frozen=True)
class _Reader:
    """One of the two models: a model, and the layers it does without."""

    model: LanguageModel
    left_out: list[int]

    def cut(self) -> AbstractContextManager[None]:
        return without_layers(self.model, self.left_out) if self.left_out else nullcontext()


class WhichModelWroteItStudy:
    """Writes five texts, takes the reader's, and measures each under two models and three ways."""

    kind = "which_model_wrote_it"

    def estimate(self, model: LanguageModel, request: WhichModelWroteItRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no beginning, or a field that is of no use.
            OverBudgetError: beginning and text are longer than the model reads.
            ModelError: this model writes no text.
        """
        prompt, given = _check(model, request)
        spec = request.other_spec
        longest = max(request.longest, len(given))
        room = 24 * 4 * _ROWS * model.facts.vocab_size
        memory = 2 * scoring_bytes(model, len(prompt), [longest] * _TEXTS) + room
        passes = request.longest * (batch_factor(4) + 1) + 2 * (4 * request.longest + len(given))
        work = float(model.facts.parameters) * (4 * len(prompt) + passes)
        return Estimate(memory + (weight_bytes(spec) if spec else 0), work)

    def run(
        self, model: LanguageModel, request: WhichModelWroteItRequest, report: Report
    ) -> WhichModelWroteItRun:
        """Write and read.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``; or the tokenizers differ.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        prompt, given = _check(model, request)
        spec = request.other_spec
        other = model
        if spec:
            report(Progress(0, 0, "Loading the other model …"))
            with reporting_to(report):
                other = load_model(spec)
            check_alike(model, other, len(prompt) + max(request.longest, len(given)))
        left_out = [] if spec else request.left_out(model.facts.layers)
        readers = (_Reader(model, []), _Reader(other, left_out))
        with study_memory("Testing texts", model.facts.device), torch.inference_mode():
            total = 2 * request.longest + 2 + _TEXTS
            texts = _written(readers[0], prompt, request, ("plain", "warm", "top", "greedy"),
                             _Counted(report, 0, total))  # fmt: skip
            texts += _written(readers[1], prompt, request, ("plain",),
                              _Counted(report, request.longest, total))  # fmt: skip
            if len(given):
                texts.append(given)
            arrays = _measured(
                readers, prompt, texts, request, _Counted(report, 2 * request.longest, total)
            )
        ids = np.unique(arrays["token_ids"])
        return WhichModelWroteItRun(
            **provenance(model),
            request=request,
            seconds=time.perf_counter() - started,
            prompt_text=model.tokenizer.decode(prompt),
            models={} if spec is None else {short_name(spec): other.facts},
            vocabulary={
                str(each): model.tokenizer.token_text(each) for each in ids[ids >= 0].tolist()
            },
            parts=parts_of_characters(model, arrays["token_ids"]),
            **arrays,
        )


STUDIES.register(WhichModelWroteItStudy.kind)(WhichModelWroteItStudy())


@dataclass
class _Counted:
    """Reports steps of a whole."""

    report: Report
    done: int
    total: int

    def step(self, words: str) -> None:
        self.report(Progress(self.done, self.total, words))
        self.done += 1


def _check(
    model: LanguageModel, request: WhichModelWroteItRequest
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens of the beginning and of the text to test, which may be none."""
    if model.decoding_fault is not None:
        raise ModelError(f"{model.decoding_fault} It writes no text here.")
    spec = request.other_spec
    if spec:
        check_model(spec)  # a line is no field that the engine would check
    else:
        request.left_out(model.facts.layers)
    for name, low, high in (
        ("temperature", 0.1, 2), ("top_k", 1, 1000), ("longest", 8, LONGEST),
    ):  # fmt: skip
        if not low <= getattr(request, name) <= high:
            raise InputError(f"{name} is {low} to {high}, not {getattr(request, name):g}.")
    given = np.zeros(0, np.int32)
    if request.text.strip():
        space = "" if request.prompt[-1:].isspace() else " "
        given = behind(model, space + request.text.strip())
    if len(given) > MOST_TOKENS:
        raise OverBudgetError(
            f"The text to test has {len(given):,} tokens; give {MOST_TOKENS:,} at most."
        )
    return prompt_ids(model, request.prompt, max(request.longest, len(given))), given


def _written(
    reader: _Reader, prompt: np.ndarray, request: WhichModelWroteItRequest,
    ways: tuple[str, ...], counted: _Counted,
) -> list[np.ndarray]:  # fmt: skip
    """Return a text a way, ids with the ending where there is one; all share their luck."""
    model, rows = reader.model, len(ways)
    past = model.new_past()
    if reader.left_out and isinstance(past, ModulePast):
        raise InputError(
            f"{model.facts.name} keeps what it has read inside itself, once: name another model "
            "in place of the cut."
        )
    generator = torch.Generator().manual_seed(request.seed)
    ends = torch.tensor(sorted(end_ids(model)), dtype=torch.long)
    found: list[Tensor] = []
    is_open = torch.ones(rows, dtype=torch.bool)
    with reader.cut():
        states = model.hidden_states(torch.from_numpy(prompt).long()[None], past=past)[:, -1]
        past.select(torch.zeros(rows, dtype=torch.long))
        states = states.expand(rows, -1)
        while len(found) < request.longest and is_open.any():
            counted.step(f"Writing: token {len(found) + 1} of {request.longest}")
            if found:
                states = model.hidden_states(found[-1].clamp(min=0)[:, None], past=past)[:, -1]
            log_p = _log_probabilities(model, states, model.facts.vocab_size)
            probs = torch.cat(
                [_way(log_p[[row]], way, request) for row, way in enumerate(ways)]
            ).exp()
            token = draw(probs, luck(probs.shape[1], generator))
            greedy = torch.tensor([way == "greedy" for way in ways])
            token = torch.where(greedy, log_p.argmax(-1), token)
            found.append(torch.where(is_open, token, -1))
            is_open &= ~torch.isin(token, ends)
    ids = torch.stack(found, 1).numpy().astype(np.int32)
    return [each[each >= 0] for each in ids]


def _way(log_p: Tensor, way: str, request: WhichModelWroteItRequest) -> Tensor:
    """Return ln p of what a way draws from."""
    if way == "warm":
        return warped(log_p, request.temperature)
    return warped(log_p, top_k=request.top_k) if way == "top" else log_p


def _log_probabilities(model: LanguageModel, states: Tensor, size: int) -> Tensor:
    """Return ln p [R, size], float32 on the CPU; of padded vocabularies what both have."""
    logits = model.unembed(states).float().cpu()[:, :size]
    if logits.isnan().any():
        facts = model.facts
        raise ModelError(
            f"{facts.name} gave no usable numbers in {facts.dtype}; load it as float32 or bfloat16."
        )
    return logits.log_softmax(-1)


def _measured(
    readers: tuple[_Reader, _Reader], prompt: np.ndarray, texts: list[np.ndarray],
    request: WhichModelWroteItRequest, counted: _Counted,
) -> dict[str, Any]:  # fmt: skip
    """Return the arrays of a run."""
    states: list[dict[int, Tensor]] = []
    for reader in readers:
        counted.step("Reading all texts")
        with reader.cut():
            tails = [each[:-1] for each in texts]
            states.append(dict(read_behind(reader.model, prompt, tails)))
    longest, size = max(map(len, texts)), min(each.model.facts.vocab_size for each in readers)
    shape = (len(texts), 6, longest)
    arrays: dict[str, Any] = {
        name: np.full(shape, np.nan, np.float32) for name in (*_NUMBERS, "log_e")
    }
    arrays["cross"] = np.full((len(texts), 2, longest), np.nan, np.float32)
    arrays["token_ids"] = np.full((len(texts), longest), -1, np.int32)
    for row, ids in enumerate(texts):
        counted.step(f"Measuring text {row + 1} of {len(texts)}")
        arrays["token_ids"][row, : len(ids)] = ids
        moments: list[list[Tensor]] = [[] for _ in range(6)]
        for part in _parts(len(ids)):
            wanted = torch.from_numpy(ids[part]).long()[:, None]
            pair = [
                _log_probabilities(reader.model, of[row][part], size)
                for reader, of in zip(readers, states, strict=True)
            ]
            for at in range(2):
                cross = -(pair[1 - at].exp() * pair[at].clamp(min=-1e4)).sum(-1)
                arrays["cross"][row, at, part] = cross.numpy()
                for place, way in enumerate(("plain", "warm", "top")):
                    hypothesis = 3 * at + place
                    log_p = _way(pair[at], way, request)
                    entropy, variance = spread(log_p)
                    surprisal = -log_p.gather(-1, wanted)[:, 0]
                    found = (surprisal, entropy, variance)
                    for name, values in zip(_NUMBERS, found, strict=True):
                        arrays[name][row, hypothesis, part] = values.numpy()
                    moments[hypothesis].append(log_moments(log_p, entropy))
        for hypothesis, each in enumerate(moments):
            own = (row, hypothesis, slice(0, len(ids)))
            gaps = torch.from_numpy(arrays["surprisal"][own] - arrays["entropy"][own])
            arrays["log_e"][own] = log_e_values(gaps, torch.cat(each)).numpy()
    return arrays


def _parts(length: int) -> Iterator[slice]:
    for start in range(0, length, _ROWS):
        yield slice(start, min(start + _ROWS, length))
