"""Ladder: does a fit through sizes find the floor that is known?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...runs.ladder import LOSS, SIZE, LadderRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import NONE, Parameters, described
from ..panels.chart import Chart
from ..panels.picture import Picture
from ..panels.table import Table
from ..parcel import pack

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class LadderFit(Picture):
    """Points of all sizes to be dragged or left out, and the law through them, fitted anew."""

    module: ClassVar[str] = "ladder_fit"

    def numbers(self) -> tuple[str, ...]:
        return ("best", "sizes")

    def options(self, run_type: type[LadderRun]) -> dict[str, Any]:
        return {"follows": [], "choices": [], "cursor": None, "signals": {}}

    def parcel(self, run: LadderRun, parameters: Parameters = NONE) -> bytes:
        """Header: true_floor, step and numbers; arrays: sizes and best [V]."""
        header = {
            "true_floor": run.true_floor,
            "step": int(run.step[-1]) if len(run.step) else 0,
            "numbers": [described(run, each) for each in self.numbers()],
        }
        return pack(header, {"sizes": run.sizes, "best": run.best})

    def chart(self, run: LadderRun, unit: str, parameters: Parameters = NONE) -> Spec | None:
        import altair as alt

        from ...charts.base import POINTS, finished, log_values, title, tooltip
        from ...charts.scales import label_text, shown, value_text

        known = np.isfinite(run.best) & (run.sizes > 0)
        if not known.any():
            return None
        low, high = float(run.sizes[known].min()) / 2, float(run.sizes[known].max()) * 4
        x = alt.X(
            "size:Q",
            axis=alt.Axis(title="Parameters", values=log_values(low, high), grid=False),
            scale=alt.Scale(type="log", domain=[low, high], nice=False),
        )
        y = alt.Y(
            "shown:Q", axis=alt.Axis(title=title(label_text(LOSS))), scale=alt.Scale(zero=True)
        )
        tip = tooltip({"size": value_text(SIZE, "size"), "loss": value_text(LOSS, "loss")})
        dots = (
            alt.Chart(POINTS)
            .transform_filter("isValid(datum.loss)")
            .transform_calculate(shown=shown(LOSS, "loss"))
            .mark_point(style="main", filled=True, size=80, tooltip=tip)
            .encode(x=x, y=y)
        )
        lines = alt.Chart(alt.NamedData("lines")).transform_calculate(shown=shown(LOSS, "loss"))
        curve = lines.transform_filter("datum.line === 'fit'").mark_line(style="main")
        floors = lines.transform_filter("datum.line !== 'fit'").mark_line(
            style="quiet", strokeDash=[6, 4]
        )
        names = lines.transform_filter("datum.last").mark_text(
            style="quiet", align="right", dy=-7, fontSize=11
        )
        sets = {
            "points": {"size": run.sizes, "loss": run.best},
            "lines": _lines(run, low, high),
        }
        layers = [
            floors.encode(x=x, y=y, detail="line:N"), curve.encode(x=x, y=y), dots,
            names.encode(x=x, y=y, text="line:N"),
        ]  # fmt: skip
        return finished(alt.layer(*layers), unit, sets, height=320)


def _lines(run: LadderRun, low: float, high: float) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in ("line", "size", "loss", "last")}
    sizes = np.geomspace(low, high, 40)
    curve = run.floor + (run.scale / sizes) ** run.exponent
    flat = np.ones_like(sizes)
    lines = {"fit": curve, "fitted floor": run.floor * flat, "true floor": run.true_floor * flat}
    for name, values in lines.items():
        for size, value in zip(sizes.tolist(), values.tolist(), strict=True):
            found["line"].append(name)
            found["size"].append(size)
            found["loss"].append(value)
            found["last"].append(bool(name != "fit" and size == sizes[-1]))
    return found


def over_steps(run: LadderRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the loss of every size over steps, the mean of its seeds."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    at = run.step.tolist()
    if not at:
        return None
    steps = Places("step", [str(each) for each in at], "step", numbers=at)
    lines = []
    for place, size in enumerate(run.sizes.tolist()):
        values = run.loss[:, place].astype(np.float64)
        known = np.isfinite(values)
        count = known.sum(1)
        mean = np.where(count > 0, np.where(known, values, 0).sum(1) / np.maximum(count, 1), np.nan)
        name = f"{size:,.0f} parameters"
        again = any(each.label == name for each in lines)
        lines.append(Line(f"{name} #{place + 1}" if again else name, mean, LOSS))
    level = np.full(len(at), run.true_floor)
    lines.append(Line("true floor", level, LOSS, style="floor"))
    return along_chart(lines, steps, unit)


declare(
    Lens(
        kind="ladder",
        title="Ladder",
        summary="Networks of rising size learn a source whose floor is known; a fit looks for it.",
        group="many",
        family="Scaling",
        icon="stairs",
        place=40,
        panels=(
            LadderFit(
                key="fit",
                title="Loss by size",
                read="Drag a point up or down, or press it to leave it out: the fit follows. "
                "Hatched is what no size takes away.",
                area="stage",
            ),
            Chart(
                key="over_steps",
                title="Over steps",
                read="A line is the mean of the seeds of a size.",
                draw=over_steps,
                of=("loss",),
            ),
            Table(
                title="Sizes",
                read="The best seed of every size.",
                table="sizes",
                axes=("V",),
                of=("sizes", "best"),
            ),
        ),
        examples=(
            Example(
                "ladder_floor",
                "Seven sizes, one floor",
                "The fit finds the floor within a hundredth: 1.00 against .99 nats. Leave the "
                "largest out, and see it move.",
                {},
            ),
            Example(
                "ladder_steep",
                "A steeper source",
                "With steeper items floor and exponent trade off: the fit is as good, its floor "
                "is not.",
                {"zipf": 1.5, "items": 4096},
            ),
        ),
        papers=(
            Paper(
                21,
                "Loss falls as a power of size towards an irreducible floor, the entropy of the "
                "data.",
                "",
                "ladder_floor",
                0.990337,
                lambda run: run.floor,
                0.06,
                "Found is the fitted floor in nats; the true one is known here, not fitted. A good "
                "fit is no proof of its floor: see the steeper source.",
            ),
        ),
        guide=(
            "Each item has a random code and a noisy label, so the loss that nobody can go below "
            "is known exactly: .990 nats. Run trains all sizes here, and points arrive as they "
            "learn.",
            "The fit is L∞ + (N₀ / N)^α, least in relative error.",
        ),
    )
)
