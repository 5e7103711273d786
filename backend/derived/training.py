"""What of a training is drawn: means over seeds along steps, and pictures at one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..quantities import Quantity
from ..runs.training import TrainingRun
from .base import derived

FEW = 2
"""Places of an axis up to which it is drawn as bars."""
DENSE = 8
"""Lines of a picture from which it is a map instead."""

NETWORKS = Quantity(
    "Networks", "C", "", low=1, high=200, scale="log", digits=0,
    help="How many were trained side by side.",
    formula=r"C", source="Counted.",
)  # fmt: skip
STEPS = Quantity(
    "Steps", "", "", low=1, high=10_000, scale="log", digits=0,
    help="How many steps were done.", formula=r"n", source="Counted.",
)  # fmt: skip
HOLDING = Quantity(
    "As expected", "", "%", digits=0, missing="nothing is expected of these choices",
    help="Share of the expected figures that this training shows.",
    formula=r"\frac{\#\{\text{found}\in[\text{low},\text{high}]\}}{\#\text{figures}}",
    source="Ours; the figures are those of each experiment.",
)  # fmt: skip


@derived("training", "networks", quantity=NETWORKS)
def networks(run: TrainingRun) -> float:
    """Return how many networks there are."""
    return float(len(run.copies))


@derived("training", "steps_done", quantity=STEPS)
def steps_done(run: TrainingRun) -> float:
    """Return the last step that there is a record of."""
    return float(run.step[-1]) if len(run.step) else 0.0


@derived("training", "holding", quantity=HOLDING)
def holding(run: TrainingRun) -> float:
    """Return the share of expected figures that hold; NaN where nothing is expected."""
    return float(np.mean([each.holds for each in run.figures])) if run.figures else np.nan


@dataclass(frozen=True, eq=False)
class Curve:
    """A number of several networks over records, float64 [I] each; NaN where none is left."""

    label: str
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def curves_of(run: TrainingRun, name: str, most: int) -> list[Curve]:
    """Return a curve a variant; of more variants than ``most``, one a structure."""
    if len(run.variants) <= most:
        parts = {each: run.places(each) for each in run.variants}
    else:
        parts = {}
        for place, each in enumerate(run.copies):
            parts.setdefault(_structure(run, each.group), []).append(place)
    found = []
    for label, places in parts.items():
        values = run.numbers[name][:, places].astype(np.float64)
        known = np.isfinite(values)
        if known.any():
            found.append(Curve(label, *_spread(values, known)))
    return found


def _structure(run: TrainingRun, group: int) -> str:
    own = [each for each in run.copies if each.group == group]
    same = {
        name: value
        for name, value in own[0].numbers.items()
        if all(each.numbers.get(name) == value for each in own)
    }
    other = {
        name for each in run.copies for name in each.numbers if each.numbers[name] != same.get(name)
    }
    told = [f"{name} {value:g}" for name, value in same.items() if name in other]
    return ", ".join(told) or f"structure {group + 1}"


def _spread(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, least and most over the second axis, of what is known."""
    count = known.sum(1)
    some = count > 0
    mean = np.where(some, np.where(known, values, 0).sum(1) / np.maximum(count, 1), np.nan)
    low = np.where(some, np.where(known, values, np.inf).min(1), np.nan)
    high = np.where(some, np.where(known, values, -np.inf).max(1), np.nan)
    return mean, low, high


@dataclass(frozen=True, eq=False)
class Shown:
    """Values [rows, columns] to be drawn, and what the axes are.

    Attributes:
        kind: how: a bar a column, a line a row, or a map.
        kept: which rows these are of all; one of which nothing is known is left out.
    """

    kind: Literal["bars", "lines", "map"]
    values: np.ndarray
    row: str
    rows: list[str]
    column: str
    columns: list[str]
    kept: tuple[int, ...] = (0,)


def picture_of(run: TrainingRun, name: str, at: int) -> Shown:
    """Return a number with places of its own: at a record, or measured at the end.

    Seeds of a variant are averaged. The last axis runs along, the others make rows.
    """
    about = run.measured[name]
    if about.final:
        values = run.results[name].astype(np.float64)
        names: list[list[str]] = []
    else:
        rows = [run.of(name, each)[at].astype(np.float64) for each in run.variants]
        values, names = np.stack([_mean(each) for each in rows]), [run.variants]
    if not about.axes:
        return Shown("bars", values.reshape(1, 1), "", [""], "", [about.quantity.name])
    axes = list(about.axes)
    *before, last = [run.labels[axis] for axis in axes]
    names += before
    labels = [""]
    for each in names:
        labels = [f"{label} {part}".strip() for label in labels for part in each]
    flat = values.reshape(len(labels), -1)
    # A variant that does not have the number has no row.
    seen = np.flatnonzero((~np.isnan(flat)).any(axis=1)).tolist() or range(len(flat))
    kept, labels = flat[list(seen)], [labels[row] for row in seen]
    row = axes[-2] if len(axes) > 1 else "variant"
    return Shown(_kind(about.axes, kept.shape), kept, row, labels, axes[-1], last, tuple(seen))


def _kind(axes: tuple[str, ...], shape: Sequence[int]) -> Literal["bars", "lines", "map"]:
    if shape[0] == 1 and len(axes) == 1:
        return "bars" if shape[1] <= DENSE else "lines"
    few = len(axes) == 1 and shape[0] <= DENSE and shape[1] > FEW
    return "lines" if few else "map"


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0).sum(0), known.sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
