"""What the stored numbers of an attention run say about heads; no model is needed."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Literal

import numpy as np

from ..errors import InputError
from ..runs.attention import AttentionRun

Scale = Literal["observed", "tokens", "visible"]
Index = tuple[int | slice | EllipsisType, ...] | EllipsisType  # of arrays [L, H, T]

# Weight off the first token from which ``without_first`` answers.
_LEAST_REST = 0.01


def mean_over(values: np.ndarray, positions: np.ndarray | None = None) -> np.ndarray:
    """Return the mean over the chosen queries of [..., T]; NaN where none of them has a number.

    Args:
        values: [..., T].
        positions: integers or a mask of T; None for all.
    """
    chosen = values if positions is None else values[..., positions]
    there = ~np.isnan(chosen)
    total = np.where(there, chosen, 0).sum(-1, dtype=np.float64)
    count = there.sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def normalised(run: AttentionRun) -> np.ndarray:
    """Return H / ln(visible keys), float32 [L, H, T]; NaN where a query sees a single key."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = run.entropy / run.max_entropy[:, None]
    return np.where(run.max_entropy[:, None] > 0, share, np.nan).astype(np.float32)


def attention_regulariser(run: AttentionRun, queries: slice = slice(None)) -> float:
    """Return the mean over heads of Σ a ln a, in nats: minus the mean entropy.

    The term that AEM (Zhang et al., 2024, arXiv 2406.15303) adds to the loss to keep attention
    spread out, here averaged over queries as well. NaN where none of the queries has a number.
    """
    return -float(mean_over(run.entropy[..., queries].ravel()))


