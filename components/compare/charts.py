"""Pictures of two runs: curves over each other, A against B, divergence, heads and samplers."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from ..charts.common import BLUE, CURSOR_COLOUR, GREY, ORANGE, cursor_rule, picking
from ..figure import About
from ..palette import hex_colours
from .metrics import LABELS, unit_of

RULE = (
    "Runs are compared over the smallest spans of text that are whole tokens in both. The "
    "surprisal of a span is the sum over its tokens, whichever way it was cut; entropy and "
    "varentropy are summed too. Of texts that differ, the part is compared that one contains, or "
    "that both begin or end with."
)

FORMULAS = {
    "surprisal": r"s(\text{span})=\sum_{i\in\text{span}}-\ln p_i(x_i)",
    "entropy": r"H(\text{span})=\sum_{i\in\text{span}}\Bigl(-\sum_v p_i(v)\ln p_i(v)\Bigr)",
    "varentropy": r"V(\text{span})=\sum_{i\in\text{span}}\sum_v p_i(v)\,"
    r"\bigl(-\ln p_i(v)-H_i\bigr)^2",
}
SOURCES = {
    "surprisal": "Shannon 1948; the chain rule of probability makes sums over spans comparable.",
    "entropy": "Shannon 1948.",
    "varentropy": "Kontoyiannis and Verdú 2014.",
}


def curves_about(measure: str, unit: str) -> About:
    """Return the words around the two curves."""
    return About(
        title=f"{LABELS[measure]} of A and B ({unit_of(measure, unit)})",
        read="Where the lines part, the runs disagree. Click to pin a token.",
        definition=RULE,
        formula=FORMULAS[measure],
        source=SOURCES[measure],
    )


def curves_chart(measure: str, unit: str) -> alt.TopLevelMixin:
    """Return the chart over the data ``spans`` (one row a span) and ``cursor``."""
    x = alt.X("token:Q", title="token of A", axis=alt.Axis(tickMinStep=1, grid=False))
    colours = alt.Scale(domain=["A", "B"], range=[BLUE, ORANGE])
    lines = (
        alt.Chart(alt.NamedData("spans"))
        .transform_calculate(a=f"datum['{measure} A']", b=f"datum['{measure} B']")
        .transform_fold(["a", "b"], as_=["side", "value"])
        .transform_calculate(run="upper(datum.side)")
    )
    encoded = lines.encode(
        x=x,
        y=alt.Y("value:Q", title=unit_of(measure, unit)),
        color=alt.Color("run:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        strokeDash=alt.StrokeDash(
            "run:N", scale=alt.Scale(domain=["A", "B"], range=[[1, 0], [5, 3]]), legend=None
        ),
    )
    dots = encoded.mark_circle(size=36).encode(tooltip=_tips(measure)).add_params(picking())
    return alt.layer(cursor_rule(x), encoded.mark_line(strokeWidth=1.6), dots).properties(
        height=280
    )


def against_about(measure: str, unit: str) -> About:
    """Return the words around the scatter."""
    return About(
        title=f"{LABELS[measure]}: A against B ({unit_of(measure, unit)})",
        read="On the diagonal the runs agree; above it, B has more. Click to pin a token.",
        definition=RULE,
        formula=FORMULAS[measure],
        source=SOURCES[measure],
    )


def against_chart(measure: str, unit: str) -> alt.TopLevelMixin:
    """Return the chart over the data ``spans``, ``diagonal`` and ``cursor``."""
    name = unit_of(measure, unit)
    points = (
        alt.Chart(alt.NamedData("spans"))
        .transform_calculate(a=f"datum['{measure} A']", b=f"datum['{measure} B']")
        .mark_circle(size=55, opacity=0.75, color=BLUE)
        .encode(
            x=alt.X("a:Q", title=f"A ({name})"),
            y=alt.Y("b:Q", title=f"B ({name})"),
            tooltip=_tips(measure),
        )
        .add_params(picking())
    )
    line = (
        alt.Chart(alt.NamedData("diagonal"))
        .mark_line(color=CURSOR_COLOUR, strokeDash=[5, 3])
        .encode(x="end:Q", y="end:Q")
    )
    ring = (
        alt.Chart(alt.NamedData("cursor"))
        .transform_lookup(
            "token",
            alt.LookupData(alt.NamedData("spans"), "token", [f"{measure} A", f"{measure} B"]),
        )
        .transform_calculate(a=f"datum['{measure} A']", b=f"datum['{measure} B']")
        .transform_filter("isValid(datum.a)")
        .mark_point(size=220, color=CURSOR_COLOUR, strokeWidth=2.5)
        .encode(x="a:Q", y="b:Q")
    )
    return alt.layer(line, points, ring).properties(height=340)


def diagonal(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return both ends of the diagonal through all points."""
    values = frame[[f"{measure} A", f"{measure} B"]].to_numpy()
    finite = values[np.isfinite(values)]
    return pd.DataFrame({"end": [0.0, float(finite.max()) if finite.size else 1.0]})


