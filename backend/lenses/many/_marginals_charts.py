"""Charts of marginals: a picture as far as it is shown, and what one pass and chains say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.places import Places
from ...derived import marginals as of
from ...derived import number
from ...runs.marginals import EXACT, INK, ONE_PASS, REFERENCE, MarginalsRun
from ..panels.base import Parameters
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice

if TYPE_CHECKING:
    from ...charts.base import Spec

COLOURS = ("pixel_entropy", "ink", "ink_by_ratio")
HIDDEN = Choice("hidden", "Hidden pixels", dict.fromkeys(COLOURS, ""))
LINES = Choice("lines", "Show", {"log_p": "log p", "entropy": "entropy", "residual": "residual"})
PART = 250
"""Pixels of a part's side, where the page does not say."""


def picture(run: MarginalsRun, unit: str, parameters: Parameters) -> Spec:
    """Return what is seen at a step, the residual of the rest, and log p; clicks show or hide."""
    import altair as alt

    from ...charts.base import finished

    last = len(run.shown) - 1
    # The step may be one of another picture, with more pixels.
    step = min(whole(parameters, "step", 0, 100_000, (last + 1) // 3), last)
    colour = one_of(parameters, "hidden", COLOURS)
    pixels, rows = _pixels(run, step, colour), _rows(run, step)
    chart = alt.hconcat(
        _grid(run, colour, seen=1.0),
        _grid(run, "residual", seen=0.15),
        _values(run),
        spacing=24,
    ).resolve_scale(color="independent")
    drawn = int(run.drawn[: step + 1].sum())
    never = len(run.values) - last
    note = f"Shown: {step} of {len(run.values)} pixels"
    note += f", {drawn} of them drawn" * bool(drawn) + f"; hidden to the end: {never}" * bool(never)
    sets = {"points": pixels, "rows": rows[0], "orders": rows[1]}
    return finished(chart, unit, sets, height=None, note=f"{note}.")


def _pixels(run: MarginalsRun, step: int, colour: str) -> dict[str, Any]:
    when = run.when()
    seen = when <= step
    row, column = np.divmod(np.arange(len(when)), run.side)
    drawn = np.isin(np.arange(len(when)), run.shown[run.drawn > 0]) & seen
    # To press a hidden pixel shows all up to it; one that is seen goes back to before it.
    leads = [None if at >= len(run.shown) else int(at - (at <= step)) for at in when.tolist()]
    names = {name: number(run, name).values[step] for name in {*COLOURS, "residual", colour}}
    return {
        "name": [run.pixel(place) for place in range(len(when))],
        "column": column,
        "row_at": row,
        "seen": seen,
        "ink_seen": seen & (run.values == INK),
        "paper_seen": seen & (run.values != INK),
        "drawn": drawn,
        "step": leads,
        **names,
    }


def _grid(run: MarginalsRun, name: str, seen: float) -> Any:
    """Return the pixels: squares of ink and paper where seen, else discs in a number's colour."""
    import altair as alt

    from ...charts.base import POINTS, tooltip
    from ...charts.scales import value_text
    from ...charts.shades import shade_of, shading

    quantity = number(run, name).quantity
    across, down = run.side, max(len(run.values) // run.side, 1)
    base = alt.Chart(POINTS).transform_calculate(
        value=f"datum[{name!r}]", right="datum.column + 1", below="datum.row_at + 1",
    )  # fmt: skip

    def square(chart: alt.Chart, inset: float, **mark: Any) -> alt.Chart:
        inside = chart.transform_calculate(
            left=f"datum.column + {inset}", right=f"datum.column + {1 - inset}",
            above=f"datum.row_at + {inset}", below=f"datum.row_at + {1 - inset}",
        )  # fmt: skip
        x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, across], nice=False))
        y = alt.Y("above:Q", axis=None, scale=alt.Scale(domain=[0, down], nice=False, reverse=True))
        return inside.mark_rect(**mark).encode(x=x, y=y, x2="right:Q", y2="below:Q")

    kinds = {each: value_text(number(run, each).quantity, each) for each in (*COLOURS, "residual")}
    words = {number(run, each).quantity.name.lower(): text for each, text in kinds.items()}
    state = "datum.seen ? (datum.ink_seen ? 'ink' : 'paper') + (datum.drawn ? ', drawn' : '')"
    tip = tooltip({"pixel": "datum.name", "is": f"{state} : 'hidden'", **words})
    ink = square(base.transform_filter("datum.ink_seen"), 0.02, style="ink", opacity=seen)
    paper = square(
        base.transform_filter("datum.paper_seen"), 0.03, style="quiet", filled=False,
        opacity=0.5 * seen + 0.1, strokeWidth=0.7,
    )  # fmt: skip
    drawn = square(base.transform_filter("datum.drawn"), 0.38, style="came", opacity=seen)
    hidden = base.transform_filter("!datum.seen").transform_calculate(**shade_of(quantity))
    low, high = quantity.low, quantity.high
    shade = shading(
        quantity, low, high, orient="bottom", direction="horizontal", titleOrient="left",
        titleLimit=140, gradientLength=120, gradientThickness=9,
    )  # fmt: skip
    discs = square(hidden, 0.12, cornerRadius=60).encode(color=shade)
    # A residual of nothing has the colour of the page.
    edges = square(
        hidden, 0.12, cornerRadius=60, style="quiet", filled=False, opacity=0.35, strokeWidth=0.7
    )
    # Over all of it, so that every pixel can be pointed at and pressed.
    whole_field = square(base, 0, opacity=0, tooltip=tip, cursor="pointer")
    grid = alt.layer(ink, paper, drawn, discs, edges, whole_field)
    return grid.properties(width=PART, height=PART)


