"""How long a batch of trajectories will take, judged by one that was timed."""

from __future__ import annotations

import numpy as np

from ..runs.trajectories import TrajectoryRun

# What one more row adds to a step, as a share of a step of one row: the decoder reads its weights
# once a step, however many rows there are. Measured; see benchmarks/README.md.
_ROW_COST = 0.12


def batch_factor(rows: int) -> float:
    """Return how many times longer a step of ``rows`` rows takes than a step of one."""
    return 1 + _ROW_COST * (rows - 1)


def seconds_per_step(run: TrajectoryRun, rows: int) -> float | None:
    """Return how long a step of ``rows`` rows takes, judged by a run of the same model.

    None where ``run`` has no timed step with a forward pass, which the first has not.
    """
    timed = np.isfinite(run.step_seconds) & (np.arange(run.step_seconds.size) > 0)
    running = running_rows(run)
    paces = [
        run.step_seconds[step] / batch_factor(int(running[step]))
        for step in np.flatnonzero(timed & (running > 0))
    ]
    return float(np.median(paces)) * batch_factor(rows) if paces else None


def running_rows(run: TrajectoryRun) -> np.ndarray:
    """Return how many trajectories took part in each step, int64 [N]."""
    return (run.lengths[:, :, None] > np.arange(run.step_seconds.size)).sum((0, 1))
