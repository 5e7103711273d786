"""Numbers made from texts of two models: cost, what is lost, and whether entropy chose well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.token_numbers import ENTROPY
from ..runs.two_models import AGREES, LOST, SOURCE, WRITER, TwoModelsRun
from .base import derived, once

_KIND = "two_models"

WATCHED = replace(
    ENTROPY, name="Entropy of who wrote", plain="", missing="the text has ended", pieces=None,
    help="The entropy that the rule sees: that of the model which wrote the token.",
)  # fmt: skip
ROLLING = replace(
    WATCHED, name="Rolling entropy", symbol="H̄", source=SOURCE,
    help="Mean of the last tokens' entropy; at the threshold or above, the large model is next.",
    formula=r"\bar H_t=\frac1w\sum_{i=t-w+1}^{t}H_i",
)  # fmt: skip
SHARE = replace(WRITER, name="On the large model", help="Share of tokens that it wrote.")
COST = Quantity(
    "Cost", "c", "%", digits=0, formula=r"c=f+(1-f)\,P_S/P_L", source=SOURCE,
    help="Of the parameters that tokens pass, against the large model's alone, as the paper "
    "counts; it is no time, and none is saved here, where both models read every token.",
)  # fmt: skip
CAUGHT = replace(
    COST, name="Cost with catching up", high=2,
    formula=r"\frac{n_L+n_S\,P_S/P_L}{n},\ n_m\ \mathrm{up\ to\ the\ last\ token\ of}\ m",
    help="The same, but a model also reads what the other wrote before its own last token, as it "
    "has to. The formula of the paper leaves that out.",
)  # fmt: skip
MEAN_LOST = replace(
    LOST, high=2, name="Lost a token", formula=r"\frac1n\sum_{t\in S}\mathrm{KL}_t",
    help="Mean KL to the large model over all tokens; 0 where the large model wrote.",
)  # fmt: skip
SAME = replace(
    AGREES, name="As the large model would",
    formula=r"\frac1n|\{t: t\in L\ \mathrm{or}\ \arg\max p_S=\arg\max p_L\}|",
    help="Share of tokens that the large model wrote, or where its first choice is the same.",
)  # fmt: skip
SWITCHES = Quantity(
    "Switches",
    "",
    "",
    high=40,
    digits=0,
    help="How often the writer changes.",
    formula=r"|\{t: m_t\ne m_{t-1}\}|",
    source="Ours.",
)
REMOVED = Quantity(
    "Divergence avoided", "", "%", digits=0, missing="the models nowhere differ",
    help="Share of all KL of this text that stood where the large model wrote. By chance it would "
    "be the share of tokens that it wrote.",
    source="Ours.",
    formula=r"\frac{\sum_{t\in L}\mathrm{KL}_t}{\sum_t\mathrm{KL}_t}",
)  # fmt: skip
BY_OWN = replace(
    REMOVED, name="Avoided by each token's own entropy",
    help="The same, had the large model written as many tokens, but those at which the small one "
    "is least sure: no window, and the entropy of the token itself.",
)  # fmt: skip


def cost(share: np.ndarray, ratio: float) -> np.ndarray:
    """Return the cost against the large model alone, f + (1 − f) · ratio, as the paper counts.

    Args:
        share: of tokens that the large model wrote, f.
        ratio: of the sizes, small over large.
    """
    return share + (1 - share) * ratio


@once
def _known(run: TwoModelsRun) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return who wrote, KL and small entropy of every text, up to its end."""
    found = []
    for row, ids in enumerate(run.token_ids):
        held = ids >= 0
        kl = np.nan_to_num(run.kl[row][held].astype(np.float64), posinf=0)
        entropy = run.small_entropy[row][held].astype(np.float64)
        found.append((run.writer[row][held] > 0, kl, entropy))
    return found


def _each(run: TwoModelsRun, make: object) -> np.ndarray:
    """Return a number of every text, NaN of one without a token."""
    values = [make(*each) if each[0].size else np.nan for each in _known(run)]  # type: ignore[reportCallIssue]
    return np.array(values, np.float64)


@derived(_KIND, "watched", "Q", "N", quantity=WATCHED)
def watched(run: TwoModelsRun) -> np.ndarray:
    """Return the entropy of who wrote, float32 [Q, N]."""
    return np.where(run.writer > 0, run.large_entropy, run.small_entropy)


@derived(_KIND, "rolling", "Q", "N", quantity=ROLLING)
def rolling(run: TwoModelsRun) -> np.ndarray:
    """Return its mean over the last tokens, of fewer at the start."""
    seen, window = watched(run), max(1, run.request.window)
    found = [seen[:, max(0, i - window + 1) : i + 1].mean(1) for i in range(seen.shape[1])]
    return np.stack(found, 1) if found else seen


@derived(_KIND, "share", "Q", quantity=SHARE)
def share(run: TwoModelsRun) -> np.ndarray:
    """Return the share of tokens that the large model wrote, float64 [Q]."""
    return _each(run, lambda large, kl, entropy: large.mean())


@derived(_KIND, "cost", "Q", quantity=COST)
def costs(run: TwoModelsRun) -> np.ndarray:
    """Return the cost as the paper counts it."""
    return cost(share(run), run.ratio)


@derived(_KIND, "caught", "Q", quantity=CAUGHT)
def caught(run: TwoModelsRun) -> np.ndarray:
    """Return the cost with what each model has to read of the other's."""

    def read(large: np.ndarray) -> float:
        last = [np.flatnonzero(each).max(initial=-1) + 1 for each in (large, ~large)]
        return (last[0] + run.ratio * last[1]) / len(large)

    return _each(run, lambda large, *_: read(large))


@derived(_KIND, "lost", "Q", quantity=MEAN_LOST)
def lost(run: TwoModelsRun) -> np.ndarray:
    """Return the mean KL to the large model."""
    return _each(run, lambda large, kl, entropy: np.where(large, 0, kl).mean())


@derived(_KIND, "same", "Q", quantity=SAME)
def same(run: TwoModelsRun) -> np.ndarray:
    """Return the share of tokens at which nothing changes."""
    own = np.where(run.writer > 0, 1.0, run.agrees)
    counts = (run.token_ids >= 0).sum(1)
    return np.where(counts > 0, np.nansum(own, 1) / np.maximum(counts, 1), np.nan)


@derived(_KIND, "switches", "Q", quantity=SWITCHES)
def switches(run: TwoModelsRun) -> np.ndarray:
    """Return how often the writer changes."""
    return _each(run, lambda large, *_: (large[1:] != large[:-1]).sum())


@derived(_KIND, "removed", "Q", quantity=REMOVED)
def removed(run: TwoModelsRun) -> np.ndarray:
    """Return the share of the divergence that the switching avoids."""
    return _each(run, lambda large, kl, entropy: kl[large].sum() / kl.sum() if kl.any() else np.nan)


@derived(_KIND, "by_own", "Q", quantity=BY_OWN)
def by_own(run: TwoModelsRun) -> np.ndarray:
    """Return the same for as many tokens, those of the largest small entropy."""

    def avoided(large: np.ndarray, kl: np.ndarray, entropy: np.ndarray) -> float:
        first = np.argsort(-entropy, kind="stable")[: large.sum()]
        return kl[first].sum() / kl.sum() if kl.any() else np.nan

    return _each(run, avoided)


def aimed(run: TwoModelsRun, name: str) -> float:
    """Return how much more is avoided than by chance, a mean over the texts that switch."""
    values = {"removed": removed, "by_own": by_own}[name](run)
    return float(np.nanmean((values - share(run))[1:-1]))
