"""How entropies are distributed in each layer, and how many heads are flagged there."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.derived.heads import Flags, layer_counts
from backend.runs import AttentionRun

from ..charts.common import BLUE, CURSOR_COLOUR, GREY, ORANGE, PICK
from ..figure import About
from ..palette import hex_colours
from .numbers import Options, head_name

OVERLOAD, COLLAPSE = "▲ overload", "▼ collapse"
QUARTERS = ("0 – ¼", "¼ – ½", "½ – ¾", "¾ – 1")


def depth_about(options: Options) -> About:
    """Return the words around the depth curve."""
    return About(
        title=f"Entropy along depth{options.rest} ({options.label})",
        read="Dots are heads, the line their mean, the band one standard deviation. "
        "Click a dot to choose its head.",
        formula=r"\bar H^{(l)}=\frac1{n_h}\sum_h H^{(l,h)}",
        definition="Mean of the heads' entropies, which is not the entropy of their averaged "
        "weights. Heads of one layer can differ as much as layers do.",
        source="Entropy of heads along depth: Entropy-Guided Attention, arXiv 2501.03489, §3.",
    )


def depth_data(
    run: AttentionRun, values: np.ndarray, chosen: tuple[int, int]
) -> dict[str, pd.DataFrame]:
    """Return one row per head, one per layer, and the chosen head; ``values`` is [L, H]."""
    layer, head = np.indices(values.shape)
    dots = pd.DataFrame(
        {
            "layer": layer.ravel(),
            "head": head.ravel(),
            "name": [head_name(*each) for each in np.ndindex(values.shape)],
            "value": values.ravel(),
        }
    ).dropna()
    known = ~np.isnan(values).all(1)
    mean = np.array([np.nanmean(row) for row in values[known]])
    spread = np.array([np.nanstd(row) for row in values[known]])
    layers = pd.DataFrame(
        {
            "layer": np.flatnonzero(known),
            "mean": mean,
            "low": np.maximum(mean - spread, 0),
            "high": mean + spread,
        }
    )
    at = pd.DataFrame({"layer": [chosen[0]], "value": [values[chosen]]}).dropna()
    return {"dots": dots, "layers": layers, "chosen": at}


def depth_chart(run: AttentionRun, options: Options) -> alt.TopLevelMixin:
    """Return the chart over ``depth_data``."""
    x = alt.X(
        "layer:Q",
        title="layer",
        scale=alt.Scale(domain=[-0.5, run.model.layers - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    by_layer = alt.Chart(alt.NamedData("layers")).encode(x=x)
    pick = alt.selection_point(
        name=PICK, fields=["layer", "head"], nearest=True, on="click", toggle="true", clear=False
    )
    title = alt.Axis(title=options.label)
    dots = (
        alt.Chart(alt.NamedData("dots"))
        .mark_circle(size=42, opacity=0.65, color=BLUE, cursor="pointer")
        .encode(
            x=x,
            y=alt.Y("value:Q", axis=title),
            tooltip=[
                alt.Tooltip("name:N", title="head"),
                alt.Tooltip("value:Q", title=f"mean entropy ({options.label})", format=".3f"),
            ],
        )
        .add_params(pick)
    )
    return alt.layer(
        by_layer.mark_area(opacity=0.25, color=GREY).encode(
            y=alt.Y("low:Q", axis=title), y2="high:Q"
        ),
        by_layer.mark_line(strokeWidth=2, color=GREY).encode(y=alt.Y("mean:Q", axis=title)),
        dots,
        alt.Chart(alt.NamedData("chosen"))
        .mark_point(size=140, color=CURSOR_COLOUR, strokeWidth=2.5, filled=False)
        .encode(x=x, y=alt.Y("value:Q", axis=title)),
    ).properties(height=280)


def flags_about(options: Options, scale: str) -> About:
    """Return the words around the counts of flagged heads."""
    return About(
        title="Flagged heads per layer",
        read="Upward: ▲ heads that look almost everywhere. Downward: ▼ heads that look at almost "
        "nothing but one token. The thresholds are under Flags.",
        formula=r"\begin{gathered}▲:\;\bar H^{(l,h)}\ge "
        rf"{options.upper:.2f}\,H_{{\max}}\\▼:\;\bar H^{{(l,h)}}\le "
        rf"{options.lower:.2f}\,H_{{\max}}\end{{gathered}}",
        definition=f"Heads are counted by the mean entropy of all their weights; $H_{{\\max}}$ is "
        f"the {scale}. Heads without a pattern, or without a choice of tokens, are neither.",
        source="Entropic overload and entropy collapse: Entropy-Guided Attention, "
        "arXiv 2501.03489, §3. The threshold of collapse is ours.",
    )


def flags_data(flagged: Flags) -> dict[str, pd.DataFrame]:
    """Return one row per layer and flag; ``height`` is negative for collapse."""
    counts = layer_counts(flagged)
    rows = [
        {"layer": layer, "flag": name, "heads": int(heads), "of": int(of), "height": sign * heads}
        for name, sign, column in ((OVERLOAD, 1, counts.overload), (COLLAPSE, -1, counts.collapse))
        for layer, (heads, of) in enumerate(
            zip(column.tolist(), counts.known.tolist(), strict=True)
        )
    ]
    return {"bars": pd.DataFrame(rows)}


def flags_chart() -> alt.TopLevelMixin:
    """Return the chart over ``flags_data``: overload upward, collapse downward."""
    count = alt.Axis(tickMinStep=1, labelExpr="abs(datum.value)")
    return (
        alt.Chart(alt.NamedData("bars"))
        .mark_bar()
        .encode(
            x=alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("height:Q", title="heads", axis=count),
            color=alt.Color(
                "flag:N",
                legend=_legend(None),
                scale=alt.Scale(domain=[OVERLOAD, COLLAPSE], range=[ORANGE, BLUE]),
            ),
            tooltip=[
                "layer:O",
                "flag:N",
                "heads:Q",
                alt.Tooltip("of:Q", title="of heads"),
            ],
        )
        .properties(height=240)
    )


def quarters_about(scale: str) -> About:
    """Return the words around the counts per layer."""
    return About(
        title="Heads per quarter of the entropy range",
        read="Each bar is a layer. Many heads in the top quarter: entropic overload; in the "
        "lowest, near zero and in deep layers: entropy collapse.",
        formula=r"q^{(l,h)}=\min\Bigl(3,\Bigl\lfloor 4\,\frac{\bar H^{(l,h)}}{H_{\max}}\Bigr\rfloor"
        r"\Bigr)",
        definition=f"The range from 0 to 1 is the mean entropy of a head, of all its weights, over "
        f"$H_{{\\max}}$, here the {scale} "
        "(**Flags** above). In a healthy model about 90 % of heads lie in the middle two quarters, "
        "says the paper of GPT-2 trained with layer norm and GELU.",
        source="Entropy-Guided Attention, arXiv 2501.03489, §3.",
    )


def quarters_data(flagged: Flags) -> dict[str, pd.DataFrame]:
    """Return one row per layer and quarter."""
    rows = [
        {"layer": layer, "quarter": name, "order": number, "heads": int((row == number).sum())}
        for layer, row in enumerate(flagged.quarter)
        for number, name in enumerate(QUARTERS)
    ]
    return {"bars": pd.DataFrame(rows)}


def quarters_chart() -> alt.TopLevelMixin:
    """Return the chart over ``quarters_data``."""
    return (
        alt.Chart(alt.NamedData("bars"))
        .mark_bar()
        .encode(
            x=alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("heads:Q", title="heads", axis=alt.Axis(tickMinStep=1)),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "quarter:N",
                legend=_legend("share of the range"),
                scale=alt.Scale(domain=list(QUARTERS), range=hex_colours("viridis", 4)),
            ),
            tooltip=["layer:O", "quarter:N", "heads:Q"],
        )
        .properties(height=260)
    )


def _legend(title: str | None) -> alt.Legend:
    """Return a legend above the chart: beside it, the layers of the charts would not line up."""
    return alt.Legend(title=title, orient="top", titleOrient="left")
