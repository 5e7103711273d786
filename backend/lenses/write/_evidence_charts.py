"""Charts of evidence: what sources believe together, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...runs.evidence import (
    BELIEF,
    CONFLICT,
    MASS,
    PIGNISTIC,
    PLAUSIBILITY,
    RULES,
    TRUSTS,
    EvidenceRun,
    set_name,
)
from ..panels.base import Parameters
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

AS_ASKED = "as asked for"
TRUST_NAMES = tuple(AS_ASKED if each is None else f"{each:.0%}" for each in TRUSTS)
TRUST = Choice("trust", "Trust in every source", {each: f"Trust {each}" for each in TRUST_NAMES})
SEVERAL, UNKNOWN = "one of several", "not known"
ROW = 78


def _trust(parameters: Parameters) -> int:
    return TRUST_NAMES.index(one_of(parameters, "trust", TRUST_NAMES))


def _undefined(run: EvidenceRun, at: int) -> str:
    """Return what to say where Dempster's rule has no result."""
    gone = np.isnan(run.mass[0, at]).any()
    return "Dempster's rule is undefined: the sources contradict each other wholly." if gone else ""


def intervals(run: EvidenceRun, unit: str, parameters: Parameters) -> Spec:
    """Return belief to plausibility of every option, by rule, with the bet between them."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    at = _trust(parameters)
    options = [one_line(each) for each in run.request.options]
    x = alt.X(
        "from:Q",
        axis=alt.Axis(title="Belief to plausibility (%)", tickCount=6),
        scale=alt.Scale(domain=[0, 100], nice=False),
    )
    y = alt.Y(
        "option:O", axis=alt.Axis(labels=False, ticks=False, domain=False, title=None, grid=True)
    )
    offset = alt.YOffset("place:O", scale=alt.Scale(paddingOuter=0.5, paddingInner=0.25))
    legend = alt.Legend(title=None, orient="top")
    colour = alt.Color("rule:N", sort=None, scale=alt.Scale(range="category"), legend=legend)
    base = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.belief)")
        .transform_calculate(
            **{
                "from": "datum.belief * 100",
                "to": "datum.plausibility * 100",
                "bet": "datum.pignistic * 100",
            }
        )
    )
    tip = tooltip(
        {
            "option": "datum.name",
            "rule": "datum.rule",
            "belief": value_text(BELIEF, "belief"),
            "plausibility": value_text(PLAUSIBILITY, "plausibility"),
            "to bet on": value_text(PIGNISTIC, "pignistic"),
        }
    )
    bars = base.mark_bar(opacity=0.4, tooltip=tip).encode(
        x=x, x2="to:Q", y=y, yOffset=offset, color=colour
    )
    # Where nothing is left open the bar has no width; the dot still shows it.
    bets = base.mark_point(filled=True, size=95, opacity=1, tooltip=tip).encode(
        x=alt.X("bet:Q"), y=y, yOffset=offset, color=colour
    )
    names = (
        alt.Chart(alt.NamedData("names"))
        .mark_text(style="ink", align="right", fontSize=13, limit=160)
        .encode(y=y, x=alt.value(-8), text="name:N")
    )
    rows: dict[str, list[Any]] = {name: [] for name in ("option", "name", "place", "rule")}
    values: dict[str, list[float]] = {"belief": [], "plausibility": [], "pignistic": []}
    for place, rule in enumerate(RULES):
        for option, name in enumerate(options):
            rows["option"].append(option)
            rows["name"].append(name)
            rows["place"].append(place)
            rows["rule"].append(rule)
            for number, column in values.items():
                column.append(float(getattr(run, number)[place, at, option]))
    sets = {"points": {**rows, **values}, "names": {"option": range(len(options)), "name": options}}
    height = ROW * max(len(options), 1)
    return finished(
        alt.layer(bars, bets, names), unit, sets, height=height, note=_undefined(run, at)
    )


def shares(run: EvidenceRun, unit: str, parameters: Parameters) -> Spec:
    """Return where the mass of every rule lies: on single options, on several, on all."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    at = _trust(parameters)
    options = run.request.options
    rows: dict[str, list[Any]] = {
        name: [] for name in ("rule", "place", "kind", "set", "mass", "order")
    }
    whole = run.mass.shape[-1]
    for place, rule in enumerate(RULES):
        for members in range(1, whole + 1):
            mass = float(run.mass[place, at, members - 1])
            single = members & (members - 1) == 0
            if not (mass > 0 or single):
                continue
            option = members.bit_length() - 1
            kind = UNKNOWN if members == whole and whole > 1 else SEVERAL
            rows["rule"].append(rule)
            rows["place"].append(place)
            rows["kind"].append(one_line(options[option]) if single and whole > 1 else kind)
            rows["set"].append(one_line(set_name(options, members)))
            rows["mass"].append(mass if mass > 0 else 0.0)
            rows["order"].append(option if single else members + whole)
    colour = alt.Color(
        "kind:N",
        sort=None,
        scale=alt.Scale(range="category"),
        legend=alt.Legend(title=None, orient="top", columns=4, labelLimit=160),
    )
    tip = tooltip(
        {
            "rule": "datum.rule",
            "set": "datum.set",
            "mass": value_text(MASS, "mass"),
        }
    )
    bars = (
        alt.Chart(POINTS)
        .transform_calculate(share="datum.mass * 100")
        .mark_bar(tooltip=tip, stroke="transparent")
        .encode(
            x=alt.X(
                "share:Q",
                stack="zero",
                axis=alt.Axis(title="Mass (%)", tickCount=6),
                scale=alt.Scale(domain=[0, 100], nice=False),
            ),
            y=alt.Y("rule:N", sort=list(RULES), axis=alt.Axis(title=None, domain=False)),
            color=colour,
            order=alt.Order("order:Q"),
        )
    )
    return finished(bars, unit, {"points": rows}, height=120, note=_undefined(run, at))


def contradicted(run: EvidenceRun, unit: str, parameters: Parameters) -> Spec:
    """Return the conflict of every source with all before it, by rule."""
    from ...charts.along import Line, along_chart

    at = _trust(parameters)
    lines = [Line(rule, run.conflict[place, at], CONFLICT) for place, rule in enumerate(RULES)]
    return along_chart(lines, places(run, "E", run.conflict.shape[-1]), unit)
