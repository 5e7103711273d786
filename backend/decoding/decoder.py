"""Decoding many trajectories of one prompt as one batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import Tensor

from ..errors import ModelError
from ..measures.distribution import with_64_bits
from ..measures.threads import run_tasks
from ..models.language import LanguageModel
from ..progress import Progress, Report
from ..runs.trajectories import Plan, TrajectoryRequest
from ..samplers import Step
from ..samplers.base import Distribution, State, wide_enough
from ..samplers.draw import draw, luck
from .penalty import Penalty
from .plans import build


@dataclass(frozen=True)
class Decoded:
    """One step of the rows still running.

    Attributes:
        rows: int64 [R]; row = sampler × seeds + seed.
        raw: the model's distributions, float32 [R, V].
        steps: of each sampler that still runs, by its number, over its own rows.
        states: of all samplers before the step, for every seed; of seeds that have ended, the
            last one they had.
        probs: float32 [R, V], what was drawn from; ``kept`` bool [R, V].
        chosen: int64 [R].
        outcomes: by sampler, what is known after the draw.
    """

    rows: Tensor
    raw: Distribution
    steps: dict[int, Step]
    states: list[State]
    probs: Tensor
    kept: Tensor
    chosen: Tensor
    outcomes: dict[int, dict[str, Tensor]]


class Decoder:
    """Decodes step by step; the caller says after each which rows are done.

    A row's token depends on its own text, sampler and luck only. Logits of the same text differ
    in their last bits between batches of different sizes, because matrix kernels do; the luck of a
    row does not depend on the batch.

    Args:
        model: the model.
        ids: int64 [P], the prompt.
        request: samplers, seeds and prefix.
    """

    def __init__(self, model: LanguageModel, ids: Tensor, request: TrajectoryRequest) -> None:
        self._model = model
        self._request = request
        self.samplers = [build(plan) for plan in request.samplers]
        seeds = len(request.seeds)
        self._rows = torch.arange(len(self.samplers) * seeds)
        self._states = [sampler.start(seeds) for sampler in self.samplers]
        self._luck = _Luck(request, model.facts.vocab_size)
        self._past = model.new_past()
        self._penalty = Penalty(
            request.repetition_penalty, ids, len(self._rows), model.facts.vocab_size
        )
        self._hidden = torch.empty(0)

    def read(self, ids: Tensor, report: Report) -> None:
        """Read prompt and prefix once, and copy what the model keeps of them to every row."""
        prefix = torch.tensor(self._request.prefix_ids, dtype=torch.long)

        def layer(done: int, total: int) -> None:
            report(Progress(0, self._request.steps, f"Reading the prompt: layer {done} of {total}"))

        read = torch.cat([ids, prefix])[None]
        hidden = self._model.hidden_states(read, past=self._past, on_layer=layer)
        self._relive(hidden[0, len(ids) - 1 :], prefix)
        self._past.select(torch.zeros(len(self._rows), dtype=torch.long))
        self._hidden = hidden[:, -1].expand(len(self._rows), -1)

    def steps(self) -> Iterator[Decoded]:
        """Yield one step after the other, for as long as rows are left.

        Raises:
            ModelError: the model gave something that is not a number.
        """
        while len(self._rows):
            decoded = self._step(self._logits(self._hidden))
            yield decoded
            if len(self._rows):
                chosen = decoded.chosen[torch.isin(decoded.rows, self._rows)]
                self._hidden = self._model.hidden_states(chosen[:, None], past=self._past)[:, -1]

    def leave(self, finished: Tensor) -> None:
        """Take ``finished`` rows out of the batch."""
        stay = ~torch.isin(self._rows, finished)
        if stay.all():
            return
        self._rows = self._rows[stay]
        self._penalty.leave(stay)
        if len(self._rows):
            self._past.select(stay.nonzero()[:, 0])

    def _logits(self, hidden: Tensor) -> Tensor:
        """Return logits where samplers can compute in float64."""
        return wide_enough(with_64_bits(self._model.unembed(hidden).float()))

    def _spans(self) -> dict[int, slice]:
        """Return where the rows of each sampler that still runs stand; they are in order."""
        owners, counts = (self._rows // len(self._request.seeds)).unique_consecutive(
            return_counts=True
        )
        ends = counts.cumsum(0)
        spans = zip(owners.tolist(), (ends - counts).tolist(), ends.tolist(), strict=True)
        return {number: slice(start, end) for number, start, end in spans}

    def _step(self, logits: Tensor) -> Decoded:
        raw, spans, before = Distribution(logits).computed(), self._spans(), list(self._states)
        self._check(raw)
        offered = self._penalty.applied(raw)
        tasks = [
            partial(
                self.samplers[number].judge,
                offered.rows(span),
                pick(before[number], self._seeds(span)),
            )
            for number, span in spans.items()
        ]
        steps = dict(zip(spans, run_tasks(tasks, logits.device), strict=True))
        probs = torch.cat([each.probs for each in steps.values()])
        kept = torch.cat([each.kept for each in steps.values()])
        chosen = draw(probs, self._luck.next(self._rows).to(probs.device))
        outcomes = {}
        for number, span in spans.items():
            outcomes[number] = self.samplers[number].outcome(steps[number], chosen[span])
            self._observe(number, steps[number], chosen[span], self._seeds(span))
        self._penalty.see(chosen[:, None])
        return Decoded(self._rows, raw, steps, before, probs, kept, chosen, outcomes)

    def _check(self, raw: Distribution) -> None:
        if not raw.entropy.isfinite().all():
            facts = self._model.facts
            raise ModelError(
                f"{facts.name} gave no usable numbers in {facts.dtype}; "
                "load it as float32 or bfloat16."
            )

    def _seeds(self, span: slice) -> Tensor:
        """Return the seed numbers of these rows."""
        return self._rows[span] % len(self._request.seeds)

    def _observe(self, number: int, step: Step, chosen: Tensor, seeds: Tensor) -> None:
        whole = self._states[number]
        after = self.samplers[number].observe(pick(whole, seeds), step, chosen)
        self._states[number] = {
            name: whole[name].to(value.device).index_copy(0, seeds.to(value.device), value)
            for name, value in after.items()
        }

    def _relive(self, hidden: Tensor, prefix: Tensor) -> None:
        """Let samplers, luck and penalty go through the tokens that are chosen already."""
        self._luck.skip(len(prefix))
        seeds = torch.arange(len(self._request.seeds))
        for place, token in enumerate(prefix):
            if any(self._states):
                raw = Distribution(self._logits(hidden[place : place + 1]))
                offered = self._penalty.applied(raw, slice(1)).logits.expand(len(seeds), -1)
                chosen = token.to(offered.device).expand(len(seeds))
                for number, sampler in enumerate(self.samplers):
                    if state := self._states[number]:
                        self._observe(number, sampler.filter(offered, state), chosen, seeds)
            self._penalty.see(token.expand(len(self._rows), 1))


class _Luck:
    """One stream of luck a seed, or one a row where rows share none."""

    def __init__(self, request: TrajectoryRequest, size: int) -> None:
        seeds, rows = len(request.seeds), len(request.samplers) * len(request.seeds)
        if request.shared_luck:
            streams = list(request.seeds)
            self._stream = torch.arange(rows) % seeds
        else:
            streams = [_mixed(seed, plan) for plan in request.samplers for seed in request.seeds]
            self._stream = torch.arange(rows)
        self._generators = [torch.Generator().manual_seed(each) for each in streams]
        self._size = size

    def next(self, rows: Tensor) -> Tensor:
        """Return waiting times [R, V] for ``rows``."""
        streams, inverse = self._stream[rows].unique(return_inverse=True)
        waiting = [luck(self._size, self._generators[each]) for each in streams.tolist()]
        # One stream for all is one row for all; no copies.
        return torch.stack(waiting)[inverse] if len(waiting) > 1 else waiting[0][None]

    def skip(self, steps: int) -> None:
        """Use up the luck of ``steps`` steps."""
        for generator in self._generators:
            for _ in range(steps):
                luck(self._size, generator)


def _mixed(seed: int, plan: Plan) -> int:
    """Return a seed that depends on the sampler too, but not on its place in the request."""
    text = json.dumps([seed, [asdict(each) for each in plan]], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "little")


def pick(state: State, seeds: Tensor) -> State:
    """Return the part of a sampler's state that belongs to ``seeds``."""
    return {name: value[seeds.to(value.device)] for name, value in state.items()}
