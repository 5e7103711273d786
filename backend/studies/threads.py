"""The study of needles and threads: one haystack read once, questions asked at every length."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..derived.threads import chance_of
from ..errors import InputError, ModelError, OverBudgetError
from ..measures.distribution import measure
from ..measures.needles import CHANCE_BITS, attended, index_at, pairs_of, threaded
from ..models.memory import study_memory
from ..models.self_test import reads_blocks
from ..reading.continuations import behind, scoring_bytes
from ..runs.threads import ThreadsRequest, ThreadsRun
from ..taps.attention import AttentionTap
from .base import STUDIES, Estimate, Progress, Report, provenance
from .haystacks import Record, facts_of, records, values_of, written

if TYPE_CHECKING:
    from ..models.attention_call import AttentionCall
    from ..models.language import LanguageModel
    from ..models.past import Past

WAYS = ("forward", "backward", "random")
QUESTION = 120
"""Tokens kept free behind a haystack for a question; a hop of a thread takes as many."""
CHUNK = 256
"""Tokens of the haystack that are read at once."""


@dataclass(frozen=True, eq=False)
class _Hay:
    """A haystack as tokens.

    Attributes:
        records: with a value or without.
        ids: int64 [T].
        ends: behind the last token of each record.
        spans: of the value of each.
    """

    records: list[Record]
    ids: Tensor
    ends: list[int]
    spans: list[tuple[int, int]]

    def within(self, length: int) -> int:
        """Return how many records have at most so many tokens."""
        return int(np.searchsorted(self.ends, length, side="right"))


@dataclass(frozen=True)
class _Item:
    """A question: which record, behind how many, after what, and where it stands in the run."""

    place: int
    row: int
    column: int
    depth: float
    before: str = ""


class FindTap(AttentionTap):
    """Sees how much each head attends from one token to the value it is to find."""

    def __init__(self, layers: int, heads: int) -> None:
        self.mass = np.full((layers, heads), np.nan, np.float32)
        self.query, self.span = 0, (0, 0)

    def on_attention(self, call: AttentionCall) -> None:
        """Sum the attention of the query over the span; layers without a pattern stay NaN."""
        if call.value is None or call.query.shape[-2] <= self.query:
            return
        past = call.key.shape[-2] - call.query.shape[-2]
        if past < self.span[1]:  # a window that no longer holds it
            return
        query, groups = call.query[0, :, self.query].float(), call.key.shape[1]
        key = call.key[0].float().repeat_interleave(len(query) // groups, 0)
        scores = torch.einsum("hd,hkd->hk", query, key) * call.scaling
        if call.softcap:
            scores = torch.tanh(scores / call.softcap) * call.softcap
        hidden = torch.arange(scores.shape[-1], device=scores.device) > past + self.query
        if call.visible is not None:
            hidden = hidden | ~call.visible[0, :, self.query].expand_as(scores)
        if call.bias is not None:
            scores = scores + call.bias[0, :, self.query]
        scores = scores.masked_fill(hidden, -torch.inf)
        if call.sinks is not None:
            scores = torch.cat([scores, call.sinks.float()[:, None]], 1)
        self.mass[call.layer] = attended(scores.softmax(-1), self.span).mass.cpu().numpy()


class ThreadsStudy:
    """Reads a haystack from its beginning, and stops at every length to ask behind a copy."""

    kind = "threads"

    def estimate(self, model: LanguageModel, request: ThreadsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: facts that cannot be asked for, or too little hay.
            OverBudgetError: the haystack and a question are longer than the model reads.
            ModelError: the model cannot go on from what it has read.
        """
        behind_it = QUESTION * (request.hops if request.threads else 1)
        limit = model.facts.context
        if limit is not None and request.length + behind_it > limit:
            raise OverBudgetError(
                f"A haystack of {request.length:,} tokens and its question need "
                f"{request.length + behind_it:,}; this model reads {limit:,} "
                f"({model.facts.name}). Ask for a shorter one."
            )
        if not reads_blocks(model) or model.rereads_after is not None:
            raise ModelError(f"{model.facts.name} cannot be asked twice about what it read once.")
        if request.task == "facts in prose":
            facts_of(request)
        asked = len(WAYS) * behind_it
        if not request.threads:
            digits = request.task == "UUID pairs"
            asked = 2 * request.lengths * request.depths * (70 if digits else 20)
        work = float(model.facts.parameters) * (request.length + asked)
        work *= 1 + request.length / 8192  # attention
        return Estimate(scoring_bytes(model, request.length, [behind_it] * 2), work)

    def run(self, model: LanguageModel, request: ThreadsRequest, report: Report) -> ThreadsRun:
        """Ask.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``; or the memory ran out.
            CancelledError: ``report`` said so.
        """
        self.estimate(model, request)
        with study_memory("Looking for needles", model.facts.device):
            return _Search(model, request, report).run()


STUDIES.register(ThreadsStudy.kind)(ThreadsStudy())


