"""Numbers along an axis: lines, dots, bands and limits; long series as mean and band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import (
    ALONG,
    LEGEND_COLUMNS,
    POINTS,
    WIDTH,
    Spec,
    finished,
    here,
    infinite_note,
    log_values,
    position,
    title,
    tooltip,
)
from .colours import dash
from .places import Places
from .scales import label_text, shown, unit_text, value_text

Style = Literal["line", "dots", "ceiling", "floor"]
DENSE = 400
"""Places from which lines and dots are drawn thinner."""
LONG = 1_000
"""Places from which every column of pixels shows mean, least and greatest value."""
COLUMNS = 600
_LIMITS: dict[Style, list[float]] = {"ceiling": [1.5, 3], "floor": [6, 4]}


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a chart.

    Attributes:
        label: for people, unique in the chart.
        values: [n], as stored; NaN leaves a gap.
        quantity: what they are.
        style: "ceiling" and "floor" are limits of the others, dotted and dashed in grey.
        low, high: [n], a band around it.
        texts: [n], behind the place in the tooltip, such as how many seeds a mean is over.
        group: whose colour and dashes it has, where several lines share them; else its own.
    """

    label: str
    values: np.ndarray
    quantity: Quantity
    style: Style = "line"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    texts: Sequence[str] | None = None
    group: str = ""

    @property
    def kind(self) -> str:
        """What stands in the legend."""
        return self.group or self.label


def along_chart(
    lines: Sequence[Line], places: Places, unit: str, *, label: str = "", height: int = 240
) -> Spec:
    """Return the chart of lines that share one axis of values.

    Args:
        lines: at least one, all in one unit.
        places: what they run along.
        unit: "nats" or "bits".
        label: of the axis of values; what the numbers are called when left out.
        height: of the picture in pixels.
    """
    first = lines[0].quantity
    if len({(each.quantity.unit, each.quantity.scale == "log") for each in lines}) > 1:
        raise ValueError("lines of one chart have one unit and one scale")
    same = all(each.quantity.name == first.name for each in lines)
    text = label_text(first, label or None) if same or label else unit_text(first)
    note = infinite_note(np.concatenate([each.values.ravel() for each in lines]))
    y = _values_axis(first, lines, text)
    sets = {"points": _rows(lines, places)}
    if len(places) > LONG:
        chart = _columns(lines, places, y)
        note = f"Mean and range in {COLUMNS} columns; drag below to zoom. {note}".strip()
        return finished(chart, unit, sets, height=None, note=note)
    chart = alt.layer(*_layers(lines, places, y))
    return finished(chart, unit, sets, height=height, note=note)


_TEXTS = ("of", "line", "group", "style", "text")
"""Which line a row belongs to, its names, and what stands at its place; names are data only."""


def _rows(lines: Sequence[Line], places: Places) -> dict[str, list]:
    """Return the rows of all lines, without values that a logarithmic axis cannot hold."""
    rows: dict[str, list] = {name: [] for name in (places.field, *_TEXTS)}
    banded = any(each.low is not None for each in lines)
    numbers: dict[str, list] = {name: [] for name in ("value", "low", "high")[: 3 if banded else 1]}
    for place, line in enumerate(lines):
        texts = line.texts or [""] * len(places)
        rows[places.field] += range(len(places))
        if places.numbers is not None:
            rows.setdefault(ALONG, []).extend(places.numbers)
        rows["line"] += [line.label] * len(places)
        rows["group"] += [line.kind] * len(places)
        rows["of"] += [place] * len(places)
        rows["style"] += [line.style] * len(places)
        rows["text"] += [
            f"{name} {text}".strip() for name, text in zip(places.labels, texts, strict=True)
        ]
        empty = np.full(len(places), np.nan)
        band = (line.low, line.high) if line.low is not None else (empty, empty)
        for name, values in zip(numbers, (line.values, *band), strict=False):
            known = np.asarray(values, np.float64)
            if line.quantity.scale == "log":
                known = np.where(known > 0, known, np.nan)
            numbers[name] += known.tolist()
    return rows | numbers


def _values_axis(quantity: Quantity, lines: Sequence[Line], text: str) -> alt.Y:
    """Return the axis of values: 0 belongs to it, but on a logarithmic one."""
    if quantity.scale != "log":
        return alt.Y("value:Q", axis=alt.Axis(title=title(text)), scale=alt.Scale(zero=True))
    known = np.concatenate([np.asarray(each.values, np.float64).ravel() for each in lines])
    known = known[np.isfinite(known) & (known > 0)]
    least, greatest = (known.min(), known.max()) if known.size else (1.0, 10.0)
    return alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(title=title(text), values=log_values(least, greatest)),
    )


def _low(y: alt.Y) -> alt.Y:
    """Return the same axis for the lower edge of a band."""
    return alt.Y("low:Q", axis=y["axis"], scale=y["scale"])


def _with_unit(chart: alt.Chart, quantity: Quantity) -> alt.Chart:
    """Return a chart with value, low and high as the screen has them."""
    names = ("value", "low", "high")
    return chart.transform_calculate(**{name: shown(quantity, name) for name in names})


