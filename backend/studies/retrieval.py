"""The study of retrieval: a datastore of one text, another one read with it, and one written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, ModelError, OverBudgetError
from ..measures.neighbours import nearest, neighbour_log_weights, retrieval_entropy
from ..models.memory import study_memory
from ..reading.continuations import scoring_bytes
from ..reading.encoding import check_text, token_fields
from ..reading.reader import read, reading_bytes, reading_work
from ..reading.windows import one_window
from ..runs.retrieval import LONGEST_SOURCE, SHARES, SHOWN, RetrievalRequest, RetrievalRun
from ..taps.keys import KeysTap
from ..taps.logits import LogitsTap
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

WINDOW, OVERLAP = 1024, 128
"""Tokens of a source that are read at once, and how many of them again as context."""


class Datastore:
    """Keys [N, D] and the token that came behind each, [N]."""

    def __init__(self, keys: Tensor, values: Tensor, request: RetrievalRequest) -> None:
        self.keys, self.values = keys, values
        self._count, self._temperature = request.neighbours, request.temperature

    def ask(self, queries: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return squared distances, places, ln w and values of the neighbours, each [R, k]."""
        distances, places = nearest(queries, self.keys, self._count)
        return (
            distances,
            places,
            neighbour_log_weights(distances, self._temperature),
            self.values[places],
        )


class _TextTap(LogitsTap):
    """Asks the datastore before every token, and measures the model's own prediction."""

    def __init__(self, tokens: int, keys: KeysTap, store: Datastore, shown: int) -> None:
        self._keys, self._store, self._shown = keys, store, shown
        names = ("surprisal", "entropy", "retrieved", "retrieval_entropy", "distance")
        self.arrays: dict[str, Any] = {
            **{name: np.full(tokens, np.nan, np.float32) for name in names},
            "neighbour_weights": np.full((tokens, shown), np.nan, np.float32),
            "neighbour_places": np.full((tokens, shown), -1, np.int32),
        }

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self._ids = ids[0]

    def on_logits(self, first: int, logits: Tensor) -> None:
        place = slice(first, first + len(logits))
        came = self._ids[place].to(logits.device)
        queries = self._keys.seen[first - 1 : place.stop - 1]
        distances, places, weights, values = self._store.ask(queries)
        logs = logits.float().log_softmax(-1)
        found = {
            "surprisal": -logs.gather(1, came[:, None])[:, 0],
            "entropy": _entropy(logs),
            "retrieved": (weights.exp() * (values == came[:, None].to(values.device))).sum(-1),
            "retrieval_entropy": retrieval_entropy(weights, values),
            "distance": distances[:, 0],
            "neighbour_weights": weights.exp()[:, : self._shown],
            "neighbour_places": places[:, : self._shown] + 1,
        }
        for name, each in found.items():
            self.arrays[name][place] = each.cpu().numpy()


