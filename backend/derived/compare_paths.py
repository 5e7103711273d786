"""Two trajectory runs side by side: the same samplers, step by step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..runs.trajectories import TrajectoryRun

PATH_MEASURES = ("entropy", "surprisal", "kept_mass", "kl")


@dataclass(frozen=True)
class PathComparison:
    """Means over the seeds of every sampler that both runs have, in the order of run A.

    Attributes:
        labels: of those samplers, M of them.
        a, b: by measure, float64 [M, N]; NaN after the end of all trajectories.
        agreement: share of steps, up to where the shorter ends, at which A and B wrote the same
            token; mean over equal seeds, float64 [M]. NaN when the vocabularies differ in size or
            no seed is in both runs.
    """

    labels: list[str]
    a: dict[str, np.ndarray]
    b: dict[str, np.ndarray]
    agreement: np.ndarray

    def difference(self, measure: str) -> np.ndarray:
        """Return the mean of B − A over the steps both have, float64 [M]."""
        steps = min(self.a[measure].shape[1], self.b[measure].shape[1])
        return _mean(self.b[measure][:, :steps] - self.a[measure][:, :steps], 1)


def compare_paths(a: TrajectoryRun, b: TrajectoryRun) -> PathComparison:
    """Compare the samplers that both runs have, by their labels.

    Raises:
        InputError: they have none in common.
    """
    labels = [label for label in a.labels if label in b.labels]
    if not labels:
        raise InputError(
            "The runs have no sampler in common: A has "
            f"{', '.join(a.labels)}; B has {', '.join(b.labels)}."
        )
    rows = [[run.labels.index(label) for label in labels] for run in (a, b)]
    return PathComparison(
        labels=labels,
        a={name: _mean(getattr(a, name)[rows[0]], 1) for name in PATH_MEASURES},
        b={name: _mean(getattr(b, name)[rows[1]], 1) for name in PATH_MEASURES},
        agreement=_agreement(a, b, rows),
    )


def _agreement(a: TrajectoryRun, b: TrajectoryRun, rows: list[list[int]]) -> np.ndarray:
    seeds = [each for each in a.request.seeds if each in b.request.seeds]
    if not seeds or a.model.vocab_size != b.model.vocab_size:
        return np.full(len(rows[0]), np.nan)
    columns = [[run.request.seeds.index(seed) for seed in seeds] for run in (a, b)]
    shares = np.full((len(rows[0]), len(seeds)), np.nan)
    for place, (row_a, row_b) in enumerate(zip(*rows, strict=True)):
        for number, (seed_a, seed_b) in enumerate(zip(*columns, strict=True)):
            steps = min(a.lengths[row_a, seed_a], b.lengths[row_b, seed_b])
            if steps:
                same = a.token_ids[row_a, seed_a, :steps] == b.token_ids[row_b, seed_b, :steps]
                shares[place, number] = same.mean()
    return _mean(shares, 1)


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN: as wanted
        return np.nanmean(values.astype(np.float64), axis=axis)
