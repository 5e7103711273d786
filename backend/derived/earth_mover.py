"""Near misses and far ones: what the cost of predictions tells beside their surprisal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.earth_mover import COST, MISS, SOURCE, EarthMoverRun
from .base import derived

NEAR = 0.5
"""A token is near another one at less than half the distance of chance."""

AGAINST = Quantity(
    "Misses against chance", "d/d̄", "", high=2, plain="near or far", digits=2,
    help="How far the misses lie from what came, over the distance of any token: below 1 they are "
    "nearer than chance.",
    formula=r"d_i/\bar d_i", source=SOURCE, missing=MISS.missing,
)  # fmt: skip
ALMOST = Quantity(
    "On near misses", "", "%", digits=1, plain="what it almost had",
    help="Probability of the kept tokens that did not come and lie within half the distance of "
    "chance.",
    formula=r"\sum_{k:\,C_k<\bar d/2}p(k)", source=SOURCE,
)  # fmt: skip
MEAN = replace(COST, name="Mean cost", help="Over the tokens that have a prediction.")
ALL_AGAINST = replace(
    AGAINST, name="Cost against chance",
    help="What was missed costs so much of what it would on tokens drawn from the vocabulary.",
    formula=r"\sum_i\mathrm{EMD}_i\,/\sum_i(1-p_i(x_i))\,\bar d_i",
)  # fmt: skip
AGREEMENT = Quantity(
    "Cost and surprisal", "ρ", "", low=-1, high=1, scale="diverging",
    help="Rank correlation over the tokens: 1 would say that the cost adds nothing.",
    formula=r"\rho(\mathrm{EMD},s)", source=SOURCE, missing="too few tokens that differ",
)  # fmt: skip
LIKE = replace(
    AGREEMENT, name="Near over far", symbol="", low=0, high=1, scale="linear",
    help="Tokens paired by surprisal: cost of those whose misses are nearer, over that of the "
    "others. 1 would be no difference.",
    formula=r"\sum\mathrm{EMD}_{near}/\sum\mathrm{EMD}_{far}",
)  # fmt: skip


def _predicted(run: EarthMoverRun) -> np.ndarray:
    return np.isfinite(run.cost) & np.isfinite(run.surprisal)


@derived("earth_mover", "against_chance", "T", quantity=AGAINST)
def against_chance(run: EarthMoverRun) -> np.ndarray:
    """Return the distance of the misses over that of chance, [T]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = run.miss / run.chance
    return np.where(np.isfinite(found), found, np.nan)


@derived("earth_mover", "almost", "T", quantity=ALMOST)
def almost(run: EarthMoverRun) -> np.ndarray:
    """Return the probability of near misses among the kept, [T]."""
    near = run.other_costs < NEAR * run.chance[:, None]
    found = np.where(near, np.exp(run.other_logprobs), 0).sum(1)
    return np.where(np.isfinite(run.cost), found, np.nan)


def nearest(run: EarthMoverRun) -> list[str]:
    """Return what was almost had, a text a token: the likeliest near miss; "" for none."""
    near = run.other_costs < NEAR * run.chance[:, None]
    found = []
    for ids, here in zip(run.other_ids, near, strict=True):
        likeliest = ids[here][:1].tolist()  # kept tokens are in order of their probability
        found.append(run.vocabulary.get(str(likeliest[0]), "") if likeliest else "")
    return found


def swapped(run: EarthMoverRun, token: int) -> tuple[int, int, float]:
    """Return the nearest and farthest kept miss, and the cost if they swapped probabilities.

    Surprisal would stay as it is, for the token that came keeps its own.
    """
    costs = run.other_costs[token].astype(np.float64)
    p = np.exp(run.other_logprobs[token].astype(np.float64))
    near, far = int(costs.argmin()), int(costs.argmax())
    moved = (p[near] - p[far]) * (costs[far] - costs[near])
    return near, far, float(run.cost[token] + moved)


@derived("earth_mover", "mean_cost", quantity=MEAN)
def mean_cost(run: EarthMoverRun) -> float:
    """Return the mean cost."""
    known = run.cost[np.isfinite(run.cost)]
    return float(known.mean(dtype=np.float64)) if known.size else float("nan")


@derived("earth_mover", "cost_against_chance", quantity=ALL_AGAINST)
def cost_against_chance(run: EarthMoverRun) -> float:
    """Return all cost over what the same probability would cost on tokens by chance."""
    of = np.isfinite(run.cost)
    missed = -np.expm1(-run.surprisal[of].astype(np.float64))
    by_chance = float((missed * run.chance[of]).sum())
    return float(run.cost[of].sum(dtype=np.float64)) / by_chance if by_chance else float("nan")


@derived("earth_mover", "agreement", quantity=AGREEMENT)
def agreement(run: EarthMoverRun) -> float:
    """Return the rank correlation of cost and surprisal; ties share a rank."""
    of = _predicted(run)
    cost, surprisal = _ranks(run.cost[of]), _ranks(run.surprisal[of])
    if len(cost) < 2 or not cost.std() or not surprisal.std():
        return float("nan")
    return float(np.corrcoef(cost, surprisal)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[which]


@derived("earth_mover", "near_over_far", quantity=LIKE)
def near_over_far(run: EarthMoverRun) -> float:
    """Return the cost of near over that of far misses, in pairs of tokens of like surprisal."""
    of = np.flatnonzero(_predicted(run) & np.isfinite(run.miss))
    order = of[np.argsort(run.surprisal[of], kind="stable")]
    pairs = order[: len(order) // 2 * 2].reshape(-1, 2)
    places = np.take_along_axis(pairs, run.miss[pairs].argsort(1), 1)
    near, far = run.cost[places].sum(0, dtype=np.float64) if len(pairs) else (0.0, 0.0)
    return float(near / far) if far else float("nan")