class RetrievalStudy:
    """Reads the source for keys, the text once, and writes streams that draw from both."""

    kind = "retrieval"

    def estimate(self, model: LanguageModel, request: RetrievalRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: as ``RetrievalRequest.check``; or a text or the datastore is too short.
            OverBudgetError: a text is longer than can be read.
            ModelError: the model cannot write step by step.
        """
        source, text = _encoded(model, request)
        layer = _layer(model, request)
        keys = KeysTap(layer)
        size, vocabulary = model.facts.hidden_size, model.facts.vocab_size
        reading = reading_bytes(model, len(text), one_window(len(text)), [keys, LogitsTap()])
        windows = reading_bytes(model, WINDOW, one_window(WINDOW), [keys])
        tails = [request.steps] * request.streams
        writing = scoring_bytes(model, request.beginning, tails)
        writing += 12 * request.streams * vocabulary
        work = reading_work(model, len(source) + len(text), [])
        work += len(text) * (vocabulary * size + len(source) * size)
        work += request.steps * (request.streams + 2) * model.facts.parameters
        return Estimate(max(reading, windows, writing) + 8 * len(source) * size, work)

    def run(self, model: LanguageModel, request: RetrievalRequest, report: Report) -> RetrievalRun:
        """Make the datastore, read the text, write.

        Raises:
            InputError, OverBudgetError, ModelError: as ``estimate``.
            NotDefinedError: the layer has no MLP of its own.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        source, text = _encoded(model, request)
        keys = KeysTap(_layer(model, request))
        with study_memory("Retrieving", model.facts.device), torch.inference_mode():
            store = _datastore(model, request, source.ids, keys, report)
            stored = time.perf_counter()
            shown = min(SHOWN, request.neighbours)
            tap = _TextTap(len(text), keys, store, shown)
            read(model, text.ids, one_window(len(text)), [keys, tap], report)
            was_read = time.perf_counter()
            if np.isnan(tap.arrays["entropy"][1:]).any():
                raise ModelError(
                    f"{model.facts.name} gave no usable numbers in {model.facts.dtype}; load it as "
                    "float32 or bfloat16."
                )
            written = _write(model, request, text.ids, store, keys, report)
        return RetrievalRun(
            **provenance(model),
            **token_fields(text),
            **tap.arrays,
            **written,
            request=request,
            seconds=time.perf_counter() - started,
            source_tokens=source.tokens,
            shares=np.array(SHARES, np.float32),
            store_seconds=stored - started,
            text_seconds=was_read - stored,
        )


STUDIES.register(RetrievalStudy.kind)(RetrievalStudy())


def _layer(model: LanguageModel, request: RetrievalRequest) -> int:
    """Return the layer of the keys, from 0."""
    layers = model.facts.layers
    if not 0 <= request.layer <= layers:
        raise InputError(
            f"{model.facts.name} has layers 1 to {layers}; the keys are asked of layer "
            f"{request.layer}."
        )
    return (request.layer or layers) - 1


def _encoded(model: LanguageModel, request: RetrievalRequest) -> tuple[Encoding, Encoding]:
    """Check a request; return source and text."""
    request.check()
    if model.decoding_fault:
        raise ModelError(model.decoding_fault)
    check_text(request.source)
    check_text(request.text)
    source = model.tokenizer.encode(request.source)
    text = model.tokenizer.encode(request.text)
    keys = len(source) - 1
    if keys < request.neighbours:
        raise InputError(
            f"The source gives {max(keys, 0):,} key{'s' * (keys != 1)}, fewer than the "
            f"{request.neighbours:,} neighbours asked for: give a longer source, or ask for fewer."
        )
    if keys >= LONGEST_SOURCE:
        raise OverBudgetError(
            f"The source has {len(source):,} tokens; at most {LONGEST_SOURCE:,} are kept."
        )
    if len(text) <= request.beginning:
        raise InputError(
            f"The text has {len(text):,} tokens; it needs more than the {request.beginning:,} that "
            "are written on from."
        )
    longest = max(len(text), request.beginning + request.steps)
    reads = [each for each in (model.facts.context, model.rereads_after) if each is not None]
    if longest > min(reads, default=longest):
        raise OverBudgetError(
            f"Text or writing has {longest:,} tokens; {model.facts.name} reads {min(reads):,}."
        )
    return source, text


def _datastore(
    model: LanguageModel, request: RetrievalRequest, ids: np.ndarray, tap: KeysTap, report: Report
) -> Datastore:
    """Read the source in windows; each but the first begins with some of the one before."""
    context = model.facts.context or WINDOW
    window = min(WINDOW, context)
    overlap = min(OVERLAP, window // 2)
    keys: list[Tensor] = []
    done = 0
    while done < len(ids):
        start = max(done - overlap, 0)
        stop = min(start + window, len(ids))
        report(Progress(done, len(ids), f"Datastore: {done:,} of {len(ids):,} tokens"))
        read(model, ids[start:stop], one_window(stop - start), [tap], _stoppable(report))
        keys.append(tap.seen[done - start :].clone())
        done = stop
    found = torch.cat(keys)[:-1]
    return Datastore(found, torch.from_numpy(ids[1:]).long().to(found.device), request)


def _stoppable(report: Report) -> Report:
    """Return a report that says only that a layer is done, so that a stop is heard between."""

    def each(progress: Progress) -> None:
        report(Progress(progress.done, progress.total, f"Datastore, {progress.message.lower()}"))

    return each


def _write(
    model: LanguageModel,
    request: RetrievalRequest,
    ids: np.ndarray,
    store: Datastore,
    tap: KeysTap,
    report: Report,
) -> dict[str, Any]:
    """Write all streams as rows of one batch; each token from the neighbours or from the model."""
    luck = torch.Generator().manual_seed(request.seed)
    own, retrieved, said = [], [], []
    past = model.new_past()
    with KeysTap.watching(model, [tap]):
        beginning = torch.from_numpy(ids[: request.beginning]).long()[None]
        hidden = model.hidden_states(beginning, past=past)[:, -1]
        past.select(torch.zeros(request.streams, dtype=torch.long))
        hidden = hidden.expand(request.streams, -1)
        queries = tap.seen[-1:].expand(request.streams, -1)
        for step in range(request.steps):
            report(Progress(step, request.steps, f"Writing: token {step + 1} of {request.steps}"))
            logs = model.unembed(hidden).float().log_softmax(-1)
            _, _, weights, values = store.ask(queries)
            own.append(_entropy(logs).cpu())
            retrieved.append(retrieval_entropy(weights, values).cpu())
            # A draw from the mixture: first from which of the two, then from that one.
            neighbour = torch.multinomial(weights.exp().cpu(), 1, generator=luck)
            drawn = torch.multinomial(logs.exp().cpu(), 1, generator=luck)
            from_store = torch.rand(request.streams, 1, generator=luck) < request.share
            chosen = torch.where(from_store, values.cpu().gather(1, neighbour), drawn)
            said.append(chosen[:, 0])
            if step + 1 < request.steps:
                hidden = model.hidden_states(chosen, past=past)[:, -1]
                queries = tap.seen.reshape(request.streams, -1, tap.seen.shape[-1])[:, -1]
    rows = torch.stack(said, 1).int().numpy()
    entropy, retrieval = torch.stack(own, 1).numpy(), torch.stack(retrieved, 1).numpy()
    return {
        "written_entropy": entropy,
        "written_retrieval": retrieval,
        "stream_entropy": entropy.mean(1),
        "stream_retrieval": retrieval.mean(1),
        "written_ids": rows,
        "continuations": [model.tokenizer.decode(each) for each in rows],
    }


def _entropy(logs: Tensor) -> Tensor:
    """Return −Σ p ln p of log-probabilities [R, V], nats; 0 where p is 0."""
    return torch.special.entr(logs.exp()).sum(-1)
