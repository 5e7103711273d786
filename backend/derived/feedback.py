"""What samplers that steer by feedback tell: their cut, the surprise it met, their target."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..runs.trajectories import RAW_SURPRISAL, TrajectoryRun
from .base import derived

FEEDBACK = ("mirostat_v1", "mirostat_v2")
LN2 = math.log(2)  # mirostat itself counts in bits
_SOURCE = "Mirostat: Basu et al. 2021, arXiv 2007.14966."

CUT = replace(
    RAW_SURPRISAL,
    name="Cut μ",
    symbol="μ",
    help="Steers what is kept: after a token more surprising than τ it sinks and fewer tokens are "
    "kept, after a dull one it rises.",
    formula=r"\mu_{t+1}=\mu_t-\eta\,(S_t-\tau)",
    source=_SOURCE,
    missing="the sampler has no target",
)
SURPRISE = replace(
    CUT,
    name="Surprise",
    symbol="S",
    help="Of the drawn token, as the sampler counts it: its mean settles near τ, whatever the "
    "text.",
    formula=r"S_t=-\log_2 p_t(x_t)",
)


@derived("trajectories", "mu", "M", "S", "N", quantity=CUT)
def cut(run: TrajectoryRun) -> np.ndarray:
    """Return the cut at every step, nats, float64 [M, S, N]; NaN for other samplers."""
    return _detail(run, "mu")


@derived("trajectories", "surprise", "M", "S", "N", quantity=SURPRISE)
def surprise(run: TrajectoryRun) -> np.ndarray:
    """Return the surprise at every step, nats, float64 [M, S, N]; NaN for other samplers."""
    return _detail(run, "surprise")


def steering(run: TrajectoryRun, sampler: int) -> int | None:
    """Return the place of the first sampler of a plan that steers by feedback."""
    names = [each.name for each in run.request.samplers[sampler]]
    return next((place for place, name in enumerate(names) if name in FEEDBACK), None)


def target(run: TrajectoryRun, sampler: int) -> float:
    """Return τ of a sampler, nats; NaN where it has none."""
    place = steering(run, sampler)
    if place is None:
        return math.nan
    value = run.request.samplers[sampler][place].parameters.get("tau", 3.0)
    return LN2 * float(value) if isinstance(value, int | float) else math.nan


def _detail(run: TrajectoryRun, name: str) -> np.ndarray:
    """Return a detail of every sampler with feedback; in a chain it has a numbered name."""
    found = np.full(run.token_ids.shape, np.nan)
    for sampler, plan in enumerate(run.request.samplers):
        place = steering(run, sampler)
        key = f"{place}.{name}" if len(plan) > 1 else name
        if place is not None and key in run.details:
            found[sampler] = LN2 * run.details[key][sampler].astype(np.float64)
    return found
