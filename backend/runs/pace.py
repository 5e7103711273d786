"""How long a batch of trajectories will take, judged by one that was timed."""

from __future__ import annotations

import numpy as np

from backend.runs.trajectories import TrajectoryRequest, TrajectoryRun

# What one more row adds to a step, as a share of a step of one row: the decoder reads its weights
# once a step, however many rows there are. Measured; see benchmarks/README.md.
_ROW_COST = 0.12


def batch_factor(rows: int) -> float:
    """Return how many times longer a step of ``rows`` rows takes than a step of one."""
    return 1 + _ROW_COST * (rows - 1)


def expected_seconds(request: TrajectoryRequest, like: TrajectoryRun) -> float:
    """Return about how long ``request`` will take on the machine that made ``like``.

    NaN where ``like`` has no timed step. Prompts are not counted.
    """
    samplers, seeds, _ = like.token_ids.shape
    timed = like.step_seconds[np.isfinite(like.step_seconds)]
    if not timed.size:
        return float("nan")
    one_row = float(np.median(timed)) / batch_factor(samplers * seeds)
    rows = len(request.samplers) * len(request.seeds)
    return one_row * batch_factor(rows) * request.steps