def _tips(measure: str) -> list[alt.Tooltip]:
    columns = [f"{measure} A", f"{measure} B", f"{measure} B − A"]
    return [
        alt.Tooltip("text:N", title="span"),
        *[alt.Tooltip(f"{each}:Q", title=each, format="+.3f" if "−" in each else ".3f")
          for each in columns],
    ]  # fmt: skip


def bounds_about(unit: str) -> About:
    """Return the words around the bounds of the divergence."""
    return About(
        title=f"Divergence of the predictions, from the top tokens ({unit})",
        read="The Jensen–Shannon divergence lies inside the band, each KL at its dot or above. "
        "Store more top tokens to narrow it.",
        definition="Both runs hold the most likely tokens only. Merging all others can only bring "
        "distributions closer, which gives the lower end; if the others had nothing in common, "
        "they would add the upper end. KL has a lower bound only, since one model may give next "
        "to nothing to what the other allows. The remaining mass is what the tokens stored by both "
        "do not hold, the larger of the two.",
        formula=r"\mathrm{KL}(A\|B)\ge\sum_{v\in\text{top}\,\cup\{\text{rest}\}}a(v)"
        r"\ln\frac{a(v)}{b(v)},\quad\mathrm{JS}=\tfrac12\mathrm{KL}(A\|M)+"
        r"\tfrac12\mathrm{KL}(B\|M),\quad M=\tfrac12(A+B)",
        source="Lin 1991; data processing inequality.",
    )


