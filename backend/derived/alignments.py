"""How the places of two runs of one kind meet: tokens, rows or samplers; else one by one."""

from __future__ import annotations

import warnings
from collections import defaultdict, deque
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from ..runs.base import Run, TokenizedRun
from ..runs.dataset import DatasetRun
from ..runs.trajectories import TrajectoryRun
from .align import align, places
from .base import Number

SUMMED = ("entropy", "varentropy")
"""Numbers of a text whose sum over a span is compared, like its surprisal."""


class PlaceByPlace:
    """Two runs whose arrays are of one shape."""

    def take(self, number: Number, run: Run) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the axes and values of a number of one of the two runs where both have places."""
        return number.axes, np.asarray(number.values, np.float64)


class OneText(PlaceByPlace):
    """Two runs over texts that share a part.

    The axis T becomes P: the common spans, and between them what only one of the texts has, which
    has NaN in the other. A span of several tokens has the sum, mean or greatest of their numbers.
    """

    def __init__(self, a: TokenizedRun, b: TokenizedRun) -> None:
        self._a, self._b = a, b

    @cached_property
    def spans(self) -> Any:
        """The common spans; an ``Alignment``."""
        return align(self._a, self._b)

    @cached_property
    def places(self) -> np.ndarray:
        """int32 [P, 4]; see ``align.places``."""
        return places(self.spans, self._a, self._b)

    def take(self, number: Number, run: Run) -> tuple[tuple[str, ...], np.ndarray]:
        axes, values = super().take(number, run)
        if "T" not in axes:
            return axes, values
        own = self.places[:, :2] if run is self._a else self.places[:, 2:]
        axis = axes.index("T")
        joined = joined_spans(np.moveaxis(values, axis, -1), own, self.joins(number, run))
        return tuple("P" if each == "T" else each for each in axes), np.moveaxis(joined, -1, axis)

    def joins(self, number: Number, run: Run) -> str:
        """Return how the numbers of several tokens make that of a span."""
        summed = run.kind == "text" and number.name in SUMMED
        return "sum" if summed else number.quantity.joins


class SameRows(PlaceByPlace):
    """Two data sets: ``rows``, int64 [N, 2], whose texts are in both, in the order of A.

    Raises:
        InputError: there are none.
    """

    def __init__(self, a: DatasetRun, b: DatasetRun) -> None:
        self._a = a
        self.rows = match_rows(a.request.texts, b.request.texts)
        if not len(self.rows):
            raise InputError("The two data sets have no text in common: compare runs of one file.")

    def take(self, number: Number, run: Run) -> tuple[tuple[str, ...], np.ndarray]:
        axes, values = super().take(number, run)
        if "N" not in axes:
            return axes, values
        return axes, values.take(self.rows[:, 0 if run is self._a else 1], axes.index("N"))


class SameSamplers(PlaceByPlace):
    """Two trajectory runs: samplers of one label, step by step, each the mean over its seeds.

    Raises:
        InputError: they have no sampler in common.
    """

    def __init__(self, a: TrajectoryRun, b: TrajectoryRun) -> None:
        self.labels = [label for label in a.labels if label in b.labels]
        if not self.labels:
            raise InputError(
                "The runs have no sampler in common: A has "
                f"{', '.join(a.labels)}; B has {', '.join(b.labels)}."
            )
        self.steps = min(a.request.steps, b.request.steps)
        self._a, self._b = a, b

    @property
    def agreement(self) -> np.ndarray:
        """Share of steps at which A and B wrote the same token, by sampler, float64 [M].

        The mean over the seeds in both, each up to where the shorter of the two ends. NaN when the
        vocabularies differ in size, or no seed is in both.
        """
        a, b = self._a, self._b
        shares = np.full((len(self.labels), 1), np.nan)
        seeds = [seed for seed in a.request.seeds if seed in b.request.seeds]
        if seeds and a.model.vocab_size == b.model.vocab_size:
            shares = np.array(
                [[_same_tokens(a, b, label, seed) for seed in seeds] for label in self.labels]
            )
        return mean_of_known(shares, 1)

    def take(self, number: Number, run: Run) -> tuple[tuple[str, ...], np.ndarray]:
        assert isinstance(run, TrajectoryRun)  # noqa: S101  made for such
        axes, values = super().take(number, run)
        if axes == ("M", "S", "N"):
            done = np.arange(values.shape[2]) < run.lengths[:, :, None]
            values = np.where(done, values, np.nan)
        if "M" in axes:
            rows = [run.labels.index(label) for label in self.labels]
            values = values.take(rows, axes.index("M"))
        if "N" in axes:
            values = values.take(range(self.steps), axes.index("N"))
        if "S" in axes:
            values = mean_of_known(values, axes.index("S"))
            axes = tuple(each for each in axes if each != "S")
        return axes, values


def _same_tokens(a: TrajectoryRun, b: TrajectoryRun, label: str, seed: int) -> float:
    one, other = ((run.labels.index(label), run.request.seeds.index(seed)) for run in (a, b))
    steps = min(a.lengths[one], b.lengths[other])
    if not steps:
        return np.nan
    return float((a.token_ids[one][:steps] == b.token_ids[other][:steps]).mean())


def match_rows(a: Sequence[str], b: Sequence[str]) -> np.ndarray:
    """Return int64 [N, 2], rows with equal texts; of several the first with the first."""
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for row, text in enumerate(b):
        waiting[text].append(row)
    pairs = [(row, waiting[text].popleft()) for row, text in enumerate(a) if waiting[text]]
    return np.array(pairs, np.int64).reshape(-1, 2)


def meeting(a: Run, b: Run) -> PlaceByPlace:
    """Return how the places of two runs of one kind meet.

    Raises:
        InputError: they have nothing in common.
    """
    if isinstance(a, TokenizedRun) and isinstance(b, TokenizedRun):
        return OneText(a, b)
    if isinstance(a, DatasetRun) and isinstance(b, DatasetRun):
        return SameRows(a, b)
    if isinstance(a, TrajectoryRun) and isinstance(b, TrajectoryRun):
        return SameSamplers(a, b)
    return PlaceByPlace()


def joined_spans(values: np.ndarray, spans: np.ndarray, joins: str = "sum") -> np.ndarray:
    """Return the sum, mean or greatest ("max") of ``values`` [..., T] over ``spans`` [P, 2].

    Returns:
        float64 [..., P]; NaN where a span is empty or one of its values is NaN.
    """
    first, stop = spans.T
    values = np.asarray(values, np.float64)
    joined = values[..., np.minimum(first, values.shape[-1] - 1)]
    joined[..., first == stop] = np.nan
    over = {"sum": np.sum, "mean": np.mean, "max": np.max}[joins]
    for place in np.flatnonzero(stop - first > 1):
        joined[..., place] = over(values[..., first[place] : stop[place]], -1)
    return joined


def mean_of_known(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Return the mean with NaN left out, float64; NaN where nothing is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN: as wanted
        return np.nanmean(values.astype(np.float64), axis=axis)