def entropy_bound(spread: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return the least entropy that scores of a given spread allow, nats, float64.

    Of all rows of ``keys`` scores whose distance from their mean is at most ``spread``, the one
    with a single high score and the rest equal has the least entropy. With the spread replaced by
    σ = ‖W_K W_Qᵀ‖₂ ‖X Xᵀ‖₂ this is Theorem 3.1 of σReparam (Zhai et al., 2023, arXiv 2303.06296);
    the spread of the row itself is smaller, so the bound is tighter, and it holds with rotary
    positions and masks too.

    Args:
        spread: ‖s − mean(s)‖₂ ≥ 0, any shape.
        keys: number of visible keys, of a shape that fits; 1 key has entropy 0.
    """
    keys = np.asarray(keys, np.float64)
    spread = np.asarray(spread, np.float64)
    others = np.maximum(keys - 1, 1)
    low = np.exp(-spread * np.sqrt(keys / others))
    bound = np.log1p(others * low) + spread * np.sqrt(keys * others) * low / (1 + others * low)
    return np.where(keys > 1, bound, 0.0)


def entropy_ceiling(run: AttentionRun, at: Index = ...) -> np.ndarray:
    """Return ln(visible keys) of every row of a run, float32 [L, H, T] or its part ``at``."""
    return np.broadcast_to(run.max_entropy[:, None], run.entropy.shape)[at]


def entropy_floor(run: AttentionRun, at: Index = ...) -> np.ndarray:
    """Return ``entropy_bound`` of every row of a run, float64 [L, H, T] or its part ``at``."""
    return entropy_bound(run.score_spread[at], np.exp(entropy_ceiling(run, at)))


@dataclass(frozen=True)
class Flags:
    """Which heads look too widely or hardly at all (Jha and Reagen, 2025, arXiv 2501.03489).

    Attributes:
        scale: float64, nats, the entropy that counts as 1.
        share: float64 [L, H], mean entropy over ``scale``; NaN for a head without a pattern or
            whose queries all see a single key: it has no choice.
        quarter: integers [L, H], 0 to 3; -1 where ``share`` is NaN.
        overload: bool [L, H], share at or above the upper threshold.
        collapse: bool [L, H], share at or below the lower threshold.
    """

    scale: float
    share: np.ndarray
    quarter: np.ndarray
    overload: np.ndarray
    collapse: np.ndarray


def flag_heads(
    run: AttentionRun,
    *,
    positions: np.ndarray | None = None,
    scale: Scale = "observed",
    upper: float = 0.75,
    lower: float = 0.05,
) -> Flags:
    """Sort heads by their mean entropy.

    The paper divides the range from 0 to the highest head entropy that was observed into quarters
    and calls heads of the top one overloaded; for collapse it gives no number, the lower
    threshold is ours.

    Args:
        run: the run.
        positions: queries to take the mean over; None for all.
        scale: what counts as 1: the highest "observed" head mean, ln of the number of "tokens",
            or the mean of ln(visible keys).
        upper: threshold of overload, as a share of the scale.
        lower: threshold of collapse, likewise.
    """
    if not 0 <= lower < upper <= 1:
        raise InputError(f"Thresholds must satisfy 0 ≤ lower < upper ≤ 1, not {lower}, {upper}.")
    highest = mean_over(run.max_entropy, positions)
    choice = highest > 0  # False for NaN
    means = np.where(choice[:, None], mean_over(run.entropy, positions), np.nan)
    known = ~np.isnan(means)
    one = _scale(len(run), means[known], highest[choice], scale)
    share = means / one if one > 0 else np.where(known, 0.0, np.nan)
    quarter = np.where(known, np.minimum(np.nan_to_num(share) * 4, 3), -1).astype(np.int32)
    return Flags(one, share, quarter, known & (share >= upper), known & (share <= lower))


def _scale(tokens: int, means: np.ndarray, highest: np.ndarray, scale: Scale) -> float:
    if scale == "tokens":
        return float(np.log(tokens))
    if scale == "observed":
        return float(means.max(initial=0))
    return float(highest.mean()) if highest.size else 0.0


@dataclass(frozen=True)
class LayerCounts:
    """How many heads of every layer are flagged, integers [L] each.

    Attributes:
        overload, collapse: flagged heads.
        known: heads that could be judged; the others have no pattern, or no choice of keys.
    """

    overload: np.ndarray
    collapse: np.ndarray
    known: np.ndarray


def layer_counts(flags: Flags) -> LayerCounts:
    """Return how many heads of every layer ``flag_heads`` flagged."""
    return LayerCounts(
        flags.overload.sum(1), flags.collapse.sum(1), (~np.isnan(flags.share)).sum(1)
    )


HEAD_KINDS = {
    "previous": "looks at the token before",
    "induction": "looks at what came after the same token earlier",
    "sink": "rests on the first token",
    "itself": "looks at its own token",
    "uniform": "spreads over everything it sees",
}


def kind_scores(run: AttentionRun, kind: str) -> np.ndarray:
    """Return how clearly every head is of a kind in ``HEAD_KINDS``, 0 to 1, float64 [L, H].

    Uniform is the mean share of the maximum entropy, the others are mean weights; induction over
    the queries whose token occurred before, NaN where the text has none.
    """
    choice = slice(1, None)  # the first query has none
    if kind == "previous":
        return mean_over(run.previous_mass[..., choice])
    if kind == "itself":
        return mean_over(run.self_mass[..., choice])
    if kind == "sink":
        return mean_over(run.first_mass[..., choice])
    if kind == "uniform":
        return mean_over(normalised(run))
    if kind == "induction":
        return mean_over(np.where(repeats(run), run.induction_mass, np.nan))
    raise InputError(f"There is no kind of head named {kind!r}; known: {', '.join(HEAD_KINDS)}.")


def repeats(run: AttentionRun) -> np.ndarray:
    """Return bool [T]: whether a query's token occurred before, but not just before."""
    latest: dict[int, int] = {}
    found = np.zeros(len(run), bool)
    for place, token in enumerate(run.token_ids.tolist()):
        found[place] = 0 <= latest.get(token, place) < place - 1
        latest[token] = place
    return found


def typical_head(run: AttentionRun, kind: str) -> tuple[int, int] | None:
    """Return layer and head of the clearest example of a kind; None where the text has none."""
    score = kind_scores(run, kind)
    if np.isnan(score).all():
        return None
    layer, head = np.unravel_index(np.nanargmax(score), score.shape)
    return int(layer), int(head)


def without_first(run: AttentionRun, at: Index = ...) -> tuple[np.ndarray, np.ndarray]:
    """Return entropy and its maximum, float32, of the weights on all tokens but the first.

    With weight p on the first token, H = h(p) + (1 − p) · H_rest, where h is the entropy of a coin
    with p: the rest follows from what is stored. Errors of the stored numbers grow by 1 / (1 − p);
    where at least a hundredth is left they stay below 0.02 nats, elsewhere the answer is NaN. So
    it is where no other token is visible. Queries whose window has left the first token behind
    keep their numbers.

    Args:
        run: the run.
        at: which part of [L, H, T]; long texts are not worked through for one head.
    """
    first = run.first_mass[at].astype(np.float64)
    rest = 1 - first - (0 if run.outside_mass is None else run.outside_mass[at])
    enough = rest >= _LEAST_REST
    total = first + rest
    with np.errstate(divide="ignore", invalid="ignore"):
        first, rest = first / total, rest / total
        coin = -(
            first * np.log(np.maximum(first, 1e-300)) + rest * np.log(np.maximum(rest, 1e-300))
        )
        entropy = np.maximum(run.entropy[at] - coin, 0) / rest
    highest = np.broadcast_to(_ceiling_without_first(run)[:, None], run.entropy.shape)[at]
    return np.where(enough & ~np.isnan(highest), entropy, np.nan).astype(np.float32), highest


def _ceiling_without_first(run: AttentionRun) -> np.ndarray:
    """Return ln of the visible keys other than the first token, float32 [L, T]; NaN for none."""
    visible = np.rint(np.exp(run.max_entropy.astype(np.float64)))
    others = visible - (visible > np.arange(len(run)))  # a query that sees all its past sees 0
    return np.where(others > 0, np.log(np.maximum(others, 1)), np.nan).astype(np.float32)
