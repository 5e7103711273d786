"""What a model finds in a haystack: bits against chance and against the question alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.threads import SOURCE, ThreadsRun
from .base import derived

COST = Quantity(
    "Answer costs", "S", high=20, digits=1, missing="not asked",
    help="The surprisal of all tokens of the right answer.",
    formula=r"S=-\sum_t\ln p(a_t\mid h,q,a_{<t})", source=SOURCE,
)  # fmt: skip
RETRIEVED = replace(
    COST, name="Retrieved", symbol="R", low=-90, high=90, scale="diverging",
    help="How much less the answer costs than a guess; below 0 the model expects something else.",
    formula=r"R=S_{\mathrm{chance}}-S",
)  # fmt: skip
GAINED = replace(
    RETRIEVED, name="Gained from the haystack", symbol="", low=-20, high=20,
    help="How much less the answer costs than without a haystack.",
    formula=r"S_0-S",
)  # fmt: skip
SHARE = Quantity(
    "Retrieved share", "", "%", digits=0, missing="not asked",
    help="Of what there is to find: 100 % is an answer that costs nothing, 0 a guess or worse.",
    formula=r"\max(R,0)/S_{\mathrm{chance}}", source=SOURCE,
)  # fmt: skip
EXACT = replace(
    SHARE, name="Exact", help="Whether every token of the answer is the model's first choice.",
    formula=r"\forall t:\arg\max p=a_t",
)  # fmt: skip
RIGHT = replace(
    SHARE, name="Tokens right", help="Part of the answer that is the model's first choice.",
    formula=r"|\{t:\arg\max p=a_t\}|/n",
)  # fmt: skip
LOCATING = replace(
    SHARE, name="Locating share",
    help="Part of the cost that falls on the first three tokens: finding, the rest is copying.",
    formula=r"\sum_{t\le 3}s_t/\sum_t s_t",
)  # fmt: skip
FIRST = replace(
    COST, name="Entropy before the answer", symbol="H", high=10, digits=2,
    help="How undecided the model is before the first token of the answer.",
    formula=r"H(p(\cdot\mid h,q))",
)  # fmt: skip
LIFT = Quantity(
    "Attention lift", "", "×", low=0.1, high=1000, scale="log", digits=1, missing="not asked",
    help="Attention on the answer beside that of a head that looks everywhere alike.",
    formula=r"\sum_{k\in a}\alpha_k\big/\frac{|a|}{T}", source=SOURCE,
)  # fmt: skip


_Z = 1.959963984540054  # of 95 %


def _read(run: ThreadsRun) -> np.ndarray:
    return np.asarray(np.isfinite(run.surprisal).any(axis=1))


def _where(run: ThreadsRun, values: np.ndarray) -> np.ndarray:
    return np.where(_read(run), values, np.nan).astype(np.float32)


def _total(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), 0, values).sum(1, dtype=np.float64)


@derived("threads", "cost", "C", quantity=COST)
def cost(run: ThreadsRun) -> np.ndarray:
    """Return what every answer costs, float32 [C], nats."""
    return _where(run, _total(run.surprisal))


@derived("threads", "retrieved", "C", quantity=RETRIEVED)
def retrieved(run: ThreadsRun) -> np.ndarray:
    """Return chance less cost, float32 [C], nats."""
    return _where(run, run.chance - cost(run))


@derived("threads", "retrieved_share", "C", quantity=SHARE)
def retrieved_share(run: ThreadsRun) -> np.ndarray:
    """Return the same as a share of chance, from 0 on, float32 [C]."""
    return _where(run, np.clip(retrieved(run) / max(run.chance, 1e-9), 0, 1))


@derived("threads", "gained", "C", quantity=GAINED)
def gained(run: ThreadsRun) -> np.ndarray:
    """Return the cost without a haystack less that with it, float32 [C], nats."""
    with np.errstate(invalid="ignore"):
        return _where(run, run.alone - cost(run))


@derived("threads", "exact", "C", quantity=EXACT)
def exact(run: ThreadsRun) -> np.ndarray:
    """Return 1 where all tokens come first, float32 [C]."""
    return _where(run, ((run.rank <= 1) | np.isnan(run.rank)).min(axis=1, initial=True))


@derived("threads", "right", "C", quantity=RIGHT)
def right(run: ThreadsRun) -> np.ndarray:
    """Return the share of tokens that come first, float32 [C]."""
    known = np.isfinite(run.rank)
    return _where(run, (known & (run.rank <= 1)).sum(1) / np.maximum(known.sum(1), 1))


@derived("threads", "locating", "C", quantity=LOCATING)
def locating(run: ThreadsRun) -> np.ndarray:
    """Return the share of the first three tokens, float32 [C]."""
    whole = _total(run.surprisal)
    with np.errstate(invalid="ignore"):
        return _where(run, _total(run.surprisal[:, :3]) / np.where(whole > 0, whole, np.nan))


@derived("threads", "first_entropy", "C", quantity=FIRST)
def first_entropy(run: ThreadsRun) -> np.ndarray:
    """Return the entropy before the first token, float32 [C], nats."""
    return _where(run, run.entropy[:, 0])


@derived("threads", "mean_lift", "L", "H", quantity=LIFT)
def mean_lift(run: ThreadsRun) -> np.ndarray:
    """Return the mean lift of every head over all questions, float32 [L, H]."""
    of = run.mass * (run.length / np.maximum(run.span, 1))[:, None, None]
    known = np.isfinite(of)
    some = known.sum(0)
    total = np.where(known, of, 0).sum(0, dtype=np.float64)
    return np.where(some > 0, total / np.maximum(some, 1), np.nan).astype(np.float32)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


@derived("threads", "accuracy", quantity=replace(EXACT, name="Exact answers"))
def accuracy(run: ThreadsRun) -> float:
    """Return the share of exact answers."""
    return _mean(exact(run))


@derived("threads", "mean_retrieved", quantity=replace(RETRIEVED, name="Retrieved, mean"))
def mean_retrieved(run: ThreadsRun) -> float:
    """Return the mean over all questions, nats."""
    return _mean(retrieved(run))


@derived("threads", "mean_cost", quantity=replace(COST, name="Answer costs, mean"))
def mean_cost(run: ThreadsRun) -> float:
    """Return the mean over all questions, nats."""
    return _mean(cost(run))


@derived("threads", "mean_alone", quantity=replace(COST, name="Without the haystack, mean"))
def mean_alone(run: ThreadsRun) -> float:
    """Return the mean cost without a haystack, nats."""
    return _mean(run.alone)


def effective_limit(lengths: Sequence[int], accuracy: Sequence[float], threshold: float) -> int:
    """Return the largest length up to which all reach ``threshold``; 0 for none."""
    found = 0
    for length, share in sorted(zip(lengths, accuracy, strict=True)):
        if not share >= threshold:
            break
        found = length
    return found


def exact_by_row(run: ThreadsRun) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of exact answers of every row, and the ends of Wilson's 95 % interval."""
    rows, columns = run.cells()
    values = exact(run).reshape(len(rows), len(columns)).astype(np.float64)
    known = np.isfinite(values)
    count = np.where(known.any(1), known.sum(1), np.nan)
    share = np.where(known, values, 0).sum(1) / count
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    reach = half / (1 + _Z**2 / count)
    return share, middle - reach, middle + reach


def chance_of(values: int) -> float:
    """Return what one of so many values costs where nothing tells which, nats."""
    return math.log(max(values, 1))
