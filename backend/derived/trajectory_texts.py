"""The texts of a trajectory run as rows of tokens, as every picture of them draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runs.trajectories import TrajectoryRun


@dataclass(frozen=True)
class Piece:
    """A token that makes a character together with others.

    Attributes:
        text: the whole character.
        part: its place among them, such as "1/2".
    """

    text: str
    part: str


def pieces(run: TrajectoryRun, sampler: int, seed: int) -> dict[int, Piece]:
    """Return, by step, the tokens of a trajectory that are no whole character by themselves."""
    length = int(run.lengths[sampler, seed])
    groups = run.groups[sampler, seed, :length]
    first = np.searchsorted(groups, groups, side="left")
    size = np.searchsorted(groups, groups, side="right") - first
    text = run.texts[sampler][seed]
    spans = run.offsets[sampler, seed]
    return {
        step: Piece(text[slice(*spans[step].tolist())], f"{step - first[step] + 1}/{size[step]}")
        for step in np.flatnonzero(size > 1).tolist()
    }


def reference_sampler(run: TrajectoryRun) -> int:
    """Return the sampler that others are compared with at first: greedy, else the first."""
    plans = enumerate(run.request.samplers)
    return next((each for each, plan in plans if [spec.name for spec in plan] == ["greedy"]), 0)