def _layers(lines: Sequence[Line], places: Places, y: alt.Y) -> list[alt.Chart]:
    quantity = lines[0].quantity
    x = position(places)
    thin = len(places) > DENSE
    tip = tooltip(
        {
            places.name: "datum.text",
            "line": "datum.line",
            "value": value_text(quantity, "stored"),
        }
    )
    base = _with_unit(alt.Chart(POINTS).transform_calculate(stored="datum.value"), quantity).encode(
        x=x
    )
    colour, dashes = _colours(lines)
    found = [here(places)]
    if any(each.low is not None for each in lines):
        found.insert(
            0,
            base.transform_filter("isValid(datum.low)")
            .mark_area(opacity=0.16)
            # A scale of its own, of the same colours: with theirs the lines would lose the legend
            # that their colours and dashes share.
            .encode(
                y=_low(y),
                y2="high:Q",
                fill=alt.Fill("group:N", sort=None, scale=alt.Scale(range="category"), legend=None),
                detail="line:N",
            ),
        )
    for place, limit in enumerate(lines):
        if limit.style not in _LIMITS:
            continue
        of_limit = base.transform_filter(f"datum.of === {place}")
        dashed = of_limit.mark_line(
            style="quiet", strokeDash=_LIMITS[limit.style], strokeWidth=1.5
        ).encode(y=y)
        named = (
            of_limit.transform_filter(f"datum[{places.field!r}] === {_last(limit.values)}")
            .mark_text(style="quiet", align="right", dy=-8, fontSize=11)
            .encode(y=y, text="line:N")
        )
        found += [dashed, named]
    if any(each.style == "line" for each in lines):
        found.append(
            base.transform_filter("datum.style === 'line'")
            .mark_line(strokeWidth=0.9 if thin else 1.8)
            .encode(y=y, color=colour, strokeDash=dashes, detail="line:N")
        )
    found.append(
        base.transform_filter("datum.style === 'line' || datum.style === 'dots'")
        .mark_circle(size=10 if thin else 34, opacity=0.9, tooltip=tip, cursor="pointer")
        # With dashes of their own the dots have the legend of the lines.
        .encode(y=y, color=colour, strokeDash=dashes)
    )
    return found


def _last(values: np.ndarray) -> int:
    """Return the last place that has a number; −1 for none."""
    return int(np.flatnonzero(np.isfinite(values)).max(initial=-1))


def _colours(lines: Sequence[Line]) -> tuple[alt.Color, alt.StrokeDash]:
    """Return colour and dashes of the lines; a legend only where there are several."""
    labels = list(dict.fromkeys(each.kind for each in lines if each.style not in _LIMITS))
    legend = None
    if len(labels) > 1:
        legend = alt.Legend(
            title=None,
            orient="top",
            columns=LEGEND_COLUMNS,
            labelLimit=220,
            symbolType="stroke",
            symbolSize=300,
            symbolOpacity=1,
        )
    # The names are in the order of the data; as ends of a scale they would be no data any more.
    colour = alt.Color(
        "group:N", sort=None, scale=alt.Scale(range="category"), legend=legend, title=None
    )
    dashes = alt.Scale(range=[list(dash(place)) for place in range(len(labels))])
    return colour, alt.StrokeDash("group:N", sort=None, scale=dashes, legend=legend, title=None)


def _columns(lines: Sequence[Line], places: Places, y: alt.Y) -> alt.VConcatChart:
    """Return mean and range per column of pixels, with an overview to drag over."""
    quantity = lines[0].quantity
    colour, dashes = _colours(lines)
    last = len(places) - 1
    drag = alt.selection_interval(encodings=["x"], name="zoom")
    extent = f"zoom.{places.field}"
    start = f"(isDefined({extent}) ? max(0, floor({extent}[0])) : 0)"
    stop = f"(isDefined({extent}) ? min({last}, ceil({extent}[1])) : {last})"
    tip = tooltip(
        {
            f"{places.name}s from": "format(datum.first, ',d')",
            "line": "datum.line",
            "mean": value_text(quantity, "mean_stored"),
            "least": value_text(quantity, "low_stored"),
            "most": value_text(quantity, "high_stored"),
        }
    )

    def columns(first: str, final: str) -> alt.Chart:
        found = (
            alt.Chart(POINTS)
            .transform_filter(f"datum[{places.field!r}] >= {first}")
            .transform_filter(f"datum[{places.field!r}] <= {final}")
            .transform_calculate(
                column=f"floor((datum[{places.field!r}] - {first}) * "
                f"{COLUMNS} / max({COLUMNS}, {final} - {first} + 1))"
            )
            .transform_aggregate(
                mean_stored="mean(value)",
                low_stored="min(value)",
                high_stored="max(value)",
                first=f"min({places.field})",
                groupby=["column", "of", "line", "group", "style"],
            )
        )
        return found.transform_calculate(
            **{places.field: "datum.first"},
            value=shown(quantity, "mean_stored"),
            low=shown(quantity, "low_stored"),
            high=shown(quantity, "high_stored"),
        )

    x = alt.X(
        f"{places.field}:Q",
        title=places.name,
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(grid=False, format=",d", tickCount=8),
    )
    base = columns(start, stop).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.25).encode(y=_low(y), y2="high:Q")
    mean = base.mark_line(strokeWidth=1.6).encode(y=y, strokeDash=dashes)
    dots = base.mark_circle(size=12, opacity=0, tooltip=tip, cursor="pointer").encode(
        y=y, strokeDash=dashes
    )
    pin = (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(**{places.field: "cursor"})
        .transform_filter(f"cursor >= {start} && cursor <= {stop}")
        .mark_rule(style="here")
        .encode(x=x)
    )
    overview = (
        columns("0", str(last))
        .transform_filter("datum.of === 0")
        .mark_area(style="quiet", opacity=0.5)
        .encode(x=position(places).title(None), y=alt.Y("value:Q", axis=None))
        .add_params(drag)
    )
    return alt.vconcat(
        alt.layer(band, pin, mean, dots).properties(width=WIDTH, height=200),
        overview.properties(width=WIDTH, height=36),
        spacing=6,
    )
