"""Trajectories as rows of a picture: which ones, what they are called, what colours them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend.derived import series
from backend.runs.trajectories import TrajectoryRun

from ..browser.metric import Metric, Scale


@dataclass(frozen=True)
class Row:
    """One trajectory: the sampler and the seed by their places in the run."""

    sampler: int
    seed: int


@dataclass(frozen=True)
class Number:
    """A number every step has.

    Attributes:
        values: float [M, S, N] of a run; information in nats.
        power: 1 for information, 0 for what has no such unit.
        low, high: of the colours, fixed so that runs can be compared; nats where power is 1.
        log: drawn on a logarithmic axis.
    """

    label: str
    values: Callable[[TrajectoryRun], np.ndarray]
    low: float
    high: float
    help: str
    power: int = 1
    unit: str = ""
    scale: Scale = "sequential"
    log: bool = False

    def unit_in(self, unit: str) -> str:
        """Return the unit as it is shown."""
        return unit if self.power else self.unit

    def shown(self, run: TrajectoryRun, unit: str) -> np.ndarray:
        """Return the values in the unit shown, float64 [M, S, N]."""
        values = self.values(run).astype(np.float64)
        return series.to_unit(values, unit) if self.power else values


def _counts(run: TrajectoryRun) -> np.ndarray:
    return np.where(run.kept_count > 0, run.kept_count.astype(np.float64), np.nan)


NUMBERS: dict[str, Number] = {
    "entropy": Number(
        "Entropy",
        lambda run: run.entropy,
        0,
        7,
        "How undecided the model was before this token; raw, over the whole vocabulary.",
    ),
    "surprisal": Number(
        "Surprisal",
        lambda run: run.surprisal,
        0,
        14,
        "−log of what the model gave the drawn token, before the sampler.",
    ),
    "final_entropy": Number(
        "Entropy after the sampler",
        lambda run: run.final_entropy,
        0,
        7,
        "Of the distribution the token was drawn from.",
    ),
    "kept": Number(
        "Tokens kept",
        _counts,
        1,
        1000,
        "How many tokens the sampler let through.",
        power=0,
        unit="tokens",
        scale="rank",
        log=True,
    ),
    "mass": Number(
        "Kept mass",
        lambda run: 100 * run.kept_mass,
        0,
        100,
        "The model's own probability of all kept tokens together.",
        power=0,
        unit="%",
    ),
    "drawn": Number(
        "Drawn with",
        lambda run: 100 * run.drawn_probability,
        0,
        100,
        "The probability of the drawn token after the sampler.",
        power=0,
        unit="%",
    ),
    "kl": Number(
        "KL to the model",
        lambda run: run.kl,
        0,
        3,
        "How far the sampler's distribution is from the model's: KL(final ‖ raw).",
    ),
}


def rows_of(run: TrajectoryRun, seed: int | None) -> list[Row]:
    """Return one row per sampler for one seed, or all of them for None, sampler by sampler."""
    seeds = range(len(run.request.seeds)) if seed is None else [seed]
    return [Row(sampler, each) for sampler in range(len(run.labels)) for each in seeds]


def row_label(run: TrajectoryRun, row: Row) -> str:
    """Return what to call a trajectory; the seed is left out where there is only one."""
    label = run.labels[row.sampler]
    seeds = run.request.seeds
    return label if len(seeds) == 1 else f"{label} · seed {seeds[row.seed]}"


def tokens_of(run: TrajectoryRun, row: Row) -> list[str]:
    """Return the display texts of a trajectory's tokens; parts of a character show it whole."""
    text = run.texts[row.sampler][row.seed]
    spans = run.offsets[row.sampler, row.seed].tolist()
    return [
        text[slice(*spans[step])] if part else run.token(each)
        for step, (each, part) in enumerate(zip(ids_of(run, row), parts_of(run, row), strict=True))
    ]


def parts_of(run: TrajectoryRun, row: Row) -> list[str]:
    """Return "1/2" and so on for tokens that make one character together, "" for the others."""
    groups = run.groups[row.sampler, row.seed, : length_of(run, row)]
    firsts = np.searchsorted(groups, groups, side="left")
    sizes = np.searchsorted(groups, groups, side="right") - firsts
    return [
        f"{step - first + 1}/{size}" if size > 1 else ""
        for step, (first, size) in enumerate(zip(firsts.tolist(), sizes.tolist(), strict=True))
    ]


def ids_of(run: TrajectoryRun, row: Row) -> list[int]:
    """Return the ids of a trajectory's tokens."""
    return run.token_ids[row.sampler, row.seed, : length_of(run, row)].tolist()


def length_of(run: TrajectoryRun, row: Row) -> int:
    """Return how many steps a trajectory has."""
    return int(run.lengths[row.sampler, row.seed])


def longest(run: TrajectoryRun) -> int:
    """Return the number of steps of the longest trajectory."""
    return int(run.lengths.max())


def grid_metrics(
    run: TrajectoryRun, rows: list[Row], unit: str, *, automatic: bool = False
) -> list[Metric]:
    """Return the numbers as metrics of the token grid over ``rows``.

    With ``automatic`` the colours span the values there are, in place of a fixed range.
    """
    places = [each.sampler for each in rows], [each.seed for each in rows]
    steps = max((length_of(run, each) for each in rows), default=0)
    found = []
    for key, number in NUMBERS.items():
        values = number.shown(run, unit)[places][:, :steps]
        ends = series.to_unit(np.array([number.low, number.high]), unit) if number.power else None
        low, high = (number.low, number.high) if ends is None else ends.tolist()
        finite = values[np.isfinite(values)]
        if automatic and finite.size and finite.min() < finite.max():
            low, high = float(finite.min()), float(finite.max())
        found.append(
            Metric(
                key, number.label, values, number.unit_in(unit), low, high, number.scale,
                number.help,
            )
        )  # fmt: skip
    return found
