"""A training: its numbers over steps, its pictures at a step, and what it shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.places import Places
from ...charts.words import one_line
from ...derived.limits import JUDGED, Judged, Limit
from ...derived.training import curves_of, picture_of
from ...runs.training import TrainingRun
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, plain_quantity
from .parameters import one_of, whole
from .picture import Picture

if TYPE_CHECKING:
    from ...charts.base import Spec

MOST_LINES = 12
"""More variants than this are drawn by structure."""


@dataclass(frozen=True, kw_only=True)
class Learning(Picture):
    """One number of a training: lines over steps, or a picture of its places at one step.

    Attributes:
        telling: begin with what shows most, instead of with the first number.
    """

    module: ClassVar[str] = "training"
    telling: bool = False
    missing: str = "This training has no records yet."

    def asks(self) -> tuple[str, ...]:
        return ("number", "step")

    def options(self, run_type: type[TrainingRun]) -> dict[str, Any]:
        return {
            "follows": [], "choices": [], "cursor": None if self.telling else "step", "signals": {},
            "mode": "picture", "slider": not self.telling,
        }  # fmt: skip

    def parcel(self, run: TrainingRun, parameters: Parameters = NONE) -> bytes:
        measured = [
            {
                "name": name,
                "axes": list(each.axes),
                "final": each.final,
                "limits": [asdict(limit) for limit in _limits_of(run, name)],
                **plain_quantity(each.quantity),
            }
            for name, each in run.measured.items()
        ]
        return pack(
            {"measured": measured, "first": self._first(run), "steps": run.step.tolist()}, {}
        )

    def _first(self, run: TrainingRun) -> str:
        """Return the number that is shown at first, where it was measured."""
        wanted = run.telling if self.telling else ""
        return wanted if wanted in run.measured else next(iter(run.measured), "")

    def chart(self, run: TrainingRun, unit: str, parameters: Parameters = NONE) -> Spec | None:
        first = self._first(run)
        names = [first, *(name for name in run.measured if name != first)]
        if not len(run.step):
            return None
        name = one_of(parameters, "number", names)
        at = whole(parameters, "step", 0, len(run.step) - 1, len(run.step) - 1)
        about = run.measured[name]
        if about.final and name not in run.results:
            return None
        return (
            _picture(run, name, at, unit) if about.axes or about.final else _curves(run, name, unit)
        )


@dataclass(frozen=True, kw_only=True)
class Notes(Panel):
    """What is trained, what is left open, what is expected and was found, what was written."""

    module: ClassVar[str] = "training"
    key: str = "notes"
    area: Area = "inspector"

    def options(self, run_type: type[TrainingRun]) -> dict[str, Any]:
        return {"mode": "notes"}

    def parcel(self, run: TrainingRun, parameters: Parameters = NONE) -> bytes:
        chosen = dict(run.request.choices)
        gone = [
            f"{each.title} diverged at step {step}"
            for each, step in zip(run.copies, run.diverged.tolist(), strict=True)
            if step >= 0
        ]
        return pack(
            {
                "experiment": run.request.experiment,
                "title": run.experiment,
                "story": run.story,
                "finished": run.finished,
                "seeds": list(run.request.seeds),
                "choices": [
                    {**asdict(each), "value": chosen.get(each.name, each.default)}
                    for each in run.choices
                ],
                "figures": [{**asdict(each), "holds": each.holds} for each in run.figures],
                "gone": gone,
                "texts": run.texts,
            },
            {},
        )


def _judged(run: TrainingRun, name: str) -> Judged | None:
    """Return how a number follows from others of the run by limits, if it does."""
    found = JUDGED.get((run.request.experiment, name))
    return found if found and all(each in run.results for each in found.of) else None


def _limits_of(run: TrainingRun, name: str) -> tuple[Limit, ...]:
    judged = _judged(run, name)
    return judged.limits if judged else ()


def _curves(run: TrainingRun, name: str, unit: str) -> Spec:
    """Return a line a variant, the mean of its seeds, with a band from the least to the most."""
    from ...charts.along import Line, Style, along_chart

    about = run.measured[name]
    # Bands of structures would lie over one another: their variants differ widely.
    banded = len(run.variants) <= MOST_LINES and len(run.request.seeds) > 1
    lines = [
        Line(
            one_line(each.label),
            each.mean,
            about.quantity,
            low=each.low if banded else None,
            high=each.high if banded else None,
        )
        for each in curves_of(run, name, MOST_LINES)
    ]
    styles: tuple[Style, Style] = ("ceiling", "floor")
    for place, each in enumerate(about.lines):
        level = np.full(len(run.step), each.value)
        lines.append(Line(one_line(each.label), level, about.quantity, style=styles[place % 2]))
    at = run.step.tolist()
    steps = Places("step", [str(step) for step in at], "step", numbers=at)
    return along_chart(lines, steps, unit)


def _picture(run: TrainingRun, name: str, at: int, unit: str) -> Spec:
    from ...charts.along import Line, along_chart
    from ...charts.bars import bars_chart
    from ...charts.map import map_chart

    about, found = run.measured[name], picture_of(run, name, at)
    quantity = about.quantity
    columns = Places(found.column, [one_line(each) for each in found.columns], "row", counted=False)
    if found.kind == "bars":
        return bars_chart(found.values[0], quantity, columns, unit)
    rows = [one_line(each) for each in found.rows]
    if found.kind == "lines":
        lines = [
            Line(row, values, quantity) for row, values in zip(rows, found.values, strict=True)
        ]
        return along_chart(lines, columns, unit)
    judged = _judged(run, name)
    others = {each: run.results[each][list(found.kept)] for each in judged.of} if judged else None
    return map_chart(
        found.values,
        quantity,
        Places(found.row, rows, "line", counted=False),
        columns,
        unit,
        judged=judged,
        others=others,
    )
