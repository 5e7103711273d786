"""Numbers made from drafts of early exits: what was kept, and what it would save in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.drafts import (
    BIASED,
    EXIT_ENTROPY,
    EXTRA,
    KEPT,
    OVERLAP,
    REPLACED,
    SOURCE,
    DraftsRun,
)
from .base import derived

_KIND = "drafts"
_NO_DRAFT = "nothing was drafted"

DRAFT_ENTROPY = replace(
    EXIT_ENTROPY, name="Entropy of the exit taken", missing=_NO_DRAFT,
    help="How undecided the exit was that drafted here.",
)  # fmt: skip
DRAFT_ALPHA = replace(
    OVERLAP, name="Chance of the exit taken", missing=_NO_DRAFT,
    help="With what chance a draft of the exit taken here is kept.",
)  # fmt: skip
KEPT_SHARE = Quantity(
    "Drafts kept", "", "%", digits=0, missing=_NO_DRAFT, source=SOURCE,
    formula=r"n_{\mathrm{kept}}/(n_{\mathrm{kept}}+n_{\mathrm{replaced}})",
    help="Share of the drafts looked at that the whole model kept.",
)  # fmt: skip
MEAN_ALPHA = replace(
    DRAFT_ALPHA, name="Expected to be kept", symbol="ᾱ",
    help="Mean chance of these drafts; luck aside, this share of them is kept.",
    formula=r"\frac1n\sum_t\alpha_t",
)  # fmt: skip
DEPTH = Quantity(
    "Mean exit", "", "layers", high=100, digits=1, missing=_NO_DRAFT, source=SOURCE,
    help="Layer after which drafts were read, on average.", formula=r"\frac1n\sum_t e_t",
)  # fmt: skip
PACE = Quantity(
    "Tokens a pass", "", "", low=1, high=17, missing="no pass has ended", source=SOURCE,
    help="Tokens written for each time the whole model looks, over the passes that have ended.",
    formula=r"n/n_{\mathrm{passes}}",
)  # fmt: skip
SPEED = Quantity(
    "Times as fast", "", "×", high=3, missing="no pass has ended", source="Ours.",
    formula=r"\frac{n}{n_{\mathrm{passes}}}\cdot\frac{t_1}{\gamma\,\bar t_e+t_{\gamma+1}}",
    help="Against writing with the whole model alone, from times measured in this run: of one "
    "token, of drafts by the exits taken, of a look at all drafts. Below 1, drafting is slower.",
)  # fmt: skip
BEST = replace(
    SPEED, name="Times as fast, at best", help="The fastest of the thresholds; " + SPEED.help
)
MEAN_BIAS = replace(BIASED, name=f"{BIASED.name}, mean", formula=r"\frac1n\sum_t\mathrm{TV}_t")


@derived(_KIND, "draft_entropy", "Q", "N", quantity=DRAFT_ENTROPY)
def draft_entropy(run: DraftsRun) -> np.ndarray:
    """Return the entropy of the exits that drafted, float32 [Q, N]."""
    return _taken(run, run.read_by(run.request.reader)[0])


@derived(_KIND, "draft_alpha", "Q", "N", quantity=DRAFT_ALPHA)
def draft_alpha(run: DraftsRun) -> np.ndarray:
    """Return the chance that their drafts were kept with, float32 [Q, N]."""
    return _taken(run, run.read_by(run.request.reader)[1])


def _taken(run: DraftsRun, values: np.ndarray) -> np.ndarray:
    found = np.take_along_axis(values, run.exit.clip(min=0)[:, None], 1)[:, 0]
    return np.where(run.exit >= 0, found, np.float32(np.nan))


@derived(_KIND, "kept", "Q", quantity=KEPT_SHARE)
def kept(run: DraftsRun) -> np.ndarray:
    """Return the share of drafts that were kept, float64 [Q]."""
    counts = [(run.outcome == each).sum(1) for each in (KEPT, REPLACED)]
    return _over(counts[0], counts[0] + counts[1])


@derived(_KIND, "expected", "Q", quantity=MEAN_ALPHA)
def expected(run: DraftsRun) -> np.ndarray:
    """Return the mean chance of a draft."""
    return _mean(draft_alpha(run))


@derived(_KIND, "depth", "Q", quantity=DEPTH)
def depth(run: DraftsRun) -> np.ndarray:
    """Return the mean layer of the exits taken."""
    return _mean(np.where(run.exit >= 0, run.exits[run.exit.clip(min=0)], np.nan))


@derived(_KIND, "bias", "Q", quantity=MEAN_BIAS)
def bias(run: DraftsRun) -> np.ndarray:
    """Return the mean distance that a wrong test would leave."""
    return _mean(run.biased)


@derived(_KIND, "pace", "Q", quantity=PACE)
def pace(run: DraftsRun) -> np.ndarray:
    """Return the tokens of a pass of the whole model; a pass that had not ended is left out."""
    ended = (run.outcome == REPLACED) | (run.outcome == EXTRA)
    last = np.where(ended, np.arange(1, ended.shape[1] + 1), 0).max(1, initial=0)
    return _over(last, ended.sum(1))


@derived(_KIND, "speed", "Q", quantity=SPEED)
def speed(run: DraftsRun) -> np.ndarray:
    """Return how much faster drafting would be, by the times measured."""
    # A deeper exit goes on from the one before, whose head was asked as well.
    costs = run.exit_seconds + run.head_seconds * np.arange(1.0, len(run.exits) + 1)
    draft = _mean(np.where(run.exit >= 0, costs[run.exit.clip(min=0)], np.nan))
    spent = run.request.drafted * draft + run.check_seconds
    return pace(run) * run.full_seconds / np.where(spent > 0, spent, np.nan)


@derived(_KIND, "best", quantity=BEST)
def best(run: DraftsRun) -> float:
    """Return the largest of these."""
    found = speed(run)
    return float(np.nanmax(found)) if np.isfinite(found).any() else np.nan


def along(run: DraftsRun, reader: str, exit: int, drafted: int) -> tuple[float, float]:
    """Return tokens a pass of one exit alone, over all places of all texts, and were α constant.

    Of every place the expected number 1 + α₁ + α₁ α₂ + …, along the text as it was written; and
    the same sum of the mean α, as if all drafts had one chance. NaN where no text is long enough.
    """
    found, known = [], []
    for row in run.read_by(reader)[1][:, exit].astype(np.float64):
        own = row[np.isfinite(row)]
        known.append(own)
        if len(own) >= drafted:
            windows = np.lib.stride_tricks.sliding_window_view(own, drafted)
            found.append(1 + np.cumprod(windows, 1).sum(1))
    if not found:
        return np.nan, np.nan
    mean = np.concatenate(known).mean()
    return float(np.concatenate(found).mean()), float((mean ** np.arange(drafted + 1)).sum())


def kept_by_entropy(run: DraftsRun, reader: str, exit: int) -> float:
    """Return how entropy and chance of an exit go together over all texts, −1 to 1."""
    entropy, alpha = (each[:, exit].ravel().astype(np.float64) for each in run.read_by(reader))
    known = np.isfinite(entropy) & np.isfinite(alpha)
    if known.sum() < 2 or not entropy[known].std() or not alpha[known].std():
        return np.nan
    return float(np.corrcoef(entropy[known], alpha[known])[0, 1])


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return _over(np.where(known, values, 0).sum(1), known.sum(1))


def _over(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
