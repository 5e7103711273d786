"""What retrieval gains or loses at every share, and how both entropies grow as one writes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.retrieval import RETRIEVAL_ENTROPY, SOURCE, RetrievalRun
from ..runs.token_numbers import SURPRISAL
from .base import derived, once

WIDTH = 16
"""Tokens that the curves of a writing are averaged over."""

GAIN = Quantity(
    "Gain by retrieval", "Δ", low=-3, high=3, scale="diverging", plain="gained or lost",
    help="By how much the mixture finds what came less surprising than the model alone.",
    formula=r"\ln\bigl(\lambda p_r(x_i)+(1-\lambda)p(x_i)\bigr)-\ln p(x_i)", source=SOURCE,
)  # fmt: skip
GAINING = Quantity(
    "Tokens that gain", "", "%", digits=0, source=SOURCE,
    help="Those that the neighbours find likelier than the model does: the same at every share.",
    formula=r"\#\{p_r(x_i)>p(x_i)\}/n",
)  # fmt: skip
OWN = replace(
    SURPRISAL, name="Surprisal alone", high=7, pieces=None, joins="mean",
    help="Mean over the text, by the model alone.", formula=r"\frac1n\sum_is_i",
)  # fmt: skip
MIXED = replace(
    OWN, name="With retrieval", help="Mean surprisal by the mixture, at the share asked for.",
    formula=r"\frac1n\sum_i(s_i-\Delta_i)", source=SOURCE,
)  # fmt: skip
RISE = replace(
    RETRIEVAL_ENTROPY, name="Rise of retrieval entropy", symbol="", low=-2, high=2,
    scale="diverging", plain="",
    help="Last third of what is written less its first third, means over the streams.",
    formula=r"\bar H_{last}-\bar H_{first}",
)  # fmt: skip
RISE_OWN = replace(RISE, name="Rise of the model's entropy")


def _mixed(run: RetrievalRun, share: float) -> np.ndarray:
    """Return ln p of what came by the mixture, float64 [T]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_store = np.log(share) + np.log(run.retrieved.astype(np.float64))
        return np.logaddexp(by_store, np.log1p(-share) - run.surprisal.astype(np.float64))


def gains(run: RetrievalRun, share: float) -> np.ndarray:
    """Return the gain of every token at a share of retrieval, nats, float64 [T].

    Infinite where the model alone rules out what came, NaN where the neighbours do too.
    """
    with np.errstate(invalid="ignore"):
        return _mixed(run, share) + run.surprisal.astype(np.float64)


def surprisal_at(run: RetrievalRun, share: float) -> float:
    """Return the mean surprisal of the mixture, nats; infinite values count."""
    known = -_mixed(run, share)[1:]
    return float(known.mean()) if known.size else float("nan")


@derived("retrieval", "gain", "W", "T", quantity=GAIN)
def gain(run: RetrievalRun) -> np.ndarray:
    """Return the gain of every token at every share, nats, [W, T]."""
    return np.stack([gains(run, share) for share in run.shares.tolist()])


@derived("retrieval", "own", quantity=OWN)
def own(run: RetrievalRun) -> float:
    """Return the mean surprisal of the model alone, nats."""
    return surprisal_at(run, 0)


@derived("retrieval", "mixed", quantity=MIXED)
def mixed(run: RetrievalRun) -> float:
    """Return the mean surprisal at the share asked for, nats."""
    return surprisal_at(run, run.request.share)


@derived("retrieval", "gaining", quantity=GAINING)
def gaining(run: RetrievalRun) -> float:
    """Return the share of tokens that the neighbours find likelier than the model does."""
    known = run.retrieved[1:] > np.exp(-run.surprisal[1:].astype(np.float64))
    return float(known.mean()) if known.size else float("nan")


def _rise(values: np.ndarray) -> float:
    third = values.shape[1] // 3
    if not third or not len(values):
        return float("nan")
    return float(values[:, -third:].mean(dtype=np.float64) - values[:, :third].mean())


@derived("retrieval", "rise", quantity=RISE)
def rise(run: RetrievalRun) -> float:
    """Return by how much the retrieval entropy rises as one writes, nats."""
    return _rise(run.written_retrieval)


@derived("retrieval", "rise_own", quantity=RISE_OWN)
def rise_own(run: RetrievalRun) -> float:
    """Return the same of the model's entropy, nats."""
    return _rise(run.written_entropy)


@once
def curves(run: RetrievalRun) -> dict[str, np.ndarray]:
    """Return four running means, float64 [N] by name; of the text from the same place on.

    NaN where the text has ended; before ``WIDTH`` tokens, the mean of those there are.
    """
    first, steps = run.request.beginning, run.written_entropy.shape[1]
    return {
        "written, retrieval": _running(run.written_retrieval.mean(0, dtype=np.float64), steps),
        "text, retrieval": _running(run.retrieval_entropy[first:], steps),
        "written, model": _running(run.written_entropy.mean(0, dtype=np.float64), steps),
        "text, model": _running(run.entropy[first:], steps),
    }


def _running(values: np.ndarray, steps: int) -> np.ndarray:
    found = np.full(steps, np.nan)
    known = values[:steps].astype(np.float64)
    total = np.concatenate([[0.0], known.cumsum()])
    stop = np.arange(1, len(known) + 1)
    start = np.maximum(stop - WIDTH, 0)
    found[: len(known)] = (total[stop] - total[start]) / (stop - start)
    return found