def _rows(run: MarginalsRun, step: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a row for one pass, one for chains and one for the truth, and every chain."""
    chains = run.chain[step]
    times = f"{step} evaluation{'s' if step != 1 else ''} each"
    names = ["one pass, 1 evaluation", f"{len(chains)} chains, {times}"]
    values = [float(run.one_pass[step]), float(of.mixture(run)[step])]
    low, high = [None, float(chains.min())], [None, float(chains.max())]
    if np.isfinite(run.exact).any():
        names, values = [*names, "truth"], [*values, float(run.exact[step])]
        low, high = [*low, None], [*high, None]
    rows = {"name": names, "value": values, "low": low, "high": high, "at": range(len(names))}
    return rows, {"value": chains, "at": [1] * len(chains)}


def _values(run: MarginalsRun) -> Any:
    """Return log p by each way, with the whisker of the orders."""
    import altair as alt

    from ...charts.base import domain, title
    from ...charts.scales import label_text, shown, value_text

    known = np.concatenate([run.one_pass, run.chain.ravel(), run.exact[np.isfinite(run.exact)]])
    low = min(float(known.min()) * 1.05, -1.0)
    count = 3 if np.isfinite(run.exact).any() else 2
    scale = alt.Scale(domain=domain(ONE_PASS, low, 0), nice=False)
    axis = alt.Axis(title=title(label_text(ONE_PASS, "Log p of what is seen")), tickCount=5)
    y = alt.Y(
        "at:Q", axis=None, scale=alt.Scale(domain=[-0.75, count - 0.7], nice=False, reverse=True)
    )
    rows = alt.Chart(alt.NamedData("rows"))
    name = rows.mark_text(style="quiet", align="left", baseline="bottom", dy=-33, fontSize=12)
    name = name.encode(x=alt.value(4), y=y, text="name:N")
    figure = rows.transform_calculate(text=value_text(ONE_PASS, "value")).mark_text(
        style="ink", align="left", baseline="bottom", dy=-15, fontSize=15
    )
    figure = figure.encode(x=alt.value(4), y=y, text="text:N")

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", axis=axis, scale=scale)

    whisker = (
        rows.transform_filter("isValid(datum.low)")
        .transform_calculate(a=shown(ONE_PASS, "low"), b=shown(ONE_PASS, "high"))
        .mark_rule(style="quiet", strokeWidth=2)
        .encode(x=x("a"), x2="b:Q", y=y)
    )
    value = shown(ONE_PASS, "value")
    orders = (
        alt.Chart(alt.NamedData("orders"))
        .transform_calculate(x=value)
        .mark_point(style="quiet", filled=True, size=45, opacity=0.9)
        .encode(x=x("x"), y=y)
    )
    marks = (
        rows.transform_filter("isValid(datum.value)")
        .transform_calculate(x=value)
        .mark_tick(style="main", thickness=4, size=26)
        .encode(x=x("x"), y=y)
    )
    return alt.layer(whisker, orders, marks, name, figure).properties(width=PART, height=PART)


def cases(run: MarginalsRun, unit: str, parameters: Parameters) -> Spec:
    """Return one pass over what it should be, in one range, with the diagonal."""
    from ...charts.against import Of, against_chart

    names = [run.case(i) for i in range(len(run.case_one_pass))]
    places = Places("case", names, "place", counted=False)
    known = np.concatenate([run.case_one_pass, run.case_reference])
    low = min(float(np.nanmin(known, initial=-1)) * 1.05, -1.0)
    x, y = (
        Of(values, quantity, low=low, high=0.0)
        for values, quantity in ((run.case_reference, REFERENCE), (run.case_one_pass, ONE_PASS))
    )
    return against_chart(x, y, places, unit, diagonal=True)


def over_steps(run: MarginalsRun, unit: str, parameters: Parameters) -> Spec:
    """Return log p, entropy or residual while pixels are shown; a click chooses a step."""
    from ...charts.along import Line, along_chart

    steps = Places("pixels shown", [str(each) for each in range(len(run.shown))], "step")
    chosen = one_of(parameters, "lines", tuple(LINES.values))
    if chosen == "entropy":
        return along_chart([Line(of.SUM.name, of.sum_entropy(run), of.SUM)], steps, unit)
    if chosen == "residual":
        return along_chart([Line(of.RMS.name, of.residual_rms(run), of.RMS)], steps, unit)
    chains = run.chain.astype(np.float64)
    lines = [
        Line("one pass", run.one_pass, ONE_PASS),
        Line(
            "chains, all orders", of.mixture(run), of.MIXTURE, low=chains.min(1), high=chains.max(1)
        ),
    ]
    if np.isfinite(run.exact).any():
        lines.append(Line("truth", run.exact, EXACT))
    return along_chart(lines, steps, unit, label="Log p of what is seen")
