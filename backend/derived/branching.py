"""Where to branch a trajectory, and the request that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..runs.trajectories import Origin, Plan, TrajectoryRequest, TrajectoryRun

WINDOWS = (10, 20, 30, 40, 50)


def branch_points(
    entropy: np.ndarray, count: int = 3, windows: Sequence[int] = WINDOWS, stride: int = 10
) -> list[int]:
    """Return the steps before which to branch, the most uncertain segment first.

    Tool-Light's rule: the trajectory is cut into segments; the score of a segment is the largest
    of the mean entropies of its first 10, 20, … tokens, the first of equal ones counting. The
    segments with the highest scores are continued anew after as many tokens as their best mean
    was taken over. There, segments are the parts between tool calls; plain text has none, so a
    segment starts every ``stride`` steps and reaches to the end.

    Args:
        entropy: float [N] in nats, NaN where there is no step.
        count: how many points at most.
        windows: prefix lengths n whose means are compared.
        stride: steps between the starts of segments.

    Source: Tool-Light, arXiv 2509.23285, and its published scoring code.
    """
    values = entropy[np.isfinite(entropy)]
    scored = []
    for start in range(0, len(values), stride):
        score, length = segment_score(values[start:], windows)
        point = min(start + length, len(values) - 1)
        scored.append((-score, start, point))
    points: list[int] = []
    for _, _, point in sorted(scored):
        if point > 0 and point not in points:
            points.append(point)
    return points[:count]


def segment_score(entropy: np.ndarray, windows: Sequence[int] = WINDOWS) -> tuple[float, int]:
    """Return the largest mean entropy of a prefix of one of ``windows``, and that length.

    A segment shorter than a window counts with what it has.

    Args:
        entropy: float [n], at least one.
        windows: lengths, in the order in which ties are decided.
    """
    means = [float(entropy[:each].mean()) for each in windows]
    best = int(np.argmax(means))
    return means[best], windows[best]


def branch(
    run: TrajectoryRun,
    key: str,
    sampler: int,
    seed: int,
    step: int,
    *,
    token: int | None = None,
    plan: Plan | None = None,
    seeds: Sequence[int] | None = None,
    steps: int | None = None,
) -> TrajectoryRequest:
    """Return the request that continues one trajectory of ``run`` from before ``step``.

    With nothing else given it decodes the very same text again: samplers with a memory and luck
    live through the tokens that are kept.

    Args:
        run: the run to leave.
        key: where that run is found.
        sampler: index of the trajectory's sampler.
        seed: index of its seed.
        step: the first step to decode anew, at most its length.
        token: put this one there instead, and go on after it.
        plan: go on with another sampler.
        seeds: one continuation for each; default the trajectory's own.
        steps: how many to decode; default up to the run's last step.

    Raises:
        InputError: there is no such trajectory or step.
    """
    request = run.request
    rows, columns = run.lengths.shape
    if not (0 <= sampler < rows and 0 <= seed < columns):
        raise InputError(f"The run has {rows} samplers and {columns} seeds, counted from 0.")
    length = int(run.lengths[sampler, seed])
    if not 0 <= step <= length:
        raise InputError(f"This trajectory has steps 0 to {length}; {step} is not one.")
    prefix = [*request.prefix_ids, *run.token_ids[sampler, seed, :step].tolist()]
    if token is not None:
        prefix.append(token)
    rest = request.steps - step - (token is not None)
    return replace(
        request,
        samplers=(plan or request.samplers[sampler],),
        seeds=tuple(seeds) if seeds is not None else (request.seeds[seed],),
        prefix_ids=tuple(prefix),
        steps=max(1, rest if steps is None else steps),
        compare=False,
        origin=Origin(key, sampler, seed, step),
    )
