"""The pattern of one head: asked of the model when somebody wants it, and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import streamlit as st

from backend.runs import AttentionRequest, AttentionRun, ModelFacts, ModelSpec

from .. import job
from ..token_strip import Links
from .numbers import head_name

SLOT = "attention"
WHOLE_TOKENS = 1024  # up to here a pattern is drawn whole: 4 MB, and one pixel a token
CELLS = 256
ROWS = 64
_PATTERNS, _FAILED = "attention:patterns", "attention:failed"
_WANTED = "attention:pattern wanted"
_KEPT = 6
CLOSE_NATS = 0.02  # pattern and run may differ so much by the order of their sums


class PatternSource(Protocol):
    """What is needed of ``backend.cached``."""

    def submit_pattern(
        self,
        request: AttentionRequest,
        layer: int,
        head: int,
        rows: tuple[int, int] | None = None,
        cells: int | None = None,
        *,
        stay: bool,
    ) -> job.Watchable: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...


@dataclass(frozen=True)
class Wanted:
    """A pattern, or a part of it, of one run."""

    run: str
    layer: int
    head: int
    rows: tuple[int, int] | None = None
    cells: int | None = None

    def width(self, tokens: int) -> int:
        """Return how many tokens a field of the pattern of a text is wide."""
        return 1 if self.cells is None else -(-tokens // self.cells)

    def shape(self, tokens: int) -> tuple[int, int]:
        """Return rows and columns of the pattern of a text."""
        columns = -(-tokens // self.width(tokens))
        return (columns if self.rows is None else self.rows[1] - self.rows[0]), columns


def wanted_parts(run: AttentionRun, layer: int, head: int, token: int | None) -> list[Wanted]:
    """Return the parts the page draws: the whole, or an overview and the rows about the pin."""
    key = run.request.key
    if len(run) <= WHOLE_TOKENS:
        return [Wanted(key, layer, head)]
    parts = [Wanted(key, layer, head, cells=CELLS)]
    if token is not None:
        start = token // ROWS * ROWS
        parts.append(Wanted(key, layer, head, rows=(start, min(start + ROWS, len(run)))))
    return parts


def find(wanted: Wanted) -> np.ndarray | None:
    """Return a pattern that has been computed in this session."""
    return st.session_state.get(_PATTERNS, {}).get(wanted)


def ask(source: PatternSource, run: AttentionRun, parts: list[Wanted]) -> bool:
    """Start computing the first missing part; return whether something was started."""
    missing = [each for each in parts if find(each) is None]
    if not missing or job.running(SLOT) or st.session_state.get(_FAILED) == missing[0]:
        return False
    part = missing[0]
    # If it fails, it is not asked for again by itself.
    st.session_state[_FAILED] = part
    job.start(
        SLOT,
        lambda: source.submit_pattern(
            run.request, part.layer, part.head, part.rows, part.cells, stay=True
        ),
    )
    return True


def take(weights: np.ndarray) -> None:
    """Keep what was asked for last."""
    part = st.session_state.pop(_FAILED)
    kept = {**st.session_state.get(_PATTERNS, {}), part: weights}
    st.session_state[_PATTERNS] = dict(list(kept.items())[-_KEPT:])


def want(run: AttentionRun, layer: int, head: int) -> None:
    """Note that the reader asks for the pattern of a head; a part that failed may be tried again.

    It holds for the rows about the next pin of a long text too.
    """
    st.session_state[_WANTED] = (run.request.key, layer, head)
    st.session_state.pop(_FAILED, None)


def is_wanted(run: AttentionRun, layer: int, head: int) -> bool:
    """Tell whether the reader has asked for the pattern of a head, and for no other since."""
    return st.session_state.get(_WANTED) == (run.request.key, layer, head)


def doubt(run: AttentionRun, parts: list[Wanted]) -> str | None:
    """Say why what was computed is not the pattern of the run; None where nothing speaks for that.

    The run may come from elsewhere: the model of that name on this machine can have other weights,
    another precision or another tokenizer. An overview gives no more away than its size.
    """
    for part in parts:
        weights = find(part)
        if weights is None:
            continue
        if weights.shape != part.shape(len(run)):
            return (
                "The model of this machine reads the text as other tokens than the run did, so its "
                "pattern is not shown."
            )
        away = 0.0 if part.cells is not None else _distance(run, part, weights)
        if away > CLOSE_NATS:
            return (
                "This pattern is not quite that of the run: the entropy of its rows differs by up "
                f"to {away:.2f} nats. The run was made with other weights or another precision "
                "than the model of this machine has."
            )
    return None


def _distance(run: AttentionRun, part: Wanted, weights: np.ndarray) -> float:
    """Return the largest difference between the entropy of a row and what the run says, nats."""
    total = weights.sum(1, keepdims=True, dtype=np.float64)
    share = weights / np.where(total > 0, total, 1)  # a learned sink is no key
    entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(1)
    stored = run.entropy[part.layer, part.head, slice(*part.rows or (None,))]
    return float(np.nan_to_num(np.abs(entropy - stored)).max())


def links(run: AttentionRun, parts: list[Wanted], hide_first: bool) -> Links | None:
    """Return what the head looked at, for the strip; None while no rows are known."""
    for part in parts:
        weights = find(part) if part.cells is None else None
        if weights is None or weights.shape != part.shape(len(run)):
            continue
        if hide_first:
            weights = weights.copy()
            weights[:, 0] = 0
        label = f"weight of {head_name(part.layer, part.head)}"
        if part.rows is None:
            return Links(weights, None, label)
        start, stop = part.rows
        only = f"{label}; known for tokens {start:,} to {stop - 1:,}"
        return Links(weights, np.arange(start, stop), only)
    return None


def reach(run: AttentionRun, token: int | None) -> str:
    """Say which tokens of a long text light up what they looked at; nothing for a short one."""
    if len(run) <= WHOLE_TOKENS:
        return ""
    if token is None:
        return "A long text: pin a token, and the tokens about it will show where they look."
    start = token // ROWS * ROWS
    stop = min(start + ROWS, len(run))
    return f"A long text: tokens {start:,} to {stop - 1:,}, about the pin, show where they look."
