"""One number against another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...charts.places import Places
from ...derived import number
from ...runs.base import Run
from .base import NONE, Parameters
from .picture import Picture
from .places import ROWS, cursor_of, places

if TYPE_CHECKING:
    from ...charts.against import Of
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Against(Picture):
    """A dot for every place that two numbers have.

    Attributes:
        x, y: names of the numbers.
        colour: name of a third one; empty for none.
        axes: letters of the axes that the numbers have; of two, the first one's places are groups
            with a colour, a shape and a mean each.
        spans: which of "x" and "y" span the values there are, in place of a fixed range.
    """

    x: str
    y: str
    colour: str = ""
    axes: tuple[str, ...] = ("T",)
    spans: tuple[str, ...] = ()

    def own_name(self) -> str:
        return f"against_{self.x}_{self.y}"

    def numbers(self) -> tuple[str, ...]:
        return (self.x, self.y, *((self.colour,) if self.colour else ()))

    def cursor(self, run_type: type[Run]) -> str | None:
        if self.axes == ROWS:
            return "row"
        return cursor_of(run_type, self.axes[0]) if len(self.axes) == 1 else None

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.against import Of, against_chart

        found = [number(run, name) for name in self.numbers()]
        x, y, *colour = (Of(each.values.ravel(), each.quantity) for each in found)
        x, y = (_fitted(of) if name in self.spans else of for name, of in (("x", x), ("y", y)))
        shape = found[0].values.shape
        along, groups = self._dots(run, shape)
        return against_chart(x, y, along, unit, colour=colour[0] if colour else None, groups=groups)

    def _dots(self, run: Run, shape: tuple[int, ...]) -> tuple[Places, list[str] | None]:
        """Return the dots and the group of each, None for one axis."""
        if len(self.axes) == 1:
            return places(run, self.axes[0], shape[0]), None
        first, second = (
            places(run, axis, size) for axis, size in zip(self.axes, shape, strict=True)
        )
        pairs = [
            (group, f"{group} · {second.name} {each}" if shape[1] > 1 else group)
            for group in first.labels
            for each in second.labels
        ]
        field = "row" if self.axes == ROWS else "place"
        named = Places(first.name, [name for _, name in pairs], field, counted=False)
        return named, [group for group, _ in pairs] if np.prod(shape) else []


def _fitted(of: Of) -> Of:
    """Return a number whose axis spans its values, with a tenth of their spread at either end."""
    known = of.values[np.isfinite(of.values)]
    if not known.size:
        return of
    low, high = float(known.min()), float(known.max())
    if of.quantity.scale == "log" and low > 0:
        margin = max((high / low) ** 0.1, 1.1)
        return replace(of, low=low / margin, high=high * margin)
    margin = max(0.1 * (high - low), 0.02 * abs(high))
    return replace(of, low=low - margin, high=high + margin)
