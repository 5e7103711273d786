"""How long a batch of trajectories will take, judged by one that was timed."""

from __future__ import annotations

import numpy as np

from backend.runs.trajectories import TrajectoryRun

# What one more row adds to a step, as a share of a step of one row: the decoder reads its weights
# once a step, however many rows there are. Measured; see benchmarks/README.md.
_ROW_COST = 0.12


def batch_factor(rows: int) -> float:
    """Return how many times longer a step of ``rows`` rows takes than a step of one."""
    return 1 + _ROW_COST * (rows - 1)


def seconds_per_step(run: TrajectoryRun, rows: int) -> float | None:
    """Return how long a step of ``rows`` rows takes, judged by a run of the same model.

    None where ``run`` has no timed step.
    """
    timed = run.step_seconds[np.isfinite(run.step_seconds)]
    if not timed.size:
        return None
    return float(np.median(timed)) * batch_factor(rows) / batch_factor(run.lengths.size)