def bounds_chart(unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``bounds`` (token, text, js_low, js_high, kl_ab, kl_ba, remaining)."""
    sides = {"kl_ab": "KL(A‖B) at least", "kl_ba": "KL(B‖A) at least"}
    x = alt.X("token:Q", title="token of A", axis=alt.Axis(tickMinStep=1, grid=False))
    tips = [
        alt.Tooltip("text:N", title="span"),
        alt.Tooltip("js_low:Q", title="Jensen–Shannon at least", format=".4f"),
        alt.Tooltip("js_high:Q", title="Jensen–Shannon at most", format=".4f"),
        *[alt.Tooltip(f"{key}:Q", title=name, format=".4f") for key, name in sides.items()],
        alt.Tooltip("remaining:Q", title="remaining mass", format=".2%"),
    ]
    base = alt.Chart(alt.NamedData("bounds"))
    band = base.mark_rule(color=GREY, opacity=0.55, strokeWidth=5).encode(
        x=x, y=alt.Y("js_low:Q", title=unit), y2="js_high:Q", tooltip=tips
    )
    name = f"{list(sides.values())}[indexof({list(sides)}, datum.key)]"
    colours = alt.Scale(domain=list(sides.values()), range=[BLUE, ORANGE])
    shapes = alt.Scale(domain=list(sides.values()), range=["circle", "triangle-up"])
    dots = (
        base.transform_fold(list(sides), as_=["key", "value"])
        .transform_calculate(measure=name)
        .mark_point(filled=True, size=34)
        .encode(
            x=x,
            y="value:Q",
            color=alt.Color(
                "measure:N", scale=colours, legend=alt.Legend(title=None, orient="top")
            ),
            shape=alt.Shape("measure:N", scale=shapes),
            tooltip=tips,
        )
    )
    return alt.layer(band, dots).properties(height=240)


def exact_about(unit: str) -> About:
    """Return the words around the exact divergence."""
    return About(
        title=f"Divergence of the predictions, exact ({unit})",
        read="0: both models predict the same. Over the whole vocabulary, at the same tokens.",
        definition="KL(A‖B) is how many more nats it costs to pack A's world with B's predictions. "
        "The Jensen–Shannon divergence is symmetric and at most ln 2.",
        formula=r"\mathrm{KL}(A\|B)=\sum_v a(v)\ln\frac{a(v)}{b(v)}",
        source="Kullback and Leibler 1951; Lin 1991.",
    )


def exact_chart(unit: str) -> alt.TopLevelMixin:
    """Return the chart over the data ``divergence`` (token, text, and one column a measure)."""
    measures = {"ab": "KL(A‖B)", "ba": "KL(B‖A)", "js": "Jensen–Shannon"}
    name = f"{list(measures.values())}[indexof({list(measures)}, datum.key)]"
    lines = (
        alt.Chart(alt.NamedData("divergence"))
        .transform_fold(list(measures), as_=["key", "value"])
        .transform_calculate(measure=name)
    )
    encoded = lines.encode(
        x=alt.X("token:Q", title="token", axis=alt.Axis(tickMinStep=1, grid=False)),
        y=alt.Y("value:Q", title=unit),
        color=alt.Color("measure:N", legend=alt.Legend(title=None, orient="top")),
    )
    tips = [
        alt.Tooltip("text:N", title="token"),
        *[alt.Tooltip(f"{key}:Q", title=name, format=".4f") for key, name in measures.items()],
    ]
    return alt.layer(
        encoded.mark_line(strokeWidth=1.4), encoded.mark_circle(size=26).encode(tooltip=tips)
    ).properties(height=240)


def heads_about(unit: str) -> About:
    """Return the words around the difference of heads."""
    return About(
        title=f"Mean attention entropy by head, B − A ({unit})",
        read="Orange heads look more widely in B, purple ones more narrowly.",
        definition="Mean over the tokens of each run; the two means are over the same tokens only "
        "when both runs read the same text.",
        formula=r"\Delta^{(l,h)}=\frac1{|I_B|}\sum_{i\in I_B}H^{(l,h)}_{B,i}"
        r"-\frac1{|I_A|}\sum_{i\in I_A}H^{(l,h)}_{A,i}",
        source="Shannon 1948.",
    )


def heads_chart(end: float, unit: str) -> alt.TopLevelMixin:
    """Return the chart over the data ``heads``; colours end at ±``end``."""
    scale = alt.Scale(range=hex_colours("diverging", 21), domain=[-end, end], clamp=True)
    return (
        alt.Chart(alt.NamedData("heads"))
        .mark_rect()
        .encode(
            x=alt.X("head:O", title="head", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("layer:O", title="layer"),
            color=alt.Color("difference:Q", title=f"B − A ({unit})", scale=scale),
            tooltip=[
                alt.Tooltip("name:N", title="head"),
                alt.Tooltip("a:Q", title="A", format=".3f"),
                alt.Tooltip("b:Q", title="B", format=".3f"),
                alt.Tooltip("difference:Q", title="B − A", format="+.3f"),
            ],
        )
        .properties(height=520)
    )


PATHS = {"entropy": "Entropy", "surprisal": "Surprisal", "kl": "KL(sampler‖model)"}
PATH_FORMULAS = {
    "entropy": r"\bar H_t=\frac1S\sum_{s}\Bigl(-\sum_v p_{s,t}(v)\ln p_{s,t}(v)\Bigr)",
    "surprisal": r"\bar s_t=\frac1S\sum_{s}-\ln p_{s,t}(x_{s,t})",
    "kl": r"\frac1S\sum_{s}\sum_v q_{s,t}(v)\ln\frac{q_{s,t}(v)}{p_{s,t}(v)}",
}


def paths_about(measure: str, unit: str) -> About:
    """Return the words around the samplers of two runs."""
    return About(
        title=f"{PATHS[measure]} by step ({unit})",
        read="One colour a sampler; A is drawn through, B is dashed. Mean over the seeds.",
        definition="Samplers are matched by name and parameters. Numbers are of the model's own "
        "distribution along the text that the sampler wrote; KL compares what the sampler drew "
        "from with it. Each point is a mean of the numbers of the seeds still running, not the "
        "number of a mean distribution.",
        formula=PATH_FORMULAS[measure],
        source="Shannon 1948; Kullback and Leibler 1951.",
    )


def paths_chart(unit: str) -> alt.TopLevelMixin:
    """Return the chart over the data ``paths`` (sampler, run, step, value)."""
    dashes = alt.Scale(domain=["A", "B"], range=[[1, 0], [5, 3]])
    return (
        alt.Chart(alt.NamedData("paths"))
        .mark_line(strokeWidth=1.8)
        .encode(
            x=alt.X("step:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=unit),
            color=alt.Color("sampler:N", legend=alt.Legend(orient="top", title=None)),
            strokeDash=alt.StrokeDash("run:N", scale=dashes, legend=alt.Legend(title="run")),
            tooltip=["sampler:N", "run:N", "step:Q", alt.Tooltip("value:Q", format=".3f")],
        )
        .properties(height=320)
    )
