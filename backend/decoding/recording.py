"""What is kept of every decoded step, and the run made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..measures.distribution import rank, top
from ..models.language import LanguageModel
from ..models.provenance import provenance
from ..runs.trajectories import UNIT_WORDS, Ending, TrajectoryRequest, TrajectoryRun
from ..samplers import SAMPLERS
from ..samplers.base import Distribution
from .decoder import Decoded, Decoder, pick
from .plans import labels

_FLOATS = (
    *("entropy", "varentropy", "surprisal", "rank"),
    *("kept_mass", "final_entropy", "kl", "drawn_probability"),
)


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

    def add(self, decoded: Decoded) -> None:
        """Keep one step."""
        at = (*self._places(decoded.rows), self.steps)
        raw, chosen = decoded.raw, decoded.chosen[:, None]
        top_ids = top(raw.logits, self._request.top_n)
        numbers = {
            "entropy": raw.entropy,
            "varentropy": raw.varentropy,
            "surprisal": -raw.log_probs.gather(-1, chosen)[:, 0],
            "rank": rank(raw.logits, decoded.chosen, top_ids),
            **_final_numbers(decoded),
        }
        for name in _FLOATS:
            self._floats[name][at] = _numpy(numbers[name])
        self._ids["raw_top_ids"][at] = _numpy(top_ids)
        self._tops["raw_top_logprobs"][at] = _numpy(raw.log_probs.gather(-1, top_ids))
        final_ids = top(decoded.probs, self._request.top_n)
        self._ids["final_top_ids"][at] = _numpy(final_ids)
        self._tops["final_top_probs"][at] = _numpy(decoded.probs.gather(-1, final_ids))
        self._kept[at] = _numpy(numbers["kept_count"])
        self._tokens[at] = _numpy(decoded.chosen)
        self._add_details(decoded, self.steps)
        if self._request.compare:
            self._compare(decoded, top_ids, at)
        self.steps += 1

    def time(self, seconds: float) -> None:
        """Note how long the last step took."""
        self._seconds[self.steps - 1] = seconds

    def _places(self, rows: Tensor) -> tuple[np.ndarray, np.ndarray]:
        number = rows.numpy()
        return number // self._shape[1], number % self._shape[1]

    def _add_details(self, decoded: Decoded, step: int) -> None:
        seeds = self._shape[1]
        samplers, places = np.divmod(decoded.rows.numpy(), seeds)
        for number, own in decoded.steps.items():
            here = places[samplers == number]
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
        seeds = decoded.rows % self._shape[1]
        for number, state in enumerate(decoded.states):
            step = self._decoder.samplers[number].judge(decoded.raw, pick(state, seeds))
            cell = (number, *at)
            self._compared["compare_count"][cell] = _numpy(step.kept.sum(-1))
            self._compared["compare_mass"][cell] = _numpy(_mass(decoded.raw, step.kept))
            self._compared["compare_entropy"][cell] = _numpy(_entropy(step.probs, _log(step.probs)))
            self._compared["compare_probs"][cell] = _numpy(step.probs.gather(-1, top_ids))

    def texts(self, steps: int) -> list[list[str]]:
        """Return what each trajectory says after ``steps`` steps, [M][S]."""
        prefix = list(self._request.prefix_ids)
        return self._by_row(
            lambda row: self._model.tokenizer.decode([*prefix, *self._new_ids(row)[:steps]])
        )

    def new_text(self, row: int) -> str:
        """Return what a row says so far, without a branch's prefix."""
        return self._model.tokenizer.decode(self._new_ids(row))

    def finish(self, finished: dict[int, Ending]) -> None:
        """Note why rows have ended."""
        for row, ending in finished.items():
            self.endings[row] = ending

    def run(self, request: TrajectoryRequest, *, until: int | None = None) -> TrajectoryRun:
        """Return the run; on another thread than the recording one too.

        Args:
            request: as asked.
            until: only the first so many steps, as a run that was stopped there.
        """
        last = self._shape[2] if until is None else until
        fields: dict[str, Any] = {
            **{name: _until(value, last) for name, value in self._floats.items()},
            **{name: _until(value, last) for name, value in self._tops.items()},
            **{name: _until(value, last, -1) for name, value in self._ids.items()},
            "kept_count": _until(self._kept, last, 0),
            "token_ids": _until(self._tokens, last, -1),
            "details": {name: _until(value, last) for name, value in self._details.items()},
            "step_seconds": _until(self._seconds, last, axis=0),
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
            endings=self._by_row(lambda row: self._ending(row, last)),
            lengths=(tokens >= 0).sum(-1).astype(np.int32),
            detail_labels=_detail_labels(request, fields["details"]),
            vocabulary=self._vocabulary(fields),
            special_ids=self._special(tokens),
            stopped=until is not None,
            **aligned,
            **fields,
        )

    def _new_ids(self, row: int) -> list[int]:
        own = self._tokens[divmod(row, self._shape[1])]
        return own[own >= 0].tolist()

    def _ending(self, row: int, last: int) -> Ending:
        """Return why a row had ended after ``last`` steps; recording may be further by now."""
        ending = self.endings[row]
        return ending if ending and len(self._new_ids(row)) <= last else "stopped"

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
    """Return what ``TrajectoryRun.detail_label`` reads."""
    found: dict[str, str] = {}
    for sampler, plan in enumerate(request.samplers):
        for place, spec in enumerate(plan):
            for name, detail in SAMPLERS[spec.name].details.items():
                key = name if len(plan) == 1 else f"{place}.{name}"
                unit = UNIT_WORDS.get(detail.unit, detail.unit)
                label = f"{detail.name} [{unit}]" if unit else detail.name
                if key in details and found.setdefault(key, label) != label:
                    found[f"{sampler}:{key}"] = label
    return found


def _until(value: np.ndarray, last: int, empty: float = np.nan, axis: int = 2) -> np.ndarray:
    """Return a copy whose steps from ``last`` on are empty."""
    copy = value.copy()
    copy[(slice(None),) * axis + (slice(last, None),)] = empty
    return copy


def _final_numbers(decoded: Decoded) -> dict[str, Tensor]:
    """Return what there is to say of the distributions that were drawn from, [R] by name."""
    probs, log_probs = decoded.probs, _log(decoded.probs)
    entropy = _entropy(probs, log_probs)
    gain = log_probs.sub_(decoded.raw.finite_log_probs)
    kept = _numbers(decoded.kept, probs.dtype)
    return {
        "kept_count": kept.sum(-1),
        "kept_mass": torch.linalg.vecdot(decoded.raw.probs, kept).clamp(max=1),
        "final_entropy": entropy,
        "kl": torch.linalg.vecdot(probs, gain).clamp(min=0),
        "drawn_probability": probs.gather(-1, decoded.chosen[:, None])[:, 0],
    }


def _log(probs: Tensor) -> Tensor:
    """Return log p, finite also where p is 0."""
    return probs.clamp(min=torch.finfo(probs.dtype).tiny).log_()


def _numbers(kept: Tensor, dtype: torch.dtype) -> Tensor:
    """Return 1 where ``kept`` and 0 elsewhere; converting bytes is six times as fast as bool."""
    return kept.view(torch.uint8).to(dtype)


def _entropy(probs: Tensor, log_probs: Tensor) -> Tensor:
    return -torch.linalg.vecdot(probs, log_probs).clamp(max=0)


def _mass(raw: Distribution, kept: Tensor) -> Tensor:
    return torch.linalg.vecdot(raw.probs, _numbers(kept, raw.probs.dtype)).clamp(max=1)


def _numpy(value: Tensor) -> np.ndarray:
    return value.cpu().numpy()
