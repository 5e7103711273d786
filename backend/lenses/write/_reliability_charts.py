"""Charts of reliability: bins, coverage, temperatures and metrics, form by form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...runs.reliability import (
    BIN_ACCURACY,
    BIN_CONFIDENCE,
    BINNINGS,
    DOUBTS,
    METRICS,
    MOST_FORMS,
    RISK,
    TEMPERATURES,
    VALUE,
    ReliabilityRun,
)
from ..panels.base import Parameters
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

ALL = "all"
FORMS = {ALL: "All forms"} | {str(i + 1): f"Form {i + 1}" for i in range(MOST_FORMS)}
FORM = Choice("form", "Form", FORMS)
BINS = Choice("bins", "Bins", {each: each for each in BINNINGS})
ONE = TEMPERATURES.index(1.0)
_HEATS = [ONE, *(i for i in range(len(TEMPERATURES)) if i != ONE)]
HEATS = {f"{TEMPERATURES[i]:.3g}": f"T = {TEMPERATURES[i]:.3g}" for i in _HEATS}
HEAT = Choice("temperature", "Temperature", HEATS)
DOUBT = Choice("doubt", "Doubt by", {each: f"by {each}" for each in DOUBTS})
TEMPERED = ("tempered_error", "tempered_loss", "tempered_entropy")
METRIC = Choice("metric", "Metric", {each: each for each in METRICS})


def _name(run: ReliabilityRun, place: int) -> str:
    return f"{place + 1} · {one_line(run.request.form_name(place), 60)}"


def _shown(run: ReliabilityRun, parameters: Parameters) -> list[int]:
    """Return the forms to draw; none where the one that was chosen is not there."""
    form = one_of(parameters, "form", list(FORMS))
    count = len(run.value)
    return list(range(count)) if form == ALL else [int(form) - 1] if int(form) <= count else []


def diagram(run: ReliabilityRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return accuracy over confidence, bin by bin; of one form with 95 % intervals."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    forms = _shown(run, parameters)
    if not forms:
        return None
    binning = BINNINGS.index(one_of(parameters, "bins", BINNINGS))
    heat = _HEATS[list(HEATS).index(one_of(parameters, "temperature", list(HEATS)))]
    rows: dict[str, list[Any]] = {
        name: [] for name in ("form", "confidence", "accuracy", "size", "low", "high")
    }
    for form in forms:
        size = run.bin_size[form, heat, binning]
        share = run.bin_accuracy[form, heat, binning]
        for place in np.flatnonzero(size > 0).tolist():
            rows["form"].append(_name(run, form))
            rows["confidence"].append(float(run.bin_confidence[form, heat, binning, place]))
            rows["accuracy"].append(float(share[place]))
            rows["size"].append(int(size[place]))
            rows["low"].append(float(run.bin_low[form, heat, binning, place]))
            rows["high"].append(float(run.bin_high[form, heat, binning, place]))
    domain = alt.Scale(domain=[0, 102], nice=False)
    x = alt.X("across:Q", axis=alt.Axis(title="Confidence (%)", tickCount=6), scale=domain)
    y = alt.Y("upward:Q", axis=alt.Axis(title="Accuracy (%)", tickCount=6), scale=domain)
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=340)
    colour = alt.Color("form:N", sort=None, scale=alt.Scale(range="category"), legend=legend)
    tip = tooltip(
        {
            "form": "datum.form",
            "confidence": value_text(BIN_CONFIDENCE, "confidence"),
            "accuracy": value_text(BIN_ACCURACY, "accuracy"),
            "items": "datum.size",
        }
    )
    base = alt.Chart(POINTS).transform_calculate(
        across="datum.confidence * 100", upward="datum.accuracy * 100",
        below="datum.low * 100", above="datum.high * 100",
    )  # fmt: skip
    lines = base.mark_line(opacity=0.6, strokeWidth=1.5).encode(x=x, y=y, color=colour)
    dots = base.mark_point(filled=True, opacity=0.9, tooltip=tip).encode(
        x=x, y=y, color=colour,
        size=alt.Size("size:Q", scale=alt.Scale(domain=[0, 50], range=[30, 500]), legend=None),
    )  # fmt: skip
    ends = alt.Chart(alt.NamedData("equal")).mark_line(style="quiet", strokeDash=[6, 4])
    layers: list[alt.Chart] = [ends.encode(x=alt.X("across:Q"), y=alt.Y("upward:Q")), lines]
    if len(forms) == 1:
        bars = base.mark_rule(strokeWidth=1.5, opacity=0.7)
        layers.append(bars.encode(x=x, y=alt.Y("below:Q"), y2="above:Q", color=colour))
    note = ""
    if len(forms) == 1:
        error = 100 * float(run.tempered_error[forms[0], heat])
        note = f"Calibration error {error:.1f} % in 10 bins of equal mass; bars: 95 % intervals."
    sets = {"points": rows, "equal": {"across": [0, 100], "upward": [0, 100]}}
    return finished(alt.layer(*layers, dots), unit, sets, height=360, note=note)


def coverage(run: ReliabilityRun, unit: str, parameters: Parameters) -> Spec:
    """Return the risk among the surest items by their share, a line a form."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    doubt = DOUBTS.index(one_of(parameters, "doubt", DOUBTS))
    count = run.risk.shape[-1]
    shares = [100 * (place + 1) / count for place in range(count)]
    along = Places("surest items, %", [f"{each:.0f} %" for each in shares], "place", numbers=shares)
    lines = [Line(_name(run, form), run.risk[form, doubt], RISK) for form in range(len(run.risk))]
    return along_chart(lines, along, unit)


