"""The study of nested drafts: early exits draft, the whole model keeps or replaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..decoding.endings import end_ids
from ..derived.pace import batch_factor
from ..errors import CancelledError, EntroscopeError, InputError, ModelError
from ..measures.distribution import with_64_bits
from ..measures.speculative import (
    acceptance,
    first_exit,
    overlap,
    residual,
    soft_test_output,
    total_variation,
)
from ..models.memory import study_memory
from ..reading.footprint import forward_bytes
from ..runs.drafts import (
    EXTRA,
    KEPT,
    LENSES,
    LONGEST,
    REPLACED,
    SHOWN,
    DraftsRequest,
    DraftsRun,
)
from ..samplers.draw import draw
from ..taps.residual import ResidualTap
from .base import STUDIES, Estimate, Progress, Report, provenance
from .linear_lens import LinearLens, fit_lens, fitting_bytes, fitting_work
from .prompts import parts_of_characters, prompt_ids

if TYPE_CHECKING:
    from ..models import LanguageModel

_OF_EXITS = ("entropy", "alpha", "raw_entropy", "raw_alpha")
_WITH_IDS = ("token_ids", "draft_ids", "top_ids")
_BUFFERS = 12
"""Buffers of rows × vocabulary in float64, beside those of every exit, that one step has."""
_TIMED = 8
"""How often each part of a draft is timed; the quickest counts, as other work only slows."""


class DraftsStudy:
    """Decodes one text a threshold as one batch, exits and whole model reading every token."""

    kind = "drafts"

    def estimate(self, model: LanguageModel, request: DraftsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no prompt, or a field that is of no use.
            OverBudgetError: prompt and text are longer than the model reads.
            ModelError: this model writes no text.
        """
        prompt, depths = _check(model, request)
        facts, rows = model.facts, len(request.bounds())
        length = len(prompt) + request.longest
        held = 2 * 2 * facts.kv_width * facts.layers * rows * length * model.dtype.itemsize
        looks = len(LENSES) * len(depths)
        logits = (_BUFFERS + 2 * looks) * 8 * rows * facts.vocab_size
        head = rows * looks * facts.hidden_size * facts.vocab_size
        steps = request.longest * (facts.parameters * batch_factor(rows) + head)
        work = 2.0 * (facts.parameters * len(prompt) + steps) + fitting_work(model)
        peak = max(logits, forward_bytes(model, len(prompt), len(prompt)), fitting_bytes(model))
        return Estimate(held + peak, work)

    def run(self, model: LanguageModel, request: DraftsRequest, report: Report) -> DraftsRun:
        """Write.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``.
            CancelledError: ``report`` said so. Its ``partial_run`` has the steps so far.
        """
        started = time.perf_counter()
        prompt, depths = _check(model, request)
        with study_memory("Writing", model.facts.device), torch.inference_mode():
            maps = fit_lens(model, report)
            report(Progress(0, request.longest, "Timing what a draft takes"))
            ids = torch.from_numpy(prompt).long()
            times = _times(model, ids, depths, request.drafted)
            writing = Writing(model, maps, request, depths, torch.from_numpy(request.bounds()))
            writing.read(ids)
            finish = partial(_to_run, model, request, prompt, depths, times, maps.label, started)
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


STUDIES.register(DraftsStudy.kind)(DraftsStudy())


def _check(model: LanguageModel, request: DraftsRequest) -> tuple[np.ndarray, list[int]]:
    """Check the request and return the ids of its prompt, int32 [P], and its exits."""
    if model.decoding_fault is not None:
        raise ModelError(f"{model.decoding_fault} It writes no text here.")
    request.bounds()
    depths = request.depths(model.facts.layers)
    if request.reader not in LENSES:
        raise InputError(f"reader is one of {', '.join(LENSES)}.")
    for name, low, high in (("drafted", 1, 16), ("longest", 1, LONGEST), ("temperature", 0, 2)):
        if not low <= getattr(request, name) <= high:
            raise InputError(f"{name} is {low} to {high}, not {getattr(request, name):g}.")
    return prompt_ids(model, request.prompt, request.longest), depths


class _Exits(ResidualTap):
    """Keeps the last token's state at some depths, [Q, D] each."""

    def __init__(self, depths: list[int]) -> None:
        self.depths = depths
        self.states: dict[int, Tensor] = {}

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        if depth in self.depths:
            self.states[depth] = hidden[:, -1].clone()