class _Search:
    """One search: its haystack, its questions and what was found so far."""

    def __init__(self, model: LanguageModel, request: ThreadsRequest, report: Report) -> None:
        self.model, self.request, self.report = model, request, report
        self.started = time.perf_counter()
        self.hay = _planted(model, request)
        self.lengths = _lengths(request, self.hay)
        self.items, self.rows, self.columns = _items(request, self.hay, self.lengths)
        count = len(self.rows) * len(self.columns)
        facts = model.facts
        self.texts: dict[str, list[Any]] = {
            name: [empty] * count
            for name, empty in (("asked", ""), ("gold", ""), ("said", ""), ("answer_tokens", []))
        }
        longest = max(len(behind(model, self._record(each).answer)) for each in self.items)
        shapes = {
            "length": (count,), "depth": (count,), "alone": (count,),
            "surprisal": (count, longest), "entropy": (count, longest), "rank": (count, longest),
            "mass": (count, facts.layers, facts.heads),
        }  # fmt: skip
        self.arrays = {name: np.full(of, np.nan, np.float32) for name, of in shapes.items()}
        self.span = np.zeros(count, np.int32)
        self.known: dict[str, float] = {}
        self.steps = -(-self.lengths[-1] // CHUNK) + len(self.items)
        self.done = 0

    def run(self) -> ThreadsRun:
        """Read on to every length, and ask all questions of it there."""
        past = self.model.new_past()
        for row in range(len(self.lengths)):
            self._read_to(past, self.lengths[row])
            for item in self.items:
                if item.row == row or self.request.threads:
                    self._ask(past, item)
        return self.finished()

    def finished(self) -> ThreadsRun:
        """Return what was found so far as a run; on any thread."""
        request = self.request
        values = values_of(request)
        found: dict[str, Any] = {name: list(each) for name, each in self.texts.items()}
        found |= {name: each.copy() for name, each in self.arrays.items()}
        return ThreadsRun(
            **provenance(self.model),
            **found,
            request=request,
            rows=self.rows,
            columns=self.columns,
            chance=chance_of(values) if values else CHANCE_BITS * log(2),
            span=self.span.copy(),
            seconds=time.perf_counter() - self.started,
        )

    def _record(self, item: _Item) -> Record:
        return self.hay.records[item.place]

    def _step(self, message: str) -> None:
        self.done += 1
        so_far = (
            _SoFar(partial(self.finished)) if np.isfinite(self.arrays["length"]).any() else None
        )
        self.report(Progress(min(self.done, self.steps), self.steps, message, so_far))

    def _read_to(self, past: Past, length: int) -> None:
        while past.tokens < length:
            end = min(past.tokens + CHUNK, length)
            self.model.hidden_states(self.hay.ids[past.tokens : end][None], past=past)
            self._step(f"Reading the haystack: {end:,} of {len(self.hay.ids):,} tokens")

    @torch.inference_mode()
    def _ask(self, past: Past, item: _Item) -> None:
        model, record = self.model, self._record(item)
        at = item.row * len(self.columns) + item.column
        question = behind(model, item.before + record.question)
        answer = behind(model, record.answer)
        tap = FindTap(model.facts.layers, model.facts.heads)
        tap.query, tap.span = len(question) - 1, self.hay.spans[item.place]
        ids = torch.from_numpy(np.concatenate([question, answer[:-1]])).long()[None]
        with past.branched(torch.zeros(1, dtype=torch.long)), FindTap.watching(model, [tap]):
            hidden = model.hidden_states(ids, past=past)[0, len(question) - 1 :]
        targets = torch.from_numpy(answer).long()
        found = measure(model.unembed(hidden).float(), targets, 1)
        count = len(answer)
        for name in ("surprisal", "entropy", "rank"):
            self.arrays[name][at, :count] = getattr(found, name).cpu().numpy()
        self.arrays["mass"][at] = tap.mass
        self.arrays["length"][at] = past.tokens
        self.arrays["depth"][at] = item.depth
        self.arrays["alone"][at] = self._alone(question, answer)
        self.span[at] = tap.span[1] - tap.span[0]
        token_text = model.tokenizer.token_text
        self.texts["asked"][at] = record.question.strip()
        self.texts["gold"][at] = record.answer.strip()
        self.texts["said"][at] = model.tokenizer.decode(found.top_ids[:, 0].tolist()).strip()
        self.texts["answer_tokens"][at] = [token_text(each) for each in answer.tolist()]
        self._step(f"Asking at {self.rows[item.row]}, {self.columns[item.column]}")

    def _alone(self, question: np.ndarray, answer: np.ndarray) -> float:
        """Return what the answer costs without a haystack; asked once a question."""
        key = f"{question.tolist()}{answer.tolist()}"
        if key not in self.known:
            ids = torch.from_numpy(np.concatenate([question, answer[:-1]])).long()[None]
            hidden = self.model.hidden_states(ids)[0, len(question) - 1 :]
            logits = self.model.unembed(hidden).float()
            found = measure(logits, torch.from_numpy(answer).long(), 1).surprisal
            self.known[key] = float(found.double().sum())
        return self.known[key]


@dataclass(frozen=True)
class _SoFar:
    """What a running study can show already: ``Progress.partial``."""

    run: partial[ThreadsRun]


def _planted(model: LanguageModel, request: ThreadsRequest) -> _Hay:
    """Return the haystack: facts spread evenly in prose, threads tied, or records as they come.

    Raises:
        InputError: there is room for too few records.
    """
    if request.task == "facts in prose":
        facts = facts_of(request)
        needles = _tokens(model, facts)
        hay = _tokens(model, _taken(model, request, request.length - len(needles.ids)))
        places = [index_at(i / (len(facts) - 1), len(hay.records) + 1) for i in range(len(facts))]
        mixed: list[Record] = []
        for place in range(len(hay.records) + 1):
            mixed += [facts[i] for i, each in enumerate(places) if each == place]
            mixed += hay.records[place : place + 1]
        return _tokens(model, mixed)
    found = _taken(model, request, request.length)
    if request.threads:
        if len(found) < len(WAYS) * request.hops:
            raise InputError(
                f"{request.length:,} tokens have room for {len(found)} pairs; {len(WAYS)} threads "
                f"of {request.hops} hops need {len(WAYS) * request.hops}."
            )
        pairs = pairs_of(request.seed, len(found))
        for places in _ways(request, len(found)):
            pairs = threaded(pairs, places)
        found = list(written(pairs))
    return _tokens(model, found)


def _taken(model: LanguageModel, request: ThreadsRequest, tokens: int) -> list[Record]:
    found: list[Record] = []
    for each in records(request):
        tokens -= sum(len(behind(model, part)) for part in _parts(each))
        if tokens < 0:
            break
        found.append(each)
    if len(found) < 2:
        raise InputError(f"{request.length:,} tokens have no room for records; ask for more.")
    return found


def _parts(record: Record) -> list[str]:
    return [each for each in (record.before, record.value, record.after) if each]


def _tokens(model: LanguageModel, found: list[Record]) -> _Hay:
    """Return records as tokens; parts are read apart, so that a value has its own tokens."""
    ids, ends, spans = [], [], []
    for each in found:
        start = sum(map(len, ids))
        ids += [behind(model, part) for part in _parts(each)]
        first = start + len(behind(model, each.before))
        spans.append((first, first + len(behind(model, each.value)) if each.value else first))
        ends.append(sum(map(len, ids)))
    return _Hay(found, torch.from_numpy(np.concatenate(ids)).long(), ends, spans)


def _ways(request: ThreadsRequest, count: int) -> list[list[int]]:
    """Return the places of one thread forward, one backward and one at random; none in two."""
    luck = random.Random(request.seed)  # noqa: S311
    places = luck.sample(range(count), len(WAYS) * request.hops)
    forward, backward, mixed = (
        places[i * request.hops : (i + 1) * request.hops] for i in range(len(WAYS))
    )
    return [sorted(forward), sorted(backward, reverse=True), mixed]


def _lengths(request: ThreadsRequest, hay: _Hay) -> list[int]:
    """Return the lengths that are asked at, all at the end of a record."""
    if request.threads:
        return [hay.ends[-1]]
    steps = [hay.ends[-1] * (i + 1) // request.lengths for i in range(request.lengths)]
    return [hay.ends[max(hay.within(each) - 1, 0)] for each in steps]


def _items(
    request: ThreadsRequest, hay: _Hay, lengths: list[int]
) -> tuple[list[_Item], list[str], list[str]]:
    """Return all questions, and the names of rows and columns."""
    if request.threads:
        columns = [f"hop {hop + 1}" for hop in range(request.hops)]
        return list(_hops(request, hay)), list(WAYS), columns
    depths = [i / (request.depths - 1) for i in range(request.depths)]
    rows = [f"{each:,}" for each in lengths]
    columns = [f"{100 * each:.0f} %" for each in depths]
    return list(_needles(hay, lengths, depths)), rows, columns


def _needles(hay: _Hay, lengths: list[int], depths: list[float]) -> Iterator[_Item]:
    for row, length in enumerate(lengths):
        count = hay.within(length)
        planted = np.array([i for i in range(count) if hay.records[i].value])
        for column, depth in enumerate(depths):
            wanted = index_at(depth, count)
            place = int(planted[np.abs(planted - wanted).argmin()])
            yield _Item(place, row, column, place / max(count - 1, 1))


def _hops(request: ThreadsRequest, hay: _Hay) -> Iterator[_Item]:
    """Yield the hops of every thread; the right ones before it are written out."""
    for row, places in enumerate(_ways(request, len(hay.records))):
        before = ""
        for column, place in enumerate(places):
            record = hay.records[place]
            yield _Item(place, row, column, place / max(len(hay.records) - 1, 1), before)
            before += f'{record.question}{record.answer}",\n'
