"""From which depth on a model knew what it would say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.layers import LINEAR_LENS, LOGIT_LENS
from ..runs.when_it_knew import WhenItKnewRun
from .base import derived

KNEW_AT = Quantity(
    "Knew at depth",
    "",
    "",
    high=30,
    plain="when it knew",
    help="The first depth from which on the lens has the end's first choice in first place.",
    formula=r"\min\{d:\arg\max q_{d',i}=\arg\max p_i\ \forall d'\ge d\}",
    source=LOGIT_LENS,
    missing="nothing predicts it, or no linear lens",
    digits=0,
)
LINEAR_KNEW_AT = replace(KNEW_AT, name="Knew at depth (linear lens)", source=LINEAR_LENS)
MIDDLE_KL = Quantity(
    "Divergence in the middle",
    "KL",
    high=20,
    help="Mean KL from the end to the layers between a third and two thirds of the way.",
    formula=r"\overline{\mathrm{KL}(p_i\,\Vert\,q_{d,i})}",
    source=LOGIT_LENS,
    missing="not read",
)


@derived("when_it_knew", "linear_knew_at", "T", quantity=LINEAR_KNEW_AT)
def linear_knew_at(run: WhenItKnewRun) -> np.ndarray:
    """Return ``knew_at`` of the linear lens, NaN without one."""
    return knew_from(run.linear_agrees, len(run))


@derived("when_it_knew", "knew_at", "T", quantity=KNEW_AT)
def knew_at(run: WhenItKnewRun) -> np.ndarray:
    """Return the depth from which on the logit lens agrees with the end, float32 [T]."""
    return knew_from(run.agrees, len(run))


def knew_from(agrees: np.ndarray | None, tokens: int) -> np.ndarray:
    """Return the first depth from which on ``agrees`` [D, T] is 1, float32 [T].

    Depths that were not read are passed over; NaN where the last was not read.
    """
    if agrees is None:
        return np.full(tokens, np.nan, np.float32)
    read = np.flatnonzero(np.isfinite(agrees[:, 1:]).any(1)) if tokens > 1 else np.empty(0, int)
    found = np.full(tokens, np.nan, np.float32)
    # Products from the end: 1 as long as every later depth agrees.
    since = np.cumprod(agrees[read][::-1] == 1, 0)[::-1]
    known = since.sum(0)
    there = known >= 1
    found[there] = read[len(read) - known[there]]
    return found


def _middle(kl: np.ndarray | None) -> float:
    if kl is None:
        return float("nan")
    last = len(kl) - 1
    part = kl[last // 3 : 2 * last // 3 + 1, 1:]
    return float(np.mean(part[np.isfinite(part)])) if np.isfinite(part).any() else float("nan")


@derived("when_it_knew", "middle_kl", quantity=replace(MIDDLE_KL, name="Logit lens, middle"))
def middle_kl(run: WhenItKnewRun) -> float:
    """Return the mean divergence of the logit lens in the middle layers, nats."""
    return _middle(run.kl)


@derived("when_it_knew", "linear_middle_kl", quantity=replace(MIDDLE_KL, name="Linear, middle"))
def linear_middle_kl(run: WhenItKnewRun) -> float:
    """Return the same of the linear lens; NaN without one."""
    return _middle(run.linear_kl)


@derived("when_it_knew", "mean_knew_at", quantity=replace(KNEW_AT, name="Knew at, mean", digits=1))
def mean_knew_at(run: WhenItKnewRun) -> float:
    """Return the mean over tokens, of the linear lens where there is one."""
    found = knew_from(run.agrees if run.linear_agrees is None else run.linear_agrees, len(run))
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")