def by_temperature(run: ReliabilityRun, unit: str, parameters: Parameters) -> Spec:
    """Return a number by the temperature that scores are divided by, a line a form."""
    from ...charts.along import Line, along_chart
    from ...derived import number

    found = number(run, one_of(parameters, "number", TEMPERED))
    lines = [
        Line(_name(run, form), values, found.quantity) for form, values in enumerate(found.values)
    ]
    along = places(run, "W", len(TEMPERATURES))
    return along_chart(lines, along, unit, label=found.quantity.name)


def intervals(run: ReliabilityRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a metric of every form with its 95 % interval."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    metric = one_of(parameters, "metric", METRICS)
    at = METRICS.index(metric)
    if not np.isfinite(run.value[:, at]).any():
        return None
    names = [_name(run, form) for form in range(len(run.value))]
    rows = {
        "form": range(len(names)), "name": names, "value": run.value[:, at],
        "low": run.low[:, at], "high": run.high[:, at],
    }  # fmt: skip
    tip = tooltip(
        {"form": "datum.name"}
        | {each: value_text(VALUE, each) for each in ("value", "low", "high")}
    )
    x = alt.X(
        "value:Q", axis=alt.Axis(title=metric, tickCount=6), scale=alt.Scale(zero=True, nice=True)
    )
    y = alt.Y("form:O", axis=alt.Axis(labels=False, ticks=False, domain=False, title=None))
    base = alt.Chart(POINTS).transform_filter("isValid(datum.value)")
    bars = base.transform_filter("isValid(datum.low)").mark_rule(
        style="main", strokeWidth=4, opacity=0.4
    )
    dots = base.mark_point(style="main", filled=True, size=110, tooltip=tip)
    labels = alt.Chart(POINTS).mark_text(style="ink", align="right", fontSize=12, limit=210)
    written = base.transform_calculate(written=value_text(VALUE, "value")).mark_text(
        style="ink", align="left", dx=9, dy=-9, fontSize=12
    )
    chart = alt.layer(
        bars.encode(x=alt.X("low:Q", axis=x["axis"], scale=x["scale"]), x2="high:Q", y=y),
        dots.encode(x=x, y=y),
        written.encode(x=x, y=y, text="written:N"),
        labels.encode(x=alt.value(-8), y=y, text="name:N"),
    )
    return finished(chart, unit, {"points": rows}, height=54 * max(1, len(names)))
