"""The study of when a model knew: every layer read through the model's own head."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import CancelledError
from ..measures.distribution import measure
from ..measures.lens import divergence
from ..models.memory import study_memory
from ..reading.encoding import token_fields
from ..runs.when_it_knew import WhenItKnewRequest, WhenItKnewRun
from ..taps.logits import BLOCK_BYTES, block_rows
from ..taps.states import StatesTap
from .base import STUDIES, Progress, ReadingStudy, Report, provenance
from .linear_lens import LinearLens, fit_lens, fitting_bytes, fitting_work, read_lens

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

TOP = 5
COARSE, SPARSE, LONG = 6, 3, 1024
_NUMBERS = {"entropy": (), "kl": (), "rank": (), "agrees": (), "top_logprobs": (TOP,)}


@dataclass(frozen=True)
class _End:
    """What a block of rows predicts at the end: the only T × V numbers that are held, for a block.

    Attributes:
        rows: of the states.
        numbers: a ``Distribution``.
        probabilities: [R, V].
    """

    rows: slice
    numbers: Any
    probabilities: Tensor


class LensTap(StatesTap):
    """Keeps the states of a text, and reads them through the head when the end is known.

    Attributes:
        done: depths read so far, by lens: "logit" and "linear".
        label: of the linear lens, once there is one.
    """

    def __init__(self, request: WhenItKnewRequest) -> None:
        self.request = request

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        super().start(model, ids)
        self._targets = ids[0, 1:]
        tokens, depths = ids.shape[1], model.facts.layers + 1
        self.depths = depths_read(model, self.request, tokens)
        self.done: dict[str, tuple[int, ...]] = {"logit": ()}
        if self.request.lens == "both":
            self.done["linear"] = ()
        self.label = ""
        self._arrays = {
            lens: {
                "top_ids": np.full((depths, tokens, TOP), -1, np.int32),
                **{
                    name: np.full((depths, tokens, *each), np.nan, np.float32)
                    for name, each in _NUMBERS.items()
                },
            }
            for lens in self.done
        }
        self._end: _End | None = None

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        arrays = 2 * (model.facts.layers + 1) * tokens * (16 + 8 * TOP)
        fitting = fitting_bytes(model) if _fits(self.request) else 0
        return super().held_bytes(model, tokens) + arrays + fitting

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        return 5 * max(BLOCK_BYTES, 4 * model.facts.vocab_size)

    def work(self, model: LanguageModel, tokens: int) -> float:
        facts, lenses = model.facts, 2 if self.request.lens == "both" else 1
        layers = lenses * sum(map(len, depths_read(model, self.request, tokens)))
        head = 1.3 * tokens * facts.hidden_size * facts.vocab_size
        return layers * head + (fitting_work(model) if _fits(self.request) else 0)

    @torch.inference_mode()
    def read_layers(self, model: LanguageModel, report: Report, partial: Callable[[], Any]) -> None:
        """Read every depth asked for, the coarse ones first, and each lens in turn."""
        coarse, fine = self.depths
        blocks = -(-len(self._targets) // block_rows(model))
        total = len(self.done) * (len(coarse) + len(fine)) * blocks
        step = 0
        for depths in (coarse, fine):
            for lens in self.done:
                maps = self._maps(model, lens, report)
                for depth in depths:
                    for block in range(blocks):
                        self._read(model, lens, maps, depth, block)
                        step += 1
                        message = f"Reading layer {depth} of {model.facts.layers} ({lens} lens)"
                        report(Progress(step, total, message, partial(), pausable=True))
                    self.done[lens] = (*self.done[lens], depth)

    def _maps(self, model: LanguageModel, lens: str, report: Report) -> LinearLens | None:
        if lens == "logit":
            return None
        file = self.request.lens_file
        maps = read_lens(model, file) if file else fit_lens(model, report)
        self.label = maps.label
        return maps

    def _read(
        self, model: LanguageModel, lens: str, maps: LinearLens | None, depth: int, block: int
    ) -> None:
        end = self._end_of(model, block)
        arrays, tokens = self._arrays[lens], slice(end.rows.start + 1, end.rows.stop + 1)
        if depth == model.facts.layers:
            numbers, kl = end.numbers, torch.zeros(len(end.probabilities))
        else:
            states = self.states[depth][end.rows]
            states = states if maps is None else maps(depth, states)
            logits = model.unembed(model.final_norm(states)).float()
            targets = self._targets[end.rows]
            numbers = measure(logits, targets, TOP)
            best = logits.gather(-1, numbers.top_ids[:, :1].long())[:, 0]
            total = best - numbers.top_logprobs[:, 0]
            kl = divergence(end.probabilities, end.numbers.entropy, logits, total)
        agrees = numbers.top_ids[:, 0] == end.numbers.top_ids[:, 0]
        found = {
            "entropy": numbers.entropy,
            "kl": kl,
            "rank": numbers.rank,
            "agrees": agrees,
            "top_ids": numbers.top_ids,
            "top_logprobs": numbers.top_logprobs,
        }
        for name, values in found.items():
            arrays[name][depth, tokens, ...] = values.cpu().numpy()

    def _end_of(self, model: LanguageModel, block: int) -> _End:
        start = block * block_rows(model)
        rows = slice(start, min(start + block_rows(model), len(self._targets)))
        if self._end is None or self._end.rows != rows:
            self._end = None  # gone before the next ones come
            logits = model.unembed(model.final_norm(self.states[-1][rows])).float()
            numbers = measure(logits, self._targets[rows], TOP)
            self._end = _End(rows, numbers, logits.softmax(-1))
        return self._end

    def arrays(self, done: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        """Return the arrays of a run in which the depths ``done`` are read, others missing."""
        found: dict[str, np.ndarray] = {}
        for lens, own in self._arrays.items():
            if lens == "linear" and not self.label:
                continue
            for name, values in own.items():
                part = np.full_like(values, -1 if values.dtype.kind == "i" else np.nan)
                part[list(done[lens])] = values[list(done[lens])]
                found[name if lens == "logit" else f"linear_{name}"] = part
        return found

    def release(self) -> None:
        """Let go of all that is as long as the text but the numbers."""
        self.states, self._end = [], None


@dataclass(frozen=True)
class LayersSoFar:
    """What a running study can show already: ``Progress.partial``."""

    _done: dict[str, tuple[int, ...]]
    _run: Callable[[dict[str, tuple[int, ...]]], WhenItKnewRun]

    def run(self) -> WhenItKnewRun:
        """Return these depths as a run marked ``stopped``; on any thread."""
        return self._run(self._done)


class WhenItKnewStudy(ReadingStudy):
    """Reads a text once, then its layers through the head, a block of rows at a time.

    Every sixth layer comes first, so that there is a whole picture soon; then those between.
    """

    kind = "when_it_knew"

    def taps(
        self, model: LanguageModel, request: WhenItKnewRequest, encoding: Encoding
    ) -> list[LensTap]:
        if request.lens_file:
            read_lens(model, request.lens_file)  # refused before anything is read
        return [LensTap(request)]

    def after(
        self,
        model: LanguageModel,
        request: WhenItKnewRequest,
        encoding: Encoding,
        taps: Sequence[LensTap],
        started: float,
        report: Report,
    ) -> None:
        tap = taps[0]

        def stopped(done: dict[str, tuple[int, ...]]) -> WhenItKnewRun:
            run = self._run(model, request, encoding, tap, done, started)
            return replace(run, stopped=True)

        def partial() -> LayersSoFar | None:
            return LayersSoFar(dict(tap.done), stopped) if tap.done["logit"] else None

        with study_memory(f"Reading {len(encoding):,} tokens", model.facts.device):
            try:
                tap.read_layers(model, report, partial)
            except CancelledError as stop:
                so_far = partial()
                stop.partial_run = so_far.run() if so_far else None
                raise
            finally:
                tap.release()

    def finish(
        self,
        model: LanguageModel,
        request: WhenItKnewRequest,
        encoding: Encoding,
        taps: Sequence[LensTap],
        started: float,
    ) -> WhenItKnewRun:
        return self._run(model, request, encoding, taps[0], taps[0].done, started)

    def _run(
        self,
        model: LanguageModel,
        request: WhenItKnewRequest,
        encoding: Encoding,
        tap: LensTap,
        done: dict[str, tuple[int, ...]],
        started: float,
    ) -> WhenItKnewRun:
        arrays: dict[str, Any] = tap.arrays(done)
        ids = np.unique(np.concatenate([arrays[each].ravel() for each in arrays if "ids" in each]))
        return WhenItKnewRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            vocabulary={str(each): model.tokenizer.token_text(each) for each in ids[ids >= 0]},
            linear_label=tap.label if "linear_kl" in arrays else "",
            **arrays,
        )


STUDIES.register(WhenItKnewStudy.kind)(WhenItKnewStudy())


def depths_read(
    model: LanguageModel, request: WhenItKnewRequest, tokens: int
) -> tuple[list[int], list[int]]:
    """Return the depths that are read first, and those after them; the last is always first."""
    last = model.facts.layers
    every = {"all": 1, "every 3rd": SPARSE}.get(request.layers, 1 if tokens <= LONG else SPARSE)
    coarse = sorted({*range(0, last, COARSE), last})
    return coarse, [each for each in range(0, last, every) if each not in coarse]


def _fits(request: WhenItKnewRequest) -> bool:
    """Tell whether the linear lens is fitted for a request, if it is not there yet."""
    return request.lens == "both" and not request.lens_file
