"""What is kept of every decoded step, and the run made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backend.measures.distribution import measure, top
from backend.models.language import LanguageModel
from backend.runs.trajectories import Ending, TrajectoryRequest, TrajectoryRun
from backend.samplers import SAMPLERS
from backend.studies.base import provenance
from backend.studies.decoding import Decoded, Decoder, pick
from backend.studies.plans import labels

_RAW = ("entropy", "varentropy", "surprisal", "rank")
_FLOATS = (*_RAW, "kept_mass", "final_entropy", "kl", "drawn_probability")


class Recorder:
    """Arrays [M, S, N] that fill up step by step.

    Attributes:
        labels: of the samplers.
        steps: how many are complete.
        endings: of each row, None while it runs.
    """

    def __init__(
        self, model: LanguageModel, request: TrajectoryRequest, decoder: Decoder, prompt: Tensor
    ) -> None:
        self._model = model
        self._request = request
        self._decoder = decoder
        self._prompt = prompt
        self._started = time.perf_counter()
        self._shape = (len(request.samplers), len(request.seeds), request.steps)
        top_n = (min(request.top_n, model.facts.vocab_size),)
        self._floats = {name: np.full(self._shape, np.nan, np.float32) for name in _FLOATS}
        self._tops = {
            name: np.full(self._shape + top_n, np.nan, np.float32)
            for name in ("raw_top_logprobs", "final_top_probs")
        }
        self._ids = {
            name: np.full(self._shape + top_n, -1, np.int32)
            for name in ("raw_top_ids", "final_top_ids")
        }
        self._tokens = np.full(self._shape, -1, np.int32)
        self._kept = np.zeros(self._shape, np.int32)
        self._seconds = np.full(request.steps, np.nan, np.float32)
        self._details: dict[str, np.ndarray] = {}
        self._compared = self._empty_comparison(top_n) if request.compare else {}
        self.labels = labels(request.samplers)
        self.steps = 0
        self.endings: list[Ending | None] = [None] * (self._shape[0] * self._shape[1])

    def add(self, decoded: Decoded, seconds: float) -> None:
        """Keep one step."""
        step, request = self.steps, self._request
        at = (*self._places(decoded.rows), step)
        numbers = measure(decoded.raw, decoded.chosen, request.top_n)
        for name in _RAW:
            self._floats[name][at] = _numpy(getattr(numbers, name))
        self._ids["raw_top_ids"][at] = _numpy(numbers.top_ids)
        self._tops["raw_top_logprobs"][at] = _numpy(numbers.top_logprobs)
        self._tokens[at] = _numpy(decoded.chosen)
        self._add_final(decoded, at)
        self._add_details(decoded, step)
        if request.compare:
            self._compare(decoded, numbers.top_ids.long(), at)
        self._seconds[step] = seconds
        self.steps += 1

    def _places(self, rows: Tensor) -> tuple[np.ndarray, np.ndarray]:
        number = rows.numpy()
        return number // self._shape[1], number % self._shape[1]

    def _add_final(self, decoded: Decoded, at: tuple) -> None:
        probs = decoded.probs.float()
        log_raw = _log_probs(decoded.raw)
        entropy = _entropy(probs)
        cross = -torch.linalg.vecdot(probs, log_raw)
        ids = top(probs, self._request.top_n)
        self._kept[at] = _numpy(decoded.kept.sum(-1))
        self._floats["kept_mass"][at] = _numpy(_mass(log_raw.exp(), decoded.kept))
        self._floats["final_entropy"][at] = _numpy(entropy)
        self._floats["kl"][at] = _numpy((cross - entropy).clamp(min=0))
        drawn = probs.gather(-1, decoded.chosen[:, None])[:, 0]
        self._floats["drawn_probability"][at] = _numpy(drawn)
        self._ids["final_top_ids"][at] = _numpy(ids)
        self._tops["final_top_probs"][at] = _numpy(probs.gather(-1, ids))

    def _add_details(self, decoded: Decoded, step: int) -> None:
        seeds = self._shape[1]
        for number, own in decoded.steps.items():
            here = decoded.rows[decoded.rows // seeds == number].numpy() % seeds
            for name, value in {**own.details, **decoded.outcomes[number]}.items():
                field = self._details.setdefault(name, np.full(self._shape, np.nan, np.float32))
                field[number, here, step] = _numpy(value)

    def _empty_comparison(self, top_n: tuple[int, ...]) -> dict[str, np.ndarray]:
        shape = (self._shape[0], *self._shape)
        return {
            "compare_count": np.zeros(shape, np.int32),
            "compare_mass": np.full(shape, np.nan, np.float32),
            "compare_entropy": np.full(shape, np.nan, np.float32),
            "compare_probs": np.full(shape + top_n, np.nan, np.float32),
        }

    def _compare(self, decoded: Decoded, top_ids: Tensor, at: tuple) -> None:
        """Apply each sampler to the raw distribution of every row."""
        raw = _log_probs(decoded.raw).exp()
        seeds = decoded.rows % self._shape[1]
        for number, state in enumerate(decoded.states):
            step = self._decoder.samplers[number].filter(decoded.raw, pick(state, seeds))
            probs = step.probs.float()
            cell = (number, *at)
            self._compared["compare_count"][cell] = _numpy(step.kept.sum(-1))
            self._compared["compare_mass"][cell] = _numpy(_mass(raw, step.kept))
            self._compared["compare_entropy"][cell] = _numpy(_entropy(probs))
            self._compared["compare_probs"][cell] = _numpy(probs.gather(-1, top_ids))

    def texts(self) -> list[list[str]]:
        """Return what each trajectory says so far, [M][S]."""
        return self._by_row(lambda row: self._model.tokenizer.decode(self._row_ids(row)))

    def new_texts(self) -> list[list[str]]:
        """Return the same without a branch's prefix."""
        skip = len(self._request.prefix_ids)
        return self._by_row(lambda row: self._model.tokenizer.decode(self._row_ids(row)[skip:]))

    def finish(self, finished: dict[int, Ending]) -> None:
        """Note why rows have ended."""
        for row, ending in finished.items():
            self.endings[row] = ending

    def run(self, request: TrajectoryRequest, *, stopped: bool = False) -> TrajectoryRun:
        """Return what there is; on another thread than the recording one too."""
        last = self.steps if stopped else self._shape[2]
        fields: dict[str, Any] = {
            **{name: _until(value, last) for name, value in self._floats.items()},
            **{name: _until(value, last) for name, value in self._tops.items()},
            **{name: _until(value, last, -1) for name, value in self._ids.items()},
            "kept_count": _until(self._kept, last, 0),
            "token_ids": _until(self._tokens, last, -1),
            "details": {name: _until(value, last) for name, value in self._details.items()},
            **{
                name: _until(value, last, 0 if value.dtype == np.int32 else np.nan, axis=3)
                for name, value in self._compared.items()
            },
        }
        tokens = fields["token_ids"]
        aligned = self._align(tokens)
        return TrajectoryRun(
            **provenance(self._model),
            request=request,
            seconds=time.perf_counter() - self._started,
            prompt_text=self._model.tokenizer.decode(_numpy(self._prompt)),
            prompt_ids=_numpy(self._prompt).astype(np.int32),
            labels=self.labels,
            endings=self._by_row(lambda row: self.endings[row] or "stopped"),
            lengths=(tokens >= 0).sum(-1).astype(np.int32),
            step_seconds=self._seconds,
            detail_labels=_detail_labels(request, fields["details"]),
            vocabulary=self._vocabulary(fields),
            special_ids=self._special(tokens),
            stopped=stopped,
            **aligned,
            **fields,
        )

    def _row_ids(self, row: int) -> list[int]:
        own = self._tokens[divmod(row, self._shape[1])]
        return [*self._request.prefix_ids, *own[own >= 0].tolist()]

    def _by_row(self, value: Callable[[int], Any]) -> list[list[Any]]:
        samplers, seeds, _ = self._shape
        return [[value(first * seeds + each) for each in range(seeds)] for first in range(samplers)]

    def _align(self, tokens: np.ndarray) -> dict[str, Any]:
        offsets = np.zeros((*self._shape, 2), np.int32)
        groups = np.zeros(self._shape, np.int32)
        tokenizer, prefix = self._model.tokenizer, list(self._request.prefix_ids)
        texts: list[list[str]] = [[""] * self._shape[1] for _ in range(self._shape[0])]
        for place in np.ndindex(self._shape[:2]):
            ids = [*prefix, *tokens[place][tokens[place] >= 0].tolist()]
            spelled = tokenizer.spell(ids)
            count = len(ids) - len(prefix)
            texts[place[0]][place[1]] = spelled.text
            offsets[place][:count] = spelled.offsets[len(prefix) :]
            groups[place][:count] = spelled.groups[len(prefix) :]
        return {"texts": texts, "offsets": offsets, "groups": groups}

    def _vocabulary(self, fields: dict[str, Any]) -> dict[str, str]:
        names = ("token_ids", "raw_top_ids", "final_top_ids")
        ids = np.unique(np.concatenate([fields[name].ravel() for name in names]))
        prefix = np.array(self._request.prefix_ids, np.int32)
        used = np.union1d(ids[ids >= 0], prefix)
        return {str(each): self._model.tokenizer.token_text(each) for each in used.tolist()}

    def _special(self, tokens: np.ndarray) -> list[int]:
        used = np.unique(tokens[tokens >= 0]).tolist()
        return [each for each in used if self._model.tokenizer.is_control(each)]


