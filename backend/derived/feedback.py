"""Samplers that steer by feedback: what they aim for, where their cut stands, how they fare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..quantities import BITS_PER_NAT
from ..runs.trajectories import TrajectoryRun


@dataclass(frozen=True, eq=False)
class Steered:
    """One sampler with a target; information in nats.

    Attributes:
        sampler: its place.
        target: τ.
        mu: float64 [S, N]; what steers the cut. NaN where there is no step.
        surprise: float64 [S, N]; of the drawn tokens, as the sampler counts it.
    """

    sampler: int
    target: float
    mu: np.ndarray
    surprise: np.ndarray

    @property
    def running_mean(self) -> np.ndarray:
        """The mean surprise up to every step, float64 [S, N]."""
        steps = np.arange(1, self.surprise.shape[-1] + 1)
        return np.cumsum(self.surprise, axis=-1) / steps


def steered(run: TrajectoryRun) -> list[Steered]:
    """Return the samplers of a run that tell how far a token missed their target.

    Of a chain with several such samplers the first counts.
    """
    found = [_steered(run, each) for each in range(len(run.labels))]
    return [each for each in found if each is not None]


def _steered(run: TrajectoryRun, sampler: int) -> Steered | None:
    for name in sorted(run.details):
        chain, _, last = name.rpartition(".")
        start = f"{chain}." if chain else ""
        if last != "error" or not np.isfinite(run.details[name][sampler]).any():
            continue
        error, mu, surprise = (
            _nats(run, f"{start}{each}", sampler) for each in ("error", "mu", "surprise")
        )
        return Steered(sampler, float(np.nanmean(surprise - error)), mu, surprise)
    return None


def _nats(run: TrajectoryRun, name: str, sampler: int) -> np.ndarray:
    values = run.details.get(name)
    if values is None:
        return np.full(run.token_ids.shape[1:], np.nan)
    own = values[sampler].astype(np.float64)
    # Mirostat counts in bits, and runs from before units were told are mirostat's.
    return own if run.detail_quantity(name, sampler).unit == "nats" else own / BITS_PER_NAT
