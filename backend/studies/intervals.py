"""The intervals study: what a server tells of a text, as bounds on its entropy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import InputError, ModelError
from ..measures.intervals import entropy_bounds
from ..models.provenance import versions_now
from ..runs.intervals import IntervalsRequest, IntervalsRun
from ..runs.model import ModelFacts
from ..servers import connection
from ..servers.asking import Answered, Sampling, read_text, write_text
from ..servers.dialects import Seen
from ..servers.spelling import spell
from .base import STUDIES, Estimate, Report

if TYPE_CHECKING:
    from ..models.language import LanguageModel

MOST = 32
"""Continuations of one run."""

_BETWEEN = Seen("\n\n", b"\n\n")
"""Stands between two answers."""

_ROUNDING = 1e-2  # by which probabilities of a server may miss 1 together


class IntervalsStudy:
    """Asks a server; no model is loaded here."""

    kind = "intervals"

    def estimate(self, model: LanguageModel | None, request: IntervalsRequest) -> Estimate:
        """Check the request; nothing is computed here."""
        if not request.text:
            raise InputError("The text is empty.")
        for name in ("alternatives", "steps", "most_requests", "continuations"):
            if getattr(request, name) < 1:
                raise InputError(f"{name} must be at least 1; it is {getattr(request, name)}.")
        if request.continuations > MOST:
            raise InputError(f"At most {MOST} continuations; it is {request.continuations}.")
        if not (0 <= request.temperature <= 2 and 0 < request.top_p <= 1):
            raise InputError("The temperature is from 0 to 2, and top_p above 0 and up to 1.")
        connection(request.server)
        return Estimate(10_000_000, float(len(request.text)))

    def run(
        self, model: LanguageModel | None, request: IntervalsRequest, report: Report
    ) -> IntervalsRun:
        """Ask the server.

        Raises:
            InputError: there is no such server, or the request makes no sense.
            ModelError, OverBudgetError: as ``servers.asking``.
            CancelledError: ``report`` said so.
        """
        self.estimate(model, request)
        started = time.perf_counter()
        to = connection(request.server)
        if request.task == "read":
            found = read_text(to, request.text, request.alternatives, request.most_requests, report)
            spelled, rows = spell(found.tokens, request.text), None
        else:
            drawn = Sampling(request.continuations, request.temperature, request.top_p)
            several = write_text(
                to, request.text, request.alternatives, request.steps, report, drawn
            )
            found, rows = _in_a_row(several)
            spelled = spell(found.tokens, None)
            ours = np.array([each is _BETWEEN for each in found.tokens])
            spelled = replace(spelled, special=spelled.special | ours)
        return IntervalsRun(
            **versions_now(),
            **vars(spelled),
            **_numbers(found),
            continuation=rows,
            request=request,
            model=_facts(to.name, found),
            seconds=time.perf_counter() - started,
            way=found.way,
            requests=found.requests,
            sampling="after" if any(each.after for each in found.tokens) else "before",
        )


STUDIES.register(IntervalsStudy.kind)(IntervalsStudy())


def _in_a_row(several: Sequence[Answered]) -> tuple[Answered, np.ndarray | None]:
    """Return answers as one, a blank line between them, and which of them a token is of [T]."""
    if len(several) == 1:
        return several[0], None
    tokens: list[Seen] = []
    rows: list[int] = []
    for place, each in enumerate(several):
        between = [_BETWEEN] * (place + 1 < len(several))
        tokens += [*each.tokens, *between]
        rows += [place] * (len(each.tokens) + len(between))
    return replace(several[-1], tokens=tokens), np.array(rows, np.int32)


def _numbers(found: Answered) -> dict[str, Any]:
    """Return bounds, surprisal, what was told together, and ids."""
    tokens = found.tokens
    logprobs = _known(tokens)
    seen = logprobs.exp().nansum(-1).masked_fill(logprobs.isnan().all(-1), torch.nan)
    if (seen > 1 + _ROUNDING).any():
        raise ModelError("The server's probabilities of one place are more than 1 together.")
    # Of a server's answer either all is ranked or nothing; the first token may have no answer.
    ranked = all(each.ranked for each in tokens if each.top)
    low, high = entropy_bounds(logprobs, found.vocabulary, ranked=ranked)
    given = [np.nan if each.logprob is None else -each.logprob for each in tokens]
    ids, own = _ids(tokens, found.vocabulary)
    return {
        "low": low.float().numpy(),
        "high": high.float().numpy(),
        "seen": seen.clamp(max=1).float().numpy(),
        "surprisal": np.array(given, np.float32),
        "token_ids": ids,
        "own_ids": own,
    }


def _known(tokens: Sequence[Seen]) -> torch.Tensor:
    """Return logprobs of the likeliest tokens, float64 [T, K]; NaN where fewer are told."""
    width = max(1, *(len(each.top) for each in tokens))
    table = torch.full((len(tokens), width), torch.nan, dtype=torch.float64)
    for row, each in zip(table, tokens, strict=True):
        row[: len(each.top)] = torch.tensor([one.logprob for one in each.top], dtype=torch.float64)
    return table


def _ids(tokens: Sequence[Seen], vocabulary: int) -> tuple[np.ndarray, bool]:
    """Return ids int32 [T], and whether they are the server's."""
    if all(each.id is not None for each in tokens if each is not _BETWEEN):
        ids = [vocabulary if each is _BETWEEN else each.id for each in tokens]
        return np.array(ids, np.int32), True
    names = [each.piece or each.text.encode() for each in tokens]
    order = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names], np.int32), False


def _facts(server: str, found: Answered) -> ModelFacts:
    """Return what is known of the model, which is little."""
    return ModelFacts(
        source=f"server:{server}",
        name=found.model,
        revision=None,
        architecture="not told",
        parameters=0,
        layers=0,
        heads=0,
        kv_heads=0,
        hidden_size=0,
        vocab_size=found.vocabulary,
        context=None,
        dtype="not told",
        device="a server",
        memory_bytes=0,
        weights="on a server",
    )