def _detail_labels(request: TrajectoryRequest, details: dict[str, np.ndarray]) -> dict[str, str]:
    found: dict[str, str] = {}
    for plan in request.samplers:
        for place, spec in enumerate(plan):
            for name, detail in SAMPLERS[spec.name].details.items():
                key = name if len(plan) == 1 else f"{place}.{name}"
                unit = f" [{detail.unit}]" if detail.unit else ""
                if key in details:
                    found.setdefault(key, f"{detail.label}{unit}")
    return found


def _until(value: np.ndarray, last: int, empty: float = np.nan, axis: int = 2) -> np.ndarray:
    """Return a copy whose steps from ``last`` on are empty."""
    copy = value.copy()
    copy[(slice(None),) * axis + (slice(last, None),)] = empty
    return copy


def _log_probs(raw: Tensor) -> Tensor:
    """Return log p of the whole vocabulary; finite also for tokens that cannot come."""
    return torch.log_softmax(raw, -1).clamp(min=-1e4)


def _entropy(probs: Tensor) -> Tensor:
    return torch.special.entr(probs).sum(-1)


def _mass(probs: Tensor, kept: Tensor) -> Tensor:
    return (probs * kept).sum(-1).clamp(max=1)


def _numpy(value: Tensor) -> np.ndarray:
    return value.cpu().numpy()
