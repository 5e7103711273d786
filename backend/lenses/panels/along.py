"""Numbers along an axis: the timeline of a text, or a chart over layers, depths or steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...derived import number
from ...derived.base import Number
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .parameters import one_of
from .picture import Choice, Picture, of_numbers
from .places import cursor_of, over_others, places

if TYPE_CHECKING:
    from ...charts.along import Line
    from ...charts.base import Spec

_BAND = (10, 90)


@dataclass(frozen=True, kw_only=True)
class Along(Panel):
    """Numbers along the tokens of a text, all of one unit, which the browser draws itself.

    Attributes:
        of: names of the numbers.
        dots: those that are drawn as dots.
        window: the number whose mean over a window is drawn too.
        bands: by number, the number that says how far from 0 it is expected to be.
    """

    module: ClassVar[str] = "timeline"
    area: Area = "timeline"
    of: tuple[str, ...]
    dots: tuple[str, ...] = ()
    window: str = ""
    bands: Mapping[str, str] = field(default_factory=dict)

    def own_name(self) -> str:
        return f"along_{self.of[0]}"

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"window": self.window or None}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        values = {name: number(run, name).values for name in self.of}
        header: dict[str, Any] = {
            "numbers": [described(run, name) for name in self.of],
            "lines": [
                {"name": name, "style": "dots" if name in self.dots else "line"} for name in self.of
            ],
            "bands": [],
            "zero": True,
        }
        for name, band in self.bands.items():
            reach = number(run, band).values
            header["bands"].append({"low": f"{band}:low", "high": f"{band}:high", "of": name})
            values |= {f"{band}:low": -reach, f"{band}:high": reach}
        return pack(header, {name: each.astype(np.float32) for name, each in values.items()})

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.along import Line, along_chart

        lines = []
        for name in self.of:
            found = number(run, name)
            band = number(run, self.bands[name]).values if name in self.bands else None
            lines.append(
                Line(
                    found.quantity.name,
                    found.values,
                    found.quantity,
                    "dots" if name in self.dots else "line",
                    low=None if band is None else -band,
                    high=band,
                )
            )
        return along_chart(lines, places(run, "T", len(lines[0].values)), unit)


@dataclass(frozen=True, kw_only=True)
class AlongAxis(Picture):
    """A number along layers, depths or steps, one of several at a time.

    Attributes:
        of: names of the numbers to choose from.
        axis: letter of the axis they run along.
        by: letter of the axis that has one line a place; empty for a single line.
        over: letter of the axis whose places can be shown one by one instead of their mean.
    """

    of: tuple[str, ...]
    axis: str
    by: str = ""
    over: str = ""

    def own_name(self) -> str:
        return f"along_{self.of[0]}_{self.axis.lower()}"

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def cursor(self, run_type: type[Run]) -> str | None:
        return cursor_of(run_type, self.axis)

    def choices(self) -> tuple[Choice, ...]:
        single = Choice("lines", "Lines", {"mean": "mean and 10–90 %", "single": "one by one"})
        return (*of_numbers(self.of), *((single,) if self.over else ()))

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.along import along_chart

        found = number(run, one_of(parameters, "number", self.of))
        count = found.values.shape[found.axes.index(self.axis)]
        if self.over and one_of(parameters, "lines", ("mean", "single")) == "single":
            lines = self._singles(run, found)
        else:
            lines = means_of(run, found, self.axis, self.by)
        return along_chart(lines, places(run, self.axis, count), unit)

    def _singles(self, run: Run, found: Number) -> list[Line]:
        """Return a line for every place of ``by`` and ``over``."""
        from ...charts.along import Line

        keep = (*((self.by,) if self.by else ()), self.over, self.axis)
        values = over_others(found, *keep)
        values = values if self.by else values[None]
        groups = places(run, self.by, len(values)).labels if self.by else [found.quantity.name]
        singles = places(run, self.over, values.shape[1])
        return [
            Line(f"{group} · {singles.name} {single}", row, found.quantity, group=group)
            for group, rows in zip(groups, values, strict=True)
            for single, row in zip(singles.labels, rows, strict=True)
        ]


def means_of(run: Run, found: Number, axis: str, by: str = "") -> list[Line]:
    """Return a line for every place of ``by``: mean and band over all other axes.

    The band holds 80 % of what the mean is over; there is none for a mean of one.
    """
    from ...charts.along import Line

    keep = (by, axis) if by else (axis,)
    means = np.atleast_2d(over_others(found, *keep))
    several = _spread_over(found, keep)
    labels = places(run, by, len(means)).labels if by else [found.quantity.name]
    lines = []
    for place, (label, mean) in enumerate(zip(labels, means, strict=True)):
        low = high = texts = None
        if several is not None and several.shape[-1] > 1:
            row = several[place]
            low, high = (_percentile(row, each) for each in _BAND)
            texts = [f"mean of {int(each)}" for each in np.isfinite(row).sum(-1)]
        lines.append(Line(label, mean, found.quantity, low=low, high=high, texts=texts))
    return lines


def _spread_over(found: Number, keep: tuple[str, ...]) -> np.ndarray | None:
    """Return what means are over, [lines, places, others]; None where every mean is of one."""
    others = [axis for axis in found.axes if axis not in keep]
    if not others:
        return None
    order = [found.axes.index(axis) for axis in (*keep, *others)]
    values = found.values.astype(np.float64).transpose(order)
    values = values[None] if len(keep) == 1 else values
    return values.reshape(*values.shape[:2], -1)


def _percentile(values: np.ndarray, share: float) -> np.ndarray:
    """Return a percentile over the last axis of what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    found = np.full(len(values), np.nan)
    some = known.any(-1)
    found[some] = np.nanpercentile(np.where(known, values, np.nan)[some], share, axis=-1)
    return found