class Writing:
    """Texts so far, one a row, each with a threshold of its own."""

    def __init__(
        self,
        model: LanguageModel,
        maps: LinearLens,
        request: DraftsRequest,
        depths: list[int],
        bounds: Tensor,
    ) -> None:
        self._model, self._maps, self._request, self._bounds = model, maps, request, bounds
        self._past, self._exits = model.new_past(), _Exits(depths)
        self._generator = torch.Generator().manual_seed(request.seed)
        self._ends = torch.tensor(sorted(end_ids(model)), dtype=torch.long)
        rows, longest = len(bounds), request.longest
        self._open = torch.ones(rows, dtype=torch.bool)
        # Drafts kept since the whole model looked last.
        self._place = torch.zeros(rows, dtype=torch.long)
        looks = (rows, len(depths), longest)
        self.arrays: dict[str, Any] = {
            name: np.full(shape, np.nan, np.float32)
            for name, shape in (
                *((each, looks) for each in _OF_EXITS), ("biased", (rows, longest)),
                *((f"top_{each}", (rows, longest, SHOWN)) for each in ("p", "q", "biased")),
            )
        }  # fmt: skip
        for name in ("token_ids", "outcome", "exit", "draft_ids"):
            self.arrays[name] = np.full((rows, longest), -1, np.int32)
        self.arrays["top_ids"] = np.full((rows, longest, SHOWN), -1, np.int32)
        self.steps = 0

    @property
    def done(self) -> bool:
        return self.steps == self._request.longest or not self._open.any()

    def read(self, ids: Tensor) -> None:
        """Read the prompt once, and copy what is kept of it to every text."""
        self._state = self._hidden(ids[None])
        rows = torch.zeros(len(self._bounds), dtype=torch.long)
        self._past.select(rows)
        self._state = self._state.expand(len(rows), -1)
        held = self._exits.states
        self._exits.states = {at: each.expand(len(rows), -1) for at, each in held.items()}

    def step(self) -> None:
        """Write one token of every text."""
        if self.steps:
            chosen = torch.from_numpy(self.arrays["token_ids"][:, self.steps - 1]).long()
            # Texts that have ended stay in the batch; what follows them is not kept.
            self._state = self._hidden(chosen.clamp(min=0)[:, None])
        plain, target = self._distributions(self._state)
        rows, at = torch.arange(len(plain)), self.steps
        found: dict[str, Tensor] = {}
        looks = {each: self._looks(each) for each in LENSES}
        for (entropy, alpha), exits in zip(
            (_OF_EXITS[:2], _OF_EXITS[2:]), looks.values(), strict=True
        ):
            found[entropy] = _stack(torch.special.entr(each).sum(-1) for each, _ in exits)
            found[alpha] = _stack(overlap(target, each) for _, each in exits)
        own = looks[self._request.reader]
        confidence = torch.stack([each.amax(-1) for each, _ in own])
        taken = first_exit(confidence, self._bounds)
        draft = torch.stack([each for _, each in own])[taken, rows]
        wrong = soft_test_output(target, draft)
        extra = self._place == self._request.drafted
        drafted, kept = self._draft(target, draft)
        fresh = self._drawn(torch.where(extra[:, None], target, residual(target, draft)))
        token = torch.where(kept & ~extra, drafted, fresh)
        outcome = torch.where(extra, EXTRA, torch.where(kept, KEPT, REPLACED))
        top = torch.maximum(target, draft).topk(min(SHOWN, target.shape[1])).indices
        found |= {
            "biased": total_variation(wrong, target).masked_fill(extra, torch.nan),
            "token_ids": token, "outcome": outcome, "exit": taken.masked_fill(extra, -1),
            "draft_ids": drafted.masked_fill(extra, -1), "top_ids": top,
            "top_p": target.gather(1, top), "top_q": draft.gather(1, top),
            "top_biased": wrong.gather(1, top),
        }  # fmt: skip
        live = self._open.numpy()
        for name, values in found.items():
            array, made = self.arrays[name], values.cpu().numpy()[live]
            if name in _OF_EXITS:
                array[live, ..., at] = made
            elif name.startswith("top_"):
                array[live, at, : made.shape[1]] = made
            else:
                array[live, at] = made
        self._open &= ~torch.isin(token, self._ends)
        self._place = torch.where(outcome == KEPT, self._place + 1, 0)
        self.steps += 1

    def _draft(self, target: Tensor, draft: Tensor) -> tuple[Tensor, Tensor]:
        """Return a token drawn from every draft, and whether it is kept."""
        token = self._drawn(draft)
        chance = acceptance(target, draft).gather(1, token[:, None])[:, 0]
        luck = torch.rand(len(token), generator=self._generator, dtype=torch.float64)
        return token, luck < chance

    def _drawn(self, probs: Tensor) -> Tensor:
        # Rows have luck of their own: as often as they are drawn, each is a sample.
        luck = torch.rand(probs.shape, generator=self._generator, dtype=torch.float64)
        return draw(probs, -luck.log_())

    def _hidden(self, ids: Tensor) -> Tensor:
        with ResidualTap.watching(self._model, [self._exits]):
            return self._model.hidden_states(ids, past=self._past)[:, -1]

    def _looks(self, reader: str) -> list[tuple[Tensor, Tensor]]:
        """Return the distributions of every exit."""
        states = self._exits.states
        return [
            self._distributions(as_read(self._model, self._maps, each, states[each], reader))
            for each in self._exits.depths
        ]

    def _distributions(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities without and with the temperature, float64 [Q, V]."""
        logits = with_64_bits(self._model.unembed(state).float()).cpu().double()
        if logits.isnan().any():
            facts = self._model.facts
            raise ModelError(
                f"{facts.name} gave no usable numbers in {facts.dtype}; "
                "load it as float32 or bfloat16."
            )
        plain, temperature = logits.softmax(-1), self._request.temperature
        if temperature == 1:
            return plain, plain
        if temperature == 0:
            best = logits.argmax(-1, keepdim=True)
            return plain, torch.zeros_like(plain).scatter_(-1, best, 1.0)
        return plain, (logits / temperature).softmax(-1)


def as_read(
    model: LanguageModel, maps: LinearLens, depth: int, states: Tensor, reader: str
) -> Tensor:
    """Return what the head receives from states [Q, D] at a depth, by one of ``LENSES``."""
    mapped = maps(depth, states) if reader == LENSES[0] else states
    return model.final_norm(mapped)


def _stack(values: Iterator[Tensor]) -> Tensor:
    return torch.stack(list(values), 1)


class _Left(EntroscopeError):
    """A pass is left after an exit."""


def _times(model: LanguageModel, ids: Tensor, depths: list[int], drafted: int) -> dict[str, float]:
    """Return the seconds that parts of drafting take behind a prompt at best; see the run."""
    past = model.new_past()
    state = model.hidden_states(ids[None], past=past)[:, -1]
    one = torch.zeros(1, dtype=torch.long)

    def whole(count: int) -> None:
        model.unembed(model.hidden_states(ids[:1].expand(1, count), past=past))

    def until(depth: int) -> None:
        def leave(done: int, total: int) -> None:
            if done == depth:
                raise _Left

        with _left():
            model.hidden_states(ids[None, :1], past=past, on_layer=leave)

    parts: dict[str, Callable[[], Any]] = {
        "full": lambda: whole(1),
        "check": lambda: whole(drafted + 1),
        "head": lambda: model.unembed(state),
        **{str(depth): partial(until, depth) for depth in depths},
    }
    found: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(_TIMED):
        for name, part in parts.items():
            with past.branched(one):
                before = time.perf_counter()
                part()
                found[name].append(time.perf_counter() - before)
    return {name: min(each) for name, each in found.items()}


@contextmanager
def _left() -> Iterator[None]:
    try:
        yield
    except _Left:
        return


@dataclass(frozen=True)
class _Texts:
    """What a running study can show already: ``Progress.partial``."""

    _arrays: dict[str, np.ndarray]
    _steps: int
    _finish: Any
    _held: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        # A copy: the next step writes into the arrays.
        object.__setattr__(self, "_held", _until(self._arrays, self._steps))

    def run(self) -> DraftsRun:
        """Return these steps as a run marked ``stopped``; on any thread."""
        return replace(self._finish(self._held), stopped=True)


def _until(arrays: dict[str, np.ndarray], steps: int) -> dict[str, np.ndarray]:
    return {
        name: (each[..., :steps] if name in _OF_EXITS else each[:, :steps]).copy()
        for name, each in arrays.items()
    }


def _to_run(
    model: LanguageModel, request: DraftsRequest, prompt: np.ndarray, depths: list[int],
    times: dict[str, float], lens: str, started: float, arrays: dict[str, np.ndarray],
) -> DraftsRun:  # fmt: skip
    cut: dict[str, Any] = _until(arrays, int((arrays["token_ids"] >= 0).any(0).sum()))
    ids = np.unique(np.concatenate([cut[each].ravel() for each in _WITH_IDS]))
    return DraftsRun(
        **provenance(model),
        request=request,
        seconds=time.perf_counter() - started,
        prompt_text=model.tokenizer.decode(prompt),
        exits=np.array(depths, np.int32),
        bounds=request.bounds().astype(np.float32),
        exit_seconds=np.array([times[str(each)] for each in depths], np.float32),
        full_seconds=times["full"],
        check_seconds=times["check"],
        head_seconds=times["head"],
        lens=lens,
        vocabulary={str(each): model.tokenizer.token_text(each) for each in ids[ids >= 0].tolist()},
        parts=parts_of_characters(model, cut["token_ids"]),
        **cut,
    )
