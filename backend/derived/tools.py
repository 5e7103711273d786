"""Figures of paths with tools: entropy before, at and after a tool's result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.tools import KEPT, RESULT, TOKEN_ENTROPY, ToolsRun
from .base import derived, once

REACH = 20
"""Tokens before and after a result."""

BEFORE = replace(
    TOKEN_ENTROPY, name="Before a result", symbol="", missing="no result",
    help="Mean of the 20 tokens before a tool's result, over all results.",
    formula=r"\overline{H_{-20\dots-1}}",
)  # fmt: skip
AT = replace(
    BEFORE, name="At a result", help="Mean of the first token that is written behind it.",
    formula=r"\overline{H_0}",
)  # fmt: skip
AFTER = replace(
    BEFORE, name="After a result", help="Mean of the next 19 tokens behind it.",
    formula=r"\overline{H_{1\dots19}}",
)  # fmt: skip
SHARE = replace(
    KEPT, name="Paths kept", help="Of all paths.", formula=r"\frac1J\sum_j\text{kept}_j"
)


@once
def around(run: ToolsRun) -> np.ndarray:
    """Return the entropy around every result that is a path's own, float64 [R, 40], nats.

    The first 20 columns are the tokens before it, the others those behind it. NaN where a tool
    gave the token, or there is none.
    """
    found = []
    for kinds, spent, begins in zip(run.token_kind, run.entropy, run.begins.tolist(), strict=True):
        given = np.concatenate([[False], kinds == RESULT, [False]]).astype(int)
        starts, ends = (np.flatnonzero(np.diff(given) == each).tolist() for each in (1, -1))
        for start, end in zip(starts, ends, strict=True):
            if end <= begins:
                continue
            row = np.full(2 * REACH, np.nan)
            before, behind = spent[max(0, start - REACH) : start], spent[end : end + REACH]
            row[REACH - len(before) : REACH] = before
            row[REACH : REACH + len(behind)] = behind
            found.append(row)
    return np.array(found, np.float64).reshape(-1, 2 * REACH)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


@derived("tools", "before_result", quantity=BEFORE)
def before_result(run: ToolsRun) -> float:
    """Return the mean entropy before results, nats."""
    return _mean(around(run)[:, :REACH])


@derived("tools", "at_result", quantity=AT)
def at_result(run: ToolsRun) -> float:
    """Return the mean entropy of the first token behind results, nats."""
    return _mean(around(run)[:, REACH])


@derived("tools", "after_result", quantity=AFTER)
def after_result(run: ToolsRun) -> float:
    """Return the mean entropy of the tokens after that, nats."""
    return _mean(around(run)[:, REACH + 1 :])


@derived("tools", "kept_share", quantity=SHARE)
def kept_share(run: ToolsRun) -> float:
    """Return the share of paths that are kept."""
    return float(run.kept.mean())
